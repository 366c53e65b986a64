"""Predicting in a thread beside another one, or in processes; what they raise is raised here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from nephoscope.apply.plan import Job
from nephoscope.apply.work import PredictMap, Work
from nephoscope.errors import NephoscopeError
from nephoscope.workers import each_in_processes

PredictMapFactory = Callable[[], PredictMap]
Outcome = tuple[Job, NephoscopeError | None]
T = TypeVar("T")


def run_jobs(
    jobs: Iterable[Job], work: Work, factory: PredictMapFactory, workers: int = 1
) -> Iterator[Outcome]:
    """Do the jobs and yield each as it ends, with what went wrong, if that can be explained.

    One worker predicts in this thread, while another thread writes the last map and reads the
    next: one after the other, so that no more than two scenes are in memory. More workers are
    processes, each of which makes its own copy of the network.

    Raises:
        NephoscopeError: a worker process died.
        Exception: whatever else is raised in a worker.
    """
    if workers > 1:
        yield from _in_processes(jobs, work, factory, workers)
    else:
        yield from _in_threads(jobs, work, factory)


def _in_threads(jobs: Iterable[Job], work: Work, factory: PredictMapFactory) -> Iterator[Outcome]:
    predict_map: PredictMap | None = None
    queue = iter(jobs)
    with ThreadPoolExecutor(1) as helper:
        writing: tuple[Job, Future[None]] | None = None
        reading = _submit_next(helper, work.read, queue)
        while reading:
            job, scene = reading
            reading = _submit_next(helper, work.read, queue)
            try:
                predict_map = predict_map or factory()
                probability = work.predict(predict_map, job, scene.result())
            except NephoscopeError as error:
                yield job, error
                continue
            if writing:
                yield writing[0], _error_of(writing[1])
            writing = job, helper.submit(work.write, job, scene.result(), probability)
            del scene, probability
        if writing:
            yield writing[0], _error_of(writing[1])


def _submit_next(
    pool: ThreadPoolExecutor, function: Callable[[Job], T], queue: Iterator[Job]
) -> tuple[Job, Future[T]] | None:
    job = next(queue, None)
    return None if job is None else (job, pool.submit(function, job))


def _error_of(future: Future[None]) -> NephoscopeError | None:
    try:
        future.result()
    except NephoscopeError as error:
        return error
    return None


def _in_processes(
    jobs: Iterable[Job], work: Work, factory: PredictMapFactory, workers: int
) -> Iterator[Outcome]:
    yield from each_in_processes(_work_on, jobs, workers, partial(_start_worker, work, factory))


_STATE: dict[str, tuple[Work, PredictMap]] = {}


def _start_worker(work: Work, factory: PredictMapFactory) -> None:
    _STATE["worker"] = work, factory()


def _work_on(job: Job) -> None:
    work, predict_map = _STATE["worker"]
    scene = work.read(job)
    work.write(job, scene, work.predict(predict_map, job, scene))

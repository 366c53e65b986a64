"""Bulk loop: read, make and write each scene, once; one worker or many, resumable, in order.

A `Maker` turns a scene into what is said of it, a `Sink` writes that. Both are small values that
are pickled to worker processes and open what is large (models, networks) where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import xarray as xr

from nephoscope.apply.jobs import Job, Naming, Options, job_key
from nephoscope.apply.journal import Event, Journals, Record, Summary
from nephoscope.apply.task import Failure, Work, Written, do, failure_of, order_of_run
from nephoscope.errors import NephoscopeError
from nephoscope.files import remove_stale_parts
from nephoscope.folders import LeftOut
from nephoscope.instruments import instrument_named
from nephoscope.workers.cluster import ClusterPool
from nephoscope.workers.pool import Pool, results_by
from nephoscope.workers.threads import thread_beside
from nephoscope.writable import check_folder_writable

Card = tuple[str | bool | int | float, str]
Draw = Callable[["Made", Path], None]
Tell = Callable[[float], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Made:
    """What was made of a scene.

    Attributes:
        scene: the scene.
        product: what is said of it.
        cards: of a FITS header, keyword → (value, comment).
        record: what the journal keeps of it.
        note: what there is to say of it in one line; "" if nothing.
    """

    scene: xr.Dataset
    product: xr.Dataset
    cards: Mapping[str, Card] = field(default_factory=dict)
    record: Mapping[str, object] = field(default_factory=dict)
    note: str = ""


class Maker(Protocol):
    """From a scene to what is said of it."""

    @property
    def instrument(self) -> str:
        """Whose scenes."""

    @property
    def options(self) -> Options:
        """How to predict and write."""

    @property
    def default_workers(self) -> int:
        """Processes where nothing is said."""

    @property
    def in_order(self) -> bool:
        """Whether scenes are told in their order: if not, a failure waits for no other's writing.

        Scenes that take seconds each are told as soon as there is something to say.
        """

    @property
    def key(self) -> str:
        """The sha256 of all that the outputs depend on but the inputs."""

    def open(self) -> None:
        """Open the models in the process that runs them; what this raises ends the run."""

    def among(self, workers: int) -> Maker:
        """The same, where so many processes share the processors of a machine."""

    def shared(self, jobs: Sequence[Job], out: Path, make: bool = True) -> Callable[[Job], Job]:
        """How a job gets what it shares with others, found when first wanted, among all `jobs`.

        Without `make` nothing is made: a job whose share is not there cannot be done yet.
        """

    def read(self, job: Job) -> xr.Dataset:
        """The scene of a job; InputError if it cannot be read."""

    def make(self, job: Job, scene: xr.Dataset, tell: Tell | None = None) -> Made:
        """What is said of a scene; InputError if nothing can be.

        `tell` is told now and then what share of it is done, from 0 on.
        """


class Sink(Naming, Protocol):
    """Where products go."""

    out: Path

    def write(self, job: Job, made: Made) -> Mapping[str, object]:
        """Write the product of a job, whole or not at all; what the journal keeps of its place."""

    def done(self, job: Job) -> bool:
        """Whether all outputs of a job are there."""

    def place(self, job: Job, facts: Mapping[str, object]) -> tuple[str, str]:
        """Where the product of a job lies, as it is told, and which slot of a cube it is, or "".

        Args:
            job: which.
            facts: what `write` returned, where the product was written now.
        """

    def update(self) -> None:
        """Called in the parent after each job that has ended."""

    def close(self) -> None:
        """Called in the parent at the end, also where the run is ended by an error."""


Outcome = tuple[Job, Written | Failure]


def run(
    jobs: Sequence[Job],
    maker: Maker,
    sink: Sink,
    pool: Pool | None = None,
    part: tuple[int, int] = (1, 1),
    on_event: Callable[[Event], None] | None = None,
    *,
    on_part: Callable[[Event], None] | None = None,
    left_out: LeftOut | None = None,
    prepare: Callable[[Job], Job] | None = None,
    draw: Draw | None = None,
    redo_failed: bool = False,
) -> Summary:
    """Do the jobs that no earlier run has done; see `nephoscope.apply.bulk.predict_many`.

    Args:
        jobs: what to do, in order.
        maker: makes the products.
        sink: writes them.
        pool: of workers; without one this process works, and reads and writes in another thread.
        part: (i, n): which part of the run these are; each has its own journal.
        on_event: told of every job that has ended.
        on_part: told how far a job is that takes long; not of one that a pool does.
        left_out: what is no job.
        prepare: gives a job what it shares with others, when its turn comes.
        draw: draws the quick-look of what was made.
        redo_failed: whether inputs that failed before are tried again.

    Raises:
        OutputError: `sink.out` cannot be written at all.
        NephoscopeError: workers die whatever they do, or cannot open the models.
    """
    check_folder_writable(sink.out)
    for folder in {job.target.parent for job in jobs} | {sink.out}:
        remove_stale_parts(folder)
    key_of, journals = keys_of(maker), Journals(sink.out, part)
    record = Record(journals, key_of, len(jobs), on_event, left_out, maker.in_order, redo_failed)
    unfinished = record.unfinished(map(prepare, jobs) if prepare else jobs, sink.done)
    outcomes = _each(Work(maker, sink, draw), unfinished, pool, record.part_teller(on_part))
    try:
        with closing(outcomes):
            for job, outcome in outcomes:
                if not record.end(job, outcome):
                    break
                sink.update()
    finally:
        journals.close()
        sink.close()
    return record.close()


def keys_of(maker: Maker) -> Callable[[Job], str]:
    """What tells what the outputs of a job depend on."""
    depends_on, made_by = instrument_named(maker.instrument).depends_on, maker.key
    return lambda job: job_key(job, made_by, depends_on(job.scene.path))


def _each(
    work: Work, jobs: Iterable[Job], pool: Pool | None, teller: Callable[[Job], Tell | None]
) -> Generator[Outcome, None, None]:
    """Do the jobs and yield each as it ends, with what went wrong, if that can be explained."""
    if pool is None:
        work.maker.open()
        yield from _in_threads(work, jobs, teller)
        return
    order = order_of_run(work, elsewhere=isinstance(pool, ClusterPool))
    try:
        for job, outcome in results_by(pool, partial(do, order), jobs):
            if isinstance(outcome, NephoscopeError):  # workers died over it
                yield job, failure_of(outcome)
            else:
                yield job, outcome
    finally:
        if order.token is not None:
            order.token.unlink(missing_ok=True)


def _in_threads(
    work: Work, jobs: Iterable[Job], teller: Callable[[Job], Tell | None]
) -> Iterator[Outcome]:
    """Make in this thread, while another writes the last product and reads the next scene.

    One after the other, so that no more than two scenes are in memory.
    """
    queue = iter(jobs)
    with thread_beside() as beside:
        writing: tuple[Job, Future[Written]] | None = None
        reading = _submit_next(beside, work.maker.read, queue)
        while reading:
            job, scene = reading
            reading = _submit_next(beside, work.maker.read, queue)
            made = _explained(_make, work.maker, job, scene, teller(job))
            failed = isinstance(made, Failure)
            if writing and (work.maker.in_order or not failed):
                yield writing[0], _explained(writing[1].result)
                writing = None
            if isinstance(made, Failure):
                yield job, made
            else:
                writing = job, beside.submit(work.write, job, made)
            del scene, made
        if writing:
            yield writing[0], _explained(writing[1].result)


def _make(maker: Maker, job: Job, scene: Future[xr.Dataset], tell: Tell | None) -> Made:
    return maker.make(job, scene.result(), tell)


def _submit_next(
    pool: ThreadPoolExecutor, function: Callable[[Job], T], queue: Iterator[Job]
) -> tuple[Job, Future[T]] | None:
    job = next(queue, None)
    return None if job is None else (job, pool.submit(function, job))


def _explained(function: Callable[..., T], *arguments: object) -> T | Failure:
    try:
        return function(*arguments)
    except NephoscopeError as error:
        return failure_of(error)

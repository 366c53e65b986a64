"""Workers, processes or threads: one call for each item, what can be explained handed back."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TypeVar

from nephoscope.errors import NephoscopeError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _NotStarted:
    """What a worker hands back for every item when it could not start."""

    error: Exception


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spare_memory() -> int:
    """Bytes of memory that programs could still be given; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(found.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        return 0


def each_in_processes(
    function: Callable[[Item], object],
    items: Iterable[Item],
    workers: int = 1,
    start: Callable[[], object] | None = None,
) -> Iterator[tuple[Item, NephoscopeError | None]]:
    """Call `function` with each item and yield each as it ends, with its explained failure.

    Args:
        function: what is done; must be picklable if `workers` is more than 1.
        items: are taken as workers become free, so that they may be many.
        workers: processes; 1 works in this one, in order.
        start: called once in each worker process.

    Yields:
        (item, None) or (item, error).

    Raises:
        NephoscopeError: a worker process died, or could not start.
        Exception: whatever else is raised in a worker.
    """
    for item, result in results_in_processes(function, items, workers, start):
        yield item, result if isinstance(result, NephoscopeError) else None


def results_in_processes(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int = 1,
    start: Callable[[], object] | None = None,
) -> Iterator[tuple[Item, Result | NephoscopeError]]:
    """As `each_in_processes`, and hand back what the function returns.

    Yields:
        (item, result) or (item, error).

    Raises:
        NephoscopeError: a worker process died, or could not start.
        Exception: whatever else is raised in a worker.
    """
    if workers <= 1:
        for item in items:
            yield item, _explained(function, item)
        return
    queue = iter(items)
    with _processes(workers, start) as pool:
        pending: dict[Future[Result | NephoscopeError | _NotStarted], Item] = {}
        while True:
            while len(pending) < 2 * workers:
                try:
                    item = next(queue)
                except StopIteration:
                    break
                pending[pool.submit(_in_worker, function, item)] = item
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), _result_of(future)


def results_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Iterator[tuple[Item, Result | NephoscopeError]]:
    """As `results_in_processes`, in the order of the items; few results wait for their turn.

    Yields:
        (item, result) or (item, error).

    Raises:
        NephoscopeError: a worker process died.
        Exception: whatever else is raised in a worker.
    """
    if workers <= 1:
        yield from results_in_processes(function, items)
        return
    with _processes(workers, None) as pool:
        waiting: deque[tuple[Item, Future[Result | NephoscopeError | _NotStarted]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(_in_worker, function, item)))
            if len(waiting) > workers:
                first, future = waiting.popleft()
                yield first, _result_of(future)
        for item, future in waiting:
            yield item, _result_of(future)


@contextmanager
def _processes(workers: int, start: Callable[[], object] | None) -> Iterator[ProcessPoolExecutor]:
    # Spawned, not forked: a fork would copy the locks of threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (start,)) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise NephoscopeError(
                "a worker process died (out of memory?); what was finished is kept: run again, "
                "with fewer --workers"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _result_of(
    future: Future[Result | NephoscopeError | _NotStarted],
) -> Result | NephoscopeError:
    result = future.result()
    if isinstance(result, _NotStarted):
        raise result.error
    return result


def in_threads(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Map in threads, in order, with no more than `workers` + 1 results held; errors re-raise."""
    if workers == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def as_they_end(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    stop: Callable[[], object],
) -> Iterator[tuple[Item, Result]]:
    """Do work in threads and yield each item with its result as it ends; errors re-raise.

    Args:
        work: what is done.
        items: are taken as threads become free, so that they may be many.
        workers: threads.
        stop: called at the end, also at one that comes early: tells work that still runs to end.
    """
    queue = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        pending: dict[Future[Result], Item] = {}
        try:
            while True:
                for item in islice(queue, workers - len(pending)):
                    pending[pool.submit(work, item)] = item
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    yield pending.pop(future), future.result()
        finally:
            stop()


def _explained(function: Callable[[Item], Result], item: Item) -> Result | NephoscopeError:
    try:
        return function(item)
    except NephoscopeError as error:
        return error


_START: list[_NotStarted] = []  # of this worker process: holds one if it could not start


def _in_worker(
    function: Callable[[Item], Result], item: Item
) -> Result | NephoscopeError | _NotStarted:
    return _START[0] if _START else _explained(function, item)


def _start_worker(start: Callable[[], object] | None) -> None:
    # Ctrl-C goes to the parent alone, which lets each worker finish what it is writing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if start is not None:
            start()
    except Exception as error:  # raised here it would only tell the pool that it is broken
        _START.append(_NotStarted(error))


def _end_with_parent() -> None:
    """End this process when its parent was killed: nobody else would, and it would wait forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

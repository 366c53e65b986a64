"""Worker processes: one call for each item, what can be explained handed back, the rest raised."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from nephoscope.errors import NephoscopeError

Item = TypeVar("Item")
Result = TypeVar("Result")

_WATCH_SECONDS = 1.0


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
        NephoscopeError: a worker process died.
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
        NephoscopeError: a worker process died.
        Exception: whatever else is raised in a worker.
    """
    if workers <= 1:
        for item in items:
            yield item, _explained(function, item)
        return
    queue = iter(items)
    # Spawned, not forked: a fork would copy the locks of threads.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), _start_worker, (os.getpid(), start)
    ) as pool:
        pending: dict[Future[Result | NephoscopeError], Item] = {}
        try:
            while True:
                while len(pending) < 2 * workers:
                    try:
                        item = next(queue)
                    except StopIteration:
                        break
                    pending[pool.submit(_explained, function, item)] = item
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    yield pending.pop(future), future.result()
        except BrokenProcessPool as error:
            raise NephoscopeError(
                "a worker process died (out of memory?); what was finished is kept: run again, "
                "with fewer --workers"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _explained(function: Callable[[Item], Result], item: Item) -> Result | NephoscopeError:
    try:
        return function(item)
    except NephoscopeError as error:
        return error


def _start_worker(parent: int, start: Callable[[], object] | None) -> None:
    # Ctrl-C goes to the parent alone, which lets each worker finish what it is writing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if start is not None:
        start()


def _end_with(parent: int) -> None:
    """End this process when its parent was killed: nobody else would, and it would wait forever."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)

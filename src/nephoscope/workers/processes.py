"""Processes of this machine: one call for each item, what can be explained handed back."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import TypeVar

from nephoscope.errors import NephoscopeError
from nephoscope.workers.pool import CannotWorkError, results_by

Item = TypeVar("Item")
Result = TypeVar("Result")

_GRACE = 2.0  # seconds for what is being written, when a run ends by an error


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
        NephoscopeError: worker processes die over all items, or cannot start.
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

    What was under way when a process died is done again; an item over which they die is an error.

    Yields:
        (item, result) or (item, error).

    Raises:
        NephoscopeError: worker processes die over all items, or cannot start.
        Exception: whatever else is raised in a worker.
    """
    if workers <= 1:
        yield from _here(function, items)
    else:
        yield from results_by(ProcessPool(workers, start), function, items)


def results_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Iterator[tuple[Item, Result | NephoscopeError]]:
    """As `results_in_processes`, in the order of the items; few results wait for their turn.

    Yields:
        (item, result) or (item, error).

    Raises:
        NephoscopeError: worker processes die over all items.
        Exception: whatever else is raised in a worker.
    """
    if workers <= 1:
        yield from _here(function, items)
    else:
        pool = ProcessPool(workers, ahead=1)
        yield from results_by(pool, function, items, in_order=True)


class ProcessPool:
    """Processes of this machine; a `nephoscope.workers.pool.Pool`.

    When one dies the system's pool ends them all and says not over which item: those under way are
    done again, and from the second time on each alone.

    Args:
        workers: processes.
        start: called once in each.
        ahead: items that wait beside those that are being done; by default one for each process.
    """

    suspected = 2.0
    most_deaths = 3

    def __init__(
        self, workers: int, start: Callable[[], object] | None = None, ahead: int | None = None
    ) -> None:
        self._workers, self._start = workers, start
        self.width = workers + (workers if ahead is None else ahead)
        self.renew()

    def submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Have an item done."""
        return self._executor.submit(_in_worker, function, item)

    def died(self, error: BaseException) -> bool:
        """Whether a process died."""
        return isinstance(error, BrokenProcessPool)

    lost = died

    def renew(self) -> None:
        """Start processes."""
        # Spawned, not forked: a fork would copy the locks of threads.
        self._executor = ProcessPoolExecutor(
            self._workers, get_context("spawn"), _start_worker, (self._start,)
        )

    def explain(self, deaths: int, error: BaseException) -> str:
        """Why an item is given up."""
        return (
            f"a worker process died over it, {deaths} times (out of memory?); what was finished is "
            "kept: run again, with fewer --workers"
        )

    def close(self, finished: bool) -> None:
        """Let the processes end; where not all was finished they get a moment for their writing."""
        # The pool forgets its processes as it is shut down; no public name leads to them.
        processes = [] if finished else list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=finished, cancel_futures=True)
        if processes:
            deadline = threading.Timer(_GRACE, _terminate, (processes,))
            deadline.start()
            for each in processes:
                each.join()
            deadline.cancel()


def _terminate(processes: Sequence[BaseProcess]) -> None:
    for each in processes:
        each.terminate()


def _here(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result | NephoscopeError]]:
    for item in items:
        try:
            result: Result | NephoscopeError = function(item)
        except NephoscopeError as error:
            result = error
        yield item, result


_REFUSAL: list[Exception] = []  # of this worker process: why it could not start


def _in_worker(function: Callable[[Item], Result], item: Item) -> Result:
    if _REFUSAL:
        raise CannotWorkError(_REFUSAL[0])
    return function(item)


def _start_worker(start: Callable[[], object] | None) -> None:
    # Ctrl-C goes to the parent alone, which lets each worker finish what it is writing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if start is not None:
            start()
    except Exception as error:  # raised here it would only tell the pool that it is broken
        _REFUSAL.append(error)


def _end_with_parent() -> None:
    """End this process when its parent was killed: nobody else would, and it would wait forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

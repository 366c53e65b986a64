"""Threads: results in order or as they end, few of them held; errors re-raise."""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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


class _Beside(ThreadPoolExecutor):
    """One thread, of which it is known whether it works at something."""

    def __init__(self) -> None:
        super().__init__(1)
        self._at_work: int | None = None

    def submit(
        self, fn: Callable[..., Result], /, *args: object, **named: object
    ) -> Future[Result]:
        """Have something done."""
        return super().submit(self._done, partial(fn, *args, **named))

    def _done(self, work: Callable[[], Result]) -> Result:
        self._at_work = threading.get_ident()
        try:
            return work()
        finally:
            self._at_work = None

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in what is being done, as soon as that is in Python."""
        # Raised in a thread that waits, it would be told as an error of the pool's own.
        if (ident := self._at_work) is not None:
            raised = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), raised)


@contextmanager
def thread_beside() -> Iterator[ThreadPoolExecutor]:
    """A thread that works beside this one; Ctrl-C, which comes to this one, ends its work too.

    What waits for it when the block ends by an error is not begun.
    """
    with _Beside() as beside:
        try:
            yield beside
        except BaseException as error:
            beside.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                beside.interrupt()
            raise

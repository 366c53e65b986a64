"""Pools of workers that may die: each item is done, or is named with why it cannot be.

Behind every pool stands a `concurrent.futures.Executor`. What was under way when a worker died, or
when all were lost, is done again: items must be such that doing one twice makes the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from nephoscope.errors import NephoscopeError

Item = TypeVar("Item")
Result = TypeVar("Result")

_HOPELESS = 3
"""Items in a row over which workers died, and none that was done: it is not the items."""
_POLL = 2.0  # seconds after which the pool is asked again how many workers there are


class CannotWorkError(Exception):
    """Raised in a worker that can do no item at all; what it holds is raised in the parent."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class WorkerDiedError(NephoscopeError):
    """Workers died over an item, and it was given up."""


class Pool(Protocol):
    """Workers behind an executor that can be opened again."""

    @property
    def width(self) -> int:
        """Items to be under way at once; may change."""

    @property
    def suspected(self) -> float:
        """Deaths from which an item is done with no other beside it: it shall take none along."""

    @property
    def most_deaths(self) -> int:
        """Deaths after which an item is given up."""

    def submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Have an item done."""

    def died(self, error: BaseException) -> bool:
        """Whether an error says that a worker died, perhaps over the item."""

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that all that was under way is lost."""

    def renew(self) -> None:
        """Open it again, after it was lost."""

    def explain(self, deaths: int, error: BaseException) -> str:
        """Why an item is given up."""

    def close(self, finished: bool) -> None:
        """End it: at once, where not all was finished."""


@dataclass(eq=False)
class _Trial(Generic[Item, Result]):
    """An item that is under way, how often a worker died meanwhile, and what came of it."""

    item: Item
    deaths: int = 0
    outcome: list[Result | NephoscopeError] = field(default_factory=list)


def results_by(
    pool: Pool,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    in_order: bool = False,
) -> Iterator[tuple[Item, Result | NephoscopeError]]:
    """Call `function` with each item, in a pool, and yield what it returns or why it failed.

    Args:
        pool: is closed at the end.
        function: what is done; must be picklable.
        items: are taken as workers become free, so that they may be many.
        in_order: whether a result waits for those of the items before; few are held.

    Yields:
        (item, result) or (item, error).

    Raises:
        NephoscopeError: workers die whatever they do, cannot start, or are gone for good.
        Exception: whatever else is raised in a worker.
    """
    work, finished = _Work(pool, function, iter(items)), False
    try:
        while work.submit():
            work.collect()
            yield from work.ended(in_order)
        finished = True
    finally:
        pool.close(finished)


class _Work(Generic[Item, Result]):
    """Items under way in a pool."""

    def __init__(
        self, pool: Pool, function: Callable[[Item], Result], queue: Iterator[Item]
    ) -> None:
        self.pool, self.function, self.queue = pool, function, queue
        self.held: list[_Trial[Item, Result]] = []  # begun and not yet yielded, in order
        self.again: deque[_Trial[Item, Result]] = deque()
        self.pending: dict[Future[Any], _Trial[Item, Result]] = {}
        self.given_up = 0  # in a row

    def submit(self) -> bool:
        """Submit what there is room for; False if all is done."""
        width = self.pool.width
        while self.again and self._room(width):
            self._submit(self.again.popleft())
        while not self.again and len(self.held) < width and self._room(width):
            try:
                trial: _Trial[Item, Result] = _Trial(next(self.queue))
            except StopIteration:
                break
            self.held.append(trial)
            self._submit(trial)
        return bool(self.held)

    def _room(self, width: int) -> bool:
        """Whether another item may be begun: beside one that is suspected none is."""
        waiting = [*self.pending.values(), *self.again]
        suspected = any(trial.deaths >= self.pool.suspected for trial in waiting)
        return len(self.pending) < (1 if suspected else width)

    def _submit(self, trial: _Trial[Item, Result]) -> None:
        try:
            future: Future[Any] = self.pool.submit(_explained, (self.function, trial.item))
        except Exception as error:  # the executor was lost meanwhile: as if it were later
            future = Future()
            future.set_exception(error)
        self.pending[future] = trial

    def collect(self) -> None:
        """Wait until something has ended."""
        loss: Exception | None = None
        for future in wait(self.pending, _POLL, FIRST_COMPLETED).done:
            trial = self.pending.pop(future)
            try:
                trial.outcome.append(future.result())
                self.given_up = 0
            except CannotWorkError as refusal:
                raise refusal.error from None
            except Exception as error:
                if self.pool.lost(error):
                    loss = error
                elif not self.pool.died(error):
                    raise
                self._try_again(trial, error)
        if loss is not None:
            for trial in self.pending.values():
                self._try_again(trial, loss)
            self.pending.clear()
            self.again = deque(sorted(self.again, key=lambda trial: -trial.deaths))
            self.pool.renew()

    def _try_again(self, trial: _Trial[Item, Result], error: Exception) -> None:
        """Put an item back, unless workers died over it too often."""
        trial.deaths += self.pool.died(error)
        if trial.deaths < self.pool.most_deaths:
            self.again.append(trial)
            return
        told = WorkerDiedError(self.pool.explain(trial.deaths, error))
        trial.outcome.append(told)
        self.given_up += 1
        if self.given_up >= _HOPELESS:
            raise told from error

    def ended(self, in_order: bool) -> Iterator[tuple[Item, Result | NephoscopeError]]:
        """What has ended, and no longer held."""
        over = [trial for trial in self.held if trial.outcome]
        if in_order:
            first = next((n for n, trial in enumerate(self.held) if not trial.outcome), None)
            over = self.held[:first]
        self.held = [trial for trial in self.held if trial not in over]
        for trial in over:
            yield trial.item, trial.outcome[0]


def _explained(call: tuple[Callable[[Item], Result], Item]) -> Result | NephoscopeError:
    function, item = call
    try:
        return function(item)
    except NephoscopeError as error:
        return error

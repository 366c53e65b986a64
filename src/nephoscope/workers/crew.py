"""Crew: who does the items of a run, this process, processes or a cluster; results in order.

What workers of a cluster make does not go through its scheduler: they leave it in a folder that all
share, and tell where it lies with its sha256, without which nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import uuid4

from nephoscope.errors import NephoscopeError, OutputError, UsageError, shown
from nephoscope.files import part_path, write_bytes
from nephoscope.workers.cluster import ClusterPool
from nephoscope.workers.orders import Order, appears, at_work, order_of, seen_here, this_host
from nephoscope.workers.pool import CannotWorkError, Pool, WorkerDiedError, results_by
from nephoscope.workers.processes import ProcessPool, results_in_order

Item = TypeVar("Item")
Result = TypeVar("Result")
Paths = Callable[[Any], Iterable[Path]]
"""From an item to the files that its worker must see."""


def _none(item: object) -> Iterable[Path]:
    del item
    return ()


@dataclass(frozen=True)
class Call(Generic[Item, Result]):
    """What is done for each item.

    Attributes:
        function: from an item to its result; must be picklable. What is large (models, stores) it
            opens where it is used.
        paths: files of an item that its worker must see; must be picklable.
        start: called once in each worker; what it raises ends the run.
    """

    function: Callable[[Item], Result]
    paths: Paths = _none
    start: Callable[[], object] | None = None


@dataclass(frozen=True)
class Crew:
    """Who does the items of a run.

    Args:
        workers: processes; 1 works in this one.
        scheduler: address or scheduler file of a Dask cluster, in place of processes here.
    """

    workers: int = 1
    scheduler: str = ""

    def share(self) -> int:
        """Workers that share the processors of one machine.

        Raises:
            UsageError: there is no such cluster, or a worker there has another version.
            MissingExtraError: what a cluster needs is not installed.
        """
        if not self.scheduler:
            return self.workers
        pool = ClusterPool(self.scheduler)
        found = max(pool.hosts().values(), default=1)
        pool.close(finished=False)
        return found

    @property
    def is_one(self) -> bool:
        """Whether this process does all."""
        return self.workers <= 1 and not self.scheduler

    def results(
        self, call: Call[Item, Result], items: Iterable[Item], room: Path, of: str
    ) -> Iterator[tuple[Item, Result | NephoscopeError]]:
        """What comes of each item, in their order; few results wait for their turn.

        Args:
            call: what is done.
            items: are taken as workers become free, so that they may be many.
            room: folder in which workers of a cluster leave what they make; it is shared.
            of: what comes into it, in words: "samples".

        Yields:
            (item, result) or (item, error): what can be explained.

        Raises:
            UsageError: a worker of a cluster does not share a folder, has another version, or
                another time; it names the machine.
            NephoscopeError: workers die over all items.
            Exception: whatever else is raised in a worker.
        """
        if self.is_one:
            yield from results_in_order(call.function, items)
            return
        if not self.scheduler:
            pool: Pool = ProcessPool(self.workers, ahead=1)
            done = partial(_do, order_of(call))
            yield from results_by(pool, done, items, in_order=True)
            return
        with _shared(room) as folder:
            pool, order = ClusterPool(self.scheduler), order_of(call, folder, of)
            leave = partial(_leave, order, folder)
            for item, left in results_by(pool, leave, items, in_order=True):
                yield item, left if isinstance(left, NephoscopeError) else left.taken()


def crew_of(workers: int | None, scheduler: str = "") -> Crew:
    """The crew that was asked for.

    Raises:
        UsageError: processes and a cluster; or no process.
    """
    if scheduler and workers is not None:
        raise UsageError("--workers: those of a --scheduler are its own")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: must be at least 1")
    return Crew(workers or 1, scheduler)


def named(path: Path, error: NephoscopeError) -> NephoscopeError:
    """A failure over an item: that of workers which died with the item's file."""
    if isinstance(error, WorkerDiedError):
        return WorkerDiedError(f"{shown(path)}: {error}")
    return error


@contextmanager
def _shared(room: Path) -> Iterator[Path]:
    """A folder in which results lie until they are taken."""
    folder = part_path((room / "results").absolute())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{shown(room)}: could not be written: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Left:
    """What a worker has left in the shared folder."""

    path: Path
    sha256: str
    host: str

    def taken(self) -> Any:  # noqa: ANN401 - what the function returned
        """The result; its file is removed."""
        if not appears(self.path):
            raise NephoscopeError(
                f"{shown(self.path)}: was written on {self.host} and cannot be seen here: name "
                "a folder that all machines share"
            )
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise NephoscopeError(
                f"{shown(self.path)}: is not what was written on {self.host}: run again"
            )
        result = pickle.loads(content)  # noqa: S301 - it is what our own worker wrote
        self.path.unlink(missing_ok=True)
        return result


def _started(call: Call[Any, Any]) -> None:
    if call.start is not None:
        call.start()


def _do(order: Order, item: Item) -> Any:  # noqa: ANN401 - what the function returns
    with at_work(order, _started) as call:
        return call.function(item)


def _leave(order: Order, folder: Path, item: Item) -> _Left:
    """Do an item on any machine; one that is done twice has two files."""
    with at_work(order, _started) as call:
        for path in call.paths(item):
            if not path.exists():
                raise CannotWorkError(_unseen(path))
        content = pickle.dumps(call.function(item), protocol=5)
    path = folder / f"{uuid4().hex}.result"
    try:
        write_bytes(path, content)
    except OutputError as error:
        raise seen_here(error) from error
    return _Left(path, hashlib.sha256(content).hexdigest(), this_host())


def _unseen(path: Path) -> UsageError:
    return UsageError(
        f"{shown(path)}: cannot be seen by the worker on {this_host()}: name a folder that all "
        "machines share, or stop that worker"
    )

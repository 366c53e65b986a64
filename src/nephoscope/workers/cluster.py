"""Cluster of Dask: workers on any number of machines, which join, leave and die as they like.

Only calls and what the journal keeps go through the scheduler; scenes and products never do.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from nephoscope.errors import NephoscopeError, UsageError
from nephoscope.extras import need
from nephoscope.workers.scheduler import ANSWER, connect

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")
log = logging.getLogger(__name__)

_PATIENCE = 600.0  # seconds in which a scheduler that was lost comes back
_LOOK = 2.0  # seconds between two looks at how many workers there are


class ClusterPool:
    """Workers of a Dask scheduler; a `nephoscope.workers.pool.Pool`.

    A worker that dies is the scheduler's business, which gives its work to others; work that was
    given to many that died is tried once more. A scheduler that is restarted forgets all: what was
    under way is submitted again.

    Args:
        scheduler: "tcp://host:port", "tls://host:port", or the path of a scheduler file.

    Raises:
        UsageError: there is no scheduler, or a worker there has another version.
        MissingExtraError: distributed is not installed.
    """

    suspected = float("inf")  # the scheduler knows over what a worker died
    most_deaths = 2

    def __init__(self, scheduler: str) -> None:
        need("--scheduler", "cluster")
        self._scheduler = scheduler
        self._width, self._looked = 2, 0.0
        self._connect()
        if not self.hosts():
            log.warning("no worker is at %s yet: waiting for some", scheduler)

    def _connect(self) -> None:
        self._client = connect(self._scheduler)
        self._executor = self._client.get_executor(pure=False)
        check_versions(self._client)

    @property
    def width(self) -> int:
        """Two items for each thread of a worker: one to do, and one that waits beside it."""
        if time.monotonic() > self._looked + _LOOK:
            try:
                threads = sum(self._client.nthreads().values())
                self._width, self._looked = max(2, 2 * threads), time.monotonic()
            except (OSError, CancelledError) as error:  # what was under way will say so
                log.debug("%s does not answer: %s", self._scheduler, error)
        return self._width

    def hosts(self) -> dict[str, int]:
        """Machines, and how many workers each has now."""
        found: dict[str, int] = {}
        for worker in self._client.scheduler_info(n_workers=-1)["workers"].values():
            found[worker["host"]] = found.get(worker["host"], 0) + 1
        return found

    def submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Have an item done."""
        future: Future[Result] = self._executor.submit(function, item)
        return future

    def died(self, error: BaseException) -> bool:
        """Whether several workers died over an item."""
        from distributed.scheduler import KilledWorker

        return isinstance(error, KilledWorker)

    def lost(self, error: BaseException) -> bool:
        """Whether the scheduler has forgotten what was under way."""
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        return isinstance(error, CancelledError | ClosedClientError | CommClosedError)

    def renew(self) -> None:
        """Wait until the scheduler is there again.

        Raises:
            NephoscopeError: it does not come back.
        """
        log.warning("the scheduler at %s was lost: waiting for it", self._scheduler)
        self.close(finished=False)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._connect()
            except UsageError as error:
                if time.monotonic() > deadline:
                    raise NephoscopeError(
                        f"{error}; what was finished is kept: start the scheduler and run again"
                    ) from error
                time.sleep(1)

    def explain(self, deaths: int, error: BaseException) -> str:
        """Why an item is given up."""
        last = getattr(error, "last_worker", None)
        where = f", the last one on {last.host}" if last is not None else ""
        return (
            f"several workers died over it{where} (out of memory?); what was finished is kept: "
            "run again, with more memory for each worker"
        )

    def close(self, finished: bool) -> None:
        """Leave the cluster; what is still under way there is cancelled."""
        self._executor.shutdown(wait=finished)
        self._client.close(timeout=ANSWER)


def plain_locks() -> AbstractContextManager[object]:
    """In a worker: xarray takes locks of this process, where it would ask the scheduler for them.

    Each file is written by one worker under a name of its own.
    """
    import dask

    found: AbstractContextManager[object] = dask.config.set(scheduler="synchronous")
    return found


def check_versions(client: Client) -> None:
    """See that the workers that are there have this version of nephoscope and of Python.

    Raises:
        UsageError: one has not; it names the machine.
    """
    found: Any = client.get_versions(check=False, packages=["nephoscope"])
    for address, worker in found["workers"].items():
        theirs = {**worker["host"], **worker["packages"]}
        python = ".".join(str(theirs["python"]).split(".")[:2])
        check_version(address, str(theirs.get("nephoscope") or ""), version("nephoscope"))
        _check_python(address, python)


def check_version(worker: str, theirs: str, wanted: str) -> None:
    """See that a worker has the version of nephoscope that the run was begun with.

    Raises:
        UsageError: it has not.
    """
    if theirs != wanted:
        has = f"nephoscope {theirs}" if theirs else "no nephoscope"
        raise UsageError(
            f"the worker on {worker} has {has}, the run was begun with {wanted}: install that "
            f"there (pip install nephoscope=={wanted}), or stop that worker"
        )


def _check_python(worker: str, python: str) -> None:
    here = ".".join(platform.python_version_tuple()[:2])
    if python != here:
        raise UsageError(
            f"the worker on {worker} has Python {python}, here it is {here}: start it in the same "
            "environment, or stop it"
        )

"""One job as it is done anywhere: in this process, in another, or on another machine.

A run is sent to workers as an `Order`: small, and the same for each of its jobs. A process opens
what the order needs (the models, once) when it first meets it, and does one job at a time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from nephoscope.apply.jobs import Job
from nephoscope.errors import InputError, NephoscopeError, UsageError, shown
from nephoscope.files import part_path, write_text
from nephoscope.products.product import DATE
from nephoscope.workers.cluster import check_version, plain_locks
from nephoscope.workers.pool import CannotWorkError

if TYPE_CHECKING:
    from nephoscope.apply.run import Draw, Made, Maker, Sink

Written = tuple[Mapping[str, object], str]
"""What the parent keeps of a scene that was written: facts for the journal, and the note."""

PASSING = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ENETDOWN, errno.EHOSTDOWN}
"""What a network disk says when it is away for a moment."""
_TRIES, _PAUSE = 3, 1.0  # of what may pass; seconds between
_SIGHT = 10.0  # seconds in which a file that one machine wrote is seen by another
_SKEW = 3600.0  # seconds by which clocks may differ


@dataclass(frozen=True)
class Failure:
    """Why a job could not be done.

    Attributes:
        error: told to the user.
        settled: whether trying again is of no use while the input stays as it is.
    """

    error: NephoscopeError
    settled: bool


@dataclass(frozen=True)
class Work:
    """What is done for one job; the same in a thread and in a process."""

    maker: Maker
    sink: Sink
    draw: Draw | None = None

    def write(self, job: Job, made: Made) -> Written:
        """Draw the picture and write the product, which comes last."""
        if job.picture is not None and self.draw is not None:
            self.draw(made, job.picture)
        place = self.sink.write(job, made)
        return {**made.record, **place}, made.note

    def all_of(self, job: Job) -> Written:
        """Read, make and write."""
        return self.write(job, self.maker.make(job, self.maker.read(job)))


@dataclass(frozen=True)
class Order:
    """A run as workers are told of it.

    Attributes:
        packed: the pickled `Work`.
        key: of the maker: the models' sha256 and options; None where nothing need be checked.
        version: of nephoscope.
        token: a file in the folder of the products that another machine must see.
        date: what products say of when they were made; "" for when that is.
    """

    packed: bytes
    key: str | None = None
    version: str = ""
    token: Path | None = None
    date: str = ""


def order_of(work: Work, elsewhere: bool = False) -> Order:
    """The order of a run.

    Args:
        work: what is done.
        elsewhere: whether workers may be on other machines.

    Raises:
        OutputError: the folder of the products cannot be written to.
    """
    packed = pickle.dumps(work)
    if not elsewhere:
        return Order(packed)
    token = part_path(work.sink.out / "cluster")
    write_text(token, work.maker.key)
    date = os.environ.get(DATE, "")
    return Order(packed, work.maker.key, version("nephoscope"), token, date)


def do(order: Order, job: Job) -> Written | Failure:
    """Do a job in a worker.

    Raises:
        CannotWorkError: this worker can do none.
    """
    with _ALONE, nullcontext() if order.token is None else plain_locks():
        work = _opened(order)
        if order.token is not None and not job.scene.path.exists():
            problem = f"cannot be seen on the machine {_host()}"
            remedy = "name a folder that all machines of the cluster share"
            return Failure(InputError(job.scene.path, problem, remedy=remedy), settled=False)
        return _tried(work, job)


def failure_of(error: NephoscopeError) -> Failure:
    """A failure, and whether trying again is of use: a disk that is away comes back."""
    return Failure(error, isinstance(error, InputError) and not _passes(error))


def _tried(work: Work, job: Job) -> Written | Failure:
    for tries in range(1, _TRIES + 1):
        try:
            return work.all_of(job)
        except NephoscopeError as error:
            if tries == _TRIES or not _passes(error):
                return failure_of(error)
        time.sleep(_PAUSE)
    raise AssertionError


def _passes(error: BaseException | None) -> bool:
    """Whether the cause of an error may be gone in a moment."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        if isinstance(error, OSError) and error.errno in PASSING:
            return True
        error = error.__cause__ or error.__context__
    return False


_ALONE = threading.Lock()  # drawing and some readers are not for several threads
_OPEN: dict[str, Work] = {}  # of this process: the last order's


def _opened(order: Order) -> Work:
    name = hashlib.sha256(order.packed).hexdigest()
    if name not in _OPEN:
        try:
            _OPEN.clear()
            _OPEN[name] = _open(order)
        except Exception as error:
            raise CannotWorkError(error) from error
    return _OPEN[name]


def _open(order: Order) -> Work:
    if order.token is None:
        work: Work = pickle.loads(order.packed)  # noqa: S301 - as the pool itself does
        work.maker.open()
        return work
    check_version(_host(), version("nephoscope"), order.version)
    check_sight(order.token, _host())
    work = pickle.loads(order.packed)  # noqa: S301 - as the cluster itself does
    try:
        key = work.maker.key
    except NephoscopeError as error:
        raise UsageError(f"the worker on {_host()} cannot open the model: {error}") from error
    if key != order.key:
        raise UsageError(
            f"the worker on {_host()} has another model of that name, or another background: "
            f"their sha256 is not that of here: install the same nephoscope there, or give the "
            "model as a folder that all machines share"
        )
    work.maker.open()
    os.environ.pop(DATE, None)
    if order.date:
        os.environ[DATE] = order.date
    return work


def check_sight(token: Path, host: str) -> None:
    """See that this machine shares the folder of the products, may write there, and has the time.

    Args:
        token: a file that another machine wrote in it.
        host: name of this machine.

    Raises:
        UsageError: one of it is not so; it names the machine and says what to do.
    """
    out = token.parent
    deadline = time.monotonic() + _SIGHT
    while not token.is_file():  # a network disk may show it late
        if time.monotonic() > deadline or not out.is_dir():
            raise UsageError(
                f"the worker on {host} cannot see the folder of the products, {shown(out)}: name "
                "one that all machines share, or start workers only where it is mounted"
            )
        time.sleep(0.2)
    try:
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"-")
            file.flush()
            behind = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError as error:
        raise UsageError(
            f"the worker on {host} cannot write to {shown(out)}: {error.strerror}: let its user "
            "write there, or stop that worker"
        ) from error
    if abs(behind) > _SKEW:
        way = "behind" if behind > 0 else "ahead of"
        raise UsageError(
            f"the clock of {host} is {abs(behind) / 3600:.1f} hours {way} that of the disk "
            f"{shown(out)}: set it (timedatectl set-ntp true), then run again"
        )


def _host() -> str:
    return socket.gethostname()

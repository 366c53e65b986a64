"""Orders: a run as workers are told of it, on this machine or on others; each opens it once.

What a worker on another machine must share with the one that began the run is seen to first: the
version of nephoscope, a folder, the time.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nephoscope.errors import OutputError, UsageError, shown
from nephoscope.files import part_path, write_text
from nephoscope.workers.cluster import check_version, plain_locks
from nephoscope.workers.pool import CannotWorkError

_SIGHT = 10.0  # seconds in which a file that one machine wrote is seen by another
_SKEW = 3600.0  # seconds by which clocks may differ


@dataclass(frozen=True)
class Order:
    """A run: small, and the same for each of its items.

    Attributes:
        packed: what is done, pickled.
        version: of nephoscope; "" where workers are of this machine.
        token: a file in a folder that other machines must see; None where there are none.
        of: what comes into that folder, in words: "products".
    """

    packed: bytes
    version: str = ""
    token: Path | None = None
    of: str = "products"


def order_of(work: object, shared: Path | None = None, of: str = "products") -> Order:
    """The order of a run.

    Args:
        work: what is done; must be picklable.
        shared: a folder that workers on other machines must see and write to; None where workers
            are of this machine.
        of: what comes into it, in words.

    Raises:
        OutputError: the folder cannot be written to.
    """
    packed = pickle.dumps(work)
    if shared is None:
        return Order(packed)
    token = part_path(shared / "cluster")
    write_text(token, of)
    return Order(packed, version("nephoscope"), token, of)


@contextmanager
def at_work(order: Order, start: Callable[[Any], object] | None = None) -> Iterator[Any]:
    """What an order packs, opened once in this process; no other thread works meanwhile.

    Args:
        order: of the run.
        start: called with what was packed, once in each process.

    Raises:
        CannotWorkError: this worker cannot do it.
    """
    with _ALONE, nullcontext() if order.token is None else plain_locks():
        yield _opened(order, start)


_ALONE = threading.Lock()  # drawing and some readers are not for several threads
_OPEN: dict[str, Any] = {}  # of this process: what the last order packed


def _opened(order: Order, start: Callable[[Any], object] | None) -> Any:  # noqa: ANN401 - any work
    name = hashlib.sha256(order.packed).hexdigest()
    if name not in _OPEN:
        try:
            _OPEN.clear()
            if order.token is not None:
                check_version(this_host(), version("nephoscope"), order.version)
                check_sight(order.token, this_host(), order.of)
            work = pickle.loads(order.packed)  # noqa: S301 - as pools and clusters themselves do
            if start is not None:
                start(work)
            _OPEN[name] = work
        except Exception as error:
            raise CannotWorkError(error) from error
    return _OPEN[name]


def appears(path: Path) -> bool:
    """Whether a file that another machine wrote is seen here; a network disk may show it late."""
    deadline = time.monotonic() + _SIGHT
    while not path.is_file():
        if time.monotonic() > deadline or not path.parent.is_dir():
            return False
        time.sleep(0.2)
    return True


def check_sight(token: Path, host: str, of: str = "products") -> None:
    """See that this machine shares a folder, may write there, and has the time.

    Args:
        token: a file that another machine wrote in it.
        host: name of this machine.
        of: what comes into the folder, in words.

    Raises:
        UsageError: one of it is not so; it names the machine and says what to do.
    """
    out = token.parent
    if not appears(token):
        raise UsageError(
            f"the worker on {host} cannot see the folder of the {of}, {shown(out)}: name "
            "one that all machines share, or start workers only where it is mounted"
        )
    try:
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"-")
            file.flush()
            behind = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError as error:
        raise UsageError(
            f"the worker on {host} cannot write to {shown(out)}: {error.strerror}: {_way(error)}"
        ) from error
    if abs(behind) > _SKEW:
        way = "behind" if behind > 0 else "ahead of"
        raise UsageError(
            f"the clock of {host} is {abs(behind) / 3600:.1f} hours {way} that of the disk "
            f"{shown(out)}: set it (timedatectl set-ntp true), then run again"
        )


def _way(error: OSError) -> str:
    """What to do about a folder that cannot be written to."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "make room there, then run again"
    return "let its user write there, or stop that worker"


def seen_here(error: OutputError) -> OutputError:
    """An error of writing with the machine on which it was met."""
    return OutputError(f"the worker on {this_host()}: {error}")


def this_host() -> str:
    """Name of this machine, for messages."""
    return socket.gethostname()

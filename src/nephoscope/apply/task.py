"""One job as it is done anywhere: in this process, in another, or on another machine.

A process opens what a run needs (the models, once) when it first meets its order, and does one job
at a time.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nephoscope.apply.jobs import Job
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError
from nephoscope.models.lookup import another_model
from nephoscope.products.product import DATE
from nephoscope.workers.orders import Order, at_work, order_of, seen_here, this_host

if TYPE_CHECKING:
    from nephoscope.apply.run import Draw, Made, Maker, Sink

Written = tuple[Mapping[str, object], str]
"""What the parent keeps of a scene that was written: facts for the journal, and the note."""

PASSING = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ENETDOWN, errno.EHOSTDOWN}
"""What a network disk says when it is away for a moment."""
_TRIES, _PAUSE = 3, 1.0  # of what may pass; seconds between


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
    """What is done for one job; the same in a thread and in a process.

    Attributes:
        maker: makes the products.
        sink: writes them.
        draw: draws the quick-look of what was made.
        key: of the maker where the run was begun: the models' sha256 and options; None where
            nothing need be checked.
        date: what products say of when they were made, "" for when that is; None for what this
            process says.
    """

    maker: Maker
    sink: Sink
    draw: Draw | None = None
    key: str | None = None
    date: str | None = None

    def open(self) -> None:
        """Open the models in the process that runs them.

        Raises:
            UsageError: the models of this machine are not those of where the run was begun.
        """
        if self.key is not None:
            _check_model(self.maker, self.key)
        self.maker.open()
        if self.date is not None:
            os.environ.pop(DATE, None)
            os.environ.update({DATE: self.date} if self.date else {})

    def write(self, job: Job, made: Made) -> Written:
        """Draw the picture and write the product, which comes last."""
        if job.picture is not None and self.draw is not None:
            self.draw(made, job.picture)
        place = self.sink.write(job, made)
        return {**made.record, **place}, made.note

    def all_of(self, job: Job) -> Written:
        """Read, make and write."""
        return self.write(job, self.maker.make(job, self.maker.read(job)))


def order_of_run(work: Work, elsewhere: bool = False) -> Order:
    """The order of a run.

    Args:
        work: what is done.
        elsewhere: whether workers may be on other machines.

    Raises:
        OutputError: the folder of the products cannot be written to.
    """
    if not elsewhere:
        return order_of(work)
    there = replace(work, key=work.maker.key, date=os.environ.get(DATE, ""))
    return order_of(there, work.sink.out)


def do(order: Order, job: Job) -> Written | Failure:
    """Do a job in a worker.

    Raises:
        CannotWorkError: this worker can do none.
    """
    with at_work(order, Work.open) as work:
        if order.token is not None and not job.scene.path.exists():
            problem = f"cannot be seen on the machine {this_host()}"
            remedy = "name a folder that all machines of the cluster share"
            return Failure(InputError(job.scene.path, problem, remedy=remedy), settled=False)
        outcome: Written | Failure = _tried(work, job)
    if order.token is not None and isinstance(outcome, Failure):
        if isinstance(outcome.error, OutputError):
            return replace(outcome, error=seen_here(outcome.error))
    return outcome


def failure_of(error: NephoscopeError) -> Failure:
    """A failure, and whether trying again is of use: a disk that is away comes back."""
    return Failure(error, isinstance(error, InputError) and not _passes(error))


def _check_model(maker: Maker, wanted: str) -> None:
    try:
        key = maker.key
    except NephoscopeError as error:
        raise UsageError(f"the worker on {this_host()} cannot open the model: {error}") from error
    if key != wanted:
        raise another_model(this_host())


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

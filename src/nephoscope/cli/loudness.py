"""How much a verb says: `-q` and `-v`, one meaning everywhere; no verb.

With -q problems and the last summary; usually a line of progress now and then besides; with -v a
line for each input.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from datetime import timedelta
from enum import IntEnum
from typing import Annotated, Any

import typer

from nephoscope.errors import UsageError

_QUIET, _VERBOSE = ContextVar("quiet", default=False), ContextVar("verbose", default=False)
"""What was asked of the verb that runs."""


def _keep(param: typer.CallbackParam, value: bool) -> bool:
    (_QUIET if param.name == "quiet" else _VERBOSE).set(value)
    return value


def forget() -> None:
    """A verb has ended, well or not: the next one in this process was asked nothing yet."""
    _QUIET.set(False)
    _VERBOSE.set(False)


def _option(name: str, words: str) -> Any:  # noqa: ANN401 - typer's
    return typer.Option(f"--{name}", f"-{name[0]}", help=words, callback=_keep)


Quiet = Annotated[bool, _option("quiet", "Say problems and the last summary only.")]
Verbose = Annotated[
    bool, _option("verbose", "A line for each input. [default: progress now and then]")
]
Names = Annotated[bool, _option("verbose", "Also the names of all samples.")]
SECONDS, LATER = 10.0, 60.0
"""Between two lines of progress, where there is no terminal: in the first minute, and later."""


class Loudness(IntEnum):
    """How much is said."""

    QUIET = -1
    USUAL = 0
    VERBOSE = 1


def loudness() -> Loudness:
    """What was asked of the verb that runs.

    Raises:
        UsageError: both.
    """
    if _QUIET.get() and _VERBOSE.get():
        raise UsageError("-q and -v: one of them")
    return Loudness(int(_VERBOSE.get()) - int(_QUIET.get()))


class Pace:
    """How fast a run goes: of what is tried now, since what was done before costs nothing."""

    def __init__(self) -> None:
        self.start = self.said = time.monotonic()
        self.tried, self.how = 0, loudness()

    def count(self, tried: bool = True) -> None:
        """Add one input; one that had been done before is not `tried`."""
        self.tried += tried

    @property
    def rate(self) -> float:
        """Inputs in a second."""
        return self.tried / max(1e-9, time.monotonic() - self.start)

    def line(self, number: int, total: int) -> str:
        """How far the run is, how fast it goes and how long it will take."""
        said = f"{number}/{total}, {rate_of(self.rate)}"
        if self.tried and number < total:
            said += f", {timedelta(seconds=round((total - number) / self.rate))} left"
        return said

    def due(self) -> bool:
        """Whether it is time for a line."""
        now = time.monotonic()
        due = now - self.said >= (SECONDS if now - self.start <= LATER else LATER)
        self.said = now if due else self.said
        return due


def rate_of(rate: float) -> str:
    """A rate, for people, from inputs in a second."""
    return f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"


def tell_stage(words: str) -> None:
    """Say on stderr what is being done that takes a while and has no inputs to count."""
    if loudness() is not Loudness.QUIET:
        typer.echo(f"{words} ...", err=True)


def tell_plainly(what: str, number: int, total: int, name: str, pace: Pace) -> None:
    """Say on stderr that an input is done, where there is no terminal, as loudly as was asked."""
    pace.count()
    if pace.how is Loudness.VERBOSE:
        typer.echo(f"{what} {number}/{total} {name}", err=True)
    elif pace.how is Loudness.USUAL and pace.due():
        typer.echo(f"{what} {pace.line(number, total)}", err=True)

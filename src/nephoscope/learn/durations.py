"""Times as people say them, and how far long work is."""

from __future__ import annotations

import time
from collections.abc import Callable

_EVERY = 20.0  # seconds between two lines


def duration(seconds: float) -> str:
    """A time in the unit in which people would say it, e.g. `40 s`, `12 min` or `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Advance:
    """Says now and then how far some work is, and how long the rest takes.

    Args:
        what: is counted, e.g. "step".
        total: how many there are.
        report: is given a line; None says nothing.
        every: seconds between two lines.
    """

    def __init__(
        self, what: str, total: int, report: Callable[[str], None] | None, every: float = _EVERY
    ) -> None:
        self.what, self.total, self.report, self.every = what, total, report, every
        self.number, self.began = 0, time.monotonic()
        self.said = self.began

    def count(self) -> None:
        """One more is done."""
        self.number, now = self.number + 1, time.monotonic()
        if self.report is None or (now - self.said < self.every and self.number < self.total):
            return
        spent, self.said = now - self.began, now
        left = spent / self.number * (self.total - self.number)
        more = f", about {duration(left)} left" if self.number < self.total else ""
        self.report(f"{self.what} {self.number}/{self.total}  {spent:.0f} s{more}")

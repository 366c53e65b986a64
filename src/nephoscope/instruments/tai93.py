"""TAI93 time, the clock of CloudSat and CALIPSO files.

Seconds since 1993-01-01T00:00 UTC, leap seconds counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EPOCH = np.datetime64("1993-01-01T00:00:00", "ns")
LEAP_SECONDS_AT = np.array(
    [
        "1993-07-01",
        "1994-07-01",
        "1996-01-01",
        "1997-07-01",
        "1999-01-01",
        "2006-01-01",
        "2009-01-01",
        "2012-07-01",
        "2015-07-01",
        "2017-01-01",
    ],
    "datetime64[ns]",
)
"""Midnights just after a leap second, since 1993 (IERS Bulletin C; none between 2017 and 2026)."""

_SECOND = np.timedelta64(1, "s")
LARGEST = 3e9
"""Seconds beyond which no satellite of today has data: a value there is damage."""


def to_utc(seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """UTC of TAI93 seconds.

    Args:
        seconds: any shape, float64, s; not finite, negative or beyond 3e9 where missing.

    Returns:
        The same shape, datetime64[ns], NaT where missing. During a leap second itself UTC stands
        at the last instant before midnight's second, as `datetime64` cannot name it.
    """
    seconds = np.asarray(seconds, np.float64)
    good = (seconds >= 0) & (seconds < LARGEST)
    whole = np.round(np.where(good, seconds, 0) * 1e9).astype("timedelta64[ns]")
    # The instant, on this clock, at which each leap second begins.
    begins = LEAP_SECONDS_AT - EPOCH + np.arange(len(LEAP_SECONDS_AT)) * _SECOND
    passed = np.searchsorted(begins, whole, side="right") * _SECOND
    return np.where(good, EPOCH + whole - passed, np.datetime64("NaT", "ns"))


def from_utc(time: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """TAI93 seconds, float64, of UTC, datetime64; NaN for NaT."""
    time = np.asarray(time, "datetime64[ns]")
    missing = np.isnat(time)
    known = np.where(missing, EPOCH, time)
    passed = np.searchsorted(LEAP_SECONDS_AT, known, side="right")
    seconds = (known - EPOCH) / _SECOND + passed
    return np.where(missing, np.nan, seconds)

"""Matching of PARASOL's half orbits and granules of CALIPSO's track: the nearest start, by name.

Rule of the A-Train Cloud Segmentation data set: the file whose start in its name is nearest, and
not further than 600 s. Pure functions of names or times: nothing is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nephoscope.errors import UsageError
from nephoscope.instruments.cloudsat.names import parse_caltrack_name
from nephoscope.instruments.polder.names import parse_name

WITHIN = timedelta(seconds=600)
Started = str | PathLike[str] | datetime | np.datetime64
"""A file by its name (POLDER3_L1B-BG1-..., CALTRACK-...), or the start itself, UTC."""


class Match(NamedTuple):
    """Match of one granule or half orbit.

    Args:
        found: the nearest of those given, as it was given; None if none is near enough.
        seconds: its start minus the start asked for; of the nearest one also if that is too far;
            NaN if none was given.
        reason: why there is none, or how one was chosen of equals; "" if there was no question.
    """

    found: Started | None
    seconds: float
    reason: str


def nearest_start(asked: Started, given: Iterable[Started], within: timedelta = WITHIN) -> Match:
    """The one of several files whose start is nearest to that of another file.

    It goes both ways: a granule among half orbits, or a half orbit among granules. Of two equally
    near the earlier is taken, of two with one start the later name, which is the newer version.

    Args:
        asked: the file to find a partner for, by its name, or a start.
        given: the files to choose from, likewise; names that say no start are an error.
        within: the greatest difference, either way, that still is a match.

    Raises:
        UsageError: a name says no start, or `within` is negative.
    """
    if not isinstance(within, timedelta) or within < timedelta(0):
        raise UsageError(f"within is {within!r}, not a datetime.timedelta of 0 or more")
    if isinstance(given, str | PathLike | datetime):
        raise UsageError("the files to choose from are given in a list")
    start = start_of(asked)
    candidates = sorted(
        ((start_of(each), _name(each), each) for each in given), key=lambda each: each[:2]
    )
    if not candidates:
        return Match(None, float("nan"), "there is nothing to choose from")
    least = min(abs(each[0] - start) for each in candidates)
    nearest = [each for each in candidates if abs(each[0] - start) == least]
    first = nearest[0][0]
    same = [each for each in nearest if each[0] == first]
    seconds = (first - start).total_seconds()
    if least > within:
        limit = within.total_seconds()
        problem = f"the nearest, {same[-1][1]}, starts {seconds:+.0f} s off, beyond {limit:.0f} s"
        return Match(None, seconds, problem)
    reasons = []
    if len(nearest) > len(same):
        reasons.append(f"{len(nearest)} are equally near: the earlier is taken")
    if len(same) > 1:
        reasons.append(f"{len(same)} have one start: the last by name is taken")
    return Match(same[-1][2], seconds, "; ".join(reasons))


def start_of(file: Started) -> datetime:
    """UTC, unmarked, of a file by its name, or of a time.

    Raises:
        UsageError: the name is of neither archive's form, or it is no time.
    """
    if isinstance(file, datetime):
        return file if file.tzinfo is None else file.astimezone(UTC).replace(tzinfo=None)
    if isinstance(file, np.datetime64):
        if np.isnat(file):
            raise UsageError("NaT says no start")
        moment: datetime = file.astype("datetime64[us]").astype(datetime)
        return moment
    if not isinstance(file, str | PathLike):
        raise UsageError(f"{file!r} is no file and no time")
    parsed = parse_caltrack_name(file) or parse_name(file)
    if parsed is None:
        wanted = "POLDER3_L1B-BG1-... and CALTRACK-... are known"
        raise UsageError(f"{Path(file).name} does not say when it starts: {wanted}")
    return parsed.start


def _name(file: Started) -> str:
    return Path(file).name if isinstance(file, str | PathLike) else str(file)

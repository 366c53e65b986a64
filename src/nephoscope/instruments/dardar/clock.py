"""Times of the profiles of a DARDAR file, exact in every type that files have.

Nice: `base_time` (scalar, s since 1970) and `dtime` (s since then). CLOUD: `time`, whose units name
its epoch.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.a_train import FIRST_FLIGHT, since_launch
from nephoscope.instruments.dardar.netcdf import NetcdfFile
from nephoscope.instruments.dardar.values import check_units, physical

_DAY = np.timedelta64(1, "D")
_LONGEST_GRANULE = 1e6  # s
_COARSE = 2.0**24
"""Seconds that single precision still tells apart."""
_LARGEST = 9e9  # s: the nanoseconds of datetime64 end in 2262
_UNIX = "1970-01-01"
_SECONDS = {"s", "sec", "second", "seconds"}
_SINCE = re.compile(
    r"s(?:ec(?:ond)?s?)? since (\d{4})[- ](\d{1,2})[- ](\d{1,2})"
    r"(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?",
    re.IGNORECASE,
)


def profile_times(file: NetcdfFile, profiles: int) -> NDArray[np.datetime64]:
    """UTC of each profile, (profile,) datetime64[ns], NaT where missing.

    Raises:
        InputError: a variable is absent, of other units, too coarse to say a time, or older than
            the satellites.
    """
    nice = "dtime" in file or "base_time" in file
    name = "dtime" if nice else "time"
    if "dtime" in file:
        check_units(file, name, ("s",))
    seconds = physical(file, name, (profiles,)).astype(np.float64)
    start = _base_time(file) if nice else _epoch(file, "time", None)
    _check_fine(file, name, seconds)
    of_its_day = start >= FIRST_FLIGHT - _DAY
    longest = _LONGEST_GRANULE if of_its_day else _LARGEST
    seconds = np.where(np.abs(seconds) < longest, seconds, np.nan)
    # Whole seconds and their parts apart: a double holds no nanoseconds of decades.
    whole = np.floor(np.nan_to_num(seconds))
    part = np.round((np.nan_to_num(seconds) - whole) * 1e9).astype("timedelta64[ns]")
    time = start + whole.astype("timedelta64[s]").astype("timedelta64[ns]") + part
    time = np.where(np.isnan(seconds), np.datetime64("NaT", "ns"), time)
    return since_launch(time, "base_time" if nice else "time:units", file.wrong)


def _base_time(file: NetcdfFile) -> np.datetime64:
    dims = len(file.dims("base_time")) if "base_time" in file else 0
    base = np.unique(physical(file, "base_time", dims)).astype(np.float64)
    if base.size != 1 or not 0 <= base[0] < _LARGEST:
        raise file.wrong("base_time", "is no time in seconds since 1970")
    _check_fine(file, "base_time", base)
    start = _epoch(file, "base_time", _UNIX) + np.timedelta64(round(base[0] * 1000), "ms")
    if start < FIRST_FLIGHT - _DAY:
        when = start.astype("datetime64[s]")
        raise file.wrong("base_time", f"is {when}: before the satellites flew")
    return start


def _check_fine(file: NetcdfFile, name: str, seconds: NDArray[np.float64]) -> None:
    single = file.stored(name, "fiu", len(file.dims(name))).dtype == np.float32
    if single and (np.abs(seconds) > _COARSE).any():
        problem = "is of single precision, which is right to some 60 seconds only"
        raise file.wrong(name, problem, "fetch it from the archive")


def _epoch(file: NetcdfFile, name: str, otherwise: str | None) -> np.datetime64:
    """The instant in the units; `otherwise` where there are none, or only "s"."""
    units = file.attributes(name).get("units")
    text = str(units).strip()
    match = _SINCE.match(text)
    if match is None and otherwise is not None and (units is None or text in _SECONDS):
        return np.datetime64(otherwise, "ns")
    try:
        if match is None:
            raise ValueError
        year, month, day, clock = match.groups()
        hour = (clock or "00:00:00").zfill(5 if clock and clock.count(":") == 1 else 8)
        return np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}T{hour}", "ns")
    except ValueError as error:
        problem = "are missing" if units is None else f"'{units}' are not 'seconds since ...'"
        raise file.wrong(f"{name}:units", problem) from error

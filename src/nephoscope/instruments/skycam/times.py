"""Time at which a frame was taken: from the cards of its header, else from its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from astropy.io import fits

UNKNOWN_TIME = np.datetime64("NaT", "ns")

_DATES = ("DATE-OBS", "DATE-BEG")
_CLOCKS = ("TIME-OBS", "UT", "UTC", "UT1", "UTC-OBS", "UT-OBS", "TIME-BEG", "UTSTART", "TIME")
"""Cards that hold the time of a DATE-OBS that is only a date."""
_MODIFIED_JULIAN = ("MJD-OBS", "MJD-BEG")
_UNIVERSAL = {"", "UTC", "UT", "UT1", "GMT"}
"""Time scales that differ by less than a second; of any other (TAI, LT) the header's time is not
believed."""
_EARLIEST, _LATEST = 1900, 2199  # a year outside is no year in which a camera took a frame
_LAST_MJD = 130_000  # in 2214
_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)  # modified Julian day 0

_DAY = re.compile(r"(\d{4})([-/_.]?)(\d\d)\2(\d\d)")
_OLD_DAY = re.compile(r"(\d\d)/(\d\d)/(\d\d)")  # 19yy, FITS standard 4.0, section 4.4.2.1
_CLOCK = re.compile(
    r"(\d\d?)(:?)(\d\d)(?:\2(\d\d)(?:[.,](\d+))?)?\s*(Z|UTC?|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_.T ]?)(\d\d)([-_.:h]?)(\d\d)[-_.:m]?(\d\d)"
    r"(?:_(\d{1,6})(?!\d))?(?!\d)"
)


def time_of(header: fits.Header, path: Path) -> np.datetime64:
    """Start of the exposure, UTC, datetime64[ns]; NaT where neither header nor name tells it.

    The header tells it in DATE-OBS or DATE-BEG, with the time in it or in a card of its own, or in
    MJD-OBS; a date alone is no time. Else the name does (see `time_in_name`).
    """
    scale = str(_text(header, "TIMESYS")).upper()
    found = next(_in_header(header), None) if scale in _UNIVERSAL else None
    return time_in_name(path.name) if found is None else found


def time_in_name(name: str) -> np.datetime64:
    """The time in a file's name, taken for UTC: `20231001121500`, or parted by signs.

    Returns:
        datetime64[ns]; NaT where there is none, or more than one.
    """
    found = set()
    for match in _IN_NAME.finditer(name):
        year, _, month, day, hour, _, minute, second, fraction = match.groups()
        micro = (fraction or "0").zfill(6)  # the camera of IRIS-CloudDeep writes no leading zeros
        found.add(_moment(year, month, day, f"{hour}:{minute}:{second}.{micro}"))
    times = {moment for moment in found if moment is not None}
    return times.pop() if len(times) == 1 else UNKNOWN_TIME


def _in_header(header: fits.Header) -> Iterator[np.datetime64]:
    for keyword in _DATES:
        date, _, clock = re.sub(r"[T\s]+", "T", _text(header, keyword)).partition("T")
        clocks = [clock] if clock else [_text(header, card) for card in _CLOCKS]
        for text in filter(None, clocks):
            moment = _of_texts(date, text)
            if moment is not None:
                yield moment
    for keyword in _MODIFIED_JULIAN:
        value = header.get(keyword)
        if isinstance(value, (int, float)) and 0 < value < _LAST_MJD:
            yield from _within(_MJD_EPOCH + timedelta(days=float(value)))


def _text(header: fits.Header, keyword: str) -> str:
    value = header.get(keyword, "")
    if isinstance(value, float) and keyword in _CLOCKS:
        return ""  # hours or seconds: nobody says which
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


def _of_texts(date: str, clock: str) -> np.datetime64 | None:
    day, old = _DAY.fullmatch(date), _OLD_DAY.fullmatch(date)
    if day is not None:
        return _moment(day[1], day[3], day[4], clock)
    if old is not None:
        return _moment(f"19{old[3]}", old[2], old[1], clock)
    return None


def _moment(year: str, month: str, day: str, clock: str) -> np.datetime64 | None:
    match = _CLOCK.fullmatch(clock)
    if match is None or not _EARLIEST <= int(year) <= _LATEST:
        return None
    hour, minute, second = int(match[1]), int(match[3]), int(match[4] or 0)
    fraction = match[5] or ""
    # 24:00:00 is the end of a day (ISO 8601); a second 60 is a leap second.
    end_of_day = (hour, minute, second, fraction.strip("0")) == (24, 0, 0, "")
    if not (end_of_day or hour < 24) or minute > 59 or second > 60:
        return None
    try:
        start = datetime(int(year), int(month), int(day), tzinfo=_zone(match[6]))
    except ValueError:
        return None
    whole = next(_within(start + timedelta(hours=hour, minutes=minute, seconds=second)), None)
    return whole and whole + np.timedelta64(int(fraction.ljust(9, "0")[:9]), "ns")


def _zone(text: str | None) -> timezone:
    if text is None or text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _within(moment: datetime) -> Iterator[np.datetime64]:
    if _EARLIEST <= moment.year <= _LATEST:
        yield np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ns")

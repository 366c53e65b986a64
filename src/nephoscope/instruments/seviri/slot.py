"""Header of one SEVIRI picture, and the `Slot` that native and HRIT readers share.

Layouts of the headers are satpy's (EUM/MSG/ICD/105, MSG Level 1.5 Image Data Format Description).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.geostationary import (
    DISK,
    EQUATORIAL_RADIUS,
    POLAR_RADIUS,
    Geostationary,
)
from nephoscope.instruments.seviri.channels import (
    ALL_BANDS,
    CHANNELS,
    CORRECTED,
    HALF_PIXEL,
    SATELLITES,
)

EPOCH = np.datetime64("1958-01-01", "ms")
"""Of CCSDS day-segmented times."""
SOUTH_EAST = 2
"""GridOrigin: lines are counted from the south, columns from the east."""

FORWARD_SCAN = np.timedelta64(750_000, "ms")
"""Of the full disk, from the south: nominally 12.5 minutes (a trailer of Meteosat-9 has 751 s)."""
_ORBIT_REACH = np.timedelta64(6, "h")  # an orbit polynomial is not used further from its time

Record = Any  # numpy's structured scalars have no useful types
"""One structured value of numpy."""


class Window(NamedTuple):
    """A part of the full disk: first row from the north, first column from the west, and size."""

    row: int
    col: int
    rows: int
    cols: int

    def overlap(self, other: Window) -> Window | None:
        """Window that two windows share, or None."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        end_row = min(self.row + self.rows, other.row + other.rows)
        end_col = min(self.col + self.cols, other.col + other.cols)
        if end_row <= row or end_col <= col:
            return None
        return Window(row, col, end_row - row, end_col - col)


class Lines(NamedTuple):
    """Some lines of one channel, north first, west first."""

    channel: str
    row: int
    """Row of the full disk of the first line."""
    counts: NDArray[np.uint16]
    """(y, x) counts, 0 where there are none."""
    times: NDArray[np.datetime64]
    """(y,) datetime64[ms], NaT where the file does not say."""


@dataclass(frozen=True)
class SlotHeader:
    """Header of one picture.

    Args:
        satellite: identifier, a key of `nephoscope.instruments.seviri.channels.SATELLITES`.
        grid: the full disk.
        position: longitude, latitude (degrees) and height (m) of the satellite; None if no orbit
            is given for the time.
        nominal: start of the repeat cycle.
        start: of the forward scan.
        end: of the forward scan.
        scanned: first and last line of the forward scan, from the south, from 1.
        slope: (channel,) float64, radiance over counts.
        offset: (channel,) float64, radiance of count 0.
        processing: (channel,) kind of radiance.
    """

    satellite: int
    grid: Geostationary
    position: tuple[float, float, float] | None
    nominal: np.datetime64
    start: np.datetime64
    end: np.datetime64
    scanned: tuple[int, int]
    slope: NDArray[np.float64]
    offset: NDArray[np.float64]
    processing: NDArray[np.uint8]


class Slot(Protocol):
    """One picture on disk, in either format."""

    path: Path
    files: list[Path]
    format: str
    comment: str
    header: SlotHeader
    covered: Window
    channels: tuple[str, ...]

    def missing(self, channel: str, window: Window) -> str | None:
        """What of a channel is not there but should be, in words; None if all is."""

    def lines(self, channels: tuple[str, ...], window: Window) -> Iterator[Lines]:
        """What there is of `channels` within `window`, piece by piece."""


def cds_time(days: NDArray[Any], milliseconds: NDArray[Any]) -> NDArray[np.datetime64]:
    """Times of day-segmented codes: datetime64[ms], NaT for day 0 (no time).

    Args:
        days: since 1958-01-01.
        milliseconds: of the day, the same shape.
    """
    whole = np.asarray(days, np.int64)
    times = EPOCH + whole.astype("timedelta64[D]")
    times = times + np.asarray(milliseconds, np.int64).astype("timedelta64[ms]")
    return np.where(whole > 0, times, np.datetime64("NaT", "ms"))


def slot_header(path: Path, header: Record, trailer: Record | None) -> SlotHeader:
    """Header of a picture, from its data header (or HRIT prologue) and trailer (or epilogue).

    Args:
        path: the file to blame.
        header: from "SatelliteStatus" on.
        trailer: from "ImageProductionStats" on, if there is one.

    Raises:
        InputError: another satellite's file, another grid, no calibration, or no time.
    """
    satellite = int(header["SatelliteStatus"]["SatelliteDefinition"]["SatelliteId"])
    if satellite not in SATELLITES:
        known = ", ".join(f"{number} {name}" for number, name in SATELLITES.items())
        raise InputError(
            path, f"is of satellite {satellite}, none that carries SEVIRI",
            field="SatelliteId", remedy=f"known are: {known}",
        )  # fmt: skip
    planned = header["ImageAcquisition"]["PlannedAcquisitionTime"]["TrueRepeatCycleStart"]
    begin = _time_of(path, planned, "TrueRepeatCycleStart")
    start, end, scanned = _scan_of(path, begin, trailer)
    radiometry = header["RadiometricProcessing"]["Level15ImageCalibration"]
    slope, offset = (np.array(radiometry[name], float) for name in ("CalSlope", "CalOffset"))
    _check_calibration(path, slope, offset)
    production = header["ImageDescription"]["Level15ImageProduction"]
    return SlotHeader(
        satellite=satellite,
        grid=_grid_of(path, header),
        position=_position_of(header["SatelliteStatus"]["Orbit"]["OrbitPolynomial"], start),
        nominal=_rounded(begin),
        start=start,
        end=end,
        scanned=scanned,
        slope=slope,
        offset=offset,
        processing=np.array(production["PlannedChanProcessing"], np.uint8),
    )


def _grid_of(path: Path, header: Record) -> Geostationary:
    description = header["ImageDescription"]
    reference = description["ReferenceGridVIS_IR"]
    model = header["GeometricProcessing"]["EarthModel"]
    checks: list[tuple[str, float, tuple[float, ...]]] = [
        ("GridOrigin", int(reference["GridOrigin"]), (SOUTH_EAST,)),
        ("NumberOfLines", int(reference["NumberOfLines"]), (DISK,)),
        ("NumberOfColumns", int(reference["NumberOfColumns"]), (DISK,)),
        ("TypeOfEarthModel", int(model["TypeOfEarthModel"]), (1, CORRECTED)),
        ("EquatorialRadius", round(float(model["EquatorialRadius"]), 1)
         if math.isfinite(model["EquatorialRadius"]) else math.nan,
         (round(EQUATORIAL_RADIUS / 1000, 1),)),
        ("NorthPolarRadius", round(float(model["NorthPolarRadius"]), 1)
         if math.isfinite(model["NorthPolarRadius"]) else math.nan,
         (round(POLAR_RADIUS / 1000, 1),)),
    ]  # fmt: skip
    for field, found, allowed in checks:
        if found not in allowed:
            wanted = " or ".join(f"{value:g}" for value in allowed)
            raise InputError(path, f"is {found:g}, not {wanted}", field=field)
    longitude = float(description["ProjectionDescription"]["LongitudeOfSSP"])
    if not -180 <= longitude <= 180:
        raise InputError(path, f"is {longitude}: no longitude", field="LongitudeOfSSP")
    shift = 0.0 if int(model["TypeOfEarthModel"]) == CORRECTED else HALF_PIXEL
    centre = DISK / 2 - shift
    return Geostationary(longitude, centre_row=centre, centre_col=centre)


def _check_calibration(path: Path, slope: NDArray[np.float64], offset: NDArray[np.float64]) -> None:
    usable = np.isfinite(offset) & np.isfinite(slope) & (slope > 0)
    for number in range(min(len(CHANNELS), ALL_BANDS)):
        if not usable[number]:
            problem = f"of {CHANNELS[number]} is {slope[number]}, offset {offset[number]}"
            raise InputError(path, problem, field="CalSlope", remedy="fetch the file again")


def _time_of(path: Path, code: Record, field: str) -> np.datetime64:
    time = cds_time(code["Days"], code["Milliseconds"])[()]
    # SEVIRI has been flying since 2002; a byte gone wrong sets any year up to 2137.
    if np.isnat(time) or not np.datetime64("2002-01-01") < time < np.datetime64("2060-01-01"):
        raise InputError(path, f"is {time}: no time of SEVIRI", field=field)
    return cast("np.datetime64", time)


def _scan_of(
    path: Path, begin: np.datetime64, trailer: Record | None
) -> tuple[np.datetime64, np.datetime64, tuple[int, int]]:
    whole = (1, DISK)
    if trailer is None:
        return begin, begin + FORWARD_SCAN, whole
    summary = trailer["ImageProductionStats"]["ActualScanningSummary"]
    if not int(summary["ForwardScanStart"]["Days"]):
        return begin, begin + FORWARD_SCAN, whole
    start = _time_of(path, summary["ForwardScanStart"], "ForwardScanStart")
    end = _time_of(path, summary["ForwardScanEnd"], "ForwardScanEnd")
    if not np.timedelta64(0) < end - start < np.timedelta64(1, "h"):
        raise InputError(path, f"is {end}, the start {start}", field="ForwardScanEnd")
    actual = trailer["ImageProductionStats"]["ActualL15CoverageVIS_IR"]
    south, north = (int(actual[f"{side}LineActual"]) for side in ("Southern", "Northern"))
    return start, end, (south, north) if 1 <= south < north <= DISK else whole


def _rounded(time: np.datetime64) -> np.datetime64:
    """Time to the nearest five minutes: repeat cycles begin some seconds late."""
    step = np.timedelta64(300_000, "ms")
    since = time - EPOCH
    return EPOCH + (since + step / 2) // step * step


def _position_of(orbits: Record, time: np.datetime64) -> tuple[float, float, float] | None:
    """Place of the satellite, from the orbit polynomial of the time, by satpy."""
    from satpy.readers.core.seviri import OrbitPolynomial, get_satpos

    begin, end = (
        cds_time(orbits[side]["Days"], orbits[side]["Milliseconds"])
        for side in ("StartTime", "EndTime")
    )
    distance = np.abs(begin + (end - begin) / 2 - time)
    if np.isnat(distance).all():
        return None
    best = int(np.nanargmin(np.where(np.isnat(distance), np.timedelta64(10**9, "s"), distance)))
    if distance[best] > _ORBIT_REACH + (end[best] - begin[best]) / 2:
        return None
    coefficients = tuple(np.array(orbits[axis][best], float) for axis in ("X", "Y", "Z"))
    if not np.isfinite(coefficients).all() or begin[best] >= end[best]:
        return None
    moments = [moment.astype("datetime64[us]") for moment in (begin[best], end[best], time)]
    orbit = OrbitPolynomial(coefficients, moments[0], moments[1])
    with np.errstate(all="ignore"):
        found = get_satpos(orbit, moments[2], EQUATORIAL_RADIUS, POLAR_RADIUS)
    longitude, latitude, height = (float(value) for value in found)
    # A geostationary satellite within reason, or the polynomial is broken.
    if not (3.4e7 < height < 3.8e7 and abs(latitude) < 20 and math.isfinite(longitude)):
        return None
    return longitude, latitude, height

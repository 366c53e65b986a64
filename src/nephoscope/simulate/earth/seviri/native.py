"""SEVIRI Level 1.5 native file, written as the archive delivers a region of a picture.

Layout: EUM/MSG/ICD/105 and MSG Level 1.5 Native Format File Definition; record types are satpy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.files import atomic_path
from nephoscope.grids.geostationary import (
    DISK,
    EQUATORIAL_RADIUS,
    HEIGHT,
    POLAR_RADIUS,
    STEP,
)
from nephoscope.instruments.seviri.calibration import EFFECTIVE_RADIANCE, calibration_table
from nephoscope.instruments.seviri.channels import ALL_BANDS, CHANNELS, CORRECTED, SATELLITES
from nephoscope.instruments.seviri.names import ARCHIVE
from nephoscope.instruments.seviri.native import lines_record
from nephoscope.instruments.seviri.packing import GROUP, LARGEST, pack
from nephoscope.instruments.seviri.slot import EPOCH, FORWARD_SCAN, SOUTH_EAST, Window
from nephoscope.simulate.earth.version import SIMULATOR_VERSION

SLOPE = (
    0.0204191, 0.0261677, 0.0223222, 0.00365867, 0.00831811, 0.03862197,
    0.12674432, 0.10396091, 0.20503568, 0.22231115, 0.1576069, 0.0299341,
)  # fmt: skip
"""Radiance over counts, mW m-2 sr-1 (cm-1)-1, of channels 1 to 12: of Meteosat-9 in 2010."""
SPACE_COUNT = 51
"""The count of dark space: offset = -51 slope (EUMETSAT, radiometric calibration of MSG SEVIRI)."""

SERVICE_END = np.timedelta64(900_000, "ms")
_HEADER_VERSION, _GOOD_LINE = 1, 1
_NATIVE_STEP = STEP / 1000  # km, as in the headers
_ORBIT_DAY = np.timedelta64(1, "D")
_LINES_AT_A_TIME = 128


@dataclass(frozen=True)
class _Picture:
    """Picture to write, checked."""

    image: NDArray[np.float32]
    channels: tuple[str, ...]
    window: Window
    start: np.datetime64
    satellite: int
    longitude: float

    @property
    def offsets(self) -> NDArray[np.float64]:
        return -SPACE_COUNT * np.array(SLOPE)

    def table(self, channel: str) -> NDArray[np.float32]:
        number = CHANNELS.index(channel)
        time = self.start.astype("datetime64[us]").astype(datetime)
        return calibration_table(
            channel, self.satellite, SLOPE[number], float(self.offsets[number]), time
        )


def native_name(start: np.datetime64, satellite: str = "Meteosat-9") -> str:
    """The archive's name of a picture: satellite number, and when its scan ended.

    Raises:
        UsageError: no such satellite.
    """
    number = _identifier(satellite) - min(SATELLITES) + 1
    end = (start.astype("datetime64[ms]") + FORWARD_SCAN).astype("datetime64[us]").astype(datetime)
    return f"MSG{number}-SEVI-MSG15-0100-NA-{end:%Y%m%d%H%M%S}.{end.microsecond:06d}000Z-NA.nat"


def write_native(
    path: str | PathLike[str],
    image: NDArray[np.float32],
    channels: Sequence[str],
    start: np.datetime64,
    first_row: int = 0,
    first_col: int = 0,
    satellite: str = "Meteosat-9",
    longitude: float = 0.0,
) -> Path:
    """Write a picture, or a region of the full disk, as the archive would deliver it.

    Values become counts of ten bits by the calibration of the header; what is beyond the range of
    counts is cut to it. Lines are scanned evenly through 12.5 minutes of the full disk, from the
    south. HRV is not written.

    Args:
        path: the file, named by `native_name` if satpy is to find it; or a folder (it exists, or
            the name has no suffix), and the file gets that name.
        image: (channel, y, x) float32, y from the north, x from the west; % or K, NaN where
            missing. x is a multiple of 4.
        channels: of the image, in the order of `nephoscope.instruments.seviri.CHANNELS`.
        start: of the repeat cycle, UTC.
        first_row: row of the full disk of the first line.
        first_col: its column.
        satellite: one of "Meteosat-8" to "Meteosat-11".
        longitude: of the sub-satellite point, degrees east.

    Returns:
        The file.

    Raises:
        UsageError: the image does not fit its channels, the disk, or groups of four columns.
        OutputError: the file cannot be written.
    """
    picture = _checked(image, channels, start, (first_row, first_col), satellite, longitude)
    final = Path(path)
    if final.is_dir() or not final.suffix:
        final = final / native_name(start, satellite)
    with atomic_path(final) as part, part.open("wb") as file:
        file.write(_header(picture).tobytes())
        for block in _lines(picture):
            file.write(block.tobytes())
        file.write(_trailer(picture).tobytes())
    return final


def quantised(values: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The counts whose calibrated values are nearest.

    Args:
        values: any shape, in the unit of `table`; NaN where missing.
        table: (1024,) float32, ascending where it is not NaN (`calibration_table`).

    Returns:
        The shape of `values`, uint16; 0 where missing.
    """
    # Reflectance is 0 for every count up to space's: the last of them stands for it.
    zeros = np.flatnonzero(table == 0)
    first = int(zeros[-1]) if zeros.size else int(np.flatnonzero(np.isfinite(table))[0])
    steps = table[first:].astype(np.float64)
    middles = (steps[1:] + steps[:-1]) / 2
    counts = first + np.searchsorted(middles, np.nan_to_num(values, nan=0.0))
    return np.where(np.isfinite(values), np.minimum(counts, LARGEST), 0).astype(np.uint16)


def _identifier(satellite: str) -> int:
    for number, name in SATELLITES.items():
        if name == satellite:
            return number
    raise UsageError(f"no satellite '{satellite}'; known are: {', '.join(SATELLITES.values())}")


def _checked(
    image: NDArray[np.float32],
    channels: Sequence[str],
    start: np.datetime64,
    first: tuple[int, int],
    satellite: str,
    longitude: float,
) -> _Picture:
    names = tuple(channels)
    if image.ndim != 3 or len(image) != len(names) or not names:
        raise UsageError(f"an image of {image.shape} for {len(names)} channels")
    if names != tuple(name for name in CHANNELS if name in names):
        raise UsageError(
            f"channels {', '.join(names)}: name some of {', '.join(CHANNELS)}, in order"
        )
    window = Window(*first, *image.shape[1:])
    fits = window.row + window.rows <= DISK and window.col + window.cols <= DISK
    if min(first) < 0 or not fits or window.cols % GROUP:
        raise UsageError(f"window {tuple(window)}: within {DISK} x {DISK}, columns in fours")
    moment = start.astype("datetime64[ms]")
    return _Picture(image, names, window, moment, _identifier(satellite), longitude)


def _header(picture: _Picture) -> NDArray[Any]:
    from satpy.readers.seviri_l1b_native_hdr import get_native_header

    record = np.zeros(1, get_native_header(True))
    top = record[0]
    _archive(top, picture)
    data = top["15_DATA_HEADER"]
    data["15HeaderVersion"] = _HEADER_VERSION
    status = data["SatelliteStatus"]
    status["SatelliteDefinition"]["SatelliteId"] = picture.satellite
    status["SatelliteDefinition"]["NominalLongitude"] = picture.longitude
    _orbit(status["Orbit"]["OrbitPolynomial"], picture)
    times = data["ImageAcquisition"]["PlannedAcquisitionTime"]
    for name, after in (
        ("TrueRepeatCycleStart", np.timedelta64(0, "ms")),
        ("PlanForwardScanEnd", FORWARD_SCAN),
        ("PlannedRepeatCycleEnd", SERVICE_END),
    ):
        _set_time(times[name], picture.start + after)
    description = data["ImageDescription"]
    description["ProjectionDescription"]["TypeOfProjection"] = 1
    description["ProjectionDescription"]["LongitudeOfSSP"] = picture.longitude
    for name, fold in (("ReferenceGridVIS_IR", 1), ("ReferenceGridHRV", 3)):
        grid = description[name]
        grid["NumberOfLines"] = grid["NumberOfColumns"] = DISK * fold
        grid["LineDirGridStep"] = grid["ColumnDirGridStep"] = _NATIVE_STEP / fold
        grid["GridOrigin"] = SOUTH_EAST
    planned = description["PlannedCoverageVIS_IR"]
    planned["SouthernLinePlanned"] = planned["EasternColumnPlanned"] = 1
    planned["NorthernLinePlanned"] = planned["WesternColumnPlanned"] = DISK
    production = description["Level15ImageProduction"]
    production["ImageProcDirection"] = 1
    production["PlannedChanProcessing"] = EFFECTIVE_RADIANCE
    radiometry = data["RadiometricProcessing"]["Level15ImageCalibration"]
    radiometry["CalSlope"], radiometry["CalOffset"] = SLOPE, picture.offsets
    model = data["GeometricProcessing"]["EarthModel"]
    model["TypeOfEarthModel"] = CORRECTED
    model["EquatorialRadius"] = EQUATORIAL_RADIUS / 1000
    model["NorthPolarRadius"] = model["SouthPolarRadius"] = POLAR_RADIUS / 1000
    return record


def _archive(top: Any, picture: _Picture) -> None:  # noqa: ANN401 - numpy's records have no types
    main, second = top["15_MAIN_PRODUCT_HEADER"], top["15_SECONDARY_PRODUCT_HEADER"]
    window = picture.window
    south, north = DISK - (window.row + window.rows) + 1, DISK - window.row
    east, west = DISK - (window.col + window.cols) + 1, DISK - window.col
    chosen = ["X" if name in picture.channels else "-" for name in CHANNELS]
    size = (
        top.dtype.itemsize
        + window.rows * lines_record(window.cols, len(picture.channels), 0).itemsize
        + _trailer(picture).dtype.itemsize
    )
    texts: dict[str, object] = {
        "FormatDocumentName": "MSG Level 1.5 Native Format",
        "FormatDocumentMajorVersion": 1,
        "FormatDocumentMinorVersion": 0,
        # Nobody interprets this one, so that it is the place to say what these files are.
        "CreatingCentre": f"simulated by nephoscope.simulate {SIMULATOR_VERSION}",
        "TotalFileSize": size,
        "LLOS": f"{picture.longitude:.1f}",
        "QQOV": "OK",
        "SSST": f"{picture.start.astype('datetime64[us]').astype(datetime):%Y%m%d%H%M%SZ}",
    }
    main["FormatName"]["Name"], main["FormatName"]["Value"] = ARCHIVE[:30], b"NATIVE\n"
    for field, value in texts.items():
        _set_text(main[field], field, value)
    texts = {
        "SelectedBandIDs": "".join(chosen).ljust(ALL_BANDS, "-"),
        "SouthLineSelectedRectangle": south,
        "NorthLineSelectedRectangle": north,
        "EastColumnSelectedRectangle": east,
        "WestColumnSelectedRectangle": west,
        "NumberLinesVISIR": window.rows,
        "NumberColumnsVISIR": window.cols,
        "NumberLinesHRV": 3 * window.rows,
        "NumberColumnsHRV": 3 * window.cols,
    }
    for field, value in texts.items():
        _set_text(second[field], field, value)


def _set_text(pair: Any, field: str, value: object) -> None:  # noqa: ANN401 - numpy's records
    pair["Name"], pair["Value"] = f"{field:<28}: ".encode(), f"{value}\n".encode()


def _set_time(code: Any, time: np.datetime64) -> None:  # noqa: ANN401 - numpy's records
    days, milliseconds = _cds(np.asarray(time))
    code["Days"], code["Milliseconds"] = days, milliseconds


def _cds(time: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    since = (time - EPOCH).astype("timedelta64[ms]").astype(np.int64)
    return np.divmod(since, 86_400_000)


def _orbit(orbits: Any, picture: _Picture) -> None:  # noqa: ANN401 - numpy's records
    """Orbit polynomial that keeps the satellite over its place."""
    day = picture.start.astype("datetime64[D]").astype("datetime64[ms]")
    _set_time(orbits[0]["StartTime"], day)
    _set_time(orbits[0]["EndTime"], day + _ORBIT_DAY)
    radius, angle = (EQUATORIAL_RADIUS + HEIGHT) / 1000, np.deg2rad(picture.longitude)
    # The first Chebyshev coefficient counts half (EUM/MSG/ICD/105, appendix A).
    orbits[0]["X"][0] = 2 * radius * np.cos(angle)
    orbits[0]["Y"][0] = 2 * radius * np.sin(angle)


def _lines(picture: _Picture) -> Any:  # noqa: ANN401 - an iterator of numpy's records
    layout = lines_record(picture.window.cols, len(picture.channels), 0)
    rows = picture.window.rows
    tables = [picture.table(name) for name in picture.channels]
    for first in range(0, rows, _LINES_AT_A_TIME):
        # From the south: the last rows of the image come first.
        part = np.arange(rows - 1 - first, max(rows - 1 - first - _LINES_AT_A_TIME, -1), -1)
        record = np.zeros(len(part), layout)
        lines = record["visir"]
        number = DISK - (picture.window.row + part)
        times = picture.start + (number - 1) * FORWARD_SCAN.astype(np.int64) // (DISK - 1) * (
            np.timedelta64(1, "ms")
        )
        days, milliseconds = _cds(times)
        lines["days"], lines["milliseconds"] = days[:, None], milliseconds[:, None]
        lines["version"], lines["satellite"] = _HEADER_VERSION, picture.satellite
        lines["line"] = number[:, None]
        lines["channel"] = [CHANNELS.index(name) + 1 for name in picture.channels]
        lines["validity"] = lines["radiometric_quality"] = _GOOD_LINE
        lines["geometric_quality"] = _GOOD_LINE
        for index, table in enumerate(tables):
            values = picture.image[index, part, ::-1]
            lines["counts"][:, index] = pack(quantised(values, table))
        yield record


def _trailer(picture: _Picture) -> NDArray[Any]:
    from satpy.readers.seviri_l1b_native_hdr import native_trailer

    record = np.zeros(1, native_trailer)
    production = record[0]["15TRAILER"]["ImageProductionStats"]
    production["SatelliteId"] = picture.satellite
    summary = production["ActualScanningSummary"]
    summary["NominalImageScanning"] = 1
    _set_time(summary["ForwardScanStart"], picture.start)
    _set_time(summary["ForwardScanEnd"], picture.start + FORWARD_SCAN)
    actual = production["ActualL15CoverageVIS_IR"]
    actual["SouthernLineActual"] = actual["EasternColumnActual"] = 1
    actual["NorthernLineActual"] = actual["WesternColumnActual"] = DISK
    return record

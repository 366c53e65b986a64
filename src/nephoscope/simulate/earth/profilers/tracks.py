"""Files of the profilers that flew over an atmosphere, under their archives' names and folders."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.files import remove_stale_parts
from nephoscope.instruments.cloudsat.offsets import RB2
from nephoscope.simulate.earth.atmosphere.grid import RADIUS
from nephoscope.simulate.earth.atmosphere.state import Atmosphere
from nephoscope.simulate.earth.atrain import PARASOL_LAG, Revolution
from nephoscope.simulate.earth.profilers.cloudsat import (
    write_caltrack,
    write_granule,
    write_layers,
    write_time_offsets,
)
from nephoscope.simulate.earth.profilers.columns import Columns, fly_over, thinned
from nephoscope.simulate.earth.profilers.dardar import write_nice
from nephoscope.simulate.earth.profilers.products import (
    GATES,
    cloud_classes,
    cloud_layers,
    retrieved_ice,
)
from nephoscope.simulate.earth.profilers.radar import echo
from nephoscope.simulate.earth.seeds import stream

CALTRACK_STEP = 4.625
"""Profiles of CloudSat in 5 km."""


def write_dardar_track(
    out: Path, atmosphere: Atmosphere, orbit: Revolution, northwards: bool, seed: int
) -> Path:
    """Fly radar and lidar over the atmosphere and write what DARDAR-Nice v1 makes of it.

    Args:
        out: `CLOUDSAT/DARDAR-NICE_L2-PRO.v1.00/YYYY/YYYY_MM_DD/` is made in it.
        atmosphere: what is flown over.
        orbit: the revolution that does.
        northwards: on its way north, by day; else south, by night.
        seed: of the instruments' noise.

    Returns:
        The file.

    Raises:
        UsageError: the track misses the atmosphere, or netCDF4 is not installed.
        OutputError: the file cannot be written.
    """
    columns = fly_over(atmosphere, orbit, northwards)
    start = _date(columns.time[0])
    name = f"DARDAR-NICE_L2-PRO_{start:%Y%j%H%M%S}_{orbit.number:05d}_V1-00.nc"
    path = _placed(out, "CLOUDSAT/DARDAR-NICE_L2-PRO.v1.00", start, name)
    fields = retrieved_ice(columns, stream(seed, "radar and lidar"))
    write_nice(path, columns.latitude, columns.longitude, columns.time, GATES, fields)
    return path


def write_cloudsat_tracks(
    out: Path, atmosphere: Atmosphere, parasol: Revolution, northwards: bool, seed: int
) -> list[Path]:
    """Fly radar and lidar over the atmosphere; write cloud classes, and CALTRACK's part of them.

    CloudSat and CALIPSO fly on PARASOL's track, `PARASOL_LAG` before it; the air stands still
    for so long.

    Args:
        out: `CLOUDSAT/2B-CLDCLASS.v5.00/`, `CLOUDSAT/2B-CLDCLASS-LIDAR.v5.00/` and
            `CALIOP/CALTRACK-5km_....v1.00/` are made in it, with folders of years and days.
        atmosphere: what is flown over.
        parasol: PARASOL's revolution.
        northwards: on its way north, by day; else south, by night.
        seed: of the instruments' noise.

    Returns:
        The granules of 2B-CLDCLASS and 2B-CLDCLASS-LIDAR, CALTRACK CS-2B-CLDCLASS and PAR-RB2.

    Raises:
        UsageError: the track misses the atmosphere, or pyhdf is not installed.
        OutputError: a file cannot be written.
    """
    orbit = replace(parasol, node_time=parasol.node_time - PARASOL_LAG)
    columns = fly_over(atmosphere, orbit, northwards)
    place = columns.latitude, columns.longitude, columns.time
    start = _date(columns.time[0])
    granule, layers = (
        _placed(
            out / "CLOUDSAT", f"{product}.v5.00", start,
            f"{start:%Y%j%H%M%S}_{orbit.number:05d}_CS_{product}_GRANULE_P1_R05_E02_F00.hdf",
        )
        for product in ("2B-CLDCLASS", "2B-CLDCLASS-LIDAR")
    )  # fmt: skip
    measured = echo(columns, stream(seed, "radar"))
    height, codes = cloud_classes(columns, measured)
    write_granule(granule, *place, height, codes)
    write_layers(layers, *place, height, cloud_layers(columns, measured))

    half = f"{_date(orbit.half_start(northwards)):%Y-%m-%dT%H-%M-%S}Z{'D' if northwards else 'N'}"
    classes, offsets = (
        _placed(
            out / "CALIOP", f"CALTRACK-5km_{kind}.v1.00", start,
            f"CALTRACK-5km_{kind}_V1-00_{half}.hdf",
        )
        for kind in ("CS-2B-CLDCLASS", "PAR-RB2")
    )  # fmt: skip
    nearest = np.rint(np.arange(0, len(columns.time) - 1, CALTRACK_STEP)).astype(int)
    _write_caltrack_pair(classes, offsets, thinned(columns, nearest), height, codes, nearest)
    return [granule, layers, classes, offsets]


def _write_caltrack_pair(
    classes: Path,
    offsets: Path,
    columns: Columns,
    height: NDArray[np.float64],
    codes: NDArray[np.int16],
    nearest: NDArray[np.int_],
) -> None:
    """The granule's profiles nearest to CALIOP's, and where and when PARASOL saw them."""
    place = columns.latitude, columns.longitude, columns.time
    write_caltrack(classes, *place, height[nearest], codes[nearest])
    late = np.full(len(nearest), -PARASOL_LAG / np.timedelta64(1, "s"))
    pixels = np.stack(RB2.to_pixel(columns.latitude, columns.longitude), axis=1)
    write_time_offsets(offsets, *place, late, _distance(columns, pixels), pixels)


def _date(time: np.datetime64) -> datetime:
    date: datetime = time.astype("datetime64[s]").astype(datetime)
    return date


def _placed(out: Path, product: str, start: datetime, name: str) -> Path:
    folder = out / product / f"{start:%Y}" / f"{start:%Y_%m_%d}"
    remove_stale_parts(folder)
    return folder / name


def _distance(columns: Columns, pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Distance from each profile to the middle of its pixel of RB2, km."""
    row, col = pixels.T
    north = np.deg2rad(RB2.to_latitude(row) - columns.latitude)
    turn = (RB2.to_longitude(row, col) - columns.longitude + 180) % 360 - 180
    east = np.deg2rad(turn) * np.cos(np.deg2rad(columns.latitude))
    return np.asarray(np.hypot(north, east) * RADIUS / 1000)

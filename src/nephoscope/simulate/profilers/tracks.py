"""Files of the profilers that flew over an atmosphere, under their archives' names and folders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.simulate.atmosphere.grid import RADIUS
from nephoscope.simulate.atmosphere.state import Atmosphere
from nephoscope.simulate.atrain import PARASOL_LAG, Revolution
from nephoscope.simulate.profilers.cloudsat import write_caltrack, write_granule, write_time_offsets
from nephoscope.simulate.profilers.columns import Columns, fly_over
from nephoscope.simulate.profilers.dardar import write_nice
from nephoscope.simulate.profilers.products import GATES, cloud_classes, retrieved_ice

PROFILE, CALTRACK_PROFILE = 0.16, 0.74
"""Seconds from profile to profile: of CloudSat and DARDAR (1.1 km), and of CALTRACK (5 km)."""

Write = Callable[[Path], None]


def write_dardar_track(
    out: Path, atmosphere: Atmosphere, orbit: Revolution, northwards: bool, seed: int
) -> Path:
    """Fly radar and lidar over the atmosphere and write what DARDAR-Nice v2 makes of it.

    Args:
        out: `DARNI_L2_PRO.v2.00/YYYY/YYYY_MM_DD/` is made in it.
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
    columns = fly_over(atmosphere, orbit, northwards, PROFILE)
    start = _date(columns.time[0])
    name = f"DARNI-L2_PRO_{start:%Y%j%H%M%S}_{orbit.number:05d}_V2-00.nc"
    path = _placed(out, "DARNI_L2_PRO.v2.00", start, name)
    fields = retrieved_ice(columns, np.random.default_rng(seed))
    write_nice(path, columns.latitude, columns.longitude, columns.time, GATES, fields, version=2)
    return path


def write_cloudsat_tracks(
    out: Path, atmosphere: Atmosphere, orbit: Revolution, northwards: bool, seed: int
) -> list[Path]:
    """Fly the radar over the atmosphere; write 2B-CLDCLASS and what CALTRACK makes of it.

    Args:
        out: `2B-CLDCLASS.P1_R05/` and `CALIOP/CALTRACK-5km_...` are made in it, with folders of
            years and days.
        atmosphere: what is flown over.
        orbit: the revolution that does; PARASOL follows `PARASOL_LAG` later on the same track.
        northwards: on its way north, by day; else south, by night.
        seed: of the instruments' noise.

    Returns:
        The granule of 2B-CLDCLASS, CALTRACK CS-2B-CLDCLASS and CALTRACK PAR-RB2.

    Raises:
        UsageError: the track misses the atmosphere, or pyhdf is not installed.
        OutputError: a file cannot be written.
    """
    columns = fly_over(atmosphere, orbit, northwards, PROFILE)
    start = _date(columns.time[0])
    name = f"{start:%Y%j%H%M%S}_{orbit.number:05d}_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf"
    granule = _placed(out, "2B-CLDCLASS.P1_R05", start, name)
    height, codes = cloud_classes(columns, np.random.default_rng(seed))
    write_granule(granule, columns.latitude, columns.longitude, columns.time, height, codes)

    columns = fly_over(atmosphere, orbit, northwards, CALTRACK_PROFILE)
    place = columns.latitude, columns.longitude, columns.time
    half = f"{_date(orbit.half_start(northwards)):%Y-%m-%dT%H-%M-%S}Z{'D' if northwards else 'N'}"
    classes, offsets = (
        _placed(
            out / "CALIOP", f"CALTRACK-5km_{kind}", start, f"CALTRACK-5km_{kind}_V1-00_{half}.hdf"
        )
        for kind in ("CS-2B-CLDCLASS", "PAR-RB2")
    )
    height, codes = cloud_classes(columns, np.random.default_rng(seed))
    write_caltrack(classes, *place, height, codes)
    late = np.full(len(columns.time), -PARASOL_LAG / np.timedelta64(1, "s"))
    pixels = np.stack(POLDER.to_pixel(columns.latitude, columns.longitude), axis=1)
    write_time_offsets(offsets, *place, late, _distance(columns, pixels), pixels)
    return [granule, classes, offsets]


def _date(time: np.datetime64) -> datetime:
    date: datetime = time.astype("datetime64[s]").astype(datetime)
    return date


def _placed(out: Path, product: str, start: datetime, name: str) -> Path:
    folder = out / product / f"{start:%Y}" / f"{start:%Y_%m_%d}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _distance(columns: Columns, pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """From each profile to the middle of its pixel, km."""
    row, col = pixels.T
    north = np.deg2rad(POLDER.to_latitude(row) - columns.latitude)
    turn = (POLDER.to_longitude(row, col) - columns.longitude + 180) % 360 - 180
    east = np.deg2rad(turn) * np.cos(np.deg2rad(columns.latitude))
    return np.asarray(np.hypot(north, east) * RADIUS / 1000)

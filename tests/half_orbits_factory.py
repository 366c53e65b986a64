"""Half orbits in the archive's formats, whose channels tell the row and column of each pixel.

`I443NP` counts the row of the grid, `I490P` the column, `I565NP` the view; so what a sample holds
can be told without any of our own geometry.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.cloudsat import CalipsoHalf, encode
from nephoscope.instruments.polder import HalfOrbit, along
from nephoscope.instruments.polder.schemes import SCHEMES
from nephoscope.simulate.earth.polder.half_orbit_file import write_half_orbit
from nephoscope.simulate.earth.profilers.cloudsat import write_caltrack, write_time_offsets

START = datetime(2008, 6, 3, 1, 34, 54)
BINS = 125
VIEWS, SEEN = 16, 14
TRACK_LEAN = 0.25
"""Degrees of longitude by which the track goes east for each degree southwards."""


def half_orbit(orbit=176, hours=0.0, version="1-01"):
    return HalfOrbit(80, orbit, START + timedelta(hours=hours), version)


def write_picture(folder, name, first_row=1600, rows=56, longitude=20.0, width=60, views=None):
    """A picture around a meridian; `views` (y, x) says how many views each pixel has."""
    window = along((first_row, first_row + rows), longitude, width)
    shape = window.shape
    seen = np.full(shape, SEEN) if views is None else views
    exists = np.arange(VIEWS)[:, None, None] < seen
    columns, _ = window.columns()
    count = {
        "I443NP": np.broadcast_to(window.rows[:, None], shape),
        "I490P": columns,
        "phi": 90 + columns % 500 / 0.006 / 10,
        "thetav": np.full(shape, 20 / 0.0015),
        "thetas": np.full(shape, 30 / 0.0015),
    }
    scale = {"phi": 0.006, "thetav": 0.0015, "thetas": 0.0015}
    values = {}
    for field in SCHEMES["directional"]:
        plane = count.get(field, np.full(shape, 2000)) * scale.get(field, 1e-4)
        cube = np.broadcast_to(plane, (VIEWS, *shape)).copy()
        if field == "I565NP":
            cube += np.arange(VIEWS)[:, None, None] * 1e-4
        values[field] = np.where(exists, cube, np.nan)
    values["phis"] = np.full(shape, 100.0)
    values["land_sea_flag"] = (columns % 2) * 100
    path = Path(folder) / "PARASOL" / "L1_B-HDF.v1.01" / name.folder / name.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_half_orbit(path, values, window, {"Comment": "simulated by a test"}, level=1)
    return path


def track_places(first_row=1600, rows=56, longitude=20.0, beyond=4):
    """Latitude and longitude of profiles 5 km apart, from beyond the picture to beyond it."""
    north = POLDER.to_latitude(first_row - beyond)
    south = POLDER.to_latitude(first_row + rows + beyond)
    latitude = np.arange(south, north, 5 / 111.2)  # the satellite flies northwards
    middle = (north + south) / 2
    shifted = longitude - TRACK_LEAN * (latitude - middle)
    return latitude, (shifted + 180) % 360 - 180


def write_tracks(folder, start, places, cloudy=True, half="day", offset=-131.0, with_offsets=True):
    """A granule of CALTRACK; bin k of profile p holds cloud type (p + k) % 9."""
    latitude, longitude = places
    number = len(latitude)
    time = np.datetime64(start, "ns") + (1200 + 0.7 * np.arange(number) * 1e9).astype(
        "timedelta64[ns]"
    )
    kinds = (
        (np.arange(number)[:, None] + np.arange(BINS)) % 9 if cloudy else np.zeros((number, BINS))
    )
    height = 25000.0 - 240 * np.arange(BINS) + np.zeros((number, 1))
    written = []
    for product in ("CS-2B-CLDCLASS", "PAR-RB2") if with_offsets else ("CS-2B-CLDCLASS",):
        name = CalipsoHalf(product, start, half)
        day = Path(f"{start:%Y}") / f"{start:%Y_%m_%d}"
        path = Path(folder) / "CALIOP" / f"CALTRACK-5km_{product}.v1.00" / day / name.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        if product == "PAR-RB2":
            difference = np.broadcast_to(np.asarray(offset, float), number)
            index = np.full((number, 2), 500)
            write_time_offsets(path, latitude, longitude, time, difference, np.ones(number), index)
        else:
            codes = encode(kinds.astype(np.int8), quality=1)
            write_caltrack(path, latitude, longitude, time, height, codes)
        written.append(path)
    return written


def write_pair(folder, orbit=176, hours=0.0, longitude=20.0, first_row=1600, **options):
    """A picture with its track, which starts 131 s before."""
    picture = {key: options.pop(key) for key in ("rows", "width", "views") if key in options}
    name = half_orbit(orbit, hours)
    path = write_picture(folder, name, first_row, longitude=longitude, **picture)
    rows = picture.get("rows", 56)
    places = track_places(first_row, rows, longitude)
    tracks = write_tracks(folder, name.start - timedelta(seconds=131), places, **options)
    return path, tracks

"""Half orbits in the archive's formats, whose channels tell the row and column of each pixel.

`I443NP` counts the row of the grid, `I490P` the column, `I565NP` the view; so what a sample holds
can be told without any of our own geometry.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.folders import LeftOut
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments import find_all
from nephoscope.instruments.cloudsat import CalipsoHalf, encode
from nephoscope.instruments.granules import Draw, pair_granules, pictures_alone
from nephoscope.instruments.polder import HalfOrbit, along
from nephoscope.instruments.polder.schemes import SCHEMES
from nephoscope.recipe import validate_recipe
from nephoscope.samples.from_tracks import Asked
from nephoscope.samples.patches import Choice
from nephoscope.samples.resumable import write_granules
from nephoscope.simulate.earth.polder.half_orbit_file import write_half_orbit
from nephoscope.simulate.earth.profilers.cloudsat import write_caltrack, write_time_offsets
from nephoscope.workers.crew import crew_of

START = datetime(2008, 6, 3, 1, 34, 54)
BINS = 125
VIEWS, SEEN = 16, 14
FIELDS = ("I443NP", "I490P", "U490P", "phi", "thetav", "thetas", "Nviews", "phis", "land_sea_flag")
SMALL = Choice(size=16, fewest=8)
LONGITUDES = {176: 20.0, 177: 179.9, 178: -60.0}
"""Half orbits of `write_three`: the second lies across the date line."""
RECIPE = {
    "name": "made",
    "instrument": "polder",
    "task": "cloud_type",
    "read": {"fields": list(FIELDS)},
    "inputs": {"features": ["r443_*"]},
    "network": {"name": "unet"},
}
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


def write_tracks(
    folder, start, places, cloudy=True, half="day", offset=-131.0, with_offsets=True, bins=BINS
):
    """A granule of CALTRACK; bin k of profile p holds cloud type (p + k) % 9."""
    latitude, longitude = places
    number = len(latitude)
    time = np.datetime64(start, "ns") + (1200 + 0.7 * np.arange(number) * 1e9).astype(
        "timedelta64[ns]"
    )
    kinds = (
        (np.arange(number)[:, None] + np.arange(bins)) % 9 if cloudy else np.zeros((number, BINS))
    )
    height = 25000.0 - 240 * np.arange(bins) + np.zeros((number, 1))
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


def write_three(folder):
    """Three half orbits with their tracks, 99 minutes apart."""
    for orbit, longitude in LONGITUDES.items():
        write_pair(folder, orbit, 1.65 * (orbit - 176), longitude)
    return folder


def write_truth(folder):
    """Truth of the swath beside `write_three`: the type is (row + column + level) % 9.

    Of each fifth level, from the lowest on, less than half is cloud.
    """
    for longitude, picture in zip(LONGITUDES.values(), pictures_in(folder), strict=True):
        window = along((1600, 1656), longitude, 60)
        columns, _ = window.columns()
        kinds = (window.rows[:, None] + columns + np.arange(84)[:, None, None]) % 9
        share = np.where(np.arange(84) % 5 == 0, 0.25, 0.5)[:, None, None] * (kinds > 0)
        store = xr.Dataset(
            {
                "cloud_type": (("altitude", "y", "x"), kinds.astype(np.int8)),
                "cloud_fraction": (("altitude", "y", "x"), share.astype(np.float32)),
            },
            {
                "altitude": 90.0 + 240 * np.arange(84),
                "row": ("y", window.rows),
                "origin": ("y", window.origin),
            },
        )
        path = Path(folder) / "truth" / f"{picture.stem}.zarr"
        store.to_zarr(path, zarr_format=3, consolidated=False)
    return folder


def pictures_in(folder):
    return sorted(Path(folder).rglob("*.h5"))


def granules_of(raw, seconds=600, **draw):
    """The half orbits of a folder with their tracks."""
    pictures = find_all([raw], "polder", LeftOut())
    return pair_granules(pictures, [raw], timedelta(seconds=seconds), Draw(**draw))


def alone(raw):
    """The half orbits of a folder without tracks."""
    return pictures_alone(find_all([raw], "polder", LeftOut()))


def built(
    raw,
    out,
    choice=SMALL,
    workers=None,
    scheduler="",
    options=None,
    pairs=None,
    told=None,
    through=lambda asked: asked,
    **asked,
):
    """The store made of a folder, and reason → number of what was left out."""
    work = Asked("polder", FIELDS, choice, **asked)
    options = {"--seed": work.seed} if options is None else options
    work = through(work)
    skipped = write_granules(
        pairs or granules_of(raw), out, validate_recipe(RECIPE), work, options,
        crew_of(workers, scheduler),
        on_error=None if told is None else told.append,
    )  # fmt: skip
    return xr.open_zarr(out, chunks=None, mask_and_scale=False), skipped


def channel(store, name):
    """(sample, y, x) counts of a channel."""
    return store["image"].values[:, store["channel"].values.tolist().index(name)].astype(int)

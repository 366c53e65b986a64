"""Matching of one granule, 3,728 profiles, to a half orbit of POLDER, ours and the original's way.

Processor seconds of each, and how many of the original's four pixels are ours.

    python -m benchmarks.collocation [--node-longitude 10] [--repeats 7] [--skip-original]

The original's way is `original_polder.py`. Its geodesics are geopy's, where that is installed
(`pip install --target FOLDER geopy`, `PYTHONPATH=FOLDER:src`), else a plain Python Vincenty, which
is many times quicker than what the original calls.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from benchmarks.original_polder import Matches, match, vincenty
from nephoscope import collocate
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder import Window
from nephoscope.simulate.earth.atrain import PARASOL_LAG, PERIOD, Revolution

PROFILES = 3728
"""Of a half orbit at 5 km."""
SWATH = 265
"""Pixels across the swath."""
RIGHT = 60.0
"""Latitude up to which the original finds the pixels that it looks for."""
DATE_LINE = 178.0


def main() -> None:
    """Make track and scene, match both ways, print."""
    options = _options()
    revolution = Revolution(np.datetime64("2008-06-03T02:00:00", "ms"), options.node_longitude)
    track = make_track(revolution)
    scene = make_scene(revolution)
    places = track["latitude"].values, track["longitude"].values
    bare = _seconds(lambda: POLDER.corners(*places), options.repeats)
    whole = _seconds(lambda: collocate(track, scene), options.repeats)
    print(f"{PROFILES} profiles, {scene['known'].values.sum()} pixels")  # noqa: T201
    print(f"corners in closed form: {bare * 1e3:.1f} ms; collocate: {whole * 1e3:.1f} ms")  # noqa: T201
    if options.skip_original:
        return
    name, distance = geodesic()
    seen = scene["known"].values
    pixels = scene["latitude"].values[seen], scene["longitude"].values[seen]
    start = time.process_time()
    theirs = match(places, pixels, distance)
    took = time.process_time() - start
    print(f"the original's way ({name}): {took:.2f} s, {took / whole:.0f} times collocate")  # noqa: T201
    _tell_agreement(track, scene, theirs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node-longitude", type=float, default=10.0, help="degrees east")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--skip-original", action="store_true")
    return parser.parse_args()


def _seconds(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def geodesic() -> tuple[str, Callable[..., float]]:
    """Geopy's distance, as the original calls it, or a plain Vincenty."""
    try:
        from geopy.distance import geodesic as of_geopy
    except ImportError:
        return "Vincenty in Python", vincenty
    return "geopy", lambda here, there: float(of_geopy(here, there).km)


def make_track(revolution: Revolution, profiles: int = PROFILES) -> xr.Dataset:
    """The half of a revolution that goes north, at equal steps."""
    since = (np.arange(profiles) + 0.5) * PERIOD / 2 / profiles
    time_ = revolution.half_start().astype("datetime64[ns]") + (since * 1e9).astype("m8[ns]")
    latitude, longitude = revolution.place(time_)
    return xr.Dataset(
        {"cloud_type": (("profile", "level"), np.zeros((profiles, 1), np.int8))},
        coords={
            "time": ("profile", time_),
            "latitude": ("profile", latitude),
            "longitude": ("profile", longitude),
            "height": (("profile", "level"), np.full((profiles, 1), 1000.0)),
        },
        attrs={
            "instrument": "cloudsat",
            "product": "made",
            "source_files": ["made"],
            "half_orbit_start": str(revolution.half_start()),
        },
    )


def make_scene(revolution: Revolution, width: int = SWATH) -> xr.Dataset:
    """The pixels within half a swath of the track, from turn to turn, all seen."""
    rows = np.arange(int(POLDER.to_row(81.9)), int(POLDER.to_row(-81.9)) + 1)
    _, longitude = revolution.place(revolution.time_at(POLDER.to_latitude(rows)))
    middle = np.floor(POLDER.to_col(rows, longitude) + 0.5).astype(np.int64)
    return scene_of(
        Window(int(rows[0]), middle - width // 2, width), revolution.half_start() + PARASOL_LAG
    )


def scene_of(window: Window, start: np.datetime64) -> xr.Dataset:
    """A Scene of one empty channel, all of it seen."""
    columns, on_globe = window.columns()
    rows, plane = window.rows[:, None], ("y", "x")
    latitude = np.broadcast_to(POLDER.to_latitude(rows), window.shape)
    return xr.Dataset(
        {
            "image": (("channel", *plane), np.zeros((1, *window.shape), np.float32)),
            "known": (plane, on_globe),
        },
        coords={
            "channel": ["I865P_00"],
            "row": ("y", window.rows),
            "column": (plane, np.where(on_globe, columns, -1).astype(np.int32)),
            "latitude": (plane, latitude),
            "longitude": (plane, POLDER.to_longitude(rows, columns)),
            "time": start.astype("datetime64[ns]"),
        },
        attrs={"instrument": "polder", "source_files": ["made"], "missing_share": 0.0},
    )


def same_pixels(
    track: xr.Dataset, scene: xr.Dataset, theirs: Matches
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(profile,) whether all four pixels are the original's, and whether ours enclose it."""
    pairs = collocate(track, scene)
    number = np.full(scene["known"].shape, -1, np.int64)
    number[scene["known"].values] = np.arange(int(scene["known"].values.sum()))
    ours = np.full((track.sizes["profile"], 4), -2, np.int64)
    ours[pairs["profile"].values] = number[pairs["corner_row"].values, pairs["corner_col"].values]
    return (ours == theirs.pixel).all(axis=1), ours[:, 0] >= 0


def _tell_agreement(track: xr.Dataset, scene: xr.Dataset, theirs: Matches) -> None:
    same, enclosed = same_pixels(track, scene, theirs)
    latitude = np.abs(track["latitude"].values)
    near = np.abs(track["longitude"].values) > DATE_LINE
    for name, where in {
        f"below {RIGHT:g} degrees, away from the date line": (latitude < RIGHT) & ~near,
        f"{RIGHT:g} to 70 degrees": (latitude >= RIGHT) & (latitude < 70) & ~near,
        "70 to 75 degrees": (latitude >= 70) & (latitude < 75) & ~near,
        "75 degrees and more": (latitude >= 75) & ~near,
        "at the date line": near,
    }.items():
        print(  # noqa: T201
            f"{name}: {where.sum()} profiles, enclosed by ours {(enclosed & where).sum()}, by the"
            f" original {(theirs.enclosed & where).sum()}, the same four {(same & where).sum()}"
        )


if __name__ == "__main__":
    main()

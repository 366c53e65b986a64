"""Reader of one Mars Daily Global Map, JPEG → Scene."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.given import one_path
from nephoscope.instruments.jpeg import Frame, read_jpeg
from nephoscope.instruments.marci.grid import MARS
from nephoscope.instruments.marci.names import SUFFIXES, parse_map_id
from nephoscope.instruments.marci.tables import Season, find_season, season_of
from nephoscope.scene import check_scene, missing_share

CHANNELS = ("red", "green", "blue")
DARKEST_BLUE = 14
"""Blue DN below which a pixel holds no data: best agreement with the labels' own -999, measured
on 18 real maps (`docs/instruments.md`)."""

UNKNOWN_SEASON = Season(-1, float("nan"))

Rule = Literal["blue", "legacy"]


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file is named like a map, or a folder holds such a file at any depth."""
    place = Path(path)
    files = files_below(place, LeftOut()) if place.is_dir() else [place]
    return any(f.suffix.lower() in SUFFIXES and parse_map_id(f) is not None for f in files)


def read(paths: str | PathLike[str] | Sequence[Path], require_season: bool = True) -> xr.Dataset:
    """Read one map, in either naming flavour, as a Scene.

    Args:
        paths: a JPEG of 3600 x 1801 pixels.
        require_season: raise if no Ls table names the map; else its season is unknown
            (`solar_longitude` NaN, `mars_year` -1).

    Returns:
        `image` (channel: red, green, blue; y: 0 is north; x: 0 is 180 W) float32, DN 0..255, NaN
        where missing; `known` (y, x) bool; `latitude` (y,), `longitude` (x,) float64 degrees;
        scalars `solar_longitude` (degrees) and `mars_year`; attrs instrument, source_files, id,
        series (the sub-phase), phase, day, flavour ("raw", "label" or "unknown") and missing_share.

    Raises:
        InputError: no JPEG, cut short, damaged inside, another size, black throughout, or no
            season.
        UsageError: several files, or a folder.
    """
    path = one_path(paths, "marci")
    season = season_of(path) if require_season else find_season(path) or UNKNOWN_SEASON
    pixels = read_pixels(path)
    missing = missing_mask(pixels)
    if missing.all():
        raise InputError(
            path,
            "is black throughout: there is nothing to see",
            field="image",
            remedy="leave it out, or fetch it again",
        )
    return check_scene(_scene(path, _image(pixels, missing), season, ~missing))


def read_pixels(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """Decode a map: (y, x, channel) uint8, DN, 1801 x 3600 x 3, row 0 = 90 N, no data masked.

    Raises:
        InputError: no JPEG, cut short, damaged inside, not RGB or of another size.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not content:
        raise InputError(path, "is empty (0 bytes)", field="image", remedy="fetch it again")
    return read_jpeg(path, content, lambda frame: _check_frame(path, frame), slack=4.0)


def missing_mask(pixels: NDArray[np.uint8], rule: Rule = "blue") -> NDArray[np.bool_]:
    """Mask of pixels where a map holds no data: gores between swaths, black borders, polar night.

    Args:
        pixels: (y, x, channel) uint8, DN, channels red, green, blue.
        rule: "blue": blue < 14 DN; "legacy": the rule of Mengwall & Guzewich (2023,
            doi 10.1016/j.icarus.2022.115252), (green < 20 and blue < 20) or blue < 30 or any
            channel 0, which also drops dark ground that has a valid label.

    Returns:
        (y, x) bool, True where missing.
    """
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if rule == "blue":
        return np.asarray(blue < DARKEST_BLUE)
    black = (red == 0) | (green == 0) | (blue == 0)
    return np.asarray(((green < 20) & (blue < 20)) | (blue < 30) | black)


def _check_frame(path: Path, frame: Frame) -> None:
    if (frame.height, frame.width) != MARS.shape:
        raise InputError(
            path,
            f"is {frame.width} x {frame.height} pixels, not {MARS.cols} x {MARS.rows}",
            field="image",
            remedy="only whole maps on their own grid can be read",
        )
    if len(frame.components) != len(CHANNELS):
        raise InputError(
            path,
            f"has {len(frame.components)} colour planes, not {len(CHANNELS)}",
            field="image",
            remedy="fetch the colour map",
        )


def _image(pixels: NDArray[np.uint8], missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    image = np.empty((len(CHANNELS), *missing.shape), np.float32)
    for channel, plane in enumerate(image):
        plane[...] = pixels[..., channel]
        np.copyto(plane, np.nan, where=missing)
    return image


def _scene(
    path: Path, image: NDArray[np.float32], season: Season, known: NDArray[np.bool_]
) -> xr.Dataset:
    name = parse_map_id(path)
    scene = xr.Dataset(
        {
            "image": (("channel", "y", "x"), image, {"units": "DN", "long_name": "MDGM colour"}),
            "known": (("y", "x"), known),
        },
        coords={
            "channel": list(CHANNELS),
            "latitude": ("y", MARS.latitude(), {"units": "degrees_north"}),
            "longitude": ("x", MARS.longitude(), {"units": "degrees_east"}),
            "solar_longitude": ((), season.solar_longitude, {"units": "degrees"}),
            "mars_year": ((), season.mars_year),
        },
    )
    scene.attrs = {
        "instrument": "marci",
        "source_files": [str(path)],
        "id": name.map_id if name else path.stem,
        "phase": name.phase if name else "",
        "series": name.subphase if name else "",
        "day": name.day if name else 0,
        "flavour": name.flavour if name else "unknown",
        "missing_share": missing_share(known),
    }
    return scene

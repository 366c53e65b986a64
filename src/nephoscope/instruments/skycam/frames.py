"""Reader of one frame of a sky camera → Scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from astropy.io import fits
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.given import one_path
from nephoscope.instruments.skycam.circle import Circle, blank_outside, find_circle, white_surround
from nephoscope.instruments.skycam.colour import colour_of_cube, colour_of_picture, is_one_channel
from nephoscope.instruments.skycam.counts import counts_of, says_thermal
from nephoscope.instruments.skycam.fits import Unit, read_units
from nephoscope.instruments.skycam.headers import camera_of, facts_of, site_of, temperatures_of
from nephoscope.instruments.skycam.mat import CLEAR, IMAGE, MASK, read_mat
from nephoscope.instruments.skycam.names import kind_of, stem_of
from nephoscope.instruments.skycam.pictures import COLOURS, read_picture
from nephoscope.instruments.skycam.times import time_in_name, time_of
from nephoscope.scene import check_scene, known_of, missing_share

Flavour = Literal["thermal", "colour", "grey"]
FLAVOURS: tuple[str, ...] = get_args(Flavour)
"""Flavours of a frame: counts of a thermal camera, red, green and blue, or one channel of light."""

_BLACK = 40.0  # DN; the border of a picture is darker
_WHITE = 250.0  # DN; a surround that was white paper, or a transparent one that was flattened
_BYTE = 8  # bits
_SMALLEST = 8  # pixels; anything smaller is no image of the sky
_LABEL_UNITS = {"MASK", "PROBABILITY"}


@dataclass
class _Frame:
    """Contents of a file, from the reader of its format."""

    image: NDArray[np.float32]  # (channel, y, x)
    channels: tuple[str, ...]
    units: str
    flavour: str
    site: tuple[float, float] = (np.nan, np.nan)
    time: np.datetime64 = field(default_factory=lambda: np.datetime64("NaT", "ns"))
    facts: dict[str, Any] = field(default_factory=dict)
    clear: NDArray[np.float32] | None = None
    unseen: NDArray[np.bool_] | None = None


def read(
    paths: str | PathLike[str] | Sequence[Path],
    shape: tuple[int, int] | None = None,
    flavour: Flavour | None = None,
) -> xr.Dataset:
    """Read one frame as a Scene, in any format that is told by its first bytes.

    Args:
        paths: FITS (raw Tau2, binned, image with mask, of another observatory; also gzip, bzip2 or
            tile-compressed), PNG or JPEG of any mode and depth, IRCCAM .mat. Three channels that
            are the same are one channel.
        shape: rows and columns that the frame must have, if it must.
        flavour: what the frame is, where the user knows better than its header: "thermal" or
            "grey" of one channel, "colour" of three.

    Returns:
        `image` (channel, y, x) float32, NaN where missing: for counts one channel `adu` (units
        adu), for colour red, green, blue (units DN, 0..255), for IRCCAM `brightness_temperature`
        (K), then also `clear_reference` (y, x) float32, K. Of whole-sky pictures that are
        transparent or white outside of the sky `unseen` (y, x) bool: there that border is black in
        `image`, which models are used to, and nothing is to be said. `known` (y, x) bool. Scalars
        `latitude`, `longitude` (degrees, NaN if unknown) and `time` (datetime64[ns], NaT if
        unknown). Attrs: instrument, flavour ("thermal", "colour", or "grey" where nothing says that
        one channel of counts is thermal), source_files, id, missing_share; where known camera,
        header (the FITS cards, one a line), full_scale, saturated_share, saturated, `circle` (row,
        column, radius_y, radius_x of the image circle, pixels), scale_note (what was done to the
        numbers of the file), temperature_note (which of its temperatures are none), and the facts
        of `FACTS` and `TEMPERATURES` in `nephoscope.instruments.skycam.headers`.

    Raises:
        InputError: the file holds no image of the sky that can be used, or none of this flavour;
            names file and field.
        UsageError: no such flavour, several files, or a folder.
    """
    if flavour is not None and flavour not in FLAVOURS:
        raise UsageError(f"no flavour '{flavour}'; known are: {', '.join(FLAVOURS)}")
    path = one_path(paths, "skycam")
    kind = kind_of(path)
    if kind is None:
        raise InputError(path, "is no frame", remedy="frames are FITS, PNG, JPEG or IRCCAM .mat")
    frame = {"fits": _from_fits, "picture": _from_picture, "mat": _from_mat}[kind](path, flavour)
    _check_size(path, frame.image.shape[1:], shape)
    _check_any(path, frame.image)
    _check_flavour(path, frame, flavour)
    return check_scene(_scene(path, frame))


def _check_flavour(path: Path, frame: _Frame, flavour: Flavour | None) -> None:
    if flavour is not None and (flavour == "colour") != (len(frame.channels) == len(COLOURS)):
        count = len(frame.channels)
        raise InputError(path, f"has {count} channels: it is not {flavour}", field="image")


def is_thermal(path: Path) -> bool:
    """Whether a frame is one of a thermal camera, by its format and header; not if it is whole.

    Raises:
        InputError: the file cannot be read, or holds no image.
    """
    kind = kind_of(path)
    if kind != "fits":
        return kind == "mat"
    units = read_units(path)
    unit = image_unit(units, path)
    return says_thermal(units, unit, _cards(units, unit))


def image_unit(units: list[Unit], path: Path) -> Unit:
    """The unit that holds the picture: the first image that is neither mask nor probability.

    Raises:
        InputError: the file has no image.
    """
    for unit in units:
        if unit.is_image and unit.name not in _LABEL_UNITS:
            return unit
    raise InputError(path, "holds no image", field="image", remedy="only FITS images can be read")


def _from_fits(path: Path, flavour: Flavour | None) -> _Frame:
    units = read_units(path)
    unit = image_unit(units, path)
    alone, cards = unit is units[0], _cards(units, unit)
    bits = int(unit.header["BITPIX"])
    image = _planes(path, unit.values())
    _check_any(path, image)
    thermal = says_thermal(units, unit, cards)
    if len(image) == len(COLOURS) and flavour != "colour" and is_one_channel(image):
        image = image[:1]
    if len(image) == len(COLOURS):
        if thermal and flavour is None:
            problem = "has three channels, and a header of a thermal camera"
            raise InputError(path, problem, field="image", remedy="save the camera's own counts")
        note = colour_of_cube(path, image, cards, bits == _BYTE and unit.scaling == (1, 0))
        frame = _colour(image, note)
        frame.facts["camera"] = camera_of(cards)
    else:
        frame = _one_channel(path, image, cards, bits, flavour or _flavour_of(thermal))
    frame.facts["header"] = unit.text if alone else _text(cards)
    frame.site, frame.time = site_of(cards), time_of(cards, path)
    temperatures, wrong = temperatures_of(cards)
    frame.facts |= facts_of(cards) | temperatures | ({"temperature_note": wrong} if wrong else {})
    return frame


def _from_picture(path: Path, flavour: Flavour | None) -> _Frame:
    picture = read_picture(path)
    pixels = picture.pixels
    if pixels.ndim == 3 and flavour != "colour" and is_one_channel(np.moveaxis(pixels, 2, 0)):
        pixels = pixels[..., 0]
    if pixels.ndim == 3:
        image, note = colour_of_picture(path, picture)
        del picture, pixels  # of 61 megapixels: as large as a channel of the image
        frame = _colour(image, note)
    else:
        image = pixels[None].astype(np.float32)
        if picture.missing is not None:
            image[:, picture.missing] = np.nan
        header = fits.Header()
        bits = 8 * pixels.dtype.itemsize
        frame = _one_channel(path, image, header, bits, flavour or "grey")
    frame.time = time_in_name(path.name)
    return frame


def _flavour_of(thermal: bool) -> Flavour:
    return "thermal" if thermal else "grey"


def _colour(image: NDArray[np.float32], note: str) -> _Frame:
    facts: dict[str, Any] = {"scale_note": note} if note else {}
    missing = np.isnan(image[0])
    for channel in image[1:]:
        missing |= np.isnan(channel)
    if not missing.any():
        missing |= white_surround(image, _WHITE)
    if not missing.any():
        return _Frame(image, COLOURS, "DN", "colour", facts=facts | _sky_of(image, _BLACK))
    image[:, missing] = 0
    facts |= _sky_of(image, _BLACK)
    frame = _Frame(image, COLOURS, "DN", "colour", facts=facts)
    if "circle" in facts:
        # Models know the edge of the sky as a black border: it stays so, and says nothing.
        inside = Circle(*facts["circle"]).inside((missing.shape[0], missing.shape[1]))
        frame.unseen = missing & ~inside & ~np.isnan(image[0])
        missing &= inside
    image[:, missing] = np.nan
    return frame


def _one_channel(
    path: Path, image: NDArray[np.float32], header: fits.Header, bits: int, flavour: Flavour
) -> _Frame:
    image, facts = counts_of(path, image, header, bits, flavour == "thermal")
    # A narrow lens has no image circle; a whole-sky camera of any other kind has.
    if flavour == "grey":
        facts |= _sky_of(image, _BLACK if bits == _BYTE else np.inf)
    return _Frame(image, ("adu",), "adu", flavour, facts=facts)


def _sky_of(image: NDArray[np.float32], black: float) -> dict[str, Any]:
    """The image circle of a whole-sky frame; what lies outside of it becomes missing."""
    circle = find_circle(image if len(image) == len(COLOURS) else image[0], black)
    if circle is None:
        return {}
    blank_outside(image, circle)
    return _as_fact(circle)


def _as_fact(circle: Circle | None) -> dict[str, Any]:
    if circle is None:
        return {}
    return {"circle": [circle.row, circle.col, circle.radius_y, circle.radius_x]}


def _from_mat(path: Path, flavour: Flavour | None) -> _Frame:
    content = read_mat(path)
    image = content[IMAGE].copy()
    if MASK in content:
        image[~(content[MASK] > 0)] = np.nan
    circle = find_circle(np.isfinite(image).astype(np.float32))
    facts: dict[str, Any] = {"camera": "IRCCAM"} | _as_fact(circle)
    return _Frame(
        image[None], ("brightness_temperature",), "K", flavour or "thermal", facts=facts,
        clear=content.get(CLEAR),
    )  # fmt: skip


def _planes(path: Path, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(channel, y, x) of one or three channels; axes of length 1 are dropped."""
    flat = values.reshape([side for side in values.shape if side != 1])
    if flat.ndim == 2:
        return flat[None]
    if flat.ndim == 3 and len(flat) == len(COLOURS):
        return flat
    if flat.ndim == 3 and flat.shape[2] == len(COLOURS):
        return np.ascontiguousarray(np.moveaxis(flat, 2, 0))
    size = " x ".join(map(str, values.shape))
    raise InputError(path, f"is {size}: no frame", field="image", remedy="one frame a file")


def _check_size(path: Path, found: tuple[int, ...], wanted: tuple[int, int] | None) -> None:
    size = " x ".join(map(str, found))
    if min(found) < _SMALLEST:
        raise InputError(path, f"is only {size} pixels", field="image")
    if wanted is not None and found != tuple(wanted):
        expected = " x ".join(map(str, wanted))
        raise InputError(path, f"is {size} pixels, not {expected}", field="image")


def _check_any(path: Path, image: NDArray[np.float32]) -> None:
    if np.isnan(image).all():
        raise InputError(path, "holds no valid pixel", field="image", remedy="leave it out")


def _cards(units: list[Unit], unit: Unit) -> Any:  # noqa: ANN401 - astropy's headers have no types
    """The cards of the primary header, then those of an extension that it has not."""
    if unit is units[0]:
        return unit.header
    joined = units[0].header.copy()
    joined.extend(unit.header.cards, unique=True, strip=False)
    return joined


def _text(header: Any) -> str:  # noqa: ANN401 - astropy's headers have no types
    text = str(header.tostring(sep="\n", endcard=False, padding=False))
    return "\n".join(line.rstrip() for line in text.splitlines())


def _scene(path: Path, frame: _Frame) -> xr.Dataset:
    known = known_of(frame.image)
    variables: dict[str, Any] = {
        "image": (("channel", "y", "x"), frame.image, {"units": frame.units}),
        "known": (("y", "x"), known),
    }
    if frame.clear is not None:
        variables["clear_reference"] = (("y", "x"), frame.clear, {"units": "K"})
    if frame.unseen is not None:
        variables["unseen"] = (("y", "x"), frame.unseen)
    scene = xr.Dataset(
        variables,
        coords={
            "channel": list(frame.channels),
            "latitude": ((), frame.site[0], {"units": "degrees_north"}),
            "longitude": ((), frame.site[1], {"units": "degrees_east"}),
            "time": ((), frame.time),
        },
    )
    scene.attrs = {
        "instrument": "skycam",
        "flavour": frame.flavour,
        "source_files": [str(path)],
        "id": stem_of(path),
        "missing_share": missing_share(known),
        **frame.facts,
    }
    return scene

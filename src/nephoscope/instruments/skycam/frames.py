"""One frame of a sky camera → Scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.skycam.circle import HORIZON, Circle, find_circle
from nephoscope.instruments.skycam.fits import Unit, read_units
from nephoscope.instruments.skycam.headers import camera_of, facts_of, site_of, time_of
from nephoscope.instruments.skycam.mat import CLEAR, IMAGE, MASK, read_mat
from nephoscope.instruments.skycam.names import kind_of, stem_of
from nephoscope.instruments.skycam.pictures import COLOURS, grey, read_picture
from nephoscope.scene import check_scene

Flavour = Literal["thermal", "colour", "grey"]
FLAVOURS: tuple[str, ...] = get_args(Flavour)
"""What a frame can be: counts of a thermal camera, red, green and blue, or one channel of light."""

FULL_SCALE = 2**14
"""Counts of the Tau2 (14 bit, FLIR Tau 2 product specification): binned frames hold counts over
this."""
TAU2_SHAPE = (512, 640)
SATURATED = 0.01
"""Share of saturated pixels from which on a frame is flagged."""

_MARGIN = 1.03  # a fitted circle is off by a hundredth or two: nothing of the sky may be lost
_BLACK = 40.0  # DN; the border of a colour picture is darker
_SMALLEST = 8  # pixels; anything smaller is no image of the sky
_LABEL_UNITS = {"MASK", "PROBABILITY"}
_NOT_COUNTS = {8: "8-bit", 32: "32-bit", 64: "64-bit"}


@dataclass
class _Frame:
    """What a reader of one format hands over."""

    image: NDArray[np.float32]  # (channel, y, x)
    channels: tuple[str, ...]
    units: str
    flavour: str
    site: tuple[float, float] = (np.nan, np.nan)
    time: np.datetime64 = field(default_factory=lambda: np.datetime64("NaT", "ns"))
    facts: dict[str, Any] = field(default_factory=dict)
    clear: NDArray[np.float32] | None = None


def read_frame(
    path: str | PathLike[str],
    shape: tuple[int, int] | None = None,
    flavour: Flavour | None = None,
) -> xr.Dataset:
    """Read one frame as a Scene, in any format that is told by its first bytes.

    Args:
        path: FITS (raw Tau2, binned, image with mask, of another observatory; also gzip, bzip2 or
            tile-compressed), colour PNG or JPEG, IRCCAM .mat.
        shape: rows and columns that the frame must have, if it must.
        flavour: what the frame is, where the user knows better than its header: "thermal" or
            "grey" of one channel, "colour" of three.

    Returns:
        `image` (channel, y, x) float32, NaN where missing: for counts one channel `adu` (units
        adu), for colour red, green, blue (units DN, 0..255), for IRCCAM `brightness_temperature`
        (K), then also `clear_reference` (y, x) float32, K. Scalars `latitude`, `longitude`
        (degrees, NaN if unknown) and `time` (datetime64[ns], NaT if unknown). Attrs: instrument,
        flavour ("thermal", "colour", or "grey" where nothing says that one channel of counts is
        thermal), source_files, map_id, missing_share; where known camera,
        header (the FITS cards, one a line), full_scale, saturated_share, saturated, `circle`
        (row, column, radius_y, radius_x of the image circle, pixels) and the facts of
        `nephoscope.instruments.skycam.headers.FACTS`.

    Raises:
        InputError: the file holds no image of the sky that can be used, or none of this flavour;
            names file and field.
        UsageError: no such flavour.
    """
    if flavour is not None and flavour not in FLAVOURS:
        raise UsageError(f"no flavour '{flavour}'; known are: {', '.join(FLAVOURS)}")
    path = Path(path)
    kind = kind_of(path)
    if kind is None:
        raise InputError(path, "is no frame", remedy="frames are FITS, PNG, JPEG or IRCCAM .mat")
    frame = {"fits": _from_fits, "picture": _from_picture, "mat": _from_mat}[kind](path)
    _check_size(path, frame.image.shape[1:], shape)
    _check_any(path, frame.image)
    _check_flavour(path, frame, flavour)
    frame.flavour = flavour or frame.flavour
    return check_scene(_scene(path, frame))


def _check_flavour(path: Path, frame: _Frame, flavour: Flavour | None) -> None:
    if flavour is not None and (flavour == "colour") != (len(frame.channels) == len(COLOURS)):
        count = len(frame.channels)
        raise InputError(path, f"has {count} channels: it is not {flavour}", field="image")


def image_unit(units: list[Unit], path: Path) -> Unit:
    """The unit that holds the picture: the first image that is neither mask nor probability.

    Raises:
        InputError: the file has no image.
    """
    for unit in units:
        if unit.is_image and unit.name not in _LABEL_UNITS:
            return unit
    raise InputError(path, "holds no image", field="image", remedy="only FITS images can be read")


def _from_fits(path: Path) -> _Frame:
    units = read_units(path)
    unit = image_unit(units, path)
    alone = unit is units[0]
    cards = unit.header if alone else _joined(units[0].header, unit.header)
    text = unit.text if alone else _text(cards)
    bits = int(unit.header["BITPIX"])
    if bits in _NOT_COUNTS:
        raise InputError(
            path,
            f"has {_NOT_COUNTS[bits]} integers, not 16-bit counts or floats",
            field="BITPIX",
            remedy="save the camera's own counts",
        )
    image = _planes(path, unit.values())
    _check_any(path, image)
    if len(image) == len(COLOURS):
        facts = {
            "header": text,
            "camera": camera_of(cards),
            **_circle_of(grey(image), _BLACK),
        }
        frame = _Frame(image, COLOURS, "DN", "colour", facts=facts)
    else:
        frame = _counts(path, cards, image, bits)
        frame.facts["header"] = text
    frame.site, frame.time = site_of(cards), time_of(cards, path)
    frame.facts |= facts_of(cards)
    return frame


def _counts(path: Path, header: Any, image: NDArray[np.float32], bits: int) -> _Frame:  # noqa: ANN401 - astropy's headers have no types
    camera = camera_of(header)
    highest = float(np.nanmax(image, initial=0.0))
    binned = bits < 0 and highest <= 1
    if binned:
        image, highest = image * np.float32(FULL_SCALE), highest * FULL_SCALE
    tau2 = "TAU" in camera.upper()
    if tau2:
        _check_tau2(path, image, bits)
    unsigned = bits == 16 and float(header.get("BZERO", 0)) == 2**15
    infrared = str(header.get("IMTYPE", "")).strip() == "IR" or "FPA-TEMP" in header
    thermal = tau2 or binned or infrared
    full = FULL_SCALE if thermal or (highest < FULL_SCALE and not unsigned) else 2**16
    share = float((image >= full - 1).mean())
    facts: dict[str, Any] = {
        "camera": camera,
        "full_scale": full,
        "saturated_share": share,
        "saturated": int(share >= SATURATED),
    }
    # A narrow lens has no image circle; a whole-sky camera of any other kind has.
    if not thermal:
        facts |= _circle_of(image[0])
        _blank_outside(image, facts)
    flavour = "thermal" if thermal else "grey"
    return _Frame(image, ("adu",), "adu", flavour, facts=facts)


def _check_tau2(path: Path, image: NDArray[np.float32], bits: int) -> None:
    rows, cols = image.shape[1:]
    if TAU2_SHAPE[0] % rows or TAU2_SHAPE[1] % cols:
        expected = " x ".join(map(str, TAU2_SHAPE))
        problem = f"is {rows} x {cols} pixels, not {expected} or blocks of it"
        raise InputError(path, problem, field="image", remedy="only whole frames can be read")
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if bits > 0 and not 0 <= lowest <= highest < FULL_SCALE:
        raise InputError(
            path,
            f"has counts {lowest:g} to {highest:g}, beyond 14 bits",
            field="bit depth",
            remedy="save the camera's own counts, 0 to 16383",
        )


def _from_picture(path: Path) -> _Frame:
    image = read_picture(path).astype(np.float32)
    facts = _circle_of(grey(image), _BLACK)
    _blank_outside(image, facts)
    return _Frame(image, COLOURS, "DN", "colour", facts=facts)


def _from_mat(path: Path) -> _Frame:
    content = read_mat(path)
    image = content[IMAGE].copy()
    if MASK in content:
        image[~(content[MASK] > 0)] = np.nan
    facts: dict[str, Any] = {"camera": "IRCCAM"} | _circle_of(np.isfinite(image).astype(np.float32))
    return _Frame(
        image[None], ("brightness_temperature",), "K", "thermal", facts=facts,
        clear=content.get(CLEAR),
    )  # fmt: skip


def _circle_of(brightness: NDArray[np.float32], black: float = np.inf) -> dict[str, Any]:
    circle = find_circle(brightness, black)
    if circle is None:
        return {}
    return {"circle": [circle.row, circle.col, circle.radius_y, circle.radius_x]}


def _blank_outside(image: NDArray[np.float32], facts: dict[str, Any]) -> None:
    if "circle" in facts:
        outside = Circle(*facts["circle"]).zenith_angle(image.shape[1:]) > _MARGIN * HORIZON
        image[:, outside] = np.nan


def _planes(path: Path, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(channel, y, x) of one or three channels; axes of length 1 are dropped."""
    flat = values.reshape([side for side in values.shape if side != 1])
    if flat.ndim == 2:
        return flat[None]
    if flat.ndim == 3 and len(flat) == len(COLOURS):
        return flat
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


def _joined(primary: Any, extension: Any) -> Any:  # noqa: ANN401 - astropy's headers have no types
    """The cards of the primary header, then those of the extension that it has not."""
    joined = primary.copy()
    joined.extend(extension.cards, unique=True, strip=False)
    return joined


def _text(header: Any) -> str:  # noqa: ANN401 - astropy's headers have no types
    text = str(header.tostring(sep="\n", endcard=False, padding=False))
    return "\n".join(line.rstrip() for line in text.splitlines())


def _scene(path: Path, frame: _Frame) -> xr.Dataset:
    variables: dict[str, Any] = {
        "image": (("channel", "y", "x"), frame.image, {"units": frame.units})
    }
    if frame.clear is not None:
        variables["clear_reference"] = (("y", "x"), frame.clear, {"units": "K"})
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
        "map_id": stem_of(path),
        "missing_share": float(np.isnan(frame.image[0]).mean()),
        **frame.facts,
    }
    return scene

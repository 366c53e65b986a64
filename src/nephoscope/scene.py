"""The Scene contract: what every imager reader returns, checked at the door.

A Scene is an `xarray.Dataset` of one imager view with

- `image` (channel, y, x) float32, in the unit named by its `units`, or of each channel by a
  coordinate `unit` (channel), NaN where missing,
- `known` (y, x) bool, where the reader holds the image for usable,
- `latitude`, `longitude`: on (y,) and (x,) for a plate carrée grid, both on (y, x) for any other,
  both scalar (the site, NaN if unknown) for a camera on the ground, degrees,
- `time`, scalar or per line, where the file has a civil clock,
- attrs `instrument`, `source_files` (list of str), `id` and `missing_share` (0..1, of `known`).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError

Truth = Literal["pixels", "frame", "points"]
"""Form of what the reference says of a scene: of each pixel, of the whole, at some points."""
COLUMNS = "column_geometry"
"""Attribute of samples and products with levels: how columns stand over the pixels of a picture."""
UPRIGHT, MOVED = "upright", "moved_to_where_the_top_is_seen"
"""Over the point of its pixel; or each lies in the pixel where the picture shows its top."""
DN_UNIT = "DN"
_SLACK = 1.0  # DN by which resampled colours may leave 0..255
IMAGE_DIMS = ("channel", "y", "x")
PLACES = {(("y",), ("x",)), (("y", "x"), ("y", "x")), ((), ())}
"""Dims of latitude and longitude: plate carrée, any other grid, a camera's site."""


def check_scene(scene: xr.Dataset, source: str | None = None) -> xr.Dataset:
    """Return `scene` unchanged if it keeps the contract.

    Args:
        scene: the Dataset a reader made.
        source: the file to blame; by default the scene's first source file.

    Raises:
        InputError: a part of the contract is broken; the message names the field.
    """
    blame = source or source_of(scene)
    for name in ("image", "latitude", "longitude"):
        if name not in scene.variables:
            raise InputError(blame, "is missing from the scene", field=name)
    image = scene["image"]
    if image.dims != IMAGE_DIMS:
        remedy = f"scene.transpose{IMAGE_DIMS}" if set(image.dims) == set(IMAGE_DIMS) else None
        problem = f"has dims {image.dims}, not {IMAGE_DIMS}"
        raise InputError(blame, problem, field="image", remedy=remedy)
    if image.dtype != np.float32:
        remedy = "convert it to float32, NaN where missing"
        raise InputError(blame, f"is {image.dtype}, not float32", field="image", remedy=remedy)
    if "channel" not in scene.coords:
        raise InputError(blame, "names of the channels are missing", field="channel")
    places = scene["latitude"].dims, scene["longitude"].dims
    if places not in PLACES:
        raise InputError(blame, f"and longitude have dims {places}", field="latitude")
    _check_known(scene, blame)
    for name in ("instrument", "source_files", "missing_share"):
        if name not in scene.attrs:
            raise InputError(blame, "attribute is missing from the scene", field=name)
    return scene


def _check_known(scene: xr.Dataset, blame: str) -> None:
    if "known" not in scene.variables:
        remedy = "scene['known'] = (('y', 'x'), nephoscope.scene.known_of(scene.image.values))"
        raise InputError(blame, "is missing from the scene", field="known", remedy=remedy)
    known = scene["known"]
    if known.dims != IMAGE_DIMS[1:] or known.dtype != np.bool_:
        problem = f"is {known.dtype} on {known.dims}, not bool on {IMAGE_DIMS[1:]}"
        raise InputError(blame, problem, field="known")


def known_of(image: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """(y, x) bool, where a bare image (channel, y, x) holds data.

    Integers hold none where all channels are 0, floats where any channel is NaN.
    """
    if image.dtype.kind != "f":
        return np.asarray(image.any(axis=0))
    missing = np.zeros(image.shape[1:], np.bool_)
    for channel in image:
        missing |= np.isnan(channel)
    return np.asarray(~missing)


def seen_in(image: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """(y, x) bool, where any channel of an image (channel, y, x) is no NaN."""
    seen = np.zeros(image.shape[1:], np.bool_)
    for channel in image:
        seen |= ~np.isnan(channel)
    return np.asarray(seen)


def missing_share(known: npt.NDArray[np.bool_]) -> float:
    """Share (0..1) of a scene's pixels that are not known."""
    return float((~known).mean())


def check_given(scene: xr.Dataset, instrument: str, wants: str) -> xr.Dataset:
    """Return a Scene that a user may have changed, if a model of an instrument can be applied.

    `known` is made where there is none, and false where nothing of the image is left.

    Args:
        scene: from `open_scene`, perhaps cut, turned or computed on.
        instrument: that the model is of.
        wants: who asks for it, for the message: "model 'mars'".

    Raises:
        InputError: a part of the contract is broken, the Scene is empty, of another instrument, or
            its numbers are not in its unit; the message names the field.
    """
    source = source_of(scene)
    scene = check_scene(_with_known(scene))
    image = scene["image"]
    if scene.attrs["instrument"] != instrument:
        problem = f"is {scene.attrs['instrument']!r}, and {wants} is of '{instrument}'"
        raise InputError(source, problem, field="instrument")
    if not image.size:
        raise InputError(source, f"is empty: its shape is {image.shape}", field="image")
    names = [str(name) for name in image["channel"].values]
    if len(set(names)) != len(names):
        raise InputError(source, f"names {', '.join(names)} repeat", field="channel")
    units = image.attrs.get("units")
    if units is None and "unit" not in image.coords:
        remedy = "say scene.image.attrs['units'] = 'DN' if its numbers are colours 0..255"
        raise InputError(source, "is missing from the image", field="units", remedy=remedy)
    if units == DN_UNIT and (problem := wrong_dn(image.values)):
        raise InputError(source, problem, field="image")
    return scene


def _with_known(scene: xr.Dataset) -> xr.Dataset:
    if "image" not in scene.variables or scene["image"].dims != IMAGE_DIMS:
        return scene
    image, given = scene["image"].values, scene.get("known")
    if given is None:
        known = known_of(image)
    elif given.dims != IMAGE_DIMS[1:]:
        return scene
    else:  # `Dataset.where` and means make numbers of it
        known = np.asarray(given.values == 1) & seen_in(image)
    return scene.assign(known=(IMAGE_DIMS[1:], known))


def wrong_dn(image: npt.NDArray[Any]) -> str:
    """Why numbers are no 8-bit colours: "" where they can be.

    Args:
        image: integers, or floats with NaN where missing. Floats up to 1 are 0..1 unless all are
            whole: those can be of a picture that is black.
    """
    if not image.size:
        return f"is empty: its shape is {image.shape}"
    low, high = float(np.fmin.reduce(image, axis=None)), float(np.fmax.reduce(image, axis=None))
    if low < -_SLACK or high > 255 + _SLACK:
        return f"has numbers from {low:g} to {high:g}: colours are DN, 0..255"
    if image.dtype.kind == "f" and 0 < high <= 1 and not _are_whole(image):
        return f"has numbers up to {high:g}: colours are DN, 0..255 (multiply 0..1 by 255)"
    return ""


def _are_whole(image: npt.NDArray[Any]) -> bool:
    return bool(((image == np.rint(image)) | np.isnan(image)).all())


def source_of(scene: xr.Dataset) -> str:
    """The file to blame for a scene: its first source file, or "scene"."""
    sources = source_names(scene)
    return sources[0] if sources else "scene"


def source_names(scene: xr.Dataset) -> list[str]:
    """A scene's source files; a NetCDF gives a list of one back as text."""
    sources = scene.attrs.get("source_files", [])
    return [sources] if isinstance(sources, str) else [str(source) for source in sources]

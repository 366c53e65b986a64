"""Frames given in Python: arrays and Scenes, made what the reader of a camera makes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import COLOURS
from nephoscope.products.frames import INSTRUMENT
from nephoscope.scene import DN_UNIT, check_given, source_of, wrong_dn

_CHANNELS = {1: (["adu"], "adu", "grey"), 3: (["red", "green", "blue"], "DN", "colour")}


def frame_of(
    given: NDArray[np.generic] | xr.Dataset, flavour: str | None, wants: str
) -> xr.Dataset:
    """The frame of an array or of a Scene that a user may have changed.

    Args:
        given: (channel, y, x) any number type, counts of one channel or red, green, blue DN; or a
            sky Scene.
        flavour: what the frame is, where the user knows better.
        wants: who asks for it, for the message: "model 'sky'".

    Raises:
        UsageError: the array has neither one nor three channels, or not those of the flavour.
        InputError: the Scene cannot be used.
    """
    if isinstance(given, np.ndarray):
        return _with_flavour(_scene(given), flavour)
    return _with_flavour(_by_name(check_given(given, INSTRUMENT, wants)), flavour)


def _scene(image: NDArray[np.generic]) -> xr.Dataset:
    if len(image) not in _CHANNELS:
        raise UsageError(
            f"predict: the image is {image.shape}, not (1 or 3 channels: counts, or red, green, "
            "blue; y; x)"
        )
    names, units, flavour = _CHANNELS[len(image)]
    if units == DN_UNIT and (problem := wrong_dn(image)):
        raise UsageError(f"predict: the image {problem}")
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image.astype(np.float32), {"units": units})},
        coords={"channel": names, "time": np.datetime64("NaT", "ns")},
        attrs={"instrument": INSTRUMENT, "flavour": flavour, "source_files": ["image"]},
    )


def _with_flavour(scene: xr.Dataset, flavour: str | None) -> xr.Dataset:
    """A Scene of the kind that the user says it is.

    Raises:
        UsageError: it has another number of channels.
    """
    if flavour is None or flavour == scene.attrs["flavour"]:
        return scene
    count = scene.sizes["channel"]
    if (flavour == "colour") != (count == len(COLOURS)):
        raise UsageError(f"predict: flavour '{flavour}': the frame has {count} channels")
    return scene.assign_attrs(flavour=flavour)


def _by_name(scene: xr.Dataset) -> xr.Dataset:
    """A Scene with its channels in the order of the readers: red, green, blue, or one of counts.

    Raises:
        InputError: it has others, or does not say what kind of frame it is.
    """
    source = source_of(scene)
    for name, home in (("time", scene.variables), ("flavour", scene.attrs)):
        if name not in home:
            raise InputError(source, "is missing from the scene", field=name)
    if scene["time"].ndim or scene["time"].dtype.kind != "M":
        problem = f"has dims {scene['time'].dims} and type {scene['time'].dtype}, not one time"
        raise InputError(source, problem, field="time")
    names = [str(name) for name in scene["channel"].values]
    if scene.attrs["flavour"] != "colour":
        if len(names) == 1:
            return scene
        problem = f"are {', '.join(names)}: a frame that is {scene.attrs['flavour']} has one"
        raise InputError(source, problem, field="channel")
    if scene["image"].attrs["units"] != DN_UNIT:
        problem = f"are {scene['image'].attrs['units']!r}: colours are in DN, 0..255"
        raise InputError(source, problem, field="units")
    if not set(COLOURS) <= set(names):
        problem = f"are {', '.join(names)}: a colour frame has {', '.join(COLOURS)}"
        raise InputError(source, problem, field="channel")
    if names == list(COLOURS):
        return scene
    return scene.isel(channel=[names.index(name) for name in COLOURS])

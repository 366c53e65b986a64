"""One frame in Python: what comes back is of the kind that went in."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.apply.sky.bulk import plan_frames
from nephoscope.apply.sky.chain import SkyChain, SkyOptions
from nephoscope.apply.sky.choice import INSTRUMENT
from nephoscope.apply.sky.work import predict_frame_file
from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import COLOURS
from nephoscope.products.sky import FrameResult
from nephoscope.scene import DN_UNIT, check_given, source_of, wrong_dn
from nephoscope.tasks.mask import as_floats

_CHANNELS = {1: (["adu"], "adu", "grey"), 3: (["red", "green", "blue"], "DN", "colour")}


def predict_one(
    scene: NDArray[np.generic] | xr.Dataset | Path, options: SkyOptions, output: Path | None
) -> NDArray[np.float32] | xr.Dataset | Path:
    """Judge one frame.

    Args:
        scene: (channel, y, x) any number type, counts of one channel or red, green, blue DN; a
            sky Scene; or the path of one frame.
        options: how to predict.
        output: folder of the product of a path.

    Returns:
        For an image the probability of cloud, (y, x) float32, NaN where unknown; for a Scene a
        Dataset with `cloud_probability` and `cloud_mask` (y, x) float32, NaN where unknown, whose
        attributes are the numbers of the frame; for a path that of the FITS.

    Raises:
        UsageError: no such model, or the image has neither one nor three channels.
        InputError: the frame cannot be used.
        OutputError: the product cannot be written.
    """
    if isinstance(scene, Path):
        chain = SkyChain(options)
        (job,) = plan_frames([scene], output or Path(), options)
        predict_frame_file(chain, job)
        return job.target
    if isinstance(scene, xr.Dataset):
        given = check_given(scene, INSTRUMENT, f"'{options.model}'")
        frame = _with_flavour(_by_name(given), options.flavour)
        return _dataset(SkyChain(options).judge(frame)[0])
    frame = _with_flavour(_scene(scene), options.flavour)
    return SkyChain(options).judge(frame)[0].probability


def _scene(image: NDArray[np.generic]) -> xr.Dataset:
    if image.ndim != 3 or len(image) not in _CHANNELS or not image.size:
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


def _dataset(result: FrameResult) -> xr.Dataset:
    mask = as_floats(result.mask)
    blobs = len(result.blobs) if result.knows_pixels else math.nan
    numbers = ("state", "p_cloudy", "cloud_fraction", "cloud_fraction_zenith", "sky_quality",
               "note")  # fmt: skip
    return xr.Dataset(
        {"cloud_probability": (("y", "x"), result.probability), "cloud_mask": (("y", "x"), mask)},
        coords={"time": result.time},
        attrs={name: getattr(result, name) for name in numbers} | {"blobs": blobs},
    )

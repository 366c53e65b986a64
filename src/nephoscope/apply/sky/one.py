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
from nephoscope.errors import UsageError
from nephoscope.products.sky import FrameResult
from nephoscope.tasks.mask import as_floats

_CHANNELS = {1: (["adu"], "adu", "thermal"), 3: (["red", "green", "blue"], "DN", "colour")}


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
    chain = SkyChain(options)
    if isinstance(scene, Path):
        (job,) = plan_frames([scene], output or Path(), options)
        predict_frame_file(chain, job)
        return job.target
    if isinstance(scene, xr.Dataset):
        return _dataset(chain.judge(scene)[0])
    return chain.judge(_scene(scene))[0].probability


def _scene(image: NDArray[np.generic]) -> xr.Dataset:
    if image.ndim != 3 or len(image) not in _CHANNELS:
        raise UsageError(f"predict: the image is {image.shape}, not (1 or 3 channels, y, x)")
    names, units, flavour = _CHANNELS[len(image)]
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image.astype(np.float32), {"units": units})},
        coords={"channel": names, "time": np.datetime64("NaT", "ns")},
        attrs={"instrument": INSTRUMENT, "flavour": flavour, "source_files": ["image"]},
    )


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

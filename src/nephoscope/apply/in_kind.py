"""The Python face of applying a model: what comes back is of the kind that went in."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.bounds import outside_season
from nephoscope.apply.plan import Options, plan_jobs
from nephoscope.apply.predict import Predictor, predict_scene
from nephoscope.apply.sky.chain import SkyOptions
from nephoscope.apply.sky.choice import is_of_sky
from nephoscope.apply.sky.one import predict_one
from nephoscope.apply.work import Work
from nephoscope.background import read_background, sample_background
from nephoscope.errors import UsageError
from nephoscope.grids.plate_carree import MARS
from nephoscope.models import load_model
from nephoscope.products.mask import mask_product

if TYPE_CHECKING:
    from nephoscope.models import Model

Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Place = str | PathLike[str]


@overload
def predict(
    model: Model | Place, scene: Image, *, background: Place | None = None
) -> npt.NDArray[np.float32]: ...
@overload
def predict(
    model: Model | Place, scene: xr.Dataset, *, background: Place | None = None
) -> xr.Dataset: ...
@overload
def predict(
    model: Model | Place, scene: Place, *, background: Place | None = None, output: Place
) -> Path: ...
def predict(
    model: Model | Place,
    scene: Image | xr.Dataset | Place,
    *,
    background: Place | None = None,
    output: Place | None = None,
) -> npt.NDArray[np.float32] | xr.Dataset | Path:
    """Apply a model to one scene. For many files, use `nephoscope predict`.

    Args:
        model: a model, its shipped name or its folder; for a frame of a sky camera also "sky" or a
            formula (see `nephoscope.apply.sky.one`).
        scene: an image of the whole grid, (channel: red, green, blue; y; x), uint8 DN with 0 in
            all channels where missing or float32 DN with NaN (of a sky camera any size, one
            channel of counts or red, green, blue); a Scene; or the path of one file.
        background: file of what clear looks like, from `nephoscope background`.
        output: folder of the product, for a path only.

    Returns:
        For an image the probability of cloud, (y, x) float32, 0..1, NaN where missing; for a
        Scene the product as a Dataset; for a path the path of the product.

    Raises:
        UsageError: no such model, another grid, or a path without `output` (or the reverse).
        InputError: a file cannot be read.
        OutputError: the product cannot be written.
    """
    is_path = not isinstance(scene, np.ndarray | xr.Dataset)
    if is_path != (output is not None):
        raise UsageError("predict: give `output`, a folder, for a path and for nothing else")
    if (sky := _sky_name(model)) is not None:
        frame = scene if isinstance(scene, np.ndarray | xr.Dataset) else Path(scene)
        clear_sky = None if background is None else Path(background)
        options = SkyOptions(sky, background=clear_sky, picture=False)
        return predict_one(frame, options, None if output is None else Path(output))
    loaded = load_model(Path(model)) if isinstance(model, str | PathLike) else model
    predictor = Predictor(loaded)
    clear = None if background is None else read_background(background)
    if isinstance(scene, np.ndarray):
        return _of_image(predictor, scene, clear)
    if isinstance(scene, xr.Dataset):
        return _of_scene(predictor, scene, clear)
    return _of_file(predictor, Path(scene), Path(output or ""), background, clear)


def _sky_name(model: Model | Place) -> str | None:
    """What the sky camera's chain calls a model; None of another instrument's."""
    if isinstance(model, str | PathLike):
        return str(model) if is_of_sky(str(model)) else None
    return str(model.folder) if model.recipe.instrument == "skycam" else None


def _of_image(
    predictor: Predictor, image: Image, clear: xr.Dataset | None
) -> npt.NDArray[np.float32]:
    if image.ndim != 3 or image.shape[1:] != MARS.shape:
        raise UsageError(f"predict: the image is {image.shape}, not (channel, *{MARS.shape})")
    sampled = None if clear is None else sample_background(clear, MARS.shape)
    return predictor.predict_image(image, MARS.latitude(), MARS.longitude(), sampled)


def _of_scene(predictor: Predictor, scene: xr.Dataset, clear: xr.Dataset | None) -> xr.Dataset:
    rows, cols = scene["image"].shape[1:]
    sampled = None if clear is None else sample_background(clear, (rows, cols))
    product = mask_product(
        predict_scene(predictor, scene, sampled),
        scene,
        predictor.model,
        outside_season=outside_season(scene, Options().offset),
        background_sha256=None if clear is None else str(clear.attrs["sha256"]),
        command="nephoscope.predict",
    )
    return xr.decode_cf(product)


def _of_file(
    predictor: Predictor,
    path: Path,
    output: Path,
    background: Place | None,
    clear: xr.Dataset | None,
) -> Path:
    options, instrument = Options(picture=False), predictor.model.recipe.instrument
    if path.is_dir():
        raise UsageError(f"{path} is a folder: use the command `nephoscope predict`")
    (job,) = plan_jobs([path], output, instrument, options)
    if background is not None and clear is not None:
        job = job.with_background(Path(background), str(clear.attrs["sha256"]))
    work = Work(predictor.model, instrument, options, "nephoscope.predict")
    scene = work.read(job)

    def run(scene: xr.Dataset, sampled: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
        return predict_scene(predictor, scene, sampled)

    work.write(job, scene, work.predict(run, job, scene))
    return job.target

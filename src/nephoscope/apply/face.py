"""Python face of applying a model: array to array, Scene or file to Dataset, path to path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.bulk import NONE, maker_of, sink_of
from nephoscope.apply.chain import SkyChain
from nephoscope.apply.given_frame import frame_of
from nephoscope.apply.jobs import Options, plan_jobs
from nephoscope.apply.network import Predictor
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.apply.placing import axes_of
from nephoscope.apply.run import Maker
from nephoscope.arguments import described, path_of
from nephoscope.background import channels_of, read_background, sample_background
from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import COLOURS, FEATURES, feature_named
from nephoscope.instruments import instrument_named, open_scene
from nephoscope.products.frames import frame_dataset
from nephoscope.scene import check_given, seen_in, source_of, wrong_dn
from nephoscope.tasks.mask import as_floats

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
NDArray = npt.NDArray[Any]
Image = npt.NDArray[np.uint8] | FloatArray
Place = str | PathLike[str]
_CALL = "nephoscope.predict"  # in the history of products


@overload
def predict(
    model: Model | Place,
    scene: Image,
    *,
    background: Place | None = None,
    flavour: str | None = None,
    horizon: Place | float | None = None,
) -> npt.NDArray[np.float32]: ...
@overload
def predict(
    model: Model | Place,
    scene: xr.Dataset | Place,
    *,
    background: Place | None = None,
    flavour: str | None = None,
    horizon: Place | float | None = None,
) -> xr.Dataset: ...
@overload
def predict(
    model: Model | Place,
    scene: Place,
    *,
    background: Place | None = None,
    output: Place,
    flavour: str | None = None,
    horizon: Place | float | None = None,
) -> Path: ...
def predict(
    model: Model | Place,
    scene: Image | xr.Dataset | Place,
    *,
    background: Place | None = None,
    output: Place | None = None,
    flavour: str | None = None,
    horizon: Place | float | None = None,
) -> npt.NDArray[np.float32] | xr.Dataset | Path:
    """Apply a model to one scene. For many files: `nephoscope predict`, or `predict_many`.

    Args:
        model: a model, its shipped name or its folder; for a frame of a sky camera also "sky" or a
            formula.
        scene: an image of the whole grid, (channel: red, green, blue; y; x), uint8 DN with 0 in
            all channels where missing or float32 DN with NaN (of a sky camera any size: red, green,
            blue, or one channel, of which `flavour` says what it is; of an instrument without a
            grid of its own any size, with the channels that the recipe names, in its order); a
            Scene, whose channels are found by name and whose places by latitude and longitude,
            however it is cut, turned or rolled; or the path of one file.
        background: file of what clear looks like, from `nephoscope background`.
        output: folder of the product, for a path only; without it the product is not written.
        flavour: of a sky camera's frame: "thermal" or "grey" of one channel, "colour" of three,
            where neither header nor Scene says it. One channel of an image is taken as "grey",
            of which "sky" says nothing.
        horizon: of a sky camera's frame, where its sky ends: degrees from the zenith of a
            whole-sky frame, the file of a mask (0 is no sky), or "none": count every pixel. By
            default what the background knows, else numbers of a whole-sky frame count to 85
            degrees.

    Returns:
        For an image the probability of cloud, (y, x) float32, 0..1, NaN where missing (of another
        task than `mask` the first of its variables); for a Scene or a path the product as a
        Dataset; for a path with `output` the path of the product.

    Raises:
        UsageError: no such model, an image or grid that it cannot be applied to, or `output` for
            what is no path.
        InputError: a file cannot be read, or a Scene is not what it should be.
        OutputError: the product cannot be written.
    """
    given = _checked(scene)
    if output is not None and not isinstance(given, Path):
        raise UsageError("predict: give `output`, a folder, for a path and for nothing else")
    out = None if output is None else path_of(output, "predict: output, a folder,")
    clear = None if background is None else path_of(background, "predict: background, a file,")
    if isinstance(given, Path) and given.is_dir():
        raise UsageError(f"predict: {given} is a folder: use the command `nephoscope predict`")
    maker = _maker(model, clear, {"flavour": flavour, "horizon": horizon})
    if isinstance(given, Path):
        return _in_memory(maker, given, clear) if out is None else _of_file(maker, given, out)
    if isinstance(maker, SkyChain):
        return _of_frame(maker, given)
    if isinstance(given, np.ndarray):
        return _of_image(maker, given, clear)
    return _of_scene(maker, given, clear)


def predict_many(
    model: Model | Place,
    scenes: Iterable[xr.Dataset | Place],
    *,
    background: Place | None = None,
    flavour: str | None = None,
    horizon: Place | float | None = None,
) -> Iterator[xr.Dataset]:
    """Apply a model to one scene after another, each when it is asked for; nothing is written.

    Args:
        model: as for `predict`; it is opened once.
        scenes: Scenes, or paths of files.
        background: as for `predict`, of all of them.
        flavour: as for `predict`.
        horizon: as for `predict`.

    Returns:
        an iterator over the products, as Datasets, in the order of the scenes; it ends at the
        first error.

    Raises:
        UsageError: no such model, or an option that it does not know; what is no scene.
        InputError: a file cannot be read, or a Scene is not what it should be.
    """
    if isinstance(scenes, str | PathLike | xr.Dataset):
        raise UsageError(f"predict_many: a list of scenes is wanted, not {described(scenes)}")
    clear = None if background is None else path_of(background, "predict_many: background, a file,")
    maker = _maker(model, clear, {"flavour": flavour, "horizon": horizon})
    return (_product_of(maker, scene, clear) for scene in scenes)


def _product_of(maker: SkyChain | NetworkMaker, scene: object, clear: Path | None) -> xr.Dataset:
    given = _checked(scene)
    if isinstance(given, np.ndarray):
        raise UsageError("predict_many: Scenes or paths are wanted; give an array to `predict`")
    if isinstance(given, Path):
        return _in_memory(maker, given, clear)
    if isinstance(maker, SkyChain):
        return cast("xr.Dataset", _of_frame(maker, given))
    return _of_scene(maker, given, clear)


def _maker(model: object, clear: Path | None, own: Mapping[str, object]) -> SkyChain | NetworkMaker:
    """What applies a model, with the options that are given.

    Raises:
        UsageError: no such model, or options of another instrument's.
    """
    given = {name: value for name, value in own.items() if value is not None}
    maker = maker_of(_opened(model), Options(picture=False, own=given), clear or NONE, _CALL)
    if given and not isinstance(maker, SkyChain):
        raise UsageError(f"predict: `{next(iter(given))}` is for frames of a sky camera")
    return maker


def _in_memory(maker: SkyChain | NetworkMaker, path: Path, clear: Path | None) -> xr.Dataset:
    """The product of a file, read as it is for a product that is written."""
    if isinstance(maker, SkyChain):
        return cast("xr.Dataset", _of_frame(maker, open_scene(path, maker.instrument)))
    return _of_scene(maker, maker.scene_of(path), clear)


def _checked(scene: object) -> NDArray | xr.Dataset | Path:
    """What is to be predicted: an array of numbers, missing ones as NaN, a Scene or a path."""
    if isinstance(scene, xr.Dataset):
        return scene
    if not isinstance(scene, np.ndarray):
        wanted = "predict: an image (channel, y, x), a Scene from open_scene or the path of a file"
        return path_of(scene, wanted)
    if scene.dtype.kind not in "uif":
        raise UsageError(f"predict: the image is of type {scene.dtype}: numbers are wanted")
    if scene.ndim != 3 or not scene.size:
        raise UsageError(f"predict: the image is {scene.shape}, not (channel, y, x)")
    if scene.shape[-1] in {1, 3} and scene.shape[0] not in {1, 3}:
        raise UsageError(
            f"predict: the image is {scene.shape}, with its channels last: "
            "give numpy.moveaxis(image, -1, 0)"
        )
    if isinstance(scene, np.ma.MaskedArray):
        return np.ma.filled(scene.astype(np.float32), np.nan)
    if np.isinf(scene).any():
        raise UsageError("predict: the image holds infinite numbers: NaN is what is missing")
    return scene


def _opened(model: object) -> Model | Path:
    if isinstance(model, str | PathLike):
        return path_of(model, "predict: a model, a shipped name or a folder")
    if not isinstance(getattr(getattr(model, "recipe", None), "instrument", None), str):
        raise UsageError(
            f"predict: a model, a shipped name or a folder is wanted, not {described(model)}"
        )
    return cast("Model", model)


def _of_file(maker: Maker, path: Path, output: Path) -> Path:
    maker.open()
    sink = sink_of(maker, output, tables=False)
    (job,) = plan_jobs([path], output, maker.instrument, sink, picture=False)
    job = maker.shared([job], output)(job)
    kept = sink.write(job, maker.make(job, maker.read(job)))
    return output / str(kept["store"]) if "store" in kept else job.target


def _of_frame(chain: SkyChain, given: NDArray | xr.Dataset) -> FloatArray | xr.Dataset:
    frame = frame_of(given, chain.flavour, f"'{chain.models.name}'")
    result, _ = chain.judge(frame)
    if isinstance(given, np.ndarray):
        return result.probability
    return frame_dataset(result).assign(cloud_mask=(("y", "x"), as_floats(result.mask)))


def _of_image(maker: NetworkMaker, image: NDArray, clear: Path | None) -> FloatArray:
    grid = instrument_named(maker.instrument).GRID
    if grid is None:
        return _of_bare(maker, image, clear)
    predictor = maker.predictor
    name = predictor.model.name
    if image.shape != (len(COLOURS), *grid.shape):
        raise UsageError(
            f"predict: the image is {image.shape}; model '{name}' takes (channel: "
            f"{', '.join(COLOURS)}; y: {grid.rows}, from {grid.north:g} N; x: {grid.cols}, from "
            f"{-grid.west:g} W); give a part of a map as a Scene, which says where it lies"
        )
    if image.dtype != np.uint8:
        if image.dtype.kind != "f":
            raise UsageError(
                f"predict: the image is {image.dtype}: give uint8 DN with 0 in all channels where "
                "missing, or float32 DN with NaN"
            )
        if problem := wrong_dn(image):
            raise UsageError(f"predict: the image {problem}")
        image = image.astype(np.float32, copy=False)
    places = grid.latitude(), grid.longitude()
    return predictor.predict_image(image, *places, _sampled(predictor, clear, *places)[0])


def _of_bare(maker: NetworkMaker, image: NDArray, clear: Path | None) -> FloatArray:
    """The first of the task's variables, of an image that says neither place nor channels."""
    inputs = maker.model.recipe.inputs
    names = [name for name in inputs.names if name not in FEATURES]
    if len(names) != len(image) or len(names) != len(inputs.names) or clear is not None:
        raise UsageError(
            f"predict: of an image of {len(image)} channels it is not known what they are: "
            "give a Scene, which names them and says where it lies"
        )
    image = image.astype(np.float32, copy=False)
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image), "known": (("y", "x"), seen_in(image))},
        {"channel": names, "latitude": np.nan, "longitude": np.nan},
    )
    said = xr.decode_cf(maker.variables(scene, None))
    return np.asarray(next(iter(said.data_vars.values())).values, np.float32)


def _of_scene(maker: NetworkMaker, scene: xr.Dataset, clear: Path | None) -> xr.Dataset:
    model = maker.model
    scene = check_given(scene, model.recipe.instrument, f"model '{model.name}'")
    _check_channels(scene, model)
    latitude, longitude = scene["latitude"], scene["longitude"]
    if instrument_named(maker.instrument).GRID is not None:
        for degrees, dim in ((latitude, "y"), (longitude, "x")):
            if degrees.dims != (dim,):
                problem = f"has dims {degrees.dims}: a plate carrée grid is wanted"
                raise InputError(source_of(scene), problem, field=str(degrees.name))
        axes_of(latitude.values, longitude.values)
    sampled, sha256 = _sampled(maker.predictor, clear, latitude.values, longitude.values)
    return xr.decode_cf(maker.product(scene, sampled, sha256))


def _check_channels(scene: xr.Dataset, model: Model) -> None:
    """What the model looks at can be made of the channels of a Scene.

    Raises:
        InputError: some of it cannot; it says how the file is opened with all of it.
    """
    channels = [str(name) for name in scene["channel"].values]
    lacking = []
    for name in model.recipe.inputs.names:
        try:
            feature_named(name, channels)
        except UsageError:
            lacking.append(name)
    if lacking:
        problem = f"has not what model '{model.name}' reads: {', '.join(lacking[:3])}"
        remedy = "give `predict` the path, or open_scene(path, **model.recipe.read)"
        raise InputError(source_of(scene), problem, field="channel", remedy=remedy)


def _sampled(
    predictor: Predictor, clear: Path | None, latitude: Floats, longitude: Floats
) -> tuple[FloatArray | None, str | None]:
    """A background at a scene's places, in the order of the recipe, and its sha256."""
    if clear is None:
        return None, None
    background = read_background(clear, predictor.model.recipe)
    try:
        sampled = sample_background(
            background, latitude, longitude, channels_of(predictor.model.recipe)
        )
    except UsageError as error:
        raise InputError(clear, str(error)) from error
    return sampled, str(background.attrs["sha256"])

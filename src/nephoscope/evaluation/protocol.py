"""The protocol: which maps, what the model says of them, and the worst places.

Pooled over every pixel with a label; a pixel without a prediction counts as clear; the threshold
is the one stored in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.apply.network import Predictor
from nephoscope.background import sample_background
from nephoscope.errors import UsageError
from nephoscope.evaluation.labelled_scene import Floats, LabelledScene
from nephoscope.evaluation.scores import Scores, score_sums
from nephoscope.evaluation.sums import Sums, sums_of_map
from nephoscope.inputs import COLOURS
from nephoscope.models.lineage import seen_of
from nephoscope.models.ways import WAYS
from nephoscope.samples.pairing import check_pairing, check_task
from nephoscope.samples.store import axis_of, background_of, open_samples
from nephoscope.tasks.mask import is_cloud

SPLITS = ("train", "validation", "test", "all")
POSITION = {"sine_longitude", "cosine_longitude"}
"""Features that tell the longitude."""
MASK_RULE = (
    "cloud where the probability, stored in steps of 1/250, is at or above the threshold; pooled "
    "over every pixel with a label; a pixel without a prediction counts as clear"
)
BACKGROUND_CHANNELS = ("blue", "blue_red_ratio")
CROP = (240, 320)
CROPS_OF_A_MAP = 2
CROPS = 6


class Judged(Protocol):
    """What is asked of a model to be scored."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def threshold(self) -> float:
        """Cloud where the probability is at or above it."""

    @property
    def weights_sha256(self) -> str:
        """The sha256 of its weights."""


PredictScene = Callable[[LabelledScene], Floats]
"""From a map to (y, x) float32 probability, NaN where there is none."""


@dataclass(frozen=True)
class Crop:
    """A window of a map in which the model errs much.

    Attributes:
        day: the map's id.
        image: (y, x, channel) uint8, red, green, blue.
        probability: (y, x) float32, 0..1, NaN where there is none.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        north: latitude of the first row, degrees.
        south: latitude of the last row, degrees.
        west: longitude of the first column, degrees.
        east: longitude of the last column, degrees.
        errors: labelled pixels that the model gets wrong.
    """

    day: str
    image: NDArray[np.uint8]
    probability: Floats
    label: NDArray[np.int8]
    north: float
    south: float
    west: float
    east: float
    errors: int


@dataclass(frozen=True)
class Evaluation:
    """Everything a report says.

    Attributes:
        scores: of the model, given everything.
        baselines: name → scores on a sample of the same maps' pixels, the simplest first.
        details: name of a baseline → its fitted number in words.
        crops: the windows with the most errors, worst first.
        gridded: whether the samples are maps of a planet, not frames of a camera.
        spec: what was scored: task, samples, maps, threshold, mask rule.
        model: name and sha256 of the weights, and the name of the model that it began from.
        ways: name of a way (see `WAYS`) → its scores, `full` first.
        seen: "train" and "validation" → how many of the scored maps the model, or one that it
            began from, was fitted to, and how many chose checkpoint, calibration and threshold;
            None where it does not say.
    """

    scores: Scores
    spec: dict[str, Any]
    model: dict[str, str]
    ways: dict[str, Scores] = field(default_factory=dict)
    seen: dict[str, int] | None = None
    baselines: dict[str, Scores] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    crops: list[Crop] = field(default_factory=list)
    gridded: bool = True


def choose_samples(store: xr.Dataset, split: str | None = None) -> tuple[str, list[int]]:
    """The part to score and the indices of its samples.

    Args:
        store: a samples store.
        split: "train", "validation", "test" or "all"; by default the last of train, validation
            and test that is not empty, or all where the samples have not been split.

    Raises:
        UsageError: there is no such part, or it is empty.
    """
    parts = [str(part) for part in store["split"].values]
    if split is None:
        split = next((part for part in ("test", "validation") if part in parts), "all")
    if split not in SPLITS:
        raise UsageError(f"no split '{split}'; there are: {', '.join(SPLITS)}")
    indices = [i for i, part in enumerate(parts) if split in ("all", part)]
    if not indices:
        raise UsageError(f"no sample is in the split '{split}': run nephoscope split first")
    return split, indices


def read_maps(
    store: xr.Dataset,
    indices: Sequence[int],
    channels: Sequence[str] = BACKGROUND_CHANNELS,
) -> Iterator[LabelledScene]:
    """Read maps with their labels and the background, one at a time."""
    background = _full_background(store, channels)
    for index in indices:
        sample = store.isel(sample=index)
        yield LabelledScene(
            day=str(sample["id"].values),
            image=_in_order(sample),
            label=sample["label"].values,
            latitude=axis_of(store, "latitude", "y"),
            longitude=axis_of(store, "longitude", "x"),
            background=background,
        )


def _in_order(sample: xr.Dataset) -> NDArray[np.uint8] | Floats:
    """(channel, y, x) with red, green and blue in this order, whatever the store's is."""
    names = [str(name) for name in sample["channel"].values]
    if set(names) == set(COLOURS):
        sample = sample.isel(channel=[names.index(name) for name in COLOURS])
    return np.asarray(sample["image"].values)


def _full_background(store: xr.Dataset, channels: Sequence[str]) -> Floats | None:
    coarse = background_of(store, channels)
    if coarse is None:
        return None
    axes = axis_of(store, "latitude", "y"), axis_of(store, "longitude", "x")
    return sample_background(coarse, *axes, channels)


def predict_maps(
    maps: Iterator[LabelledScene],
    predict: PredictScene,
    threshold: float,
    ways: Sequence[str] = ("full",),
    progress: Callable[[str], None] | None = None,
    look: Callable[[LabelledScene, Floats], None] | None = None,
) -> tuple[dict[str, Sums], list[Crop]]:
    """Predict each map in each way, count its pixels, keep the windows most wrong in the first.

    `look` is shown each map with its prediction in the first way.
    """
    sums, crops = {way: Sums() for way in ways}, list[Crop]()
    for scene in maps:
        for way in ways:
            probability = predict(withhold(scene, way))
            sums[way] += sums_of_map(scene.day, probability, scene.label, scene.latitude)
            if way == ways[0]:
                crops += worst_crops(scene, probability, threshold)
                if look:
                    look(scene, probability)
        crops = sorted(crops, key=lambda crop: -crop.errors)[:CROPS]
        if progress:
            progress(scene.day)
    return sums, crops


def withhold(scene: LabelledScene, way: str) -> LabelledScene:
    """The map as the model sees it in one of `WAYS`."""
    return replace(
        scene,
        background=None if "background" in WAYS[way] else scene.background,
        position="position" not in WAYS[way],
    )


def ways_of(model: Any, store: xr.Dataset) -> tuple[str, ...]:  # noqa: ANN401 - any model
    """The ways in which a model can be scored on these samples: what it never has is no way."""
    recipe = getattr(model, "recipe", None)
    if recipe is None:
        return ("full",)
    withheld = {"position"} if POSITION & set(recipe.inputs.names) else set()
    names = {f"background_{channel}" for channel in _background_channels(model)}
    if recipe.inputs.background and names <= set(store.data_vars):
        withheld.add("background")
    return tuple(way for way, parts in WAYS.items() if set(parts) <= withheld)


def worst_crops(scene: LabelledScene, probability: Floats, threshold: float) -> list[Crop]:
    """The windows (of a fixed grid) of one map with the most wrong pixels, worst first."""
    cloud = is_cloud(probability, threshold)
    wrong = (scene.label >= 0) & (cloud != (scene.label == 1))
    height, width = (min(side, most) for side, most in zip(CROP, wrong.shape, strict=True))
    starts = [
        (row, col)
        for row in range(0, wrong.shape[0] - height + 1, height)
        for col in range(0, wrong.shape[1] - width + 1, width)
    ]
    errors = {(r, c): int(wrong[r : r + height, c : c + width].sum()) for r, c in starts}
    worst = sorted((start for start in starts if errors[start]), key=lambda s: -errors[s])
    return [
        _crop(scene, probability, slice(r, r + height), slice(c, c + width), errors[r, c])
        for r, c in worst[:CROPS_OF_A_MAP]
    ]


def _crop(scene: LabelledScene, probability: Floats, rows: slice, cols: slice, errors: int) -> Crop:
    latitude, longitude = scene.latitude[rows], scene.longitude[cols]
    return Crop(
        day=scene.day,
        image=_displayed(scene.image, rows, cols),
        probability=probability[rows, cols].copy(),
        label=scene.label[rows, cols].copy(),
        north=float(latitude[0]),
        south=float(latitude[-1]),
        west=float(longitude[0]),
        east=float(longitude[-1]),
        errors=errors,
    )


def _displayed(image: NDArray[np.uint8] | Floats, rows: slice, cols: slice) -> NDArray[np.uint8]:
    """A window as (y, x, channel) uint8 red, green, blue; counts in grey over the image's range."""
    window: NDArray[Any] = np.moveaxis(image[:, rows, cols], 0, -1)
    if image.dtype == np.uint8:
        return np.asarray(window.copy(), np.uint8)
    low, high = (float(np.nanpercentile(image, share)) for share in (1, 99))
    grey = (1 + 254 * (window[..., :1] - low) / max(high - low, 1e-6)).clip(1, 255)
    return np.asarray(np.nan_to_num(grey, nan=0.0).repeat(3, axis=-1), np.uint8)


def model_predictor(model: Any) -> PredictScene:  # noqa: ANN401 - any model
    """How `nephoscope.apply` predicts a map with `model`."""
    applied = Predictor(model)

    def predict(scene: LabelledScene) -> Floats:
        return applied.predict_image(
            scene.image,
            scene.latitude,
            scene.longitude,
            scene.background,
            position=scene.position,
        )

    return predict


def describe(
    store: xr.Dataset, indices: Sequence[int], split: str, model: Judged
) -> dict[str, Any]:
    """The spec of an evaluation: two reports with the same one may be compared."""
    return {
        "task": "mask",
        "samples": str(store.attrs.get("samples_id", "")),
        "split": split,
        "maps": [str(store["id"].values[index]) for index in indices],
        "threshold": model.threshold,
        "mask_rule": MASK_RULE,
    }


def run_evaluation(
    model: Judged,
    samples: str | Path | xr.Dataset,
    *,
    split: str | None = None,
    ways: Sequence[str] = ("full",),
    predict: PredictScene | None = None,
    progress: Callable[[str], None] | None = None,
    look: Callable[[LabelledScene, Floats], None] | None = None,
) -> Evaluation:
    """Score `model` on a part of the samples, without baselines.

    Args:
        model: a model (or anything with a name, a threshold and a weights' sha256).
        samples: a samples store, or its path.
        split: see `choose_samples`.
        ways: names of `WAYS`, `full` first; each costs a prediction of every map.
        predict: from a map to its probability; by default the model is applied.
        progress: called with the id of each map done.
        look: is shown each map with its prediction.

    Raises:
        UsageError: an unknown or empty split, or samples of another instrument than the model's.
        InputError: the samples cannot be read, or are of another task.
    """
    store = samples if isinstance(samples, xr.Dataset) else open_samples(samples)
    recipe, info = getattr(model, "recipe", None), getattr(model, "info", {})
    if recipe is not None:
        check_pairing(store, recipe, "model")
    check_task(store, "mask")
    split, indices = choose_samples(store, split)
    gridded = store.attrs["unit"] != "frame"
    sums, crops = predict_maps(
        read_maps(store, indices, _background_channels(model)),
        predict or model_predictor(model),
        model.threshold,
        ways,
        progress,
        look,
    )
    scores = {way: score_sums(each, model.threshold) for way, each in sums.items()}
    spec = describe(store, indices, split, model)
    return Evaluation(
        scores=scores["full"],
        spec=spec,
        model={
            "name": model.name,
            "weights_sha256": model.weights_sha256,
            **({"began_from": info["parent"]["name"]} if info.get("parent") else {}),
        },
        ways=scores,
        seen=seen_of(info, spec["samples"], spec["maps"], unique=gridded),
        crops=crops,
        gridded=gridded,
    )


def _background_channels(model: Any) -> tuple[str, ...]:  # noqa: ANN401 - any model
    recipe = getattr(model, "recipe", None)
    settings = recipe.inputs.background if recipe else None
    return settings.channels if settings else BACKGROUND_CHANNELS

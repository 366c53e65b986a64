"""What the training frames span: kept in the model, to know what is unlike them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.inputs import COLOURS
from nephoscope.instruments import instrument_named
from nephoscope.instruments.protocol import Condition
from nephoscope.models.colour_guard import learn_colour_guard
from nephoscope.models.guard import Guard
from nephoscope.models.pixel_guard import PixelGuard, learn_pixel_guard
from nephoscope.models.thermal_guard import learn_thermal_guard
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part
from nephoscope.samples.response import reach
from nephoscope.tasks.sky_state import CLEAR

Floats = npt.NDArray[np.float32]
_MOST_SAMPLES = 500
"""Of which pixels are looked at; of more, so many evenly."""


def guard_of_part(
    train: Part,
    recipe: Recipe,
    inputs: Floats | None = None,
    normalisation: Mapping[str, tuple[float, float]] | None = None,
) -> Guard | None:
    """Measure the frames of a part of the samples.

    Args:
        train: the part that the network learns from.
        recipe: names the features.
        inputs: of whole frames what a classifier sees, (sample, feature, y, x) float32.
        normalisation: mean and standard deviation of each feature.

    Returns:
        None of what is no frame of a camera in colour, nor a frame with one label, nor points of
        which the instrument has conditions.
    """
    if train.truth == "points":
        guard = learn_pixel_guard(_below_the_track(train, recipe), _conditions(recipe))
        return guard and changed(guard, recipe)
    if train.unit == "frame" and sorted(train.channels) == sorted(COLOURS):
        order = [train.channels.index(name) for name in COLOURS]
        sizes = (train.size_of(number) for number in range(len(train.indices)))
        frames = (
            np.asarray(train.image[place], np.uint8)[order, :rows, :cols]
            for place, (rows, cols) in zip(train.indices, sizes, strict=True)
        )
        return learn_colour_guard(frames)
    if train.truth != "frame" or len(train.channels) != 1 or inputs is None:
        return None
    clear = [place for place in train.indices if train.label[place] == CLEAR]
    seen = inputs[:, :, 0, 0] if "texture" in recipe.inputs.groups else ()
    images = (np.asarray(train.image[place, 0]) for place in clear)
    return learn_thermal_guard(images, seen, normalisation or {})


def changed(guard: PixelGuard, recipe: Recipe) -> PixelGuard:
    """A guard of pixels that knows of those too that the recipe's training makes of them.

    Args:
        guard: of the samples as they are stored.
        recipe: says by how much their channels change.
    """
    return guard.with_changes(partial(reach, recipe.training.augmentation.response))


def _conditions(recipe: Recipe) -> Mapping[str, Condition]:
    return instrument_named(recipe.instrument).CONDITIONS


def _below_the_track(train: Part, recipe: Recipe) -> Iterator[Mapping[str, Floats]]:
    """Conditions of the pixels nearest to the points of a part, sample by sample."""
    instrument = instrument_named(recipe.instrument)
    if not instrument.CONDITIONS:
        return
    thin = max(1, len(train.indices) // _MOST_SAMPLES)
    for number in range(0, len(train.indices), thin):
        points = train.points[number]
        if not len(points.row):
            continue
        row, col = (
            np.floor(place + 0.5).astype(int).clip(0, side - 1)
            for place, side in zip((points.row, points.col), train.shape, strict=True)
        )
        view = train.view(number, 0, 0, train.shape)
        image = np.asarray(view.image, np.float32)[:, row, col]
        pixels = xr.Dataset(
            {"image": (("channel", "y", "x"), image[:, None])}, {"channel": list(train.channels)}
        )
        yield instrument.conditions(pixels)

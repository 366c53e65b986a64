"""Whole frames: a model over one reduced to the recipe's size, run whole, enlarged again.

Frames are small and end at their edges: no tiles, no wrapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from nephoscope.grids.blocks import Blocks, enlarge, factor_for, pad_to
from nephoscope.inputs import View, assemble, quantise
from nephoscope.inputs.sky import pixel_noise
from nephoscope.models.colour_guard import ColourGuard
from nephoscope.scene import known_of
from nephoscope.tasks import task_named

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
Fields = dict[str, FloatArray]
Image = npt.NDArray[np.uint8] | FloatArray
COLOURS = 3
_FINEST = 8
"""Pixels of the recipe's picture in one of a frame's, from which on a frame is too coarse: at an
eighth, cloud is half of what it is, at a sixteenth a quarter."""


class _Runner(Protocol):
    """What runs a model's network."""

    @property
    def model(self) -> Model:
        """The model."""

    def run(self, inputs: FloatArray) -> FloatArray:
        """(batch, feature, y, x) float32 → logits (batch, output, y, x) float32."""

    def predict_image(
        self, image: Image, latitude: Floats, longitude: Floats, *, channels: tuple[str, ...]
    ) -> FloatArray:
        """Probability (y, x) of a picture, in tiles where the model has no size of its own."""


def frame_fields(runner: _Runner, image: Image, channels: tuple[str, ...]) -> Fields:
    """The task's fields of a frame.

    Args:
        runner: a `nephoscope.apply.network.Predictor`.
        image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
        channels: names of the image's channels.

    Returns:
        (..., y, x) float32, NaN where the image is missing; of a mask `cloud_probability`.
    """
    return _run(runner, look_at(image, runner.model.recipe.inputs.side), channels)


def guarded_frame(
    runner: _Runner, image: Image, channels: tuple[str, ...]
) -> tuple[FloatArray, str | None]:
    """Probability of cloud in every pixel; of a frame unlike those of the training none is known.

    Args:
        runner: a `nephoscope.apply.network.Predictor`.
        image: as for `frame_fields`.
        channels: names of the image's channels.

    Returns:
        (y, x) float32, 0..1, NaN where unknown; and why nothing is known, None where it is.
    """
    side = runner.model.recipe.inputs.side
    look = look_at(image, side)
    doubt = _doubt(runner.model, look)
    if doubt is not None:
        return np.full(look.missing.shape, np.nan, np.float32), doubt
    if side is None:
        nowhere = np.zeros(image.shape[1]), np.zeros(image.shape[2])
        return runner.predict_image(image, *nowhere, channels=channels), None
    return _run(runner, look, channels)["cloud_probability"], None


def _doubt(model: Model, look: Look) -> str | None:
    if len(look.image) == COLOURS:
        if not isinstance(model.guard, ColourGuard):
            return None
        return _too_small(model, look) or model.guard.doubt(np.asarray(look.image, np.uint8))
    noise = pixel_noise(np.asarray(look.image[0], np.float64))
    return None if noise > 0 else "no picture: constant, without noise or mostly missing"


def _too_small(model: Model, look: Look) -> str | None:
    side, shape = model.recipe.inputs.side, look.image.shape[1:]
    if side is None or max(shape) * _FINEST >= side:
        return None
    return f"small picture: {shape[0]} x {shape[1]} pixels, training frames have {side} on a side"


@dataclass(frozen=True)
class Look:
    """A frame as a model looks at it.

    Attributes:
        image: (channel, y, x) of the reduced frame: of colour uint8 DN, 0 where missing.
        factor: pixels of the frame along the side of one of the reduced frame.
        missing: (y, x) bool, at the frame's own size.
    """

    image: Image
    factor: int
    missing: npt.NDArray[np.bool_]


def look_at(image: Image, side: int | None) -> Look:
    """Reduce a frame to the size at which a model looks at it.

    Args:
        image: as for `frame_fields`.
        side: pixels of the longer side, of the model's recipe.
    """
    missing = ~known_of(image)
    factor = factor_for((int(image.shape[1]), int(image.shape[2])), side)
    if factor > 1:
        image = Blocks(factor, factor).mean(_as_float(image, missing))
    if len(image) == COLOURS and image.dtype != np.uint8:
        # Black is 1 DN to a network that learned from samples, where 0 is missing.
        image = quantise(image.astype(np.float32, copy=False))
    return Look(image, factor, missing)


def _run(runner: _Runner, look: Look, channels: tuple[str, ...]) -> Fields:
    model, image, missing = runner.model, look.image, look.missing
    small = (int(image.shape[1]), int(image.shape[2]))
    view = View(image, known_of(image), np.zeros(small[0]), np.zeros(small[1]), channels=channels)
    inputs = assemble(view, model.recipe.inputs.names)
    raw = runner.run(pad_to(inputs, model.divisor)[None])[0][:, : small[0], : small[1]]
    shape = (int(missing.shape[0]), int(missing.shape[1]))
    found = np.stack([enlarge(output, look.factor, shape) for output in raw])
    fields = task_named(model.recipe.task).fields(found, model.decision)
    for values in fields.values():
        values[..., missing] = np.nan
    return fields


def _as_float(image: Image, missing: npt.NDArray[np.bool_]) -> FloatArray:
    if image.dtype == np.float32 and all((np.isnan(plane) == missing).all() for plane in image):
        return np.asarray(image, np.float32)
    converted = image.astype(np.float32)
    converted[:, missing] = np.nan
    return converted

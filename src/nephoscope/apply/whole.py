"""Whole frames: a model over one reduced to the recipe's size, run whole, enlarged again.

Frames are small and end at their edges: no tiles, no wrapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.grids.blocks import Blocks, enlarge, factor_for, pad_to
from nephoscope.inputs import COLOURS, View, assemble, quantise
from nephoscope.inputs.sky import pixel_noise
from nephoscope.inputs.working_size import blocks_for
from nephoscope.models.colour_guard import ColourGuard
from nephoscope.scene import known_of

if TYPE_CHECKING:
    from nephoscope.apply.network import Predictor
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Fields = dict[str, FloatArray]
Image = npt.NDArray[np.uint8] | FloatArray
_FINEST = 8
"""Pixels of the recipe's picture in one of a frame's, from which on a frame is too coarse: at an
eighth, cloud is half of what it is, at a sixteenth a quarter."""


def frame_fields(predictor: Predictor, image: Image, channels: tuple[str, ...]) -> Fields:
    """The task's fields of a frame.

    Args:
        predictor: of the model.
        image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
        channels: names of the image's channels.

    Returns:
        (..., y, x) float32, NaN where the image is missing; of a mask `cloud_probability`.
    """
    return _run(predictor, reduced(image, predictor.model.recipe.inputs.side), channels)


def whole_fields(predictor: Predictor, view: View) -> Fields:
    """The task's fields of a scene as a whole, (...,); NaN where there is nothing to see.

    Args:
        predictor: of a network that judges whole scenes.
        view: the whole scene.

    Raises:
        UsageError: the scene is not of the size that the network takes.
    """
    model, shape = predictor.model, (int(view.known.shape[0]), int(view.known.shape[1]))
    task, inputs = predictor.task, model.recipe.inputs
    try:
        blocks = blocks_for(shape, inputs)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not blocks.are_pixels:
        known = blocks.any(view.known)
        nowhere = np.zeros(known.shape[0]), np.zeros(known.shape[1])
        image = blocks.mean(_as_float(view.image, ~view.known))
        view = View(image, known, *nowhere, channels=view.channels)
    seen = assemble(view, inputs.names)
    unseen = np.full(task.outputs(model.levels), np.nan, np.float32)
    raw = predictor.run(seen[None])[0] if np.isfinite(seen).all() else unseen
    return task.fields(raw, model.decision)


def guarded_frame(
    predictor: Predictor, image: Image, channels: tuple[str, ...]
) -> tuple[FloatArray, str | None]:
    """Probability of cloud in every pixel; of a frame unlike those of the training none is known.

    Args:
        predictor: of the model.
        image: as for `frame_fields`.
        channels: names of the image's channels.

    Returns:
        (y, x) float32, 0..1, NaN where unknown; and why nothing is known, None where it is.
    """
    side = predictor.model.recipe.inputs.side
    frame = reduced(image, side)
    doubt = _doubt(predictor.model, frame)
    if doubt is not None:
        return np.full(frame.missing.shape, np.nan, np.float32), doubt
    if side is None:
        nowhere = np.zeros(image.shape[1]), np.zeros(image.shape[2])
        return predictor.predict_image(image, *nowhere, channels=channels), None
    return _run(predictor, frame, channels)["cloud_probability"], None


def only_too_small(predictor: Predictor, image: Image) -> bool:
    """Whether a colour frame is too coarse for a model and else like those of its training.

    What does not look at surroundings, a formula of colour, may be asked in its place.

    Args:
        predictor: of the model.
        image: as for `frame_fields`.
    """
    model = predictor.model
    frame = reduced(image, model.recipe.inputs.side)
    if not isinstance(model.guard, ColourGuard) or _too_small(model, frame) is None:
        return False
    return model.guard.doubt(np.asarray(frame.image, np.uint8)) is None


def _doubt(model: Model, frame: ReducedFrame) -> str | None:
    if len(frame.image) == len(COLOURS):
        if not isinstance(model.guard, ColourGuard):
            return None
        return _too_small(model, frame) or model.guard.doubt(np.asarray(frame.image, np.uint8))
    noise = pixel_noise(np.asarray(frame.image[0], np.float64))
    return None if noise > 0 else "no picture: constant, without noise or mostly missing"


def _too_small(model: Model, frame: ReducedFrame) -> str | None:
    side, shape = model.recipe.inputs.side, frame.image.shape[1:]
    if side is None or max(shape) * _FINEST >= side:
        return None
    return f"small picture: {shape[0]} x {shape[1]} pixels, training frames have {side} on a side"


@dataclass(frozen=True)
class ReducedFrame:
    """A frame at the size of a model's training.

    Attributes:
        image: (channel, y, x) of the reduced frame: of colour uint8 DN, 0 where missing.
        factor: pixels of the frame along the side of one of the reduced frame.
        missing: (y, x) bool, at the frame's own size.
    """

    image: Image
    factor: int
    missing: npt.NDArray[np.bool_]


def reduced(image: Image, side: int | None) -> ReducedFrame:
    """Reduce a frame to the size at which a model looks at it.

    Args:
        image: as for `frame_fields`.
        side: pixels of the longer side, of the model's recipe.
    """
    missing = ~known_of(image)
    factor = factor_for((int(image.shape[1]), int(image.shape[2])), side)
    if factor > 1:
        image = Blocks(factor, factor).mean(_as_float(image, missing))
    if len(image) == len(COLOURS) and image.dtype != np.uint8:
        # Black is 1 DN to a network that learned from samples, where 0 is missing.
        image = quantise(image.astype(np.float32, copy=False))
    return ReducedFrame(image, factor, missing)


def _run(predictor: Predictor, frame: ReducedFrame, channels: tuple[str, ...]) -> Fields:
    model, image, missing = predictor.model, frame.image, frame.missing
    small = (int(image.shape[1]), int(image.shape[2]))
    view = View(image, known_of(image), np.zeros(small[0]), np.zeros(small[1]), channels=channels)
    inputs = assemble(view, model.recipe.inputs.names)
    raw = predictor.run(pad_to(inputs, model.divisor)[None])[0][:, : small[0], : small[1]]
    shape = (int(missing.shape[0]), int(missing.shape[1]))
    found = np.stack([enlarge(output, frame.factor, shape) for output in raw])
    fields = predictor.task.fields(found, model.decision)
    for values in fields.values():
        values[..., missing] = np.nan
    return fields


def _as_float(image: Image, missing: npt.NDArray[np.bool_]) -> FloatArray:
    if image.dtype == np.float32 and all((np.isnan(plane) == missing).all() for plane in image):
        return np.asarray(image, np.float32)
    converted = image.astype(np.float32)
    converted[:, missing] = np.nan
    return converted

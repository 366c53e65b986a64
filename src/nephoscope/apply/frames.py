"""A model over a camera's frame: reduced to the recipe's size, run whole, enlarged again.

Frames are small and end at their edges: no tiles, no wrapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from nephoscope.grids.blocks import enlarge, factor_for, pad_to, reduce_image
from nephoscope.inputs import View, assemble, is_missing, quantise
from nephoscope.tasks.mask import probability

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8] | FloatArray
COLOURS = 3


class _Runner(Protocol):
    """What runs a model's network."""

    @property
    def model(self) -> Model:
        """The model."""

    def run(self, inputs: FloatArray) -> FloatArray:
        """(batch, feature, y, x) float32 → logits (batch, output, y, x) float32."""


def predict_frame(runner: _Runner, image: Image, channels: tuple[str, ...]) -> FloatArray:
    """Probability of cloud in every pixel of a frame.

    Args:
        runner: a `nephoscope.apply.predict.Predictor`.
        image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
        channels: names of the image's channels.

    Returns:
        (y, x) float32, 0..1, NaN where the image is missing.
    """
    model = runner.model
    shape = (int(image.shape[1]), int(image.shape[2]))
    missing = is_missing(image)
    factor = factor_for(shape, model.recipe.inputs.side)
    if factor > 1:
        image = reduce_image(_as_float(image, missing), factor)
    if len(image) == COLOURS and image.dtype != np.uint8:
        # Black is 1 DN to a network that learned from samples, where 0 is missing.
        image = quantise(image.astype(np.float32, copy=False))
    small = (int(image.shape[1]), int(image.shape[2]))
    view = View(image, np.zeros(small[0]), np.zeros(small[1]), channels=channels)
    inputs = assemble(view, model.recipe.inputs.features)
    logits = runner.run(pad_to(inputs, model.divisor)[None])[0, 0]
    found = enlarge(logits[: small[0], : small[1]], factor, shape)
    result = probability(np.ascontiguousarray(found, np.float32), model.calibration)
    result[missing] = np.nan
    return result


def _as_float(image: Image, missing: npt.NDArray[np.bool_]) -> FloatArray:
    converted = image.astype(np.float32)
    converted[:, missing] = np.nan
    return converted

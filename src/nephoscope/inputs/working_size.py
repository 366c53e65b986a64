"""The size at which a network looks at pictures: over which blocks of pixels they are averaged."""

from __future__ import annotations

from nephoscope.grids.blocks import Blocks, blocks_to, factor_for
from nephoscope.inputs.texture import FRAME_FEATURES, SHAPE
from nephoscope.recipe import Inputs


def blocks_for(shape: tuple[int, int], inputs: Inputs) -> Blocks:
    """The blocks of a picture that become the pixels which a recipe's network sees.

    Features of a frame as a whole are defined on one shape of it; else `inputs.side` decides.

    Args:
        shape: rows and columns of the picture.
        inputs: of the recipe.

    Raises:
        ValueError: the picture is smaller than the features need it.
    """
    if FRAME_FEATURES.keys() & {*inputs.names}:
        return blocks_to(shape, SHAPE)
    factor = factor_for(shape, inputs.side)
    return Blocks(factor, factor)

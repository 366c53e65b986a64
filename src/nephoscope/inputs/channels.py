"""Channels of a picture as they are: any channel's name is a feature."""

from __future__ import annotations

import numpy as np

from nephoscope.inputs.view import Bools, Feature, FloatArray, View


def plain_channel(name: str) -> Feature:
    """The values of a channel in its own unit, 0 where missing.

    Its scale is that of the instrument: such features are meant with `inputs.normalise: true`.
    """

    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = view.channel(name)
        target[np.isnan(target)] = 0.0

    return Feature(fill, (name,))

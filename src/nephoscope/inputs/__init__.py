"""Features of a window of a Scene, as a network sees them: the one place that computes them.

A feature is a full-resolution channel of the network's input, or a number of a whole frame. What
is absent (no data, no background, position withheld) is zero, and a flag feature says so, so that
zero is never mistaken for a measurement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from nephoscope.errors import UsageError
from nephoscope.inputs.planet import PLANET_FEATURES
from nephoscope.inputs.sky import SKY_FEATURES
from nephoscope.inputs.texture import FRAME_FEATURES, NAMES, numbers_of
from nephoscope.inputs.view import COLOURS as COLOURS
from nephoscope.inputs.view import CONTEXT, LIMITED, Bools, Feature, FloatArray, Seen
from nephoscope.inputs.view import ONLY as ONLY
from nephoscope.inputs.view import View as View
from nephoscope.inputs.view import quantise as quantise

FEATURES: dict[str, Feature] = {**PLANET_FEATURES, **SKY_FEATURES, **FRAME_FEATURES}
"""Every feature by name; besides these, each channel of a picture is one."""


def assemble(
    view: View,
    features: Sequence[str],
    out: FloatArray | None = None,
    sparse: Collection[str] = (),
) -> FloatArray:
    """Compute the named features of a window.

    Args:
        view: the window.
        features: names from `FEATURES` or of the window's channels, in the order that the network
            expects.
        out: (feature, y, x) float32 to write into; made when not given.
        sparse: those of which a network reads only the pixels in `CONTEXT`; they are computed
            nowhere else, and are 0 there.

    Returns:
        (feature, y, x) float32; (feature, 1, 1) where all are numbers of the whole frame. Numbers
        of a frame, and frames that are scaled by themselves, are NaN throughout where a frame has
        nothing to see: constant, without noise or mostly missing.

    Raises:
        UsageError: a feature is not known, or the window lacks what it is made of.
    """
    if set(features) <= set(NAMES):
        return numbers_of(view, features, out)
    if out is None:
        out = np.zeros((len(features), *view.image.shape[1:]), np.float32)
    full = Seen(view)
    coarse: Seen | None = None
    for name, target in zip(features, out, strict=True):
        feature = feature_named(name, view.channels)
        if name not in sparse:
            feature.fill(view, full(feature.reads), target)
            continue
        coarse = coarse or Seen(view.at_context())
        feature.fill(coarse.view, coarse(feature.reads), target[CONTEXT])
    return out


def feature_named(name: str, channels: Collection[str] = ()) -> Feature:
    """A feature by name.

    Args:
        name: from `FEATURES`, or a channel's.
        channels: names of the channels at hand.

    Raises:
        UsageError: it is neither.
    """
    if name in FEATURES:
        return FEATURES[name]
    if name in channels:
        return _plain_channel(name)
    known = f"no feature '{name}'; there are: {', '.join(FEATURES)}"
    raise UsageError(f"{known}; and each channel: {', '.join(channels) or 'none has a name'}")


def _plain_channel(name: str) -> Feature:
    """The values of a channel in its own unit, 0 where missing; meant with `normalise: true`."""

    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = view.channel(name)
        target[np.isnan(target)] = 0.0

    return Feature(fill, (name,))


def channels_read(
    features: Iterable[str], channels: Collection[str], limit_channel: str = "blue"
) -> tuple[str, ...]:
    """Names of the channels that features are made of, each once; `ONLY` where a sole one is meant.

    Args:
        features: names of features.
        channels: names of the channels at hand.
        limit_channel: the channel whose brightness the limit is of.

    Raises:
        UsageError: a feature is not known.
    """
    read = [channel for name in features for channel in feature_named(name, channels).reads]
    return tuple(dict.fromkeys(limit_channel if n == LIMITED else n for n in read))

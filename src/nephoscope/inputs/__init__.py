"""Features of a window of a Scene, as a network sees them: the one place that computes them.

A feature is a full-resolution channel of the network's input, or a number of a whole frame. What
is absent (no data, no background, position withheld) is zero, and a flag feature says so, so that
zero is never mistaken for a measurement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nephoscope.arguments import listed
from nephoscope.errors import UsageError
from nephoscope.inputs import geostationary
from nephoscope.inputs.directional import (
    NAMED,
    Directions,
    is_directional,
    is_fixed,
    reads_of,
    split_view,
)
from nephoscope.inputs.planet import PLANET_FEATURES
from nephoscope.inputs.sky import SKY_FEATURES
from nephoscope.inputs.texture import FRAME_FEATURES, NAMES, numbers_of
from nephoscope.inputs.two_colours import TWO_COLOUR_FEATURES
from nephoscope.inputs.view import COLOURS as COLOURS
from nephoscope.inputs.view import CONTEXT, LIMITED, Bools, Feature, FloatArray, Seen
from nephoscope.inputs.view import ONLY as ONLY
from nephoscope.inputs.view import View as View
from nephoscope.inputs.view import quantise as quantise

FEATURES: dict[str, Feature] = {
    **PLANET_FEATURES,
    **SKY_FEATURES,
    **TWO_COLOUR_FEATURES,
    **FRAME_FEATURES,
}
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
    steps = _steps(tuple(features), view.channels, frozenset(sparse))
    full, coarse = _Window(view, steps), None
    for step in steps:
        target = out[step.start : step.stop]
        if not step.sparse:
            full.fill(step, target)
            continue
        coarse = coarse or _Window(view.at_context(), steps)
        coarse.fill(step, target[:, *CONTEXT])
    return out


@dataclass(frozen=True)
class _Step:
    """A feature, or some views of one that are computed together, and where they are put."""

    feature: Feature
    start: int
    stop: int
    sparse: bool
    stem: str = ""
    views: tuple[int, ...] = ()


@lru_cache(maxsize=16)
def _steps(
    features: tuple[str, ...], channels: tuple[str, ...], sparse: frozenset[str]
) -> tuple[_Step, ...]:
    """How features are computed one after the other: what is asked once for all windows."""
    steps: list[_Step] = []
    for place, name in enumerate(features):
        feature = feature_named(name, channels)
        step = _Step(feature, place, place + 1, name in sparse)
        found = None if name in FEATURES or name in channels else split_view(name)
        if found is not None:
            step = replace(step, stem=found[0], views=(found[1],))
            if steps and (steps[-1].stem, steps[-1].sparse) == (step.stem, step.sparse):
                before = steps.pop()
                views, reads = before.views + step.views, before.feature.reads + feature.reads
                feature = replace(feature, reads=reads)
                step = replace(step, start=before.start, views=views, feature=feature)
        steps.append(step)
    return tuple(steps)


class _Window:
    """A window, and what features of it share."""

    def __init__(self, view: View, steps: Sequence[_Step]) -> None:
        self.view, self.seen = view, Seen(view)
        read = dict.fromkeys(name for step in steps for name in step.feature.reads)
        self.directions = Directions(view, read)

    def fill(self, step: _Step, target: FloatArray) -> None:
        if step.stem:
            self.directions.fill(step.stem, step.views, target)
        else:
            step.feature.fill(self.view, self.seen(step.feature.reads), target[0])


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
    found = split_view(name)
    if found is not None and is_directional(found[0]):
        return _of_view(*found, tuple(channels))
    if name.startswith(("sin_", "cos_")) and name[4:] in channels:
        return _of_angle(name)
    of_an_hour = geostationary.feature_of(name)
    if of_an_hour is not None:
        return of_an_hour
    known = f"no feature '{name}'; there are: {', '.join(FEATURES)}; {NAMED}"
    known = f"{known}; {geostationary.NAMED}"
    raise UsageError(f"{known}; and each channel: {listed(tuple(channels)) or 'none has a name'}")


def _plain_channel(name: str) -> Feature:
    """The values of a channel in its own unit, 0 where missing; meant with `normalise: true`."""

    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = view.channel(name)
        target[np.isnan(target)] = 0.0

    return Feature(fill, (name,))


def _of_view(stem: str, view: int, channels: tuple[str, ...]) -> Feature:
    reads = reads_of(stem, view, channels)

    def fill(window: View, _: Bools, target: FloatArray) -> None:
        Directions(window, reads).fill(stem, (view,), target[None])

    return Feature(fill, reads, fixed=is_fixed(stem))


def _of_angle(name: str) -> Feature:
    """Sine or cosine of a channel in degrees, 0 where missing."""
    function = np.sin if name.startswith("sin_") else np.cos

    def fill(view: View, _: Bools, target: FloatArray) -> None:
        function(np.deg2rad(view.channel(name[4:])), out=target)
        target[np.isnan(target)] = 0.0

    return Feature(fill, (name[4:],), fixed=True)


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


def reads_place(features: Iterable[str]) -> bool:
    """Whether any of the features is made of the latitude and longitude of pixels."""
    places = {"latitude", "sine_longitude", "cosine_longitude"}
    return any(name in places or _is_parallax(name) for name in features)


def _is_parallax(name: str) -> bool:
    """Whether it is that of one of several views, which is made of where the pixels lie."""
    found = split_view(name)
    return found is not None and found[0] in {"parallax_x", "parallax_y"}

"""From a Scene's image to what the network sees: the one place where features are computed.

A feature is a full-resolution channel of the network's input. Features are scaled by fixed
numbers so that they are of order one; what is absent (no data, no background, position withheld)
is zero, and a flag feature says so, so that zero is never mistaken for a measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.inputs_sky import COLOURS_READ, SKY_FEATURES

FloatArray = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8] | FloatArray

COLOURS = ("red", "green", "blue")
# Of features that vary slowly a network reads one pixel of 4 x 4.
CONTEXT = (slice(1, None, 4), slice(1, None, 4))
# Centre and scale of 8-bit colour: clear Mars is 60..150 DN, and a step of 1 DN must be seen.
DN_CENTRE, DN_SCALE = np.float32(90.0), np.float32(1 / 30.0)
RATIO_CENTRE, RATIO_SCALE = np.float32(0.8), np.float32(1 / 0.3)
RATIO_MAXIMUM = np.float32(4.0)
LIMIT_CENTRE, LIMIT_SCALE = np.float32(95.0), np.float32(20.0)
LIMIT_NOISE = np.float32(6.0)  # no limit is trusted to better than the noise of a pixel


@dataclass(frozen=True)
class View:
    """One window of a scene, before features are made of it.

    Attributes:
        image: (channel, y, x) uint8 or float32, instrument unit; 0 in every channel or NaN in any
            where missing.
        latitude: (y,) degrees north.
        longitude: (x,) degrees east.
        background: (statistic, y, x) float32, or None where there is none.
        position: whether the network may know the longitude, and what was learned of the place.
        limit: (2, y, x) float32 DN, from how bright on the place is called cloud and how certain
            that is, or None (see `nephoscope.limits`).
        channels: names of the image's channels, in its order; by default red, green, blue.
        statistics: names of the background's, in its order.
        limit_channel: the channel whose brightness the limit is of.
    """

    image: Image
    latitude: npt.NDArray[np.floating]
    longitude: npt.NDArray[np.floating]
    background: FloatArray | None = None
    position: bool = True
    limit: FloatArray | None = None
    channels: tuple[str, ...] = COLOURS
    statistics: tuple[str, ...] = ("blue", "blue_red_ratio")
    limit_channel: str = "blue"

    def channel(self, name: str) -> Image:
        """(y, x) of a named channel.

        Raises:
            UsageError: the picture has none of that name.
        """
        if len(self.image) != len(self.channels) or name not in self.channels:
            raise UsageError(
                f"the picture has no channel '{name}': it has {len(self.image)}, named "
                + ", ".join(self.channels)
            )
        plane: Image = self.image[self.channels.index(name)]
        return plane

    @property
    def colours(self) -> Image:
        """(red, green, blue; y; x)."""
        if self.channels == COLOURS and len(self.image) == len(COLOURS):
            return self.image
        for name in COLOURS:
            self.channel(name)
        picked: Image = self.image[[self.channels.index(name) for name in COLOURS]]
        return picked

    @property
    def counts(self) -> Image:
        """(y, x) of the only channel.

        Raises:
            UsageError: there are several.
        """
        if len(self.image) != 1:
            raise UsageError(f"one channel of counts is wanted, the picture has {len(self.image)}")
        plane: Image = self.image[0]
        return plane


# (window, where there is data, target (y, x)): fills the target.
Feature = Callable[[View, npt.NDArray[np.bool_], FloatArray], None]


def assemble(
    view: View,
    features: tuple[str, ...],
    out: FloatArray | None = None,
    context_from: int | None = None,
) -> FloatArray:
    """Compute the named features of a window.

    Args:
        view: the window.
        features: names from `FEATURES`, in the order the network expects.
        out: (feature, y, x) float32 to write into; made when not given.
        context_from: features from this number on vary slowly, and are computed only for the
            pixels in `CONTEXT`, which are all that a network reads of them.

    Returns:
        (feature, y, x) float32.

    Raises:
        UsageError: a feature is not known.
    """
    if out is None:
        out = np.zeros((len(features), *view.image.shape[1:]), np.float32)
    known = ~is_missing(view.image)
    sparse: tuple[View, npt.NDArray[np.bool_]] | None = None
    for number, (name, target) in enumerate(zip(features, out, strict=True)):
        if name not in FEATURES:
            raise UsageError(f"no feature '{name}'; there are: {', '.join(FEATURES)}")
        if context_from is None or number < context_from:
            FEATURES[name](view, known, target)
            continue
        sparse = sparse or (_thin(view), known[CONTEXT])
        FEATURES[name](*sparse, target[CONTEXT])
    return out


def _thin(view: View) -> View:
    """The pixels in `CONTEXT` of a window."""
    return replace(
        view,
        image=view.image[:, *CONTEXT],
        latitude=view.latitude[CONTEXT[0]],
        longitude=view.longitude[CONTEXT[1]],
        background=None if view.background is None else view.background[:, *CONTEXT],
        limit=None if view.limit is None else view.limit[:, *CONTEXT],
    )


def is_missing(image: Image) -> npt.NDArray[np.bool_]:
    """(y, x) where (channel, y, x) misses something: 0 in every channel if uint8, else NaN in any.

    A place of which one channel is unknown is unknown: a feature would be made of half of it.
    """
    if image.dtype == np.uint8:
        return np.asarray(~image.any(axis=0))
    missing = np.isnan(image[0])
    for plane in image[1:]:
        missing |= np.isnan(plane)
    return np.asarray(missing)


def channels_read(features: Collection[str], limit_channel: str = "blue") -> tuple[str, ...] | None:
    """Names of the channels that features are made of; None if they are of a sole channel's counts.

    Raises:
        UsageError: a feature is not known.
    """
    unknown = [name for name in features if name not in FEATURES]
    if unknown:
        raise UsageError(f"no feature '{unknown[0]}'; there are: {', '.join(FEATURES)}")
    read = {"limit_excess": (limit_channel,), **_READ, **COLOURS_READ}
    named = {channel for name in features for channel in read.get(name, ())}
    return tuple(sorted(named)) or None


def quantise(image: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """What samples hold of (channel, y, x) DN with NaN: whole numbers 1..255, 0 where missing."""
    missing = np.isnan(image).any(axis=0)
    stored: npt.NDArray[np.uint8] = np.clip(np.rint(np.nan_to_num(image)), 1, 255).astype(np.uint8)
    stored[:, missing] = 0
    return stored


def _colour(channel: str) -> Feature:
    def fill(view: View, known: npt.NDArray[np.bool_], target: FloatArray) -> None:
        np.subtract(view.channel(channel), DN_CENTRE, out=target, dtype=np.float32)
        np.multiply(target, DN_SCALE, out=target)
        target[~known] = 0.0

    return fill


def _blue_red_ratio(view: View, known: npt.NDArray[np.bool_], target: FloatArray) -> None:
    red = np.maximum(view.channel("red"), 1)
    np.divide(view.channel("blue"), red, out=target, dtype=np.float32)
    _scale_ratio(target)
    target[~known] = 0.0


def _scale_ratio(ratio: FloatArray) -> None:
    np.minimum(ratio, RATIO_MAXIMUM, out=ratio)
    np.subtract(ratio, RATIO_CENTRE, out=ratio)
    np.multiply(ratio, RATIO_SCALE, out=ratio)


def _known(_: View, known: npt.NDArray[np.bool_], target: FloatArray) -> None:
    target[...] = known


def _latitude(view: View, _: npt.NDArray[np.bool_], target: FloatArray) -> None:
    target[...] = (view.latitude / 90.0).astype(np.float32)[:, None]


def _circle(
    function: Callable[[npt.NDArray[np.floating]], npt.NDArray[np.floating]],
) -> Feature:
    def fill(view: View, _: npt.NDArray[np.bool_], target: FloatArray) -> None:
        target[...] = 0.0
        if view.position:
            target[...] = function(np.deg2rad(view.longitude)).astype(np.float32)[None, :]

    return fill


def _background(statistic: str, centre: np.float32, scale: np.float32) -> Feature:
    def fill(view: View, _: npt.NDArray[np.bool_], target: FloatArray) -> None:
        target[...] = 0.0
        if view.background is not None:
            if statistic not in view.statistics:
                raise UsageError(f"inputs.background.channels: '{statistic}' is not among them")
            place = view.statistics.index(statistic)
            np.subtract(view.background[place], centre, out=target)
            np.multiply(target, scale, out=target)

    return fill


def _background_known(view: View, _: npt.NDArray[np.bool_], target: FloatArray) -> None:
    target[...] = view.background is not None


def _limit(
    function: Callable[[FloatArray, FloatArray, View], npt.NDArray[np.floating]],
) -> Feature:
    def fill(view: View, known: npt.NDArray[np.bool_], target: FloatArray) -> None:
        target[...] = 0.0
        if view.limit is not None and view.position:
            target[...] = function(view.limit[0], view.limit[1], view)
            target[~known] = 0.0

    return fill


def _excess(limit: FloatArray, spread: FloatArray, view: View) -> npt.NDArray[np.floating]:
    return np.asarray(
        (view.channel(view.limit_channel) - limit) / np.sqrt(spread**2 + LIMIT_NOISE**2)
    )


_READ = {
    "red": ("red",),
    "green": ("green",),
    "blue": ("blue",),
    "blue_red_ratio": ("blue", "red"),
}

FEATURES: dict[str, Feature] = {
    "red": _colour("red"),
    "green": _colour("green"),
    "blue": _colour("blue"),
    "blue_red_ratio": _blue_red_ratio,
    "known": _known,
    "latitude": _latitude,
    "sine_longitude": _circle(np.sin),
    "cosine_longitude": _circle(np.cos),
    "background_blue": _background("blue", DN_CENTRE, DN_SCALE),
    "background_blue_red_ratio": _background("blue_red_ratio", RATIO_CENTRE, RATIO_SCALE),
    "background_known": _background_known,
    "limit": _limit(lambda limit, _, __: (limit - LIMIT_CENTRE) / LIMIT_SCALE),
    "limit_certainty": _limit(lambda _, spread, __: 4 / (3 + spread)),
    "limit_excess": _limit(_excess),
    **SKY_FEATURES,
}

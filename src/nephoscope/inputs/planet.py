"""Features of a planet's maps: colour, place, what clear looks like there and what was learned.

Features are scaled by fixed numbers so that they are of order one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.inputs.view import LIMITED, Bools, Feature, Fill, FloatArray, View

# Centre and scale of 8-bit colour: clear Mars is 60..150 DN, and a step of 1 DN must be seen.
DN_CENTRE, DN_SCALE = np.float32(90.0), np.float32(1 / 30.0)
RATIO_CENTRE, RATIO_SCALE = np.float32(0.8), np.float32(1 / 0.3)
RATIO_MAXIMUM = np.float32(4.0)
LIMIT_CENTRE, LIMIT_SCALE = np.float32(95.0), np.float32(20.0)
LIMIT_NOISE = np.float32(6.0)  # no limit is trusted to better than the noise of a pixel


def _colour(channel: str) -> Feature:
    def fill(view: View, known: Bools, target: FloatArray) -> None:
        np.subtract(view.channel(channel), DN_CENTRE, out=target, dtype=np.float32)
        np.multiply(target, DN_SCALE, out=target)
        target[~known] = 0.0

    return Feature(fill, (channel,))


def _blue_red_ratio(view: View, known: Bools, target: FloatArray) -> None:
    red = np.maximum(view.channel("red"), 1)
    np.divide(view.channel("blue"), red, out=target, dtype=np.float32)
    _scale_ratio(target)
    target[~known] = 0.0


def _scale_ratio(ratio: FloatArray) -> None:
    np.minimum(ratio, RATIO_MAXIMUM, out=ratio)
    np.subtract(ratio, RATIO_CENTRE, out=ratio)
    np.multiply(ratio, RATIO_SCALE, out=ratio)


def _known(_: View, known: Bools, target: FloatArray) -> None:
    target[...] = known


def _latitude(view: View, _: Bools, target: FloatArray) -> None:
    degrees = view.latitude if view.latitude.ndim > 1 else view.latitude[:, None]
    target[...] = (degrees / 90.0).astype(np.float32)


def _circle(
    function: Callable[[npt.NDArray[np.floating]], npt.NDArray[np.floating]],
) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = 0.0
        if view.position:
            # (x,) goes with every row; (y, x) is of each pixel.
            target[...] = function(np.deg2rad(view.longitude)).astype(np.float32)

    return Feature(fill, fixed=True)


def _background(statistic: str, centre: np.float32, scale: np.float32) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = 0.0
        if view.background is not None:
            if statistic not in view.statistics:
                raise UsageError(f"inputs.background.channels: '{statistic}' is not among them")
            place = view.statistics.index(statistic)
            np.subtract(view.background[place], centre, out=target)
            np.multiply(target, scale, out=target)

    return Feature(fill)


def _background_known(view: View, _: Bools, target: FloatArray) -> None:
    target[...] = view.background is not None


def _limit(
    function: Callable[[FloatArray, FloatArray, View], npt.NDArray[np.floating]],
) -> Fill:
    def fill(view: View, known: Bools, target: FloatArray) -> None:
        target[...] = 0.0
        if view.limit is not None and view.position:
            target[...] = function(view.limit[0], view.limit[1], view)
            target[~known] = 0.0

    return fill


def _excess(limit: FloatArray, spread: FloatArray, view: View) -> npt.NDArray[np.floating]:
    return np.asarray((view.channel(LIMITED) - limit) / np.sqrt(spread**2 + LIMIT_NOISE**2))


PLANET_FEATURES: dict[str, Feature] = {
    "red": _colour("red"),
    "green": _colour("green"),
    "blue": _colour("blue"),
    "blue_red_ratio": Feature(_blue_red_ratio, ("red", "blue")),
    "known": Feature(_known, fixed=True),
    "latitude": Feature(_latitude, fixed=True),
    "sine_longitude": _circle(np.sin),
    "cosine_longitude": _circle(np.cos),
    "background_blue": _background("blue", DN_CENTRE, DN_SCALE),
    "background_blue_red_ratio": _background("blue_red_ratio", RATIO_CENTRE, RATIO_SCALE),
    "background_known": Feature(_background_known, fixed=True),
    "limit": Feature(_limit(lambda limit, _, __: (limit - LIMIT_CENTRE) / LIMIT_SCALE)),
    "limit_certainty": Feature(_limit(lambda _, spread, __: 4 / (3 + spread))),
    "limit_excess": Feature(_limit(_excess), (LIMITED,)),
}

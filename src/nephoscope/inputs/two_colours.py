"""A colour picture beside itself: its two kinds of pixel, and where each pixel lies between them.

ln(b / r) sorts the pixels of a picture of the sky: cloud below, clear sky above. A gain of red or
blue (white balance) moves all of it, a power law (tone curve) stretches it, exposure does nothing.
The threshold of Otsu (IEEE Trans. Syst. Man Cybern. 9, 62, 1979) moves and stretches along, and so
do the means of both sides: the place of a pixel between these means is the same to any camera.
Whether there are two kinds at all is told by the share of the variance that lies between them, and
by numbers of the picture that do change with the camera.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.blue_red import FIXED_OF_UNIMODAL, hybrid_threshold
from nephoscope.inputs.sky import mean_light
from nephoscope.inputs.view import COLOURS, Bools, Feature, FloatArray, View

LEAST_HALF = 0.03
"""Half of the way between two kinds, ln(b / r), below which they are one: noise, quantisation."""
LEAST_LIGHT = 0.1
"""Likewise of ln(brightness)."""
_DARK = 60  # DN of all three colours together: of less the ratio is noise
_MANY = 20_000  # pixels are enough to know a picture
_BINS = 256
_FURTHEST = 3.0
_LARGEST = 2.0


@dataclass(frozen=True)
class Kinds:
    """The two kinds of pixel of a picture.

    Attributes:
        middle: between the mean ln(b / r) of both kinds.
        half: of the way between these, at least `LEAST_HALF`.
        between: share of the variance that lies between the kinds, 0..1.
        share: of the bluer kind.
        light: median ln(brightness), DN.
        range: from the 5th to the 95th percentile of ln(brightness), at least `LEAST_LIGHT`.
        green: median of ln(g² / (r b)) / 2.
    """

    middle: float = 0.0
    half: float = LEAST_HALF
    between: float = 0.0
    share: float = 0.0
    light: float = 0.0
    range: float = LEAST_LIGHT
    green: float = 0.0


def kinds_of(image: npt.NDArray[np.generic], known: Bools) -> Kinds:
    """The two kinds of pixel of a picture.

    Args:
        image: (red, green, blue; y; x) DN.
        known: (y, x) where it is not missing.
    """
    red, green, blue = _drawn(image, known)
    total = red + green + blue
    lit = total >= _DARK
    if lit.sum() < _BINS:
        return Kinds()
    red, green, blue = (np.log(np.maximum(each[lit], 1)) for each in (red, green, blue))
    ratio, light = blue - red, np.log(total[lit] / 3)
    low, high = np.percentile(light, (5, 95))
    return Kinds(
        *_two(ratio.clip(-_LARGEST, _LARGEST)),
        float(np.median(light)),
        max(float(high - low), LEAST_LIGHT),
        float(np.median(green - (red + blue) / 2)),
    )


def _drawn(image: npt.NDArray[np.generic], known: Bools) -> npt.NDArray[np.float32]:
    """Some known pixels, evenly: (channel, pixel)."""
    places = np.flatnonzero(known)
    places = places[:: -(-places.size // _MANY) or 1]
    return np.stack([plane.ravel()[places].astype(np.float32) for plane in image])


_HELD = threading.local()
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Looked:
    """What several features of a window are made of, worked out once.

    Attributes:
        view: the window.
        kinds: of it.
        ratio: (y, x) ln(b / r), within `_LARGEST`.
        known: (y, x) where it is not missing.
    """

    view: weakref.ref[View]
    kinds: Kinds
    ratio: Floats
    known: Bools

    @cached_property
    def hybrid(self) -> tuple[float, float]:
        """Threshold of (b - r) / (b + r) by formula `blue-red-hybrid`, and that ratio's spread."""
        view = self.view()
        drawn = None if view is None else _drawn(view.colours, self.known)
        if drawn is None or (drawn.sum(axis=0) >= _DARK).sum() < _BINS:
            return FIXED_OF_UNIMODAL, 0.0
        return hybrid_threshold(drawn)


def _log_ratio(view: View) -> Floats:
    red, blue = (np.maximum(view.channel(name), 1) for name in ("red", "blue"))
    ratio = np.log(np.divide(blue, red, dtype=np.float32))
    return np.clip(ratio, -_LARGEST, _LARGEST, out=ratio)


def _look(view: View, known: Bools) -> _Looked:
    held: _Looked | None = getattr(_HELD, "last", None)
    if held is None or held.view() is not view:
        held = _Looked(weakref.ref(view), kinds_of(view.colours, known), _log_ratio(view), known)
        _HELD.last = held
    return held


def _two(values: npt.NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Middle and half way between the means on both sides of Otsu's threshold; `between`, `share`.

    The ends are percentiles: single pixels must not widen the bins.
    """
    low, high = np.percentile(values, (0.5, 99.5)).tolist()
    if high - low < 1e-3:
        return float(low), LEAST_HALF, 0.0, 0.5
    values = values.clip(low, high)
    counts, edges = np.histogram(values, _BINS, (low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    share = counts / counts.sum()
    below, moment = np.cumsum(share)[:-1], np.cumsum(share * centres)[:-1]
    mean = float((share * centres).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.nan_to_num((mean * below - moment) ** 2 / (below * (1 - below)))
    best = int(variance.argmax())
    first, second = moment[best] / below[best], (mean - moment[best]) / (1 - below[best])
    whole = float((share * (centres - mean) ** 2).sum())
    return (
        float(first + second) / 2,
        max(float(second - first) / 2, LEAST_HALF),
        float(variance[best]) / max(whole, 1e-9),
        float(1 - below[best]),
    )


def _blue_log(view: View, known: Bools, target: FloatArray) -> None:
    """ln(b / r)."""
    _finish(_log_ratio(view), known, _LARGEST, target)


def _blue_place(view: View, known: Bools, target: FloatArray) -> None:
    """Where ln(b / r) lies between cloud (-1) and clear sky (1) of the picture, to ±3."""
    looked = _look(view, known)
    np.subtract(looked.ratio, np.float32(looked.kinds.middle), out=target)
    target *= np.float32(1 / looked.kinds.half)
    _finish(target, known, _FURTHEST, target)


def _blue_side(view: View, known: Bools, target: FloatArray) -> None:
    """-1 (cloud's side) … 1 (clear sky's): the same, softly cut."""
    _blue_place(view, known, target)
    target *= 2
    np.tanh(target, out=target)


def _light_place(view: View, known: Bools, target: FloatArray) -> None:
    """ln(brightness) above the picture's median, in its range, to ±3."""
    kinds = _look(view, known).kinds
    np.log(np.maximum(mean_light(view.colours), 1), out=target)
    target -= np.float32(kinds.light)
    target *= np.float32(1 / kinds.range)
    _finish(target, known, _FURTHEST, target)


def _green_place(view: View, known: Bools, target: FloatArray) -> None:
    """ln(g² / (r b)) / 2 above the picture's median, in halves of the way between its kinds."""
    kinds = _look(view, known).kinds
    red, green, blue = (np.maximum(plane, 1, dtype=np.float32) for plane in view.colours)
    np.multiply(red, blue, out=red)
    np.multiply(green, green, out=green)
    np.log(np.divide(green, red, out=green), out=target)
    target *= np.float32(0.5)
    target -= np.float32(kinds.green)
    target *= np.float32(1 / kinds.half)
    _finish(target, known, _FURTHEST, target)


def _finish(values: Floats, known: Bools, most: float, target: FloatArray) -> None:
    """Values to ± `most`, 0 where nothing is known."""
    np.clip(values, -most, most, out=target)
    np.copyto(target, 0, where=~known)


def _number(of: Callable[[_Looked], float]) -> Feature:
    """A number of the picture, the same at every pixel."""

    def fill(view: View, known: Bools, target: FloatArray) -> None:
        np.multiply(known, np.float32(of(_look(view, known))), out=target)

    return Feature(fill, COLOURS)


TWO_COLOUR_FEATURES: dict[str, Feature] = {
    "blue_log": Feature(_blue_log, ("red", "blue")),
    "blue_place": Feature(_blue_place, COLOURS),
    "blue_side": Feature(_blue_side, COLOURS),
    "green_place": Feature(_green_place, COLOURS),
    "light_place": Feature(_light_place, COLOURS),
    "kinds_middle": _number(lambda seen: seen.kinds.middle),
    "kinds_half": _number(lambda seen: np.log(seen.kinds.half / LEAST_HALF) / 3),
    "kinds_between": _number(lambda seen: seen.kinds.between),
    "kinds_share": _number(lambda seen: seen.kinds.share),
    "kinds_light": _number(lambda seen: (seen.kinds.light - 4.7) / 0.5),
    "kinds_range": _number(lambda seen: np.log(seen.kinds.range / LEAST_LIGHT) / 3),
    "kinds_green": _number(lambda seen: 5 * seen.kinds.green),
    "kinds_cut": _number(lambda seen: 5 * seen.hybrid[0]),
    "kinds_spread": _number(lambda seen: 10 * seen.hybrid[1]),
}

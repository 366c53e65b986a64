"""Guard of pixels: is a pixel seen as those were that a model learned from?

An instrument says which numbers tell that (`CONDITIONS` of its module: the height of the sun, how
steeply it looks down, from how many sides). A model keeps what they spanned over the pixels of its
training. A pixel beyond that is flagged, and one far beyond is unknown: a network answers whatever
it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.instruments.protocol import Condition
from nephoscope.models.guard import Guard, Pair, Span

Bools = npt.NDArray[np.bool_]
Numbers = Mapping[str, npt.NDArray[Any]]
"""Name of a condition → its number in each pixel, NaN where there is none."""


class PixelGuard(Guard):
    """What a model knows of pixels; which numbers there are, the instrument says."""

    known = ()


@dataclass(frozen=True)
class Judged:
    """What conditions say of the pixels of a scene.

    Attributes:
        flags: name of a bit → where it is set, (y, x), in the order of the instrument.
        unknown: (y, x) where nothing should be said.
        reasons: what sets each bit, in words and numbers.
    """

    flags: Mapping[str, Bools]
    unknown: Bools
    reasons: Mapping[str, str]


def judge(numbers: Numbers, conditions: Mapping[str, Condition], guard: Guard | None) -> Judged:
    """Compare the pixels of a scene with those of the training.

    Args:
        numbers: of the scene; a condition that is not among them is not judged.
        conditions: of its instrument.
        guard: of the model; without one only what no training decides is judged.
    """
    shape = next(iter(numbers.values())).shape
    flags = {each.flag: np.zeros(shape, np.bool_) for each in conditions.values()}
    unknown, reasons = np.zeros(shape, np.bool_), dict[str, list[str]]()
    for name, values in numbers.items():
        condition = conditions[name]
        span = None if guard is None else guard.spans.get(name)
        usual = span.seen if condition.usual is None and span is not None else condition.usual
        if usual is not None:
            flags[condition.flag] |= _beyond(values, usual)
            text = f"{condition.words} not within {usual[0]:g} to {usual[1]:g} {condition.unit}"
            reasons.setdefault(condition.flag, []).append(text.rstrip())
        if span is not None:
            unknown |= _beyond(values, span.accepted)
    return Judged(flags, unknown, {flag: ", or ".join(texts) for flag, texts in reasons.items()})


def _beyond(values: npt.NDArray[Any], span: Pair) -> Bools:
    """Where a number is there and not within a span."""
    return np.asarray((values < span[0]) | (values > span[1]))


def learn_pixel_guard(
    pixels: Iterable[Numbers], conditions: Mapping[str, Condition]
) -> PixelGuard | None:
    """Measure what the pixels of a training span; None where there is none.

    Args:
        pixels: numbers of some pixels each, of any shape.
        conditions: of their instrument.
    """
    seen: dict[str, list[Pair]] = {}
    for numbers in pixels:
        for name, values in numbers.items():
            known = values[np.isfinite(values)]
            if conditions[name].usual is None and known.size:
                seen.setdefault(name, []).append((float(known.min()), float(known.max())))
    spans = {}
    for name, pairs in seen.items():
        span = _rounded(min(low for low, _ in pairs), max(high for _, high in pairs))
        spans[name] = Span(span, _accepted(span, conditions[name]))
    return PixelGuard(spans) if spans else None


def _rounded(low: float, high: float) -> Pair:
    return float(np.floor(100 * low) / 100), float(np.ceil(100 * high) / 100)


def _accepted(seen: Pair, condition: Condition) -> Pair:
    """How far from what was seen a number may be; as far as it can be where nothing is said."""
    low, high = condition.ends
    below, above = condition.reach
    return (
        low if below is None else max(low, seen[0] - below),
        high if above is None else min(high, seen[1] + above),
    )

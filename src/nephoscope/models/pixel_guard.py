"""Guard of pixels: is a pixel seen as those were that a model learned from?

An instrument says which numbers tell that (`CONDITIONS` of its module: the height of the sun, how
steeply it looks down, from how many sides). A model keeps what they spanned over the pixels of its
training, and of the trainings of those that it began from. A pixel beyond that is flagged, and one
far beyond is unknown: a network answers whatever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from nephoscope.instruments.protocol import Condition
from nephoscope.models.guard import Guard, Pair, Span

Bools = npt.NDArray[np.bool_]
Numbers = Mapping[str, npt.NDArray[Any]]
"""Name of a condition → its number in each pixel, NaN where there is none."""


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


@dataclass(frozen=True)
class PixelGuard(Guard):
    """What a model knows of pixels.

    Attributes:
        conditions: of the instrument, by name: what each number is.
    """

    conditions: Mapping[str, Condition]
    known: ClassVar[Collection[str]] = ()

    @property
    def names(self) -> Collection[str]:
        """Numbers that there can be."""
        return self.conditions.keys()

    def after(self, earlier: Guard | None) -> Self | None:
        """What both trainings spanned, of numbers that both measured; None where there is none.

        Args:
            earlier: of the model that this one began from. What that one did not keep it may have
                seen in any amount.
        """
        spans = {
            name: _around(span, earlier.spans[name])
            for name, span in self.spans.items()
            if earlier is not None and name in earlier.spans
        }
        return replace(self, spans=spans) if spans else None

    def with_changes(self, reach: Callable[[str, float, float], Pair]) -> Self:
        """The guard of a training that saw its pixels changed as well as unchanged.

        Args:
            reach: from a number and a span of it to the span of what changes make of that.
        """
        return replace(self, spans={name: self._wider(name, reach) for name in self.spans})

    def _wider(self, name: str, reach: Callable[[str, float, float], Pair]) -> Span:
        span, (least, greatest) = self.spans[name], self.conditions[name].ends
        low, high = reach(name, *span.seen)
        changed = (
            max(math.floor(100 * low) / 100, least),
            min(math.ceil(100 * high) / 100, greatest),
        )
        return _around(span, Span(changed, changed))

    def judge(self, numbers: Numbers) -> Judged:
        """Compare the pixels of a scene with those of the training.

        Args:
            numbers: of the scene; a condition that is not among them is not judged, nor is one of
                which the training says nothing.
        """
        shape = next(iter(numbers.values())).shape
        flags = {each.flag: np.zeros(shape, np.bool_) for each in self.conditions.values()}
        unknown, reasons = np.zeros(shape, np.bool_), dict[str, list[str]]()
        for name, values in numbers.items():
            condition, span = self.conditions[name], self.spans.get(name)
            usual = condition.usual or (span and span.seen)
            if usual:
                flags[condition.flag] |= _beyond(values, usual)
                text = f"{condition.words} not within {usual[0]:g} to {usual[1]:g} {condition.unit}"
                reasons.setdefault(condition.flag, []).append(text.rstrip())
            if span:
                unknown |= _beyond(values, span.accepted)
        said = {flag: ", or ".join(texts) for flag, texts in reasons.items()}
        return Judged(flags, unknown, said)


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
    seen: dict[str, list[npt.NDArray[Any]]] = {}
    for numbers in pixels:
        for name, values in numbers.items():
            known = values[np.isfinite(values)]
            if conditions[name].usual is None and known.size:
                seen.setdefault(name, []).append(known)
    spans = {name: _span(np.concatenate(each), conditions[name]) for name, each in seen.items()}
    return PixelGuard(spans, conditions) if spans else None


def _span(values: npt.NDArray[Any], condition: Condition) -> Span:
    """Span of numbers but for the rarest, and how far beyond all of them is accepted."""
    least, greatest = condition.ends
    low, high = _outwards(values, 0.0, condition)
    below, above = condition.reach
    accepted = (
        least if below is None else max(least, low - below),
        greatest if above is None else min(greatest, high + above),
    )
    return Span(_outwards(values, condition.rare, condition), accepted)


def _outwards(values: npt.NDArray[Any], rare: float, condition: Condition) -> Pair:
    """All but the rarest at either side, to two decimals outwards; to the ends where not judged."""
    least, greatest = condition.ends
    low = float(np.quantile(values, rare, method="lower"))
    high = float(np.quantile(values, 1 - rare, method="higher"))
    return (
        math.floor(100 * low) / 100 if condition.judged[0] else least,
        math.ceil(100 * high) / 100 if condition.judged[1] else greatest,
    )


def _around(one: Span, other: Span) -> Span:
    """The span that holds both."""
    pairs = ((one.seen, other.seen), (one.accepted, other.accepted))
    return Span(*((min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs))

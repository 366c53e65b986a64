"""Scores drawn in a line of text: a dot, and a bar through it for the 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence

from nephoscope.evaluation.intervals import Score

Scale = tuple[float, float]
_WIDTH, _HEIGHT, _DOT = 96, 12, 3
_MARGIN = 0.06
"""Of a scale, beyond the ends of its intervals."""


def scale_of(scores: Sequence[Score], zero: bool = False) -> Scale | None:
    """Ends of the scale on which all scores can be drawn; None where there is nothing to draw.

    Args:
        scores: to be compared.
        zero: let 0 be on it.
    """
    ends = [each for score in scores for each in (score.value, score.low, score.high)]
    known = [each for each in ends if each is not None] + ([0.0] if zero else [])
    if not any(score.low is not None for score in scores) or min(known) == max(known):
        return None
    low, high = min(known), max(known)
    margin = _MARGIN * (high - low)
    return low - margin, high + margin


def interval_svg(score: Score, scale: Scale, zero: bool = False) -> str:
    """A small drawing, for eyes alone: the numbers stand beside it. "" of a score without value.

    Args:
        score: to be drawn.
        scale: its ends.
        zero: mark 0, if it is on the scale.
    """
    if score.value is None:
        return ""
    middle, line = _HEIGHT / 2, ""
    if score.low is not None and score.high is not None:
        low, high = (_place(each, scale) for each in (score.low, score.high))
        line = f'<path class="bar" d="M{low:.1f} {middle}H{high:.1f}"/>'
    mark = ""
    if zero and scale[0] < 0 < scale[1]:
        mark = f'<path class="zero" d="M{_place(0, scale):.1f} 0V{_HEIGHT}"/>'
    return (
        f'<svg class="interval" aria-hidden="true" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><path class="axis" d="M0 {middle}H{_WIDTH}"/>{mark}'
        f'{line}<circle cx="{_place(score.value, scale):.1f}" cy="{middle}" r="{_DOT}"/></svg>'
    )


def _place(value: float, scale: Scale) -> float:
    low, high = scale
    return _DOT + (_WIDTH - 2 * _DOT) * min(max((value - low) / (high - low), 0.0), 1.0)

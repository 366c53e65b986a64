"""Guard of a model: what its training frames spanned, so that a frame beyond is unknown."""

from __future__ import annotations

from collections.abc import Mapping

from nephoscope.models.colour_guard import ColourGuard
from nephoscope.models.span import Span
from nephoscope.models.thermal_guard import TIMES, ThermalGuard

Guard = ColourGuard | ThermalGuard


def guard_of(spans: Mapping[str, Span]) -> Guard:
    """The guard of a model folder, by the numbers that it names.

    Raises:
        ValueError: a number is not known, or a span ends before it begins.
    """
    return ThermalGuard(spans) if spans.keys() <= TIMES.keys() else ColourGuard(spans)

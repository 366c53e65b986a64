"""Channels of a Scene: names and units, field by field, for directional fields view by view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nephoscope.instruments.polder.fields import FIELDS
from nephoscope.instruments.polder.schemes import DOLP


def is_directional(field: str) -> bool:
    """Whether a field has one value for each view."""
    return field in DOLP or FIELDS[field].directional


def channel_coords(fields: Sequence[str], views: Sequence[int]) -> dict[str, Any]:
    """Coordinates on (channel,).

    Args:
        fields: names.
        views: that directional fields have.

    Returns:
        `channel` ("I443NP_00"), `field`, `view_of` int8 (-1 without) and `unit`.
    """
    pairs = [(name, view) for name in fields for view in (views if is_directional(name) else [-1])]
    names = [name for name, _ in pairs]
    return {
        "channel": [f"{name}_{view:02d}" if view >= 0 else name for name, view in pairs],
        "field": ("channel", names),
        "view_of": ("channel", np.array([view for _, view in pairs], np.int8)),
        "unit": ("channel", [_unit(name) for name in names]),
    }


def _unit(field: str) -> str:
    units = FIELDS[field].units if field in FIELDS else "1"
    return {"degrees": "degree", "meters": "m"}.get(units, "1")

"""Channels of a Scene: names, units, how they are packed, and how they change when it is turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nephoscope.instruments.polder.fields import FIELDS
from nephoscope.instruments.polder.packing import Packing
from nephoscope.instruments.polder.schemes import DOLP


def is_directional(field: str) -> bool:
    """Whether a field has one value for each view."""
    return field in DOLP or FIELDS[field].directional


def channel_coords(
    fields: Sequence[str], views: Sequence[int], packings: Mapping[str, Packing] | None
) -> dict[str, Any]:
    """Coordinates on (channel,): field by field, for directional fields view by view.

    Args:
        fields: names.
        views: that directional fields have.
        packings: of each field; None where counts would lose something.

    Returns:
        `channel` ("I443NP_00"), `field`, `view_of` int8 (-1 without), `unit`, `turns`, see
        `turns_of`; and of packed ones `scale_factor`, `add_offset` float64: a value is an int16
        count x scale + offset.
    """
    pairs = [(name, view) for name in fields for view in (views if is_directional(name) else [-1])]
    names = [name for name, _ in pairs]
    coords: dict[str, Any] = {
        "channel": [f"{name}_{view:02d}" if view >= 0 else name for name, view in pairs],
        "field": ("channel", names),
        "view_of": ("channel", np.array([view for _, view in pairs], np.int8)),
        "unit": ("channel", [_unit(name) for name in names]),
        "turns": ("channel", [turns_of(name) for name in names]),
    }
    if packings is not None:
        for part in ("scale_factor", "add_offset"):
            coords[part] = "channel", [getattr(packings[name], part) for name in names]
    return coords


def turns_of(field: str) -> str:
    """How a field changes when the picture is mirrored or turned.

    "" not at all; "sign": in a mirror its sign; "relative_azimuth": in a mirror x becomes 360 - x;
    "azimuth": degrees clockwise from north, which turn and mirror with the picture.
    """
    if field[0] == "U" and field[1].isdigit():
        return "sign"
    return {"phi": "relative_azimuth", "phis": "azimuth"}.get(field, "")


def _unit(field: str) -> str:
    units = FIELDS[field].units if field in FIELDS else "1"
    return {"degrees": "degree", "meters": "m"}.get(units, "1")

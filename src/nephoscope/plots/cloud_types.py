"""Cloud types in pictures: their colours, their names in words, and the key that explains both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from nephoscope.track import CLOUD_TYPES

Whole = npt.NDArray[np.integer]
Kind = Literal["type", "mask"]

TYPE_COLOURS = (
    "#000000",
    "#4c199d",
    "#0025f5",
    "#48a7f8",
    "#6ae353",
    "#fffd54",
    "#f3ac3d",
    "#e44c29",
    "#b730c1",
)
"""Of the types 0 (no cloud) to 8, as the A-Train Cloud Segmentation data set draws them."""
TYPE_NAMES = ("no cloud", *(name.replace("_", " ") for name in CLOUD_TYPES[1:]))
"""Of the types 0 to 8."""
MASK_COLOURS, MASK_NAMES = ("#000000", "#ffffff"), ("no cloud", "cloud")
UNKNOWN_COLOUR = "#8c8c8c"
"""Where nothing is said; black is no cloud."""


def colours_of(values: Whole, kind: Kind) -> npt.NDArray[np.uint8]:
    """Colour of each value.

    Args:
        values: any shape, integers: a cloud type 0..8, or a mask 0, 1; -1 or less is unknown.
        kind: "type"; or "mask", where every type of cloud is cloud.

    Returns:
        The same shape and a last axis of red, green, blue, uint8.
    """
    names = TYPE_COLOURS if kind == "type" else MASK_COLOURS
    table = np.array([to_rgb(UNKNOWN_COLOUR), *map(to_rgb, names)])
    palette = np.rint(table * 255).astype(np.uint8)
    place = np.clip(np.asarray(values, np.int64), -1, len(names) - 1) + 1
    coloured: npt.NDArray[np.uint8] = palette[place]
    return coloured


def key_of(shown: Sequence[Whole], kind: Kind) -> list[Patch]:
    """Entries of a legend: every type or state, and unknown where anything is.

    Args:
        shown: what the picture shows, as for `colours_of`.
        kind: as for `colours_of`.
    """
    pairs = [(TYPE_COLOURS, TYPE_NAMES), (MASK_COLOURS, MASK_NAMES)][kind == "mask"]
    entries = [
        Patch(facecolor=colour, edgecolor="0.5", linewidth=0.6, label=name)
        for colour, name in zip(*pairs, strict=True)
    ]
    if any((np.asarray(each) < 0).any() for each in shown):
        entries.append(Patch(facecolor=UNKNOWN_COLOUR, edgecolor="0.5", label="unknown"))
    return entries

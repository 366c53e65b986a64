"""What the labels of samples are: how many of each class, and whether that can teach anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

ONLY: Mapping[int, str] = {
    -1: "nothing has a label",
    0: "every label is clear",
    1: "every label is cloudy",
}
"""What is wrong with labels of which none, or all, are of the class."""

NOTHING = np.zeros(2, np.int64)
"""Labels that are clear and that are cloudy, before any are counted."""


def count_classes(label: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """How many labels are clear and how many cloudy: (2,); any shape, -1 unknown."""
    return np.array([np.count_nonzero(label == 0), np.count_nonzero(label == 1)], np.int64)


def only_class(counts: Sequence[int] | npt.NDArray[np.int64]) -> str:
    """What is wrong with labels so many of which are clear and cloudy; "" where both occur."""
    clear, cloudy = (int(number) for number in counts)
    if clear and cloudy:
        return ""
    return ONLY[0 if clear else 1 if cloudy else -1]


def describe(store: xr.Dataset) -> tuple[list[str], list[str]]:
    """What samples hold, a line each, and what is doubtful about it.

    Args:
        store: an open store of any task.
    """
    number = store.sizes["sample"]
    if "state" not in store.variables:
        clear, cloudy = (int(n) for n in store.attrs["labelled_pixels"])
        line = f"{number} samples, {clear + cloudy:,} labelled pixels, {cloudy:,} of them cloudy"
        wrong = only_class((clear, cloudy))
        return [line], [f"{wrong}: nothing can be learned from that"] if wrong else []
    lines, doubts = [f"{number} samples"], []
    parts, states = store["split"].values, store["state"].values
    for part in dict.fromkeys(parts.tolist()):
        counts = count_classes(states[parts == part])
        name = part or "in no part"
        lines.append(f"{name}: {counts[0]} clear, {counts[1]} cloudy")
        if part and (wrong := only_class(counts)):
            doubts.append(f"{part}: {wrong}: too few frames of the other state for each part")
    return lines, doubts

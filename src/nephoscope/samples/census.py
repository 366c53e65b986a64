"""Census of labels: how many are of each class, and whether that can teach anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.samples.ice_census import HOLDS_ICE, ice_counts, said_of
from nephoscope.samples.split_orbits import class_counts
from nephoscope.track import CLOUD_TYPES

ONLY: Mapping[int, str] = {
    -1: "nothing has a label",
    0: "every label is clear",
    1: "every label is cloudy",
}
"""Fault of labels of which none (-1) has a class, or all have the same."""

NOTHING = np.zeros(2, np.int64)
"""Labels that are clear and that are cloudy, before any are counted."""


def count_classes(label: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Number of labels that are clear and that are cloudy, (2,); any shape, -1 unknown."""
    return np.array([np.count_nonzero(label == 0), np.count_nonzero(label == 1)], np.int64)


def only_class(counts: Sequence[int] | npt.NDArray[np.int64]) -> str:
    """Fault of labels so many of which are clear and cloudy; "" where both occur."""
    clear, cloudy = (int(number) for number in counts)
    if clear and cloudy:
        return ""
    return ONLY[0 if clear else 1 if cloudy else -1]


def describe(store: xr.Dataset) -> tuple[list[str], list[str]]:
    """Lines about what samples hold, and lines about what is doubtful in it.

    Args:
        store: an open store, of truth in any form.
    """
    lines: list[str] = []
    number, labelled = store.sizes["sample"], [int(n) for n in store.attrs["labelled"]]
    if store.attrs["truth"] == "frame":
        lines, doubts = _of_parts(store)
        return [f"{number} samples", *lines], doubts
    if store.attrs["truth"] == "points":
        said, wrong = f"{labelled[0]:,} points with truth", "" if labelled[0] else ONLY[-1]
        lines = _of_types(store) or _of_ice(store)
    else:
        said = f"{sum(labelled):,} labelled pixels, {labelled[1]:,} of them cloudy"
        wrong = only_class(labelled)
    doubts = [f"{wrong}: nothing can be learned from that"] if wrong else []
    return [f"{number} samples, {said}", *lines], doubts


def _of_types(store: xr.Dataset) -> list[str]:
    """Samples, profiles and types of cloud of each part; nothing where the truth is another."""
    if "cloud_type" not in store.variables:
        return []
    lines = []
    for part, counts in class_counts(store).items():
        known = max(sum(counts["cloud_type"]), 1)
        types = ", ".join(
            f"{name} {number / known:.2%}"
            for name, number in zip(CLOUD_TYPES, counts["cloud_type"], strict=True)
        )
        orbits = f"{counts['granules']} half orbit" + ("s" if counts["granules"] > 1 else "")
        cloudy = counts["cloudy_profiles"] / max(counts["profiles"], 1)
        lines.append(
            f"{part or 'in no part'}: {counts['samples']} samples of {orbits}, "
            f"{counts['profiles']:,} profiles, {cloudy:.0%} with cloud; of all bins {types}"
        )
    return lines


def _of_ice(store: xr.Dataset) -> list[str]:
    """Samples, points and ice of each part; nothing where the truth is another."""
    if not HOLDS_ICE <= {str(name) for name in store.variables}:
        return []
    return [f"{part or 'in no part'}: {said_of(each)}" for part, each in ice_counts(store).items()]


def _of_parts(store: xr.Dataset) -> tuple[list[str], list[str]]:
    """Clear and cloudy frames of each part."""
    lines, doubts = [], []
    parts, labels = store["split"].values, store["label"].values
    for part in dict.fromkeys(parts.tolist()):
        counts = count_classes(labels[parts == part])
        lines.append(f"{part or 'in no part'}: {counts[0]} clear, {counts[1]} cloudy")
        if part and (wrong := only_class(counts)):
            doubts.append(f"{part}: {wrong}: too few frames of the other state for each part")
    return lines, doubts

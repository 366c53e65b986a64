"""CF conventions as data: attributes, flags and encodings.

Sources: CF-1.11 (the newest that compliance-checker 6.1 knows), its standard-name table v93.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

CONVENTIONS = "CF-1.11"

# Probability is stored in steps of 1/250: 0 clear for certain, 250 cloudy for certain. In double
# precision k * 0.004 is never below k / 250, so `>=` a threshold in decimals finds every k.
SCALE_FACTOR = 1 / PROBABILITY_STEPS
FILL = np.uint8(255)

# Single bytes are not shuffled. Level 2 is within 5 % of level 4's size at half its time
# (benchmarks/product_write.py).
CHUNKS = (601, 1200)
CHUNKS_OF_COLUMNS = (128, 128)
"""Rows and columns of what has levels, which are whole: a profile is read as well as a map."""
COMPRESSION = {"compression": "gzip", "compression_opts": 2, "shuffle": False}

# The bits of `quality_flag`; what is outside of which bounds, the instrument names.
MISSING = np.uint8(1)
OUTSIDE = np.uint8(2)
PARTIAL = np.uint8(4)
NEAR_MISSING_DATA = np.uint8(8)
BACKGROUND_ABSENT = np.uint8(16)
NOT_REQUESTED = np.uint8(32)
OTHER_GRID = np.uint8(64)
OTHER_SEASON = np.uint8(128)
QUALITY_FLAGS = {
    "missing": MISSING,
    "outside": OUTSIDE,
    "partial_map": PARTIAL,
    "near_missing_data": NEAR_MISSING_DATA,
    "background_absent": BACKGROUND_ABSENT,
    "not_requested": NOT_REQUESTED,
    "other_grid_than_learned": OTHER_GRID,
    "other_season_than_learned": OTHER_SEASON,
}

NOT_CLEAR = "no value: no prediction was made; it does not mean clear"
ADDED: dict[str, dict[str, Any]] = {
    "cloud_probability": {"ancillary_variables": "quality_flag", "comment": NOT_CLEAR},
    "cloud_mask": {
        "ancillary_variables": "cloud_probability quality_flag",
        "comment": "1 where the stored cloud_probability is at or above the threshold; "
        f"{NOT_CLEAR}",
    },
}
ADDED_TO_ANY = ADDED["cloud_probability"]
"""What a product adds to the attributes that a task gives its variables."""


def added_to(name: str, attributes: Mapping[str, Any], by_probability: bool) -> dict[str, Any]:
    """The attributes of a task's variable with what a product adds.

    Args:
        name: of the variable.
        attributes: the task's.
        by_probability: whether a `cloud_mask` is told by the `cloud_probability` of its pixel.
    """
    added = ADDED.get(name, ADDED_TO_ANY) if by_probability else ADDED_TO_ANY
    beside = "ancillary_variables"
    found = {**attributes, **added}
    if beside in attributes:
        found[beside] = f"{attributes[beside]} {added[beside]}"
    if "comment" in attributes:
        found["comment"] = f"{attributes['comment']}; {added['comment']}"
    return found


# In this order attributes are written; all others follow.
VARIABLE_ORDER = (
    "standard_name", "long_name", "units", "scale_factor", "add_offset", "_FillValue",
    "valid_range", "flag_values", "flag_masks", "flag_meanings", "ancillary_variables",
    "grid_mapping", "comment", "threshold",
)  # fmt: skip
PRODUCT_ORDER = (
    "Conventions", "title", "summary", "source", "references", "comment", "history",
    "date_created",
)  # fmt: skip


def in_order(attributes: Mapping[Any, Any], order: Sequence[str]) -> dict[str, Any]:
    """Attributes with those of `order` first."""
    first = {name: attributes[name] for name in order if name in attributes}
    return first | {str(name): value for name, value in attributes.items()}


FIRST_OF_OWN = np.uint16(256)
"""First of the bits that are an instrument's own; the others follow."""
OF_ANY = ("missing", "background_absent", "not_requested", "other_grid_than_learned")
"""Bits that a product has beside those of its instrument's own."""


def own_attributes(reasons: Mapping[str, str]) -> dict[str, Any]:
    """Attributes of `quality_flag` of an instrument with bits of its own.

    Args:
        reasons: of each of its bits, in order, what sets it; "" where nothing does.
    """
    flags = {name: np.uint16(QUALITY_FLAGS[name]) for name in OF_ANY}
    flags |= {name: np.uint16(FIRST_OF_OWN << n) for n, name in enumerate(reasons)}
    told = "; ".join(f"{name}: {text or 'not judged'}" for name, text in reasons.items())
    return {
        "standard_name": "quality_flag",
        "long_name": "quality of what is said of the pixel",
        "units": "1",
        "flag_masks": np.array(list(flags.values()), np.uint16),
        "flag_meanings": " ".join(flags),
        "comment": told,
    }


def quality_attributes(outside: str | None, seasons: bool = False) -> dict[str, Any]:
    """Attributes of `quality_flag`.

    Args:
        outside: name of the bounds beyond which pixels count for nothing, if there are any.
        seasons: whether what a model learned of places changes with the season.
    """
    absent = {"outside"} if outside is None else set[str]()
    absent |= set() if seasons else {"other_season_than_learned"}
    flags = {
        f"outside_{outside}" if name == "outside" else name: bit
        for name, bit in QUALITY_FLAGS.items()
        if name not in absent
    }
    return {
        "standard_name": "quality_flag",
        "long_name": "quality of the cloud mask",
        "units": "1",
        "flag_masks": np.array(list(flags.values()), np.uint8),
        "flag_meanings": " ".join(flags),
    }

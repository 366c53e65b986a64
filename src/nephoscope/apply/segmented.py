"""Segmented frames: a probability map, where it is cut, and the state that it alone tells."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.formulas import FormulaResult
from nephoscope.tasks.mask import as_floats, is_cloud, published, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.sky_state import Verdict

CLOUDY_SHARE = 0.05
"""Share of the known pixels from which on the mask of a frame makes it cloudy."""


@dataclass(frozen=True)
class Segmented:
    """A probability map, where it is cut, and what made it."""

    probability: NDArray[np.float32]  # (y, x), NaN where unknown
    mask: NDArray[np.int8]  # (y, x)
    threshold: float
    name: str
    sha256: str = ""
    note: str = ""
    doubt: str = ""  # why the model that was asked knows no pixel


def state_of_mask(
    probability: NDArray[np.float32],
    threshold: float,
    beyond: NDArray[np.bool_] | None = None,
) -> Verdict:
    """The state of a frame from its probability map.

    `p_cloudy` is the probability that a twentieth of the known pixels reaches, so that a frame is
    cloudy exactly where a twentieth of it or more is cloud.

    Args:
        probability: (y, x) float32, NaN where unknown.
        threshold: cloud is at or above it.
        beyond: (y, x) bool, no sky, and not counted.
    """
    counted = np.isfinite(probability)
    known = probability[counted if beyond is None else counted & ~beyond]
    if not known.size:
        return Verdict("unknown", math.nan, "no pixel is known")
    place = max(math.ceil(CLOUDY_SHARE * known.size), 1)
    known.partition(known.size - place)
    reached = float(known[known.size - place])
    if is_cloud(np.array([reached]), threshold).all():
        return Verdict("cloudy", reached, "")
    return Verdict("clear", reached, f"less than {CLOUDY_SHARE:.0%} of the known pixels is cloud")


def cut_at(probability: NDArray[np.float32], threshold: float) -> NDArray[np.int8]:
    """(y, x) int8: 1 where `is_cloud`, 0 where not, -1 where unknown."""
    mask = is_cloud(probability, threshold).view(np.int8)
    mask[np.isnan(probability)] = -1
    return mask


def gated(found: Segmented, verdict: Verdict) -> Segmented:
    """Of a clear frame the probability of cloud at all times that of cloud in a pixel."""
    if verdict.state != "clear":
        return found
    likely = published(found.probability * np.float32(verdict.p_cloudy))
    mask = np.minimum(found.mask, cut_at(likely, found.threshold))
    return replace(found, probability=likely, mask=mask)


def nothing(scene: xr.Dataset) -> Segmented:
    """No pixel is known."""
    shape = scene["image"].shape[1:]
    mask = np.full(shape, -1, np.int8)
    return Segmented(np.full(shape, np.nan, np.float32), mask, math.nan, "")


def of_the_seen(
    found: Segmented, scene: xr.Dataset, beyond: NDArray[np.bool_] | None = None
) -> Segmented:
    """Without what is no sky, and what the file says is not seen, though it is black for the model.

    Args:
        found: what a model or formula says of the frame.
        scene: the frame.
        beyond: (y, x) bool, no sky.
    """
    unseen = scene["unseen"].values if "unseen" in scene else None
    for pixels in (unseen, beyond):
        if pixels is not None:
            found.probability[pixels] = np.nan
            found.mask[pixels] = -1
    return found


def of_formula(found: FormulaResult, threshold: float | None) -> Segmented:
    """What a formula found, cut where it is asked for."""
    note = f"{found.formula}: {found.note}" if found.note else ""
    probability = found.probability
    if probability is None:
        return Segmented(as_floats(found.mask), found.mask, 0.5, found.formula, note=note)
    probability, cut = published(probability), first_step(0.5 if threshold is None else threshold)
    return Segmented(probability, cut_at(probability, cut), cut, found.formula, note=note)


def first_step(threshold: float) -> float:
    """The threshold as it is published: the first step that is cloud."""
    return threshold_step(threshold) / PROBABILITY_STEPS

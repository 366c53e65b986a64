"""Truth of columns of cloud ice: where there is cloud, and how the ice is scaled by its logarithm.

Ice water content (IWC) is a mean over the whole voxel, kg m-3: 0 where it is clear, NaN where
nothing is known. Missing is not clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_IWC = 1e-7
"""A voxel is cloud where its ice water content is above it, kg m-3."""
LEAST_NUMBER = 1e2
"""Number concentration, m-3, below which its scaled logarithm is about linear."""
IWC, NUMBER = "iwc", "ice_number"
"""Names of the truth that samples hold, (item, level)."""
SAMPLES = "cloud_ice"
"""Task of the samples."""

Floats = npt.NDArray[np.floating]


def clouds_of(iwc: Floats) -> npt.NDArray[np.int8]:
    """Where there is cloud, int8, same shape: 1 cloud, 0 clear, -1 unknown."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(iwc), -1, iwc > LEAST_IWC).astype(np.int8)


def number_of(truth: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Number concentration of crystals, m-3, in the shape of the ice; NaN where it is not told."""
    return truth[NUMBER] if NUMBER in truth else np.full_like(truth[IWC], np.nan)


def scaled(values: Floats, least: float = LEAST_IWC) -> npt.NDArray[np.float64]:
    """log10(1 + values / least): 0 where it is clear, and a logarithm where there is cloud."""
    found: npt.NDArray[np.float64] = np.log10(1 + np.asarray(values, np.float64) / least)
    return found

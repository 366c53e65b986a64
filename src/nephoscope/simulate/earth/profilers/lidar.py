"""Lidar of CALIPSO: cloud detected at 532 nm, straight down, until the light is used up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.state import THICKNESS
from nephoscope.simulate.earth.profilers.columns import Columns

ICE_RATIO, LIQUID_RATIO = 25.0, 19.0
"""Extinction over backscatter, sr (Winker et al. 2009, JTECH 26, 2310; Pinnick et al. 1983 for
droplets)."""
MULTIPLE = 0.6
"""Multiple scattering brings this share of the extinction back to none (Winker et al. 2009)."""
NIGHT, DAY = 0.8e-6, 1.7e-6
"""Weakest attenuated backscatter distinguished from noise over 5 km and 60 m, m-1 sr-1 (McGill et
al. 2007, JGR 112, D19S13)."""
DEEPEST = 3.0
"""Optical depth beyond which nothing comes back (Winker et al. 2010, BAMS 91, 1211)."""


def detected(columns: Columns) -> NDArray[np.bool_]:
    """Cloud that the lidar detects: (profile, level) bool, the lowest level first."""
    extinction = columns.ice_extinction + columns.liquid_extinction
    layers = extinction * np.float32(THICKNESS)
    above = np.cumsum(layers[:, ::-1], axis=1)[:, ::-1] - layers
    backscatter = columns.ice_extinction / ICE_RATIO + columns.liquid_extinction / LIQUID_RATIO
    # The strongest return of a layer comes from its top.
    returned = backscatter * np.exp(-2 * MULTIPLE * above)
    weakest = np.where(columns.daylight, DAY, NIGHT)[:, None]
    return np.asarray((returned > weakest) & (above < DEEPEST))

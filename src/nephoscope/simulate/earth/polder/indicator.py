"""Cloud indicator of the level-1 product: an operational mask that errs as such masks do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.polder.geometry import Views
from nephoscope.simulate.earth.polder.stokes import cos_scattering
from nephoscope.simulate.fractal import fractal

Floats = NDArray[np.float32]

CLEAR, UNDETERMINED, CLOUDY = 0, 50, 100
# Share of light that cloud must turn aside to be noticed over sea and over land, and how much
# more it takes to be sure; values chosen here.
_SEA, _LAND, _SURE = 0.06, 0.14, 2.0
_GLINT = np.cos(np.deg2rad(20))  # of the angle to the mirrored Sun


def cloud_indicator(
    rng: np.random.Generator, cover: Floats, sea: NDArray[np.floating], views: Views
) -> NDArray[np.float64]:
    """Clear (0), undetermined (50) or cloudy (100): (y, x).

    Thin cirrus and broken cloud below the threshold go unnoticed, more so over bright land, and
    the threshold wanders by a third from region to region, as it does with the ground that the
    operational tests (Bréon and Colzy 1999, doi 10.1175/1520-0450(1999)038<0777:CDFTSP>2.0.CO;2)
    compare with; in the glint of the sea nothing is sure.

    Args:
        rng: source of the wandering.
        cover: (view, y, x) float32, 1 - exp(-optical depth), mean of each pixel; NaN without view.
        sea: (y, x), share of sea.
        views: of the pixels.
    """
    count = np.maximum(np.isfinite(cover).sum(axis=0), 1)
    seen = np.nansum(cover, axis=0) / count
    threshold = np.where(sea > 0.5, _SEA, _LAND) * np.exp(
        0.33 * fractal(rng, sea.shape, 1.5, largest=60)
    )
    # What the sea mirrors goes on as if it came from below, where the satellite's image stands.
    mirrored = cos_scattering(views.thetas, 180 - views.thetav, views.phi)
    share = np.nanmean(np.where(np.isfinite(mirrored), mirrored > _GLINT, 0), axis=0)
    unsure = (sea > 0.5) & (share > 0.15)
    sure = seen > np.where(unsure, 2 * _SURE, _SURE) * threshold
    noticed = seen > threshold
    return np.where(sure, CLOUDY, np.where(noticed | unsure, UNDETERMINED, CLEAR)).astype(float)

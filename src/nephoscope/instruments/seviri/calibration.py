"""Calibration of counts to reflectance and brightness temperature, by satpy's coefficients."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.seviri.channels import SATELLITES, SOLAR
from nephoscope.instruments.seviri.packing import LARGEST

EFFECTIVE_RADIANCE = 2
"""PlannedChanProcessing of files since May 2008: radiance of a black body in the channel."""


def calibration_table(
    channel: str,
    satellite: int,
    slope: float,
    offset: float,
    time: datetime,
    processing: int = EFFECTIVE_RADIANCE,
) -> NDArray[np.float32]:
    """Values of the 1024 counts.

    One look-up a pixel; the writer of simulated files inverts it. Values are satpy's.

    Args:
        channel: one of `nephoscope.instruments.seviri.channels.CHANNELS`.
        satellite: identifier, a key of `SATELLITES`.
        slope: of radiance over counts, mW m-2 sr-1 (cm-1)-1.
        offset: radiance of count 0.
        time: of the picture, UTC; sets the distance of the Sun.
        processing: 1 spectral radiance, 2 effective radiance (thermal channels).

    Returns:
        (1024,) float32, % or K. Count 0, which means no data, is NaN, and so are, in thermal
        channels, counts not above that of dark space.

    Raises:
        KeyError, ValueError, NotImplementedError: no such satellite, or `processing`.
    """
    import xarray as xr
    from satpy.readers.core.seviri import (
        CalibParams,
        NominalCoefficients,
        ScanParams,
        SEVIRICalibrationHandler,
        create_coef_dict,
    )

    if satellite not in SATELLITES:
        raise KeyError(satellite)
    coefficients = create_coef_dict(NominalCoefficients(channel, slope, offset))
    handler = SEVIRICalibrationHandler(
        CalibParams("NOMINAL", coefficients, {}, processing), ScanParams(satellite, channel, time)
    )
    counts = xr.DataArray(np.arange(LARGEST + 1, dtype=np.uint16), dims="count")
    kind = "reflectance" if channel in SOLAR else "brightness_temperature"
    with np.errstate(all="ignore"):
        values = np.asarray(handler.calibrate(counts, kind), np.float32)
    table = np.where(np.isfinite(values), values, np.float32(np.nan))
    if channel not in SOLAR:
        # No radiance within half a count has no temperature (satpy gives -3 K, and beyond).
        table[counts.values * slope + offset < slope / 2] = np.nan
    return table

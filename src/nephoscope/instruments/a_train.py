"""A-Train facts that files of its profilers share: the first flight, turns of longitude."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError

FIRST_FLIGHT = np.datetime64("2006-04-28", "ns")
"""Launch of CloudSat and CALIPSO: no profile is older."""


def wrapped_longitude(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes within -180..180 of such as count from -180 or from 0 to 360.

    Args:
        degrees: any shape, float64, degrees east.

    Returns:
        The same shape; NaN for what is neither.
    """
    turned = np.where(degrees > 180, degrees - 360, degrees)
    return np.where((degrees >= -180) & (degrees <= 360), turned, np.nan)


def since_launch(
    time: NDArray[np.datetime64], field: str, wrong: Callable[[str, str], InputError]
) -> NDArray[np.datetime64]:
    """Times of profiles, NaT where they are older than the satellites.

    Args:
        time: (profile,) datetime64[ns], UTC.
        field: that tells the time, for the message.
        wrong: makes the error of a field and what is wrong with it.

    Raises:
        InputError: all of them are older.
    """
    early = time < FIRST_FLIGHT
    if early.any() and not (time >= FIRST_FLIGHT).any():
        when = time[early][0].astype("datetime64[s]")
        raise wrong(field, f"gives {when}: before the satellites flew")
    return np.where(early, np.datetime64("NaT", "ns"), time)

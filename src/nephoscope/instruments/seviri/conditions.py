"""Conditions of a pixel of SEVIRI: light, view, channels that lack, and values never learned."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.protocol import Condition
from nephoscope.instruments.seviri.channels import (
    CHANNELS,
    DAY_ENDS,
    NIGHT_BEGINS,
    SOLAR,
    units_of,
)

Numbers = dict[str, NDArray[np.float32]]

OBLIQUE = 60.0
"""Degrees from the zenith beyond which a pixel is more than twice as long as below the satellite,
and a cloud 12 km high is seen 20 km from where it stands."""
_OUTSIDE = "outside_training"
_COLDEST, _WARMEST, _BRIGHTEST = 100.0, 400.0, 200.0  # K, K, %
_SUN, _VIEW = "solar_zenith", "satellite_zenith"

CONDITIONS = {
    "night": Condition("night", "solar zenith angle", "degrees", (0, 180), usual=(0, NIGHT_BEGINS)),
    "twilight": Condition(
        "twilight",
        "solar zenith angle of what is not night",
        "degrees",
        (0, 180),
        usual=(0, DAY_ENDS),
    ),
    "view_zenith": Condition(
        "oblique_view", "zenith angle of the satellite", "degrees", (0, 90), usual=(0, OBLIQUE)
    ),
    "lacking": Condition(
        "missing_input", "number of lacking channels", "", (0, len(CHANNELS)), usual=(0, 0)
    ),
    **{
        name: Condition(
            _OUTSIDE,
            name,
            units_of(name),
            (0, _BRIGHTEST) if name in SOLAR else (_COLDEST, _WARMEST),
        )
        for name in CHANNELS
    },
    _VIEW: Condition(_OUTSIDE, "zenith angle of the satellite", "degrees", (0, 90), (False, True)),
}
"""What a product says of a pixel by these numbers; see `nephoscope.instruments.protocol`."""


def conditions(scene: xr.Dataset) -> Numbers:
    """Numbers of each pixel by `CONDITIONS`, (y, x) float32; NaN where there are none.

    Those are left out that cannot be told. A solar channel does not lack at night.

    Args:
        scene: `image` (channel, y, x) with names of channels; the angles of the Sun and of the
            satellite are channels of it or variables beside it.
    """
    names = [str(name) for name in scene["channel"].values]
    image = np.asarray(scene["image"].values, np.float32)
    planes = dict(zip(names, image, strict=True))
    for angle in (_SUN, _VIEW):
        if angle not in planes and angle in scene.variables:
            planes[angle] = np.asarray(scene[angle].values, np.float32)
    found: Numbers = {name: planes[name] for name in (*CHANNELS, _VIEW) if name in planes}
    if _VIEW in planes:
        found["view_zenith"] = planes[_VIEW]
    if _SUN in planes:
        sun = planes[_SUN]
        found["night"] = sun
        found["twilight"] = np.where(sun < NIGHT_BEGINS, sun, np.float32(np.nan))
    found["lacking"] = _lacking(planes)
    return found


def _lacking(planes: Numbers) -> NDArray[np.float32]:
    """How many channels of a pixel hold nothing, of those that could; NaN off the disk."""
    lit = planes[_SUN] < NIGHT_BEGINS if _SUN in planes else np.False_
    shape = next(iter(planes.values())).shape
    count = np.zeros(shape, np.float32)
    for name in CHANNELS:
        if name in planes:
            gone = np.isnan(planes[name])
            count += gone & lit if name in SOLAR else gone
    if _VIEW in planes:
        count[np.isnan(planes[_VIEW])] = np.nan
    return count

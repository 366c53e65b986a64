"""Conditions of a pixel's views: how many there are, how steep they look, sun and sun glint.

What a network learned along the track, where one view looks straight down, need not hold at the
edge of the swath, nor what it learned of some scattering angles at others, and nothing that it
learned by day holds at night.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.polder.fields import ANGLES, VIEWS
from nephoscope.instruments.protocol import Condition

Numbers = dict[str, NDArray[np.float32]]

GLINT = 30.0
"""Degrees from the mirror direction of the sun within which the sea glitters."""
_DUSK = 3.0  # degrees that the sun may stand lower than in all of the training
_GEOMETRY = "geometry_outside_training"
_LAND = 100.0  # of land_sea_flag: nothing but land
_RARE = 0.002
"""Share of a training's pixels that may have fewer views: the ragged edge of the swath has from 1
on, and is hardly in any patch."""
_MANY = VIEWS // 2
"""Views from which on their scattering angles are judged: fewer may have any."""

CONDITIONS = {
    "views": Condition("few_views", "number of views", "", (0, VIEWS), (True, False), rare=_RARE),
    "glint": Condition(
        "glint",
        "view nearest to nadir over sea or coast: angle from the mirror direction of the sun",
        "degrees",
        (0, 180),
        usual=(GLINT, 180),
    ),
    "view_zenith": Condition(
        _GEOMETRY, "zenith angle of the view nearest to nadir", "degrees", (0, 90), (False, True)
    ),
    "least_scattering": Condition(
        _GEOMETRY, "smallest scattering angle of the views", "degrees", (0, 180)
    ),
    "greatest_scattering": Condition(
        _GEOMETRY, "greatest scattering angle of the views", "degrees", (0, 180)
    ),
    "solar_zenith": Condition(
        _GEOMETRY, "solar zenith angle", "degrees", (0, 180), reach=(None, _DUSK)
    ),
}
"""What a product says of a pixel by these numbers; see `nephoscope.instruments.protocol`."""


def conditions(scene: xr.Dataset) -> Numbers:
    """Numbers of each pixel by `CONDITIONS`, (y, x) float32; NaN where there are none.

    Those are left out whose fields the scene does not hold. `views` counts views of which all
    angles that it holds were measured, or of which its first directional field was.

    Args:
        scene: `image` (channel, y, x) with names of channels; of it the angles alone are read.
    """
    names = [str(name) for name in scene["channel"].values]
    image = scene["image"]
    found_angles = ((name, _views_of(image, name, names)) for name in ANGLES)
    angles = {name: cube for name, cube in found_angles if cube is not None}
    cubes = list(angles.values()) or [_first_of(image, names)]
    valid = np.logical_and.reduce([np.isfinite(cube) for cube in cubes])
    found: Numbers = {"views": valid.sum(axis=0).astype(np.float32)}
    if "thetav" in angles:
        zenith = np.where(valid, angles["thetav"], np.inf)
        nearest = zenith.argmin(axis=0)[None]
        steepest = {name: _taken(cube, valid, nearest) for name, cube in angles.items()}
        found["view_zenith"] = steepest["thetav"]
        if "thetas" in angles:
            found["solar_zenith"] = steepest["thetas"]
        if len(angles) == len(ANGLES):
            least, greatest = _scattering(**angles)
            many = found["views"] >= _MANY
            found["least_scattering"] = np.where(many, least, np.float32(np.nan))
            found["greatest_scattering"] = np.where(many, greatest, np.float32(np.nan))
            found["glint"] = _over_sea(_from_mirror(**steepest), image, names)
    elif "thetas" in angles:
        found["solar_zenith"] = np.fmin.reduce(angles["thetas"], axis=0)
    return found


def _views_of(image: xr.DataArray, field: str, names: list[str]) -> NDArray[np.float32] | None:
    """A field in all views, (view, y, x)."""
    wanted = [name for name in names if name.rpartition("_")[0] == field]
    if not wanted:
        return None
    return np.asarray(image.sel(channel=wanted).values)


def _first_of(image: xr.DataArray, names: list[str]) -> NDArray[np.float32]:
    """The first directional field in all views; the first channel where there is none."""
    field = next((name[:-3] for name in names if name[-3:-2] == "_" and name[-2:].isdigit()), "")
    cube = _views_of(image, field, names) if field else None
    return np.asarray(image[:1].values) if cube is None else cube


def _taken(
    cube: NDArray[np.float32], valid: NDArray[np.bool_], nearest: NDArray[np.intp]
) -> NDArray[np.float32]:
    values, there = (np.take_along_axis(each, nearest, 0)[0] for each in (cube, valid))
    return np.asarray(np.where(there, values, np.float32(np.nan)))


def _scattering(
    thetas: NDArray[np.float32], thetav: NDArray[np.float32], phi: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Least and greatest angle by which sunlight is turned towards a view, degrees, (y, x).

    phi is 0 with the sun behind the satellite, which is 180 degrees where both stand as high.
    """
    sun, view, azimuth = np.radians(thetas), np.radians(thetav), np.radians(phi)
    cosine = -np.cos(sun) * np.cos(view) - np.sin(sun) * np.sin(view) * np.cos(azimuth)
    ends = np.fmax.reduce(cosine, axis=0), np.fmin.reduce(cosine, axis=0)
    least, greatest = (np.degrees(np.arccos(np.clip(end, -1, 1))) for end in ends)
    return least.astype(np.float32), greatest.astype(np.float32)


def _from_mirror(
    thetas: NDArray[np.float32], thetav: NDArray[np.float32], phi: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Degrees between a view and the direction in which a level mirror shows the sun.

    phi is 0 with the sun behind the satellite, and 180 where it looks towards the glint.
    """
    sun, view, azimuth = np.radians(thetas), np.radians(thetav), np.radians(phi)
    cosine = np.cos(sun) * np.cos(view) - np.sin(sun) * np.sin(view) * np.cos(azimuth)
    angle: NDArray[np.float32] = np.degrees(np.arccos(np.clip(cosine, -1, 1))).astype(np.float32)
    return angle


def _over_sea(
    angle: NDArray[np.float32], image: xr.DataArray, names: list[str]
) -> NDArray[np.float32]:
    """The angle where there may be water; NaN over nothing but land."""
    if "land_sea_flag" in names:
        angle[image.sel(channel="land_sea_flag").values >= _LAND] = np.nan
    return angle

"""Geometry of a picture seen in many views: how a pixel is looked at, as labels of strata."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.evaluation.strata import channels_by_view, views_of

NADIR_DEGREES = 10
"""Width of the bins of the zenith angle of the view nearest to nadir."""
GLINT = 30.0
"""Degrees around the Sun's mirror image on a flat sea within which it glitters."""
_ANGLES = ("thetav", "thetas", "phi")

Reals = NDArray[np.floating[Any]]


def geometry_of(scene: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Labels of every pixel, by stratum; only what the scene's channels tell.

    Returns:
        `views` (y, x) int64: views in which every channel is there; `nadir` (y, x) int64: lower
        edge, degrees, of the bin of the smallest zenith angle of a view, -1 without any; `glint`
        (y, x) str: whether that view looks into the Sun's mirror image.
    """
    names = [str(name) for name in scene["channel"].values]
    image, views = scene["image"].values, channels_by_view(names)
    found: dict[str, NDArray[Any]] = {}
    if views:
        found["views"] = views_of(image, views)
    planes = {
        angle: [names.index(f"{angle}_{view}") for view in views if f"{angle}_{view}" in names]
        for angle in _ANGLES
    }
    if not planes["thetav"]:
        return found
    zenith = image[planes["thetav"]]
    seen = np.isfinite(zenith).any(axis=0)
    nearest = np.where(np.isfinite(zenith), zenith, np.inf).argmin(axis=0)[None]
    least = np.take_along_axis(zenith, nearest, axis=0)[0]
    edge = np.floor(np.where(seen, least, 0) / NADIR_DEGREES) * NADIR_DEGREES
    found["nadir"] = np.where(seen, edge, -1).astype(np.int64)
    if all(len(each) == len(zenith) for each in planes.values()):
        sun, phi = (
            np.take_along_axis(image[planes[angle]], nearest, axis=0)[0]
            for angle in ("thetas", "phi")
        )
        found["glint"] = _glint(least, sun, phi)
    return found


def _glint(zenith: Reals, sun: Reals, phi: Reals) -> NDArray[np.str_]:
    """Words (y, x): "glint", "no glint", or "unknown" where an angle is."""
    off = mirror_angle(zenith, sun, phi)
    words = np.where(off <= GLINT, "glint", "no glint")
    return np.where(np.isfinite(off), words, "unknown")


def mirror_angle(zenith: Reals, sun: Reals, phi: Reals) -> Reals:
    """Degrees between a view and the Sun's mirror image on a flat surface, any shape.

    Args:
        zenith: of the view, degrees.
        sun: zenith angle of the Sun, degrees.
        phi: azimuth of the Sun less that of the view, degrees: 180 towards the mirror image.
    """
    view, light, turn = (np.deg2rad(each.astype(np.float64)) for each in (zenith, sun, phi))
    cosine = np.cos(view) * np.cos(light) - np.sin(view) * np.sin(light) * np.cos(turn)
    return np.asarray(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))

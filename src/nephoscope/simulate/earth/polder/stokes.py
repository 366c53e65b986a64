"""Q and U of polarised light, in the frame of the local meridian plane.

The plane of reference holds the vertical of the pixel and the direction of view. Q is the part of
the light that swings in this plane less the part that swings across it. U is the part at 45
degrees, turned from the direction of growing zenith angle towards that of falling azimuth (counted
anticlockwise), less the part at -45 degrees, as in Hansen and Travis 1974, section 1. Light
scattered once swings across the plane of Sun, pixel and satellite, or in it (then it is counted
negative): its direction is known from the angles alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def cos_scattering(thetas: Floats, thetav: Floats, phi: Floats) -> Floats:
    """Cosine of the scattering angle, -cos cos - sin sin cos(phi); angles in degrees."""
    sun, view, turn = (np.deg2rad(angle) for angle in (thetas, thetav, phi))
    across = np.sin(sun) * np.sin(view) * np.cos(turn)
    return np.asarray(-np.cos(sun) * np.cos(view) - across)


def rotation(thetas: Floats, thetav: Floats, phi: Floats) -> tuple[Floats, Floats]:
    """Q and U of light that swings across the scattering plane with intensity 1.

    The normal of that plane, s x v of the unit vectors towards Sun and satellite, has the component
    -sin(thetas) sin(phi) in the meridian plane and cos(thetas) sin(thetav) - sin(thetas)
    cos(thetav) cos(phi) across it, both over the sine of the scattering angle; with the angle psi
    between them Q = cos(2 psi), U = sin(2 psi).

    Args:
        thetas: zenith angle of the Sun, degrees, any shape.
        thetav: zenith angle of the satellite.
        phi: azimuth of the Sun less that of the satellite, clockwise from north.
    """
    sun, view, turn = (np.deg2rad(angle) for angle in (thetas, thetav, phi))
    within = -np.sin(sun) * np.sin(turn)
    across = np.cos(sun) * np.sin(view) - np.sin(sun) * np.cos(view) * np.cos(turn)
    square = np.maximum(within**2 + across**2, np.float32(1e-12))
    return (within**2 - across**2) / square, -2 * within * across / square

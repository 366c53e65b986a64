"""Directions of polarisation against vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.simulate.earth.polder.stokes import cos_scattering, rotation


def unit(zenith, azimuth):
    """Azimuth clockwise from north: east, north, up."""
    z, a = np.deg2rad([zenith, azimuth])
    return np.array([np.sin(z) * np.sin(a), np.sin(z) * np.cos(a), np.cos(z)])


@given(
    thetas=st.floats(5, 80), thetav=st.floats(5, 68), sun=st.floats(0, 360), view=st.floats(0, 360)
)
def test_light_swings_across_the_scattering_plane(thetas, thetav, sun, view):
    towards_sun, towards_view = unit(thetas, sun), unit(thetav, view)
    cosine = float(cos_scattering(thetas, thetav, sun - view))
    assert cosine == pytest.approx(-towards_sun @ towards_view, abs=1e-6)
    if abs(cosine) > 0.99:
        return  # the plane is hardly defined
    normal = np.cross(towards_sun, towards_view)
    normal /= np.linalg.norm(normal)
    within = unit(thetav + 90, view)  # growing zenith angle
    falling = np.cross(towards_view, within)  # falling azimuth: anticlockwise seen from above
    psi = np.arctan2(normal @ -falling, normal @ within)
    q, u = rotation(thetas, thetav, sun - view)
    assert (q, u) == pytest.approx((np.cos(2 * psi), np.sin(2 * psi)), abs=1e-4)


def test_in_the_plane_of_the_sun_light_swings_across_the_meridian_plane():
    for phi in (0.0, 180.0):
        q, u = rotation(40.0, 30.0, phi)
        assert (q, u) == pytest.approx((-1, 0), abs=1e-5)


def test_left_and_right_of_the_sun_differ_in_the_sign_of_u():
    left, right = rotation(40.0, 30.0, 70.0), rotation(40.0, 30.0, 290.0)
    assert left[0] == pytest.approx(right[0])
    assert left[1] == pytest.approx(-right[1])
    assert abs(left[1]) > 0.1

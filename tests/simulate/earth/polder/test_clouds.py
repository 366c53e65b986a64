"""Marching and reflection of slabs against Beer-Lambert, two-stream and asymptotic theory."""

from __future__ import annotations

import hand_made
import monte_carlo
import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import ALTITUDE
from nephoscope.simulate.earth.microphysics import mie
from nephoscope.simulate.earth.optics import ice
from nephoscope.simulate.earth.optics.oxygen import absorber, transmittance
from nephoscope.simulate.earth.polder.clouds import (
    Angles,
    DropletPhase,
    cloud_of,
    escape,
    single_scattering,
)
from nephoscope.simulate.earth.polder.profile import Profile
from nephoscope.simulate.earth.polder.ray_marching import ICE_KEPT, LIQUID_KEPT, layers_of, march
from nephoscope.simulate.earth.polder.stokes import cos_scattering
from nephoscope.simulate.earth.sight import Sight

GRID = hand_made.grid_over(size=60)


def angles_at(thetas, thetav, phi):
    thetas, thetav, phi = (
        np.atleast_1d(np.asarray(one, np.float32))
        for one in np.broadcast_arrays(thetas, thetav, phi)
    )
    sun, view = (np.cos(np.deg2rad(one)) for one in (thetas, thetav))
    return Angles(sun, view, cos_scattering(thetas, thetav, phi), phi)


def cross(air, angles, thetav=0.0, azimuth=0.0):
    shape = angles.sun.shape
    sight = Sight.towards(
        air.grid, np.full(shape, 20.0), np.full(shape, 30.0), np.broadcast_to(thetav, shape),
        np.broadcast_to(azimuth, shape),
    )  # fmt: skip
    pressure = Profile.at(air.air, 20.0).of_levels
    layers = list(layers_of(air).values())
    return march(layers, pressure, sight, angles.airmass)


def test_a_slab_is_crossed_whole():
    air = hand_made.atmosphere(GRID, liquid=[(900, 1900, 8.0)], ice=[(9000, 10_000, 0.7)])
    angles = angles_at(40.0, 50.0, 90.0)
    crossing = cross(air, angles, 50.0)
    depth = 8.0 * LIQUID_KEPT + 0.7 * ICE_KEPT
    assert crossing.depth == pytest.approx(depth, rel=1e-4)
    assert crossing.direct == pytest.approx(np.exp(-depth * angles.airmass), rel=1e-3)
    # Beer and Lambert: what passes the ice is left for the droplets.
    assert crossing.ice == pytest.approx(1 - np.exp(-0.7 * ICE_KEPT * angles.airmass), rel=1e-3)
    assert crossing.liquid + crossing.ice + crossing.direct == pytest.approx(1, abs=1e-5)
    assert crossing.radius == pytest.approx(10e-6, rel=1e-3)


def test_light_turns_back_inside_a_thick_cloud_and_at_a_thin_one():
    pressure = Profile.at(hand_made.atmosphere(GRID).air, 20.0)
    angles = angles_at(40.0, 0.0, 0.0)
    top, bottom = (pressure.pressure_at(np.float32(one)) for one in (10_000.0, 2_000.0))
    deep = hand_made.atmosphere(GRID, ice=[(2_000, 10_000, 40.0)])
    middle = float(cross(deep, angles).pressure[0])
    assert top + 5_000 < middle < (top + bottom) / 2
    flat = hand_made.atmosphere(GRID, ice=[(10_000, 10_000, 40.0)])
    assert float(cross(flat, angles).pressure[0]) == pytest.approx(top, rel=0.02)
    both = hand_made.atmosphere(GRID, liquid=[(1000, 1000, 20.0)], ice=[(10_000, 10_000, 0.3)])
    assert top + 20_000 < float(cross(both, angles).pressure[0])


@pytest.mark.parametrize(
    ("bottom", "top", "tau"),
    [(840, 1560, 10.0), (4920, 9960, 10.0), (4920, 9960, 40.0), (9000, 9960, 1.0)],
)
def test_apparent_pressure_is_that_of_photons(bottom, top, tau):
    sun, view, scale = 0.8, 0.9, 7500.0
    weights, path = monte_carlo.paths(
        ice.phase(np.cos(monte_carlo.ANGLE))[0].astype(float), top, bottom, tau, sun, view, scale
    )
    bands = [(weights * transmittance(band, np.log(path))).sum() for band in (763, 765)]
    pressures = np.linspace(10_000, 105_000, 500).astype(np.float32)
    straight = absorber(1 / sun + 1 / view, pressures)
    ratios = transmittance(763, straight) / transmittance(765, straight)
    counted = np.interp(-bands[0] / bands[1], -ratios, pressures)

    air = hand_made.atmosphere(GRID, ice=[(bottom + 120, top - 120, tau)])
    angles = angles_at(np.rad2deg(np.arccos(sun)), np.rad2deg(np.arccos(view)), 90.0)
    shape = angles.sun.shape
    sight = Sight.towards(GRID, *(np.full(shape, one) for one in (20.0, 30.0, 0.0, 0.0)))
    pressure = (101_325 * np.exp(-ALTITUDE / np.float32(scale))).astype(np.float32)
    crossing = march(list(layers_of(air).values()), pressure, sight, angles.airmass)
    assert float(crossing.apparent[0]) == pytest.approx(counted, abs=2000)
    assert crossing.apparent > crossing.pressure


def test_conservative_thick_cloud_reflects_as_asymptotic_theory_says():
    """1 - 1 / (0.75 (1 - g) tau + 1.07), times the escape function (Kokhanovsky et al. 2003)."""
    angles = angles_at(45.0, 20.0, 90.0)
    for tau in (20.0, 60.0):
        air = hand_made.atmosphere(GRID, liquid=[(1000, 2000, tau)])
        cloud = cloud_of(cross(air, angles), angles)
        escaping = 3 / 7 * (1 + 2 * np.cos(np.deg2rad(45)))
        through = escaping / (0.75 * 0.14 * tau + 1.07)
        assert cloud.down == pytest.approx(through, rel=0.08)


def test_flux_of_a_cloud_is_what_the_two_stream_equations_say():
    """Its pattern, summed over all directions, gives back the plane albedo."""
    node, weight = np.polynomial.legendre.leggauss(16)
    view, weight = (node + 1) / 2, weight / 2
    turn = np.arange(2.5, 180, 5.0)
    thetav = np.rad2deg(np.arccos(view))
    grid = np.broadcast_arrays(thetav[:, None], turn[None])
    angles = angles_at(50.0, grid[0].ravel(), grid[1].ravel())
    for tau in (2.0, 10.0, 50.0):
        air = hand_made.atmosphere(GRID, ice=[(8000, 9000, tau)])
        crossing = cross(air, angles)
        cloud = cloud_of(crossing, angles)
        drops = DropletPhase.of(crossing, angles)
        once, _ = single_scattering(crossing, angles, 670, drops)
        pattern = (once + cloud.many).reshape(grid[0].shape).mean(axis=1)
        albedo = (2 * view * weight * pattern).sum()
        # The crystals' own phase function is not quite that of the scaled asymmetry.
        assert albedo == pytest.approx(1 - cloud.down[0], abs=0.03)


def test_light_scattered_many_times_has_flux_1():
    node, weight = np.polynomial.legendre.leggauss(30)
    view = ((node + 1) / 2).astype(np.float32)
    for sun in (0.2, 0.5, 1.0):
        flux = (2 * view * weight / 2 * escape(np.full_like(view, sun), view)).sum()
        assert flux == pytest.approx(1, abs=0.01)


def test_thin_cloud_scatters_once():
    """R = P tau / (4 mu mu_sun) for small tau."""
    angles = angles_at(40.0, 30.0, 30.0)
    for kind, phase in (("ice", ice.phase(angles.scattering)[0]), ("liquid", None)):
        air = hand_made.atmosphere(GRID, **{kind: [(3000, 3000, 0.01)]})
        crossing = cross(air, angles)
        drops = DropletPhase.of(crossing, angles)
        if phase is None:
            angle = np.rint(np.rad2deg(np.arccos(angles.scattering)) * mie.STEPS_PER_DEGREE)
            table = mie.droplets(670)[0].intensity[mie.RADII.index(10e-6)]
            phase = table[angle.astype(int)]
        expected = phase * 0.01 / (4 * angles.sun * angles.view)
        got = single_scattering(crossing, angles, 670, drops)[0]
        assert got == pytest.approx(expected, rel=0.01)
        assert cloud_of(crossing, angles).many < 0.1 * got


@pytest.mark.parametrize("tau", [1.0, 5.0, 20.0])
def test_ice_reflects_as_photons_do(tau):
    """The closure errs by a few per cent near the vertical and a fifth towards the limb."""
    sun = 0.8
    views = [(0.98, 0.0), (0.8, 0.0), (0.8, 180.0), (0.7, 90.0)]
    counted = monte_carlo.reflectances(
        ice.phase(np.cos(monte_carlo.ANGLE))[0].astype(float), tau, sun, views, 12_000
    )
    view, turn = np.array(views).T
    angles = angles_at(np.rad2deg(np.arccos(sun)), np.rad2deg(np.arccos(view)), turn)
    air = hand_made.atmosphere(GRID, ice=[(8000, 8000, tau)])
    crossing = cross(air, angles)
    drops = DropletPhase.of(crossing, angles)
    got = single_scattering(crossing, angles, 670, drops)[0] + cloud_of(crossing, angles).many
    assert got == pytest.approx(counted, rel=0.2)
    assert got.mean() == pytest.approx(counted.mean(), rel=0.1)

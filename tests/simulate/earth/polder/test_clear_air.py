"""Air without cloud against single scattering and photons."""

from __future__ import annotations

import monte_carlo
import numpy as np
import pytest

from nephoscope.simulate.earth.optics import rayleigh
from nephoscope.simulate.earth.polder.clear_air import layer_of
from nephoscope.simulate.earth.polder.clouds import Angles

SEA_LEVEL = np.full(1, 101_325, np.float32)


def angles(sun, view, scattering):
    return Angles(*(np.array([one], np.float32) for one in (sun, view, scattering, 0.0)))


def test_thin_air_scatters_once():
    where = angles(0.8, 0.7, -0.5)
    layer = layer_of(1.02, SEA_LEVEL / 4, None, where)
    tau = rayleigh.optical_depth(1.02, SEA_LEVEL / 4)
    intensity, polarised = rayleigh.phase(where.scattering)
    assert layer.reflectance == pytest.approx(intensity * tau / (4 * 0.8 * 0.7), rel=0.02)
    assert layer.polarised == pytest.approx(polarised * tau / (4 * 0.8 * 0.7), rel=0.02)


def test_blue_sky_reflects_as_photons_do():
    views = [(1.0, 0.0), (0.6, 0.0), (0.6, 180.0), (0.4, 90.0)]
    tau, sun = 0.236, 0.7
    counted = monte_carlo.reflectances(
        rayleigh.phase(np.cos(monte_carlo.ANGLE))[0], tau, sun, views, 60_000
    )
    pressure = SEA_LEVEL * tau / rayleigh.optical_depth(0.443)
    for (view, turn), expected in zip(views, counted, strict=True):
        sines = np.sqrt((1 - view**2) * (1 - sun**2))
        where = angles(sun, view, -sun * view - sines * np.cos(np.deg2rad(turn)))
        layer = layer_of(0.443, pressure, None, where)
        assert float(layer.reflectance[0]) == pytest.approx(expected, rel=0.06)


def test_haze_brightens_and_absorbs():
    where = angles(0.8, 0.9, -0.9)
    thin, thick = (
        layer_of(0.865, SEA_LEVEL, np.full(1, depth, np.float32), where) for depth in (0.05, 0.5)
    )
    assert thick.reflectance > thin.reflectance
    assert thick.both_ways < thin.both_ways < 1
    assert thick.direct < thin.direct
    # Energy: what does not come back or pass was absorbed, a twentieth of the haze's depth.
    assert thick.both_ways > thick.direct

"""Thermal radiance of scattering clouds against photons followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.simulate.earth.optics.scattering import scattering
from nephoscope.simulate.earth.seviri.planck import Planck
from nephoscope.simulate.earth.seviri.solar import Light, _below


def fates(depth, albedo, asymmetry, photons=60_000):
    """Of light followed backwards from overhead: shares that end in the ground, and in the cloud.

    Scattering angles of Henyey & Greenstein (1941); what leaves upwards came from cold space.
    """
    rng = np.random.default_rng(0)
    place, cosine = np.zeros(photons), np.full(photons, 1.0)  # downwards
    ground = cloud = 0
    while len(place):
        place = place - np.log(rng.random(len(place))) * cosine
        ground += (place > depth).sum()
        within = (place >= 0) & (place <= depth)
        place, cosine = place[within], cosine[within]
        absorbed = rng.random(len(place)) > albedo
        cloud += absorbed.sum()
        place, cosine = place[~absorbed], cosine[~absorbed]
        part = (1 - asymmetry**2) / (1 - asymmetry + 2 * asymmetry * rng.random(len(place)))
        turn = (1 + asymmetry**2 - part**2) / (2 * asymmetry)
        around = np.cos(2 * np.pi * rng.random(len(place)))
        sines = np.sqrt(np.maximum(1 - cosine**2, 0) * np.maximum(1 - turn**2, 0))
        cosine = cosine * turn + sines * around
    return ground / photons, cloud / photons


@pytest.mark.parametrize(
    ("channel", "phase", "radius", "depth", "allowed"),
    [("IR_039", "water", 8, 40, 1.0), ("IR_087", "water", 8, 6, 0.7), ("IR_087", "ice", 15, 2, 0.7),
     ("IR_108", "ice", 15, 2, 0.5), ("IR_120", "ice", 40, 6, 0.6), ("IR_134", "water", 12, 2, 0.5)],
)  # fmt: skip
def test_scaled_absorption_and_dimming_are_near_the_truth(
    tropics, channel, phase, radius, depth, allowed
):
    height = 11_000.0 if phase == "ice" else 1000.0
    bare = tropics.without_gas()
    of, planck = scattering(channel, phase, radius), Planck.of(channel, 322)
    ground, cloud = fates(depth * float(of.extinction), float(of.albedo), float(of.asymmetry))
    radiance = ground * planck.radiance(bare.seen()[channel])
    radiance += cloud * planck.radiance(tropics.temperature(height))
    seen = bare.with_cloud(phase, height, height, depth, radius).seen()[channel]
    assert seen == pytest.approx(float(planck.temperature(radiance)), abs=allowed)


def bidirectional(depth, asymmetry, cos_view, cos_sun, azimuth, photons=12_000):
    """Reflectance factor of a cloud that absorbs nothing: light followed backwards from the eye.

    At each scattering it is asked how much sunlight arrives there and turns into the line of sight.
    """
    rng = np.random.default_rng(1)
    place, reflected = np.zeros(photons), 0.0
    way = np.tile([np.sqrt(1 - cos_view**2), 0.0, cos_view], (photons, 1))
    sine = np.sqrt(1 - cos_sun**2)
    sun = np.array([sine * np.cos(azimuth), sine * np.sin(azimuth), cos_sun])
    while len(place):
        place = place - np.log(rng.random(len(place))) * way[:, 2]
        within = (place >= 0) & (place <= depth)
        place, way = place[within], way[within]
        phase = (1 - asymmetry**2) / (1 + asymmetry**2 + 2 * asymmetry * (way @ sun)) ** 1.5
        reflected += (phase * np.exp(-place / cos_sun)).sum() / (4 * cos_sun)
        part = (1 - asymmetry**2) / (1 - asymmetry + 2 * asymmetry * rng.random(len(place)))
        turn = (1 + asymmetry**2 - part**2) / (2 * asymmetry)
        across = np.cross(way, rng.standard_normal((len(place), 3)))
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        way = turn[:, None] * way + np.sqrt(np.maximum(1 - turn**2, 0))[:, None] * across
    return reflected / photons


@pytest.mark.parametrize(("depth", "asymmetry"), [(1.0, 0.76), (4.0, 0.86), (16.0, 0.76)])
@pytest.mark.parametrize("cos_sun", [0.5, 0.9])
def test_reflected_sunlight_is_near_that_of_photons(depth, asymmetry, cos_sun):
    """The mean over azimuths, to 20 % for a thin cloud and to 12 % for others."""
    view = 0.85
    counted = np.mean(
        [bidirectional(depth, asymmetry, view, cos_sun, angle) for angle in (0, np.pi / 2, np.pi)]
    )
    one = np.ones(1, np.float32)
    cosines = cos_sun * one, view * one
    light = _below(depth * one, asymmetry * one, one, cosines, Light(0 * one, 0 * one))
    assert float(light.reflected[0]) == pytest.approx(counted, rel=0.12 if depth > 1 else 0.2)

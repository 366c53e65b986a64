"""Thermal radiance of scattering clouds against photons followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.simulate.optics.scattering import scattering
from nephoscope.simulate.seviri.planck import Planck


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

"""Planck's law against numbers, and against the calibration that inverts it."""

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.instruments.seviri import CHANNELS, THERMAL
from nephoscope.instruments.seviri.calibration import calibration_table
from nephoscope.simulate.earth.seviri.native import SLOPE, SPACE_COUNT
from nephoscope.simulate.earth.seviri.planck import Planck


def test_a_black_body_of_300_kelvin_at_ten_micrometres():
    """9.924e-8 W m-2 sr-1 m: c1 = 3.741772e-16 W m2 / pi, c2 = 0.01438777 m K, by hand."""
    assert float(Planck(1000.0, 1.0, 0.0).radiance(300.0)) == pytest.approx(99.24, rel=1e-3)


@pytest.mark.parametrize("channel", THERMAL)
def test_the_calibration_gives_the_temperature_back(channel):
    slope = SLOPE[CHANNELS.index(channel)]
    time = np.datetime64("2010-06-11T12:00").astype("datetime64[us]").item()
    table = calibration_table(channel, 322, slope, -SPACE_COUNT * slope, time)
    planck = Planck.of(channel, 322)
    counts = np.array([200, 400, 800])
    radiance = slope * (counts - SPACE_COUNT)
    np.testing.assert_allclose(planck.temperature(radiance), table[counts], rtol=1e-5)
    np.testing.assert_allclose(planck.radiance(table[counts]), radiance, rtol=1e-4)


def test_the_sun_at_3_9_micrometres():
    """10.3 W m-2 um-1 (Thekaekara 1973, NASA SP-8005, at 3.9 um)."""
    planck = Planck.of("IR_039", 322)
    per_micrometre = planck.sunlight() * 1e-3 * planck.wavenumber**2 / 1e4
    assert per_micrometre == pytest.approx(10.3, rel=0.06)

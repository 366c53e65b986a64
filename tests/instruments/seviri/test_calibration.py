"""Calibration against the Planck function and the published definition of reflectance."""

from datetime import datetime

import numpy as np
import pytest

from nephoscope.instruments.seviri.calibration import calibration_table
from nephoscope.instruments.seviri.channels import CHANNELS, SOLAR
from nephoscope.simulate.earth.seviri.native import SLOPE, SPACE_COUNT

TIME = datetime(2010, 10, 11, 14)


def table_of(channel, satellite=322, processing=2):
    slope = SLOPE[CHANNELS.index(channel)]
    return calibration_table(channel, satellite, slope, -SPACE_COUNT * slope, TIME, processing)


def test_temperature_is_that_of_a_black_body_at_the_channel_s_wavenumber():
    # IR_108 of Meteosat-9: 931.7 cm-1, alpha 0.9983, beta 0.64 K (EUMETSAT, effective radiance).
    radiance = SLOPE[8] * (np.array([100, 400, 900]) - 51)
    planck = 1.4387752 * 931.7 / np.log(1 + 1.19104273e-5 * 931.7**3 / radiance)
    np.testing.assert_allclose(
        table_of("IR_108")[[100, 400, 900]], (planck - 0.64) / 0.9983, rtol=2e-5
    )


def test_reflectance_is_pi_radiance_over_irradiance():
    # Band solar irradiance of VIS006 of Meteosat-9: 65.2065 mW m-2 (cm-1)-1; the Earth was at
    # 0.9982 au on 11 October.
    radiance = SLOPE[0] * (500 - 51)
    expected = 100 * np.pi * radiance * 0.9982**2 / 65.2065
    assert table_of("VIS006")[500] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("channel", CHANNELS)
def test_tables_ascend_and_space_is_dark_or_missing(channel):
    table = table_of(channel)
    assert table.dtype == np.float32
    assert np.isnan(table[0])
    assert (np.diff(table[60:]) > 0).all()
    if channel in SOLAR:
        assert (table[1:SPACE_COUNT] == 0).all()
    else:  # no temperature of -3 K where there is no radiance
        assert np.isnan(table[: SPACE_COUNT + 1]).all()
        assert np.isfinite(table[SPACE_COUNT + 1 :]).all()
        assert np.nanmin(table) > 100


def test_other_satellites_and_kinds_of_radiance():
    with pytest.raises(KeyError):
        table_of("IR_108", satellite=70)
    with pytest.raises((ValueError, NotImplementedError)):
        table_of("IR_108", processing=0)
    assert table_of("IR_108", processing=1)[500] != table_of("IR_108")[500]

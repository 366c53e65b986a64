"""Tables of scattering and gases against Mie's solution, published numbers and limits."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import ALTITUDE
from nephoscope.simulate.earth.atmosphere.air import draw_air
from nephoscope.simulate.earth.microphysics.mie import (
    efficiencies,
    gamma_distribution,
    mie_coefficients,
)
from nephoscope.simulate.earth.optics.gases import continuum_coefficient, gas_depth, vapour_above
from nephoscope.simulate.earth.optics.scattering import WAVELENGTH, absorption_ratio, scattering

# Complex refractive index at the channels of SEVIRI, interpolated to the centre of each, the
# imaginary part in its logarithm. Water: Hale & Querry (1973, Applied Optics 12, 555), 298 K. Ice:
# Warren & Brandt (2008, J. Geophys. Res. 113, D14220), 266 K.
WATER = {
    "VIS006": 1.3314 + 1.52e-8j, "VIS008": 1.329 + 1.43e-7j, "IR_016": 1.3161 + 8.99e-5j,
    "IR_039": 1.3562 + 3.9e-3j, "WV_062": 1.36 + 0.0708j, "WV_073": 1.308 + 0.0323j,
    "IR_087": 1.272 + 0.0378j, "IR_097": 1.236 + 0.0461j, "IR_108": 1.169 + 0.0801j,
    "IR_120": 1.1134 + 0.189j, "IR_134": 1.164 + 0.326j,
}  # fmt: skip
ICE = {
    "VIS006": 1.3083 + 1.2e-8j, "VIS008": 1.3047 + 1.39e-7j, "IR_016": 1.2884 + 2.49e-4j,
    "IR_039": 1.3681 + 9.69e-3j, "WV_062": 1.3152 + 0.0636j, "WV_073": 1.3218 + 0.0461j,
    "IR_087": 1.2833 + 0.0365j, "IR_097": 1.2272 + 0.0423j, "IR_108": 1.0867 + 0.168j,
    "IR_120": 1.2589 + 0.41j, "IR_134": 1.5084 + 0.359j,
}  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "phase", "effective"),
    [("IR_016", "water", 10.0), ("IR_039", "water", 7.5), ("IR_108", "water", 5.0),
     ("IR_087", "ice", 20.0), ("IR_120", "ice", 10.0), ("WV_062", "ice", 45.0)],
)  # fmt: skip
def test_tables_are_those_of_mie(channel, phase, effective):
    index = {"water": WATER, "ice": ICE}[phase][channel]
    radius = np.geomspace(0.05, 4, 250) * effective
    variance = {"water": 0.10, "ice": 0.15}[phase]
    size = 2 * np.pi * radius / WAVELENGTH[channel]
    q_extinction, q_scattering, asymmetry = efficiencies(*mie_coefficients(size, index), size)
    area = gamma_distribution(radius, effective, variance) * np.gradient(radius) * radius**2
    albedo = (area * q_scattering).sum() / (area * q_extinction).sum()
    table = scattering(channel, phase, effective)
    assert float(table.extinction) == pytest.approx(
        (area * q_extinction).sum() / area.sum() / 2, rel=0.02
    )
    assert 1 - float(table.albedo) == pytest.approx(1 - albedo, rel=0.06)
    if channel != "IR_016" or phase == "water":
        expected = (area * q_scattering * asymmetry).sum() / (area * q_scattering).sum()
        assert float(table.asymmetry) == pytest.approx(expected, abs=0.01)


def test_droplets_in_the_visible_have_the_well_known_asymmetry():
    """0.862 at 10 um (Hu & Stamnes 1993), and nothing is absorbed."""
    of = scattering("VIS006", "water", 10.0)
    assert float(of.asymmetry) == pytest.approx(0.862, abs=0.004)
    assert float(of.albedo) > 0.9999


def test_large_crystals_absorb_half_of_what_they_stop():
    for channel in ("IR_087", "IR_108", "IR_120"):
        assert float(scattering(channel, "ice", 100.0).albedo) == pytest.approx(0.52, abs=0.03)
        assert 0.4 < float(absorption_ratio(channel, "ice", 100.0)) < 0.7


def test_visible_optical_depth_of_cirrus_is_twice_the_absorption_at_11_micrometres():
    """The ratio is 2.0 to 2.2 for large crystals (Minnis et al. 1993; Garnier et al. 2015)."""
    for radius in (20.0, 30.0, 45.0):
        assert 1.6 < 1 / float(absorption_ratio("IR_108", "ice", radius)) < 2.3


def test_the_continuum_is_that_of_roberts_selby_and_biberman():
    """By hand at 900 cm-1: 4.18 + 5578 exp(-7.083) = 8.86 g-1 cm2 atm-1; more in the cold."""
    assert continuum_coefficient(900.0, 296.0) == pytest.approx(8.86, abs=0.02)
    assert continuum_coefficient(900.0, 280.0) / continuum_coefficient(900.0, 296.0) == (
        pytest.approx(np.exp(1800 * (1 / 280 - 1 / 296)))
    )


def test_weighting_functions_stand_where_they_should():
    """Mean heights of emission over the Tropics: 6.2 um above 7.3 um above the windows."""
    air = draw_air(np.random.default_rng(0), -2, 2, np.datetime64("2010-03-21"), anomaly=0)

    def height(channel):
        gas = gas_depth(channel, air)
        depth = (gas.dry + gas.linear + gas.quadratic)[..., 0]
        down = np.cumsum(depth[:, ::-1], axis=1)
        weight = (gas.share[:, None] * np.diff(-np.exp(-down), axis=1, prepend=-1)).sum(axis=0)
        return float((ALTITUDE[::-1] * weight).sum() / weight.sum())

    assert 8000 < height("WV_062") < 10_500
    assert 5500 < height("WV_073") < 7500
    assert height("IR_108") < 2200
    assert 3500 < height("IR_134") < 7000
    # The windows: the cleanest is 10.8 um.
    through = {}
    for channel in ("IR_087", "IR_108", "IR_120"):
        gas = gas_depth(channel, air)
        depth = (gas.dry + gas.linear + gas.quadratic)[..., 0].sum(axis=1)
        through[channel] = float((gas.share * np.exp(-depth)).sum())
    assert 0.4 < through["IR_108"] < 0.65
    assert through["IR_120"] < through["IR_108"]
    assert through["IR_087"] < through["IR_108"]


def test_vapour_above_is_the_integral():
    air = draw_air(np.random.default_rng(0), -2, 2, np.datetime64("2010-03-21"), anomaly=0)
    whole = vapour_above(air, 0.0)
    assert 35 < whole[0] < 50  # kg m-2: the standard tropical atmosphere has 41
    assert vapour_above(air, 20_500.0)[0] == 0
    assert 0.3 < vapour_above(air, 2000.0)[0] / whole[0] < 0.5

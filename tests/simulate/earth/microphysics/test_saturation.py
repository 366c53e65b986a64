import pytest

from nephoscope.simulate.earth.microphysics.saturation import over_water


# Murphy and Koop (2005), table C1.
@pytest.mark.parametrize(("temperature", "pressure"), [(210, 1.2335), (240, 37.667), (300, 3536.8)])
def test_saturation_over_water(temperature, pressure):
    assert over_water(temperature) == pytest.approx(pressure, rel=2e-4)


def test_saturation_at_the_triple_point():
    assert over_water(273.16) == pytest.approx(611.657, rel=1e-3)

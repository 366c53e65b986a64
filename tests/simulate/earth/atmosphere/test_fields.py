import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere.fields import Field, Texture
from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.layers.cloud import Grain
from nephoscope.simulate.earth.atmosphere.winds import Winds

SPACING = 2000.0


def field(texture, seed=1, name="test", shape=(256, 256)):
    return Field(texture, shape, SPACING, seed, name)


def correlation(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("seconds", [0.0, 20_000.0])
def test_the_spectrum_is_a_power_law_at_any_time(seconds):
    power = np.abs(np.fft.fft2(field(Texture(2e5, slope=4 / 3)).at(seconds, (12.0, 3.0)))) ** 2
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    rings = [power[(k > low) & (k < 1.2 * low)].mean() for low in (0.04, 0.32)]
    assert np.log(rings[0] / rings[1]) / np.log(8) == pytest.approx(8 / 3, abs=0.25)


def test_mean_and_deviation_stay_those_of_a_standard_normal_field():
    texture = Texture(5e4)
    for seconds in (0.0, 900.0, 86_400.0):
        values = field(texture).at(seconds)
        assert values.mean() == pytest.approx(0, abs=0.03)
        assert values.std() == pytest.approx(1, abs=0.05)
        assert values.dtype == np.float32


@pytest.mark.parametrize("wind", [(20.0, 0.0), (0.0, 20.0), (-20.0, 20.0)])
def test_a_field_drifts_with_the_wind(wind):
    """In 900 s 20 m/s are 18 km: 9 columns east, or 9 rows up."""
    one, other = (field(Texture(1e5)).at(seconds, wind) for seconds in (0.0, 900.0))
    right, up = (round(speed * 900 / SPACING) for speed in wind)
    moved = np.roll(one, (-up, right), (0, 1))
    assert correlation(moved[12:-12, 12:-12], other[12:-12, 12:-12]) > 0.95
    assert correlation(one, other) < 0.85


def test_eddies_turn_over_at_the_rate_of_their_size():
    """Correlation exp(-(r t)^2 / 2), r = (3e-4 m2 s-3 / (30 km)^2)^(1/3) = 6.9e-5 s-1."""
    cells = field(Texture(ring=30_000.0, dissipation=3e-4))
    assert correlation(cells.at(0.0), cells.at(14_400.0)) == pytest.approx(np.exp(-0.5), abs=0.06)
    assert correlation(cells.at(0.0), cells.at(60_000.0)) == pytest.approx(0, abs=0.06)


def test_a_time_is_the_same_whatever_was_asked_before():
    one, other = field(Texture(1e5)), field(Texture(1e5))
    one.at(3600.0)
    np.testing.assert_array_equal(one.at(900.0, (5.0, 0.0)), other.at(900.0, (5.0, 0.0)))


def test_names_and_seeds_make_independent_fields():
    texture = Texture(3e4)
    first = field(texture).at(0.0)
    assert abs(correlation(first, field(texture, name="other").at(0.0))) < 0.1
    assert abs(correlation(first, field(texture, seed=2).at(0.0))) < 0.1


def test_smooth_fields_are_drawn_coarse_and_enlarged():
    smooth = field(Texture(2e5, inner=4e4), shape=(250, 301)).at(900.0, (10.0, 0.0))
    assert smooth.shape == (250, 301)
    assert np.abs(np.diff(smooth)).max() < 0.5
    assert smooth.std() > 0.7


def test_long_features_lie_along_their_angle():
    long = field(Texture(5e4, stretch=3.0, angle=90.0)).at(0.0)
    along, across = (np.diff(long, axis=axis).std() for axis in (0, 1))
    assert across > 1.3 * along


def test_trades_blow_from_the_east_and_the_jet_from_the_west():
    low, high = [], []
    for seed in range(20):
        low.append(Winds.drawn(np.random.default_rng(seed), 14.0).at(500.0)[0])
        high.append(Winds.drawn(np.random.default_rng(seed), 40.0).at(11_000.0)[0])
    assert -9 < np.mean(low) < -4
    assert 20 < np.mean(high) < 35


@pytest.mark.parametrize("spacing", [1500.0, 3000.0])
def test_grain_leans_along_the_shear_by_as_many_metres_on_any_grid(spacing):
    # The wind turns from the north-west at the ground to the south-west aloft: its shear points
    # north, whatever the spacing of the columns.
    winds = Winds(surface=(10.0, -8.0), aloft=(10.0, 8.0))
    grid = LocalGrid(0.0, 0.0, 64, 64, spacing)
    spot = np.zeros(grid.shape, np.float32)
    spot[40, 30] = 1
    grain = Grain((spot.ravel(), spot.ravel()), 0.5, 1e9, winds.leaning(5000, 3.0))
    columns = np.arange(grid.rows * grid.cols, dtype=np.int32)
    placed = [
        np.unravel_index(np.argmax(grain.at(columns, altitude, grid)), grid.shape)
        for altitude in (0.0, 12_000.0)
    ]
    assert placed[0] == (40, 30)
    assert (placed[0][0] - placed[1][0]) * spacing == 36_000  # row 0 is in the north
    assert placed[1][1] == 30


def test_nothing_leans_where_the_wind_is_the_same_at_all_altitudes():
    assert Winds((5.0, 2.0), (5.0, 2.0)).leaning(5000, 3.0) == (0, 0)

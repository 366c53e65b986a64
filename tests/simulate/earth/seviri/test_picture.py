"""The instrument: its noise, its field of view, and what it does not look at."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.errors import UsageError
from nephoscope.grids.geostationary import SEVIRI_0
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.simulate.earth.seviri.lines import places_of
from nephoscope.simulate.earth.seviri.noise import THERMAL_NOISE
from nephoscope.simulate.earth.seviri.picture import FIELD_OF_VIEW, observe, sun_distance


def test_noise_is_as_large_as_said_and_follows_the_seed(tropics, noon):
    quiet = np.stack([tropics.image(noon, seed) for seed in range(8)]) - tropics.image(noon)
    deviation = dict(zip(CHANNELS, quiet.std(axis=(0, 2, 3)), strict=True))
    # Near 300 K, where these are given.
    for channel in ("IR_087", "IR_108", "IR_120"):
        assert deviation[channel] == pytest.approx(THERMAL_NOISE[channel][0], rel=0.2)
    # Planck's law is flat in the cold: noise of one radiance is more kelvins there.
    assert deviation["WV_062"] > THERMAL_NOISE["WV_062"][0]
    assert deviation["VIS006"] == pytest.approx(1 / 20, rel=0.15)
    np.testing.assert_array_equal(tropics.image(noon, 3), tropics.image(noon, 3))


def test_the_field_of_view_is_wider_than_a_pixel(tropics):
    """One cold column, 1.5 km wide, is spread over 4.8 km at half of its height."""
    bare = tropics.without_gas()
    spot = np.zeros(tropics.grid.shape, bool)
    row, col = (int(np.rint(one)) for one in tropics.grid.to_index(*tropics.window.to_place(4, 4)))
    spot[row - 1 : row + 2, col - 1 : col + 2] = True
    cold = bare.with_cloud("water", 200, 200, 30, 10, np.nonzero(spot))
    change = bare.image()[8] - cold.image()[8]
    across = change.sum(axis=0) / change.sum()
    place = np.arange(len(across))
    middle = (across * place).sum()
    width = np.sqrt((across * (place - middle) ** 2).sum() - 1.5**2 / 12) * np.sqrt(8 * np.log(2))
    assert width == pytest.approx(FIELD_OF_VIEW, abs=0.25)


def test_lines_of_sight_stand_a_quarter_of_a_pixel_from_the_middle(tropics):
    latitude, longitude = places_of(tropics.window)
    row, col = tropics.window.to_pixel(latitude, longitude)
    assert row.shape == (4, 8, 8)
    inside = np.stack([row - np.arange(8)[:, None], col - np.arange(8)[None]], axis=-1)
    np.testing.assert_allclose(np.abs(inside), 0.25, atol=1e-3)
    np.testing.assert_allclose(inside.mean(axis=0), 0, atol=1e-3)


def test_space_is_not_looked_at(tropics, noon):
    with pytest.raises(UsageError, match="space"):
        observe(tropics.air, SEVIRI_0.window(0, 0, 8, 8), noon)
    with pytest.raises(UsageError, match="Meteosat-7"):
        observe(tropics.air, tropics.window, noon, satellite="Meteosat-7")


def test_the_sun_is_nearest_in_january():
    assert sun_distance(np.datetime64("2010-01-03")) == pytest.approx(0.9833, abs=2e-4)
    assert sun_distance(np.datetime64("2010-07-05")) == pytest.approx(1.0167, abs=2e-4)

"""What a model keeps of the seasons of its training samples."""

import pytest
import xarray as xr

import samples_factory
from nephoscope.learn.place import seasons_of


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A store of days 1 to 4, of which the first has a season of its own."""

    def of(first_year):
        def columns(self, scene):
            day = float(scene.attrs["id"][-2:])
            year = first_year if day == 1 else 28.0
            numbers = {"order": day, "mars_year": year, "solar_longitude": 130 + day / 2}
            return {name: xr.Variable((), value) for name, value in numbers.items()}

        monkeypatch.setattr(samples_factory.FakeReader, "columns", columns)
        return samples_factory.write_store(tmp_path, monkeypatch)

    return of


def test_the_seasons_are_those_of_the_samples_that_are_named(write):
    found = seasons_of(write(27.0), ["P01_day01", "P01_day03"], "marci")
    assert found == {"mars_year": [27.0, 28.0], "solar_longitude": [130.5, 131.5]}


def test_of_a_sample_without_a_season_nothing_is_kept(write):
    path = write(float("nan"))
    assert seasons_of(path, ["P01_day01", "P01_day03"], "marci") is None
    assert seasons_of(path, ["P01_day03"], "marci") is not None


def test_an_instrument_without_seasons_keeps_none(write):
    assert seasons_of(write(28.0), ["P01_day01"], "skycam") is None

"""Files of the profilers that flew over a simulated atmosphere, read back by the readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nephoscope import open_track
from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import Sinusoidal
from nephoscope.instruments.cloudsat import read_time_offsets
from nephoscope.levels import ice_water_path
from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Atmosphere, LocalGrid
from nephoscope.simulate.earth.atmosphere.weather import Weather
from nephoscope.simulate.earth.atrain import Revolution
from nephoscope.simulate.earth.profilers.columns import fly_over
from nephoscope.simulate.earth.profilers.tracks import write_cloudsat_tracks, write_dardar_track

DATE = np.datetime64("2008-06-03")


@pytest.fixture(scope="module")
def overpass() -> tuple[Atmosphere, Revolution]:
    orbit = Revolution.over(8.0, 20.0, DATE)
    grid = LocalGrid(8.0, 20.0, 160, 160, 3000.0)
    return Weather(grid, 4, orbit.time_at(8.0)[()]).at(orbit.time_at(8.0)[()]), orbit


def test_the_track_goes_through_the_middle_of_the_air(overpass) -> None:
    atmosphere, orbit = overpass
    columns = fly_over(atmosphere, orbit, True)
    row, col = atmosphere.grid.to_index(columns.latitude, columns.longitude)
    nearest = np.hypot(row - 79.5, col - 79.5).min()
    assert nearest < 1
    assert abs(len(columns.time) - 480 / 1.08) < 20  # 1.08 km from profile to profile
    assert (np.diff(columns.latitude) > 0).all()
    middle = int(np.abs(columns.latitude - 8).argmin())
    place = round(float(row[middle])), round(float(col[middle]))
    assert (columns.iwc[middle] == atmosphere.iwc[:, *place]).all()


def test_dardar_is_the_air_below_the_track(tmp_path: Path, overpass) -> None:
    pytest.importorskip("netCDF4")
    atmosphere, orbit = overpass
    path = write_dardar_track(tmp_path, atmosphere, orbit, True, 1)
    assert path.parent == tmp_path / "CLOUDSAT" / "DARDAR-NICE_L2-PRO.v1.00" / "2008" / "2008_06_03"
    track, columns = open_track(path), fly_over(atmosphere, orbit, True)
    assert np.abs(track["latitude"].values - columns.latitude).max() < 1e-4
    truth = columns.iwc[:, 20:]
    gates = np.searchsorted(-track["height"].values, -ALTITUDE[20:])
    found = track["iwc"].values[:, gates]
    both = (truth > 1e-5) & (found > 0)
    assert both.sum() > 1000
    assert np.corrcoef(np.log(truth[both]), np.log(found[both]))[0, 1] > 0.95
    assert not (found[truth == 0] > 0).any()


def test_the_track_s_ice_sums_to_a_path(tmp_path: Path, overpass) -> None:
    pytest.importorskip("netCDF4")
    atmosphere, orbit = overpass
    path = ice_water_path(open_track(write_dardar_track(tmp_path, atmosphere, orbit, True, 1)))
    columns = fly_over(atmosphere, orbit, True)
    truth = columns.iwc.sum(axis=1) * THICKNESS
    assert np.isfinite(path).all()
    assert path.mean() == pytest.approx(truth.mean(), rel=0.1)


def test_caltrack_holds_profiles_of_the_granule_and_parasol_follows(
    tmp_path: Path, overpass
) -> None:
    pytest.importorskip("pyhdf")
    atmosphere, parasol = overpass
    granule, layers, classes, offsets = write_cloudsat_tracks(
        tmp_path, atmosphere, parasol, True, 1
    )
    fine, coarse = open_track(granule), open_track(classes)
    assert (fine["cloud_type"].values > 0).mean() > 0.01
    nearest = np.abs(fine["latitude"].values[:, None] - coarse["latitude"].values).argmin(axis=0)
    assert (fine["cloud_type"].values[nearest] == coarse["cloud_type"].values).all()
    assert np.median(np.diff(nearest)) == pytest.approx(4.6, abs=0.5)  # 5 km
    assert (open_track(layers)["cloud_type"].values > 0).any()
    beside = read_time_offsets(offsets)
    row, col = Sinusoidal(1080).to_pixel(coarse["latitude"].values, coarse["longitude"].values)
    assert (beside["rb2_row"].values == row).all()
    assert (beside["rb2_column"].values == col).all()
    assert beside["colocation_distance"].values.max() < 13.2  # half the diagonal of 18.5 km
    assert np.abs(beside["time"].values - coarse["time"].values).max() < np.timedelta64(1, "us")
    both = open_track(classes, offsets=offsets)
    assert both.attrs["half_orbit"] == "day"
    late = np.round(beside["time_difference"].values * 1e9).astype("timedelta64[ns]")
    there = parasol.time_at(coarse["latitude"].values)
    assert np.abs(coarse["time"].values - late - there).max() < np.timedelta64(20, "ms")


def test_air_beside_the_track_is_an_error(overpass) -> None:
    atmosphere, _ = overpass
    with pytest.raises(UsageError, match="misses the simulated atmosphere"):
        fly_over(atmosphere, Revolution.over(8.0, 60.0, DATE), True)

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.simulate.earth.atmosphere import (
    ALTITUDE,
    EDGES,
    LEVELS,
    THICKNESS,
    Atmosphere,
    LocalGrid,
    Surface,
    Weather,
)
from nephoscope.simulate.earth.atmosphere.truth import average, write_truth
from nephoscope.simulate.earth.atmosphere.truth.store import round_mantissa
from nephoscope.simulate.earth.microphysics import ice_number
from nephoscope.simulate.earth.version import SIMULATOR_VERSION

NOON = np.datetime64("2010-07-15T12:00")
GRID = LocalGrid(10.0, 20.0, 2, 4, 1500.0)
ICY, WATERY = 40, 5


@pytest.fixture
def by_hand():
    """Two pixels of 2 x 2 columns: cirrus in three of the left, stratocumulus in one of the right.

    The left ones have IWC 1, 2 and 3e-5 kg m-3 and extinction 3, 4 and 5e-4 m-1; the right LWC
    3e-4 and extinction 0.04.
    """
    plane = np.zeros(GRID.shape, np.float32)
    surface = Surface(plane.astype(np.uint8), plane, plane + 290, plane, plane + 5, plane)
    air = Weather(GRID, 0, NOON).air
    cubes = {
        name: np.zeros((LEVELS, *GRID.shape), np.float32)
        for name in ("lwc", "iwc", "liquid_extinction", "ice_extinction", "rain")
    }
    kind = np.zeros((LEVELS, *GRID.shape), np.int8)
    places = ((0, 0), (0, 1), (1, 0))
    for place, iwc, extinction, code in zip(
        places, (1e-5, 2e-5, 3e-5), (3e-4, 4e-4, 5e-4), (1, 1, 2), strict=True
    ):
        cubes["iwc"][ICY][place], cubes["ice_extinction"][ICY][place] = iwc, extinction
        kind[ICY][place] = code
    cubes["lwc"][WATERY, 1, 3], cubes["liquid_extinction"][WATERY, 1, 3] = 3e-4, 0.04
    kind[WATERY, 1, 3] = 5
    return Atmosphere(
        grid=GRID, time=NOON, air=air, moisture=plane + 1, surface=surface, cloud_type=kind, **cubes
    )


def feet():
    """(subpixel, y, x) latitude and longitude of the columns' centres: two pixels."""
    row, col = np.mgrid[0:2, 0:4]
    lat, lon = GRID.to_place(row, col)
    return tuple(np.stack([v[r, c::2][None] for r in (0, 1) for c in (0, 1)]) for v in (lat, lon))


def test_means_of_subcolumns_by_hand(by_hand):
    truth = average(by_hand, *feet(), seed=3)
    left, right = truth.isel(y=0, x=0), truth.isel(y=0, x=1)
    assert left["iwc"][ICY] == pytest.approx(1.5e-5)
    assert left["ice_effective_radius"][ICY] == pytest.approx(1.5 * 6e-5 / (917 * 1.2e-3), rel=1e-5)
    each = ice_number(
        np.array([1e-5, 2e-5, 3e-5], np.float32), np.array([3, 4, 5], np.float32) / 1e4
    )
    assert left["ice_number"][ICY] == pytest.approx(each.sum() / 4, rel=1e-4)
    assert 0 < left["ice_number_100um"][ICY] < left["ice_number"][ICY]
    assert left["cloud_fraction"][ICY] == pytest.approx(0.75)
    assert left["cloud_type"][ICY] == 1
    assert left["iwp"] == pytest.approx(1.5e-5 * THICKNESS)
    assert left["optical_depth"] == pytest.approx(3e-4 * THICKNESS)
    assert left["cloud_top_phase"] == 2
    assert left["cloud_cover"] == 0.75
    assert right["lwp"] == pytest.approx(3e-4 / 4 * THICKNESS)
    assert right["cloud_top_height"] == EDGES[WATERY + 1]
    assert right["cloud_base_height"] == EDGES[WATERY]
    assert right["cloud_cover"] == 0.25
    assert right["cloud_top_phase"] == 1
    assert right["cloud_type"].values.tolist().count(5) == 1
    # Optical depth 0.04 x 240 m = 9.6: 1 is reached after 25 m.
    assert right["opaque_top_height"] == pytest.approx(EDGES[WATERY + 1] - 25, abs=0.1)
    assert np.isnan(left["opaque_top_height"])
    assert np.isnan(right["ice_effective_radius"]).all()


def test_of_equals_the_lower_type_and_below_the_threshold_none(by_hand):
    kind, ice = by_hand.cloud_type.copy(), by_hand.ice_extinction.copy()
    kind[ICY, 0, 0] = 2
    ice[ICY, 0, 1] = 9e-6
    truth = average(replace(by_hand, cloud_type=kind, ice_extinction=ice), *feet())
    assert truth["cloud_type"][ICY, 0, 0] == 2
    assert truth["cloud_fraction"][ICY, 0, 0] == 0.5
    kind[ICY, 1, 0] = 1
    truth = average(replace(by_hand, cloud_type=kind, ice_extinction=ice), *feet())
    assert truth["cloud_type"][ICY, 0, 0] == 1


def test_pixels_that_were_not_seen_are_missing(by_hand):
    lat, lon = (values.copy() for values in feet())
    lat[2, 0, 1] = np.nan
    truth = average(by_hand, lat, lon)
    assert np.isnan(truth["lwc"][:, 0, 1]).all()
    assert np.isnan(truth["optical_depth"][0, 1])
    assert truth["cloud_top_phase"][0, 1] == -1
    assert np.isfinite(truth["lwc"][:, 0, 0]).all()


def test_places_outside_the_grid_are_refused(by_hand):
    lat, lon = feet()
    with pytest.raises(UsageError, match="outside the grid"):
        average(by_hand, lat + 1, lon)


def test_paths_are_integrals_and_attributes_are_there(regimes):
    weather, atmosphere = regimes["tropics"][0]
    rows, cols = (np.arange(2, 62, 2)[:, None], np.arange(2, 62, 2)[None])
    grid = weather.grid
    places = [grid.to_place(rows + r, cols + c) for r in (0, 1) for c in (0, 1)]
    truth = average(atmosphere, *(np.stack(v) for v in zip(*places, strict=True)), seed=0)
    for path, content in (("iwp", "iwc"), ("lwp", "lwc")):
        np.testing.assert_allclose(
            truth[path], truth[content].sum("altitude") * THICKNESS, rtol=1e-4, atol=1e-9
        )
    mean = atmosphere.iwc[:, 2:62, 2:62].reshape(LEVELS, 30, 2, 30, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(truth["iwc"], mean, rtol=1e-5, atol=1e-12)
    cloudy = np.isfinite(truth["cloud_top_height"].values)
    np.testing.assert_array_equal(cloudy, truth["cloud_cover"].values > 0)
    assert (truth["cloud_top_height"] >= truth["cloud_base_height"]).values[cloudy].all()
    assert truth.attrs["simulator_version"] == SIMULATOR_VERSION
    for variable in truth.data_vars.values():
        assert variable.name == "altitude_bnds" or variable.attrs["units"]


def test_the_store_opens_in_plain_xarray(by_hand, tmp_path):
    truth = average(by_hand, *feet(), seed=3)
    write_truth(tmp_path / "truth.zarr", truth)
    with xr.open_zarr(tmp_path / "truth.zarr", chunks=None) as read:
        assert read.attrs["seed"] == 3
        assert {"latitude", "longitude", "altitude", "time"} <= set(read.coords)
        assert read["altitude"].attrs["bounds"] == "altitude_bnds"
        np.testing.assert_allclose(read["altitude"], ALTITUDE)
        np.testing.assert_allclose(read["iwc"], truth["iwc"], rtol=2e-4)
        np.testing.assert_array_equal(read["cloud_type"], truth["cloud_type"])
        assert read["time"].values == NOON
        assert read["iwc"].dtype == np.float32
    assert [path.name for path in tmp_path.iterdir()] == ["truth.zarr"]


def test_rounding_keeps_what_it_says():
    values = np.random.default_rng(0).lognormal(0, 5, 10_000).astype(np.float32)
    rounded = round_mantissa(values, 12)
    assert np.abs(rounded / values - 1).max() < 2**-13 * 1.01
    assert len(np.unique(rounded.view(np.uint32) & 0x7FF)) == 1
    special = np.array([0, np.nan, -1.5, np.inf], np.float32)
    np.testing.assert_array_equal(round_mantissa(special, 12), special)

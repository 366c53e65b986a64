"""Samples of a simulated region: what the track says is what the truth beside it says."""

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import slots_factory as factory
from nephoscope.errors import UsageError
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.samples.slot_windows import SlotChoice
from nephoscope.simulate.earth.seviri import simulate_slots

pytestmark = pytest.mark.slow
CHOICE = SlotChoice(size=32, fewest=5)
LEVELS = 1770 + 240 * np.arange(64)[::-1]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    out = tmp_path_factory.mktemp("region")
    (path,) = simulate_slots(out, scenes=1, seed=3, size=96)
    scene = read_slot(path)
    truth = xr.open_zarr(out / "truth" / f"{scene.attrs['id']}.zarr", chunks=None)
    return out, scene.attrs, truth.sel(altitude=LEVELS).load()


def truth_at(store, attrs, truth, name, shift=(0, 0)):
    """(point, level) of the simulator's truth at the points of a store."""
    sizes = store["row_size"].values
    row, col = (
        store[axis].values.astype(int) + np.repeat(store[f"first_{axis}"].values, sizes)
        - attrs[f"first_{axis}"] + by
        for axis, by in zip(("row", "col"), shift, strict=True)
    )  # fmt: skip
    return truth[name].values[:, row.clip(0, 95), col.clip(0, 95)].T


def agreement(said, true):
    said, true = said > 1e-7, true > 1e-7
    return 2 * (said & true).sum() / (said.sum() + true.sum())


def test_the_track_agrees_with_the_truth_at_its_pixels_better_than_beside_them(region, tmp_path):
    out, attrs, truth = region
    store, _ = factory.built(out, tmp_path / "s.zarr", choice=CHOICE)
    here = agreement(store["iwc"].values, truth_at(store, attrs, truth, "iwc"))
    assert here > 0.8
    for shift in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        beside = agreement(store["iwc"].values, truth_at(store, attrs, truth, "iwc", shift))
        assert beside < here - 0.02


def test_random_pixels_hold_the_truth_of_all_levels(region, tmp_path):
    out, attrs, truth = region
    asked = {"choice": CHOICE, "points": "truth", "points_per_sample": 50}
    store, skipped = factory.built(out, tmp_path / "s.zarr", **asked)
    assert not skipped
    assert store["row_size"].values.tolist() == [50] * 9
    assert store.attrs["points"] == "truth"
    for name in ("iwc", "ice_number"):
        np.testing.assert_array_equal(store[name], truth_at(store, attrs, truth, name))
    share = truth_at(store, attrs, truth, "cloud_fraction")
    icy = store["iwc"].values > 0
    np.testing.assert_array_equal(store["cloud_share"], np.where(icy, share, 0))
    ends = np.cumsum(store["row_size"].values)[:-1]
    for row, col in zip(*(np.split(store[n].values, ends) for n in ("row", "col")), strict=True):
        assert len(set(zip(row, col, strict=True))) == 50


def test_without_a_truth_beside_it_a_slot_is_counted(tmp_path):
    factory.write_slot(tmp_path / "HRSEVIRI")
    with pytest.raises(UsageError, match="1 x picture without truth beside it"):
        factory.built(tmp_path, tmp_path / "s.zarr", points="truth")

"""Slots whose picture lies in segments (HRIT), of which some are missing."""

import numpy as np
import pytest

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import seviri_factory
import slots_factory as factory
from nephoscope.instruments.seviri import CHANNELS, patches
from nephoscope.simulate.earth.profilers.dardar import write_nice

pytestmark = pytest.mark.slow
FIRST = 1856
"""Northern row of segment 4."""


def test_samples_are_cut_where_segments_are_and_the_missing_ones_are_counted(tmp_path):
    native = factory.write_slot(tmp_path / "native")
    segments = [(name, 4) for name in CHANNELS]
    folder = tmp_path / "HRSEVIRI"
    seviri_factory.write_hrit(folder, native, segments)
    (prologue,) = (path for path in folder.iterdir() if "PRO" in path.name)
    row = np.arange(FIRST + 100, FIRST - 100, -0.35)
    latitude, longitude = patches.covered(prologue).to_place(row, 1500 + 0.15 * (row - FIRST))
    lines = patches.read_window(prologue, ["IR_108"], (FIRST, 1500, 4, 4))["time"].values
    time = lines[0] + (np.arange(len(row)) - len(row) // 2) * factory.STEP
    (tmp_path / "DARDAR").mkdir()
    path = tmp_path / "DARDAR" / "DARDAR-NICE_L2-PRO_2010162120500_06643_V1-00.nc"
    write_nice(path, latitude, longitude, time, factory.HEIGHT, factory.fields_of(len(row)))
    store, skipped = factory.built(tmp_path, tmp_path / "s.zarr")
    assert set(skipped) == {"sample with missing pixels"}
    assert (store["first_row"].values >= FIRST).all()
    assert store.sizes["sample"] + skipped.total() == 8
    assert set(store["picture"].values.tolist()) == {prologue.name}
    assert store["id"].values[0].startswith("MSG2-201006111200_")
    every, none = factory.built(tmp_path, tmp_path / "all.zarr", most_missing=1.0)
    assert not none
    assert every.sizes["sample"] == 8

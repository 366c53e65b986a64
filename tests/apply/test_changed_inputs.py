"""What changes while a run goes on, or between two runs of one process, is noticed."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.apply.jobs import Options
from nephoscope.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))
import tiny_maps as tiny
from tiny_runs import run, sha256_by_product


def test_a_background_that_was_built_again_is_read_again(tree, tmp_path):
    """One process, two runs: the second product must be of the background that it names."""
    first, second = tmp_path / "first", tmp_path / "second"
    run(tree, first)
    stored = first / "background_P01.nc"
    map_ = tree / "P" / "P01" / "P01_day03.npy"
    run(map_, second, background=stored)
    old = sha256_by_product(second)["P01_day03.nc"]
    with xr.open_dataset(second / "P01_day03.nc") as product:
        before = product["cloud_mask"].values
    for day in range(1, 5):
        np.save(map_.with_name(f"P01_day0{day}.npy"), np.load(map_) + np.float32(40 * (day != 3)))
    run(tree, first)
    run(map_, second, background=stored)
    assert sha256_by_product(second)["P01_day03.nc"] != old
    run(map_, tmp_path / "fresh", background=stored)
    with (
        xr.open_dataset(second / "P01_day03.nc") as product,
        xr.open_dataset(tmp_path / "fresh" / "P01_day03.nc") as fresh,
    ):
        xr.testing.assert_equal(product["cloud_mask"], fresh["cloud_mask"])
        assert not np.array_equal(product["cloud_mask"], before, equal_nan=True)


def test_a_background_that_changes_between_choice_and_use_is_an_error(tree, tmp_path):
    from nephoscope.apply.clear import background_at

    run(tree, tmp_path / "out")
    with pytest.raises(InputError, match="built again meanwhile"):
        background_at(tmp_path / "out" / "background_P01.nc", "ab" * 32, None, b"", b"")


def test_a_map_that_went_away_after_it_was_read_ends_no_run(tree, tmp_path, monkeypatch):
    """The layout `legacy` copies maps: one that cannot be read any more is named, the rest done."""
    gone = tree / "P" / "P01" / "P01_day02.npy"
    read = tiny.read

    def read_and_lose(path):
        scene = read(path)
        if path == gone:
            path.unlink()
        return scene

    monkeypatch.setattr(tiny, "read", read_and_lose)
    summary = run(
        tree, tmp_path / "out", Options(picture=False, own={"layout": "legacy"}), background="none"
    )
    assert (summary.done, summary.left) == (5, 0)
    [(path, message)] = summary.failed
    assert path == gone
    assert "cannot be read: No such file" in message

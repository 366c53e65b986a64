"""Products of one model in every format: the same numbers, and a second run does nothing."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from nephoscope.apply.bulk import maker_of, predict_many
from nephoscope.apply.jobs import Options
from nephoscope.errors import UsageError

sys.path.insert(0, str(Path(__file__).parent))
import tiny_maps as tiny
from tiny_runs import PLAIN, TinyMaker, run

FOLDER = ["P", "P02"]
TIMES = np.array(["2010-06-01T00:00:10", "2010-06-01T00:30:12"], "datetime64[ns]")


@pytest.fixture
def timed(monkeypatch):
    """The stand-in's maps are seen every quarter of an hour, and begin some seconds late."""
    read = tiny.read

    def read_timed(path):
        day = int(Path(path).stem[-2:])
        scene = read(path).assign_coords(time=TIMES[day - 1])
        scene["image"].attrs["units"] = "DN"
        return scene.assign_attrs(slot_seconds=900)

    monkeypatch.setattr(tiny, "read", read_timed)


def of_format(name):
    return replace(PLAIN, format=name)


def test_a_fits_and_a_cube_hold_what_the_netcdf_holds(tree, tmp_path, timed):
    folder = tree.joinpath(*FOLDER)
    for name in ("netcdf", "fits", "zarr"):
        summary = run(folder, tmp_path / name, of_format(name))
        assert (summary.done, summary.failed) == (2, [])
        again = run(folder, tmp_path / name, of_format(name))
        assert (again.done, again.skipped) == (0, 2)
    cube = xr.open_zarr(tmp_path / "zarr" / "cube_2010.zarr", chunks=None)
    slots = [int((time - cube.time.values[0]) / np.timedelta64(900, "s")) for time in TIMES]
    assert [int(cube["status"][slot]) for slot in slots] == [1, 1]
    assert int(cube["status"].sum()) == 2
    for day, slot in zip((1, 2), slots, strict=True):
        with xr.open_dataset(tmp_path / "netcdf" / f"P02_day0{day}.nc") as expected:
            for name in ("cloud_probability", "cloud_mask", "quality_flag"):
                np.testing.assert_array_equal(cube[name][slot], expected[name])
            np.testing.assert_array_equal(cube["latitude"], expected["latitude"])
            with fits.open(tmp_path / "fits" / f"P02_day0{day}.fits", checksum=True) as units:
                units.verify("exception")
                header, mask = units[0].header, units["MASK"].data
                likely = units["PROBABILITY"].data
            known = mask != 255
            np.testing.assert_array_equal(known, np.isfinite(expected["cloud_mask"]))
            np.testing.assert_array_equal(mask[known], expected["cloud_mask"].values[known])
            np.testing.assert_allclose(likely, expected["cloud_probability"], atol=1e-6)
            np.testing.assert_array_equal(mask == 1, likely >= np.float32(header["THRESH"]))


def test_shards_of_a_cube_are_the_whole_cube(tree, tmp_path, timed):
    folder = tree.joinpath(*FOLDER)
    run(folder, tmp_path / "whole", of_format("zarr"))
    for index in (2, 1):
        run(folder, tmp_path / "parts", of_format("zarr"), part=(index, 2))
    found = {}
    for name in ("whole", "parts"):
        store = tmp_path / name / "cube_2010.zarr"
        files = sorted(path for path in store.rglob("*") if path.is_file())
        found[name] = {path.relative_to(store): path.read_bytes() for path in files}
    assert found["whole"] == found["parts"]


def test_a_lost_slot_is_made_again(tree, tmp_path, timed):
    folder, out = tree.joinpath(*FOLDER), tmp_path / "out"
    run(folder, out, of_format("zarr"))
    next((out / "cube_2010.zarr" / "cloud_mask").glob("c.*")).unlink()
    again = run(folder, out, of_format("zarr"))
    assert (again.done, again.skipped) == (1, 1)


def test_what_follows_no_fixed_step_is_no_cube(tree, tmp_path):
    summary = run(tree.joinpath(*FOLDER), tmp_path / "out", of_format("zarr"))
    assert summary.done == 0
    assert "follows no other at a fixed step" in summary.failed[0][1]


@pytest.mark.parametrize("name", ["netcdf", "zarr", "parquet"])
def test_a_format_that_frames_do_not_have_is_wrong_usage(tmp_path, name):
    with pytest.raises(UsageError, match=f"--format {name}"):
        predict_many([tmp_path], tmp_path / "out", maker_of("otsu", Options(format=name)))


def test_an_unknown_format_and_one_beside_a_layout_are_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="no format 'parquet'"):
        predict_many([tmp_path], tmp_path / "out", TinyMaker(options=Options(format="parquet")))
    legacy = Options(format="zarr", own={"layout": "legacy"})
    with pytest.raises(UsageError, match="layout"):
        predict_many([tmp_path], tmp_path / "out", TinyMaker(options=legacy))

"""Scenes on disk: names, folders, seeds, and the way back through the reader."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder import find as find_half_orbits
from nephoscope.instruments.polder import parse_name
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.simulate.earth.atrain import REACH
from nephoscope.simulate.earth.polder import (
    choose_stretch,
    choose_stretches,
    simulate_half_orbits,
    simulate_stretch,
    stretch,
)
from nephoscope.simulate.earth.polder.geometry import swath_window
from nephoscope.simulate.earth.polder.stretch import HIGHEST_LATITUDE, MOST_ROWS
from nephoscope.sun import solar_angles

pytest.importorskip("pyhdf")  # of the radar that flies along

ROWS = 8


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("polder")
    return out, simulate_half_orbits(out, 1, seed=5, rows=ROWS)


def test_file_comes_back_through_the_reader(written):
    _, files = written
    made = simulate_stretch(choose_stretch(5, 0, ROWS))
    back = read_half_orbit(files[0], "all", window=made.views.window)
    for name in ("I865P", "U490P", "thetav", "phi"):
        channels = back.field.values == name
        there = np.isfinite(made.fields[name])
        step = {"I865P": 1e-4, "U490P": 1e-4, "thetav": 0.0015, "phi": 0.006}[name]
        turned = back.image.values[channels][there] - made.fields[name][there]
        assert np.abs(turned[np.abs(turned) < 300]).max() <= step * 0.51 + 1e-5
    assert (back.image.values[back.field.values == "Nviews"] >= 13).mean() > 0.7


def test_archive_names_and_folders(written):
    out, files = written
    assert [found.path for found in find_half_orbits(out)] == files
    name = parse_name(files[0])
    assert files[0].parent == out / "PARASOL" / "L1_B-HDF.v1.01" / name.folder
    assert 1 <= name.orbit <= 233
    assert 69 <= name.cycle <= 115  # November 2007 to December 2009
    facts = json.loads((out / "simulation.json").read_text(encoding="utf-8"))
    assert facts["seed"] == 5
    assert facts["simulator"] == "nephoscope.simulate.polder"
    assert "version" in facts


def test_truth_is_of_the_same_air_on_the_same_pixels(written):
    import xarray as xr

    out, files = written
    stretch = choose_stretch(5, 0, ROWS)
    truth = xr.open_zarr(out / "truth" / f"{files[0].stem}.zarr")
    picture = read_half_orbit(files[0], ("I865P", "thetas"), views=[7])
    window = swath_window(stretch.revolution, stretch.rows)
    assert np.array_equal(truth.origin, window.origin)
    assert np.array_equal(truth.row, picture.row)
    shift = int(picture.origin[0] - truth.origin[0])
    width = picture.sizes["x"]
    layer = np.gradient(truth.altitude.values)[:, None, None]
    water = ((truth.lwc + truth.iwc).values * layer).sum(axis=0)[:, shift : shift + width]
    light = picture.image.values[0]
    there = np.isfinite(light)
    ranks = [np.argsort(np.argsort(one[there])) for one in (water, light)]
    assert np.corrcoef(*ranks)[0, 1] > 0.6


@pytest.mark.slow
def test_files_do_not_depend_on_the_number_of_processes(written, tmp_path):
    _, files = written
    told = []
    others = simulate_half_orbits(tmp_path, 2, seed=5, progress=told.append, workers=2, rows=ROWS)
    assert others[0].read_bytes() == files[0].read_bytes()
    assert sorted(told) == sorted(path.name for path in others)


def test_what_is_there_is_kept_and_another_simulation_is_refused(written):
    out, files = written
    before = files[0].stat().st_mtime_ns
    assert simulate_half_orbits(out, 1, seed=5, rows=ROWS) == files
    assert files[0].stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="another simulation"):
        simulate_half_orbits(out, 1, seed=6, rows=ROWS)
    with pytest.raises(UsageError, match="ask for"):
        simulate_half_orbits(out, 0)
    with pytest.raises(UsageError, match="8 to 780 rows"):
        simulate_half_orbits(out, 1, rows=781)


def test_names_of_scenes_differ_and_do_not_depend_on_how_many_there_are(monkeypatch):
    """Of 20 days with 291 revolutions, 80 scenes: drawn at will, ten would meet."""
    monkeypatch.setattr(stretch, "LAST_DAY", stretch.FIRST_DAY + np.timedelta64(20, "D"))
    at_will = [choose_stretch(1, number).half_orbit for number in range(80)]
    assert len({(one.cycle, one.orbit) for one in at_will}) < 78
    stretches = choose_stretches(1, 80)
    names = [one.half_orbit for one in stretches]
    assert len({(one.cycle, one.orbit) for one in names}) == 80
    assert len({one.revolution.number for one in stretches}) == 80
    assert choose_stretches(1, 30) == stretches[:30]
    monkeypatch.setattr(stretch, "_TRIES", 20)
    with pytest.raises(UsageError, match="fewer scenes"):
        choose_stretches(1, 300)


def test_the_longest_scenes_end_before_the_turn_of_the_track():
    turn = np.rad2deg(np.arctan(np.tan(np.deg2rad(REACH)) / 0.99330562))
    reach = MOST_ROWS / 2 / 18
    assert turn - 0.3 < HIGHEST_LATITUDE + reach < turn - 0.06  # a pixel to spare
    for one in choose_stretches(2, 30, MOST_ROWS):
        ends = POLDER.to_latitude(np.array(one.rows))
        back = one.revolution.place(one.revolution.time_at(ends))[0]
        assert back == pytest.approx(ends, abs=1e-3)


def test_scenes_are_sunny_and_all_over_the_earth():
    stretches = [choose_stretch(1, number) for number in range(40)]
    for one in stretches:
        latitude, longitude = one.revolution.place(one.time)
        assert float(solar_angles(latitude, longitude, one.time)[0]) < 66
        assert one.rows[1] - one.rows[0] == 400
    latitudes = [one.revolution.place(one.time)[0] for one in stretches]
    assert min(latitudes) < -25
    assert max(latitudes) > 25


def test_number_of_a_known_half_orbit():
    """The archive's own example: cycle 080, orbit 176, began 2008-06-03 01:34:54."""
    from nephoscope.simulate.earth.atrain import PERIOD, Revolution
    from nephoscope.simulate.earth.polder import Stretch

    start = np.datetime64("2008-06-03T01:34:54", "ms")
    node = start + np.timedelta64(round(PERIOD * 250), "ms")
    name = Stretch(0, Revolution(node, 0.0), (1500, 1600)).half_orbit
    assert name.file_name == "POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5"

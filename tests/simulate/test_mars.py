import hashlib
import json

import h5py
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.instruments import find_scenes, marci, open_scene
from nephoscope.simulate.mars import simulate_maps
from nephoscope.simulate.mars.atmosphere import add_layer
from nephoscope.simulate.mars.scene import LABEL_COLS, LABEL_ROWS


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_both_trees_are_laid_out_as_in_the_archives(simulated):
    out, maps = simulated
    names = [path.relative_to(out).as_posix() for path in maps]
    assert names == [
        "raw/S/S01/S01_day01_zequat.jpg",
        "raw/S/S01/S01_day02_zequat.jpg",
        "label/S01/mdgms/S01day01.jpeg",
        "label/S01/mdgms/S01day02.jpeg",
    ]
    for tree in ("raw", "label"):
        assert [f.id for f in find_scenes(out / tree, "marci")] == ["S01_day01", "S01_day02"]
    assert marci.read_ls_table(out / "raw/S/S01/S01_ls.txt") == marci.read_ls_table(
        out / "label/S01/list_ls.txt"
    )
    assert len(marci.read_image_ids(marci.image_ids_path_for(maps[0]))) == 13


def test_both_flavours_are_read_as_scenes_with_season_and_label(simulated):
    _, maps = simulated
    raw, label = open_scene(maps[1]), open_scene(maps[3])
    assert raw["solar_longitude"] == label["solar_longitude"] == pytest.approx(132.95)
    assert (raw.attrs["flavour"], label.attrs["flavour"]) == ("raw", "label")
    assert 0.15 < raw.attrs["missing_share"] < 0.4
    difference = np.abs(raw["image"] - label["image"]).mean()
    assert 0 < difference < 4
    assert marci.label_path_for(maps[3]).name == "cloudmask_S01day02.ncdf"


@pytest.mark.parametrize(("index", "first_row"), [(0, [5, 3, 3, 5, 7]), (2, [8, 6, 5, 8, 12])])
def test_jpegs_are_coded_like_the_real_ones(simulated, index, first_row):
    # Quantisation tables and chroma sampling read from real maps of both flavours.
    with Image.open(simulated[1][index]) as picture:
        assert picture.size == (3600, 1801)
        assert list(picture.quantization[0][:5]) == first_row
        assert [layer[1:3] for layer in picture.layer] == [(2, 2), (1, 1), (1, 1)]


def test_labels_have_the_structure_of_real_ones(simulated):
    path = marci.label_path_for(simulated[1][2])
    with h5py.File(path) as file:
        assert file.attrs["_nc3_strict"] == 1
        mask = file["cloudmask"]
        assert (mask.shape, mask.dtype, mask.chunks) == ((1801, 3600), "f4", (601, 1200))
        assert (mask.compression, mask.compression_opts, mask.shuffle) == ("gzip", 4, False)
        assert [dim[0].name for dim in mask.dims] == ["/y", "/x"]
        assert (file["latitude"][0], file["latitude"][-1]) == (-90, 90)
        assert file["longitude"][-1] == np.float32(179.9)
        values = np.unique(mask[...])
    assert values[0] == -999
    assert values[1] == 0
    assert values[2] >= 51
    np.testing.assert_array_equal(values, np.rint(values))


def test_the_netcdf_library_sees_the_classic_model_and_bare_dimensions(simulated):
    netCDF4 = pytest.importorskip("netCDF4")
    with netCDF4.Dataset(marci.label_path_for(simulated[1][2])) as file:
        assert file.data_model == "NETCDF4_CLASSIC"
        assert {n: len(d) for n, d in file.dimensions.items()} == {"x": 3600, "y": 1801}
        assert list(file.variables) == ["longitude", "latitude", "cloudmask"]
        assert file["cloudmask"].dimensions == ("y", "x")


def test_truth_is_known_where_the_map_shows_something_within_the_label_box(simulated):
    _, maps = simulated
    label = marci.read_label(marci.label_path_for(maps[2]))
    assert marci.label_bounds(label) == (LABEL_ROWS, LABEL_COLS)
    known = label >= 0
    assert 0.45 < known.mean() < 0.65
    assert 0.08 < (label[known] == 1).mean() < 0.25
    missing = marci.missing_mask(marci.read_pixels(maps[2]))
    assert (missing & known).sum() < 0.003 * known.sum()


def test_levels_are_those_of_real_maps(simulated):
    # Medians over real maps (Ls 132-140) inside the label box: clear red 104-117, blue 65-74;
    # cloud 100-128 in blue, with blue/red about 0.9-1.1 north of 25 S.
    _, maps = simulated
    pixels, label = marci.read_pixels(maps[2]), marci.read_label(marci.label_path_for(maps[2]))
    red, _, blue = (np.median(pixels[label == 0][:, channel]) for channel in range(3))
    assert 95 < red < 145
    assert 60 < blue < 85
    north = pixels[:1150][label[:1150] == 1].astype(float)
    assert 95 < np.median(north[:, 2]) < 130
    assert 0.75 < np.median(north[:, 2] / north[:, 0]) < 1.15


def test_a_blue_threshold_does_badly(simulated):
    _, maps = simulated
    blue, cloud = [], []
    for path in maps[2:]:
        label = marci.read_label(marci.label_path_for(path))
        blue.append(marci.read_pixels(path)[..., 2][label >= 0])
        cloud.append(label[label >= 0] == 1)
    blue, cloud = np.concatenate(blue), np.concatenate(cloud)
    scores = [
        2 * (cloud & (blue >= t)).sum() / ((blue >= t).sum() + cloud.sum())
        for t in range(70, 200, 5)
    ]
    assert 0.3 < max(scores) < 0.68


def test_days_share_the_ground_but_not_the_clouds(simulated):
    _, maps = simulated
    first, second = (marci.read_label(marci.label_path_for(path)) for path in maps[2:])
    box = np.s_[300:1000, 100:3500]
    clear = (first[box] == 0) & (second[box] == 0)
    # Differences of neighbours five columns apart: the ground's detail, without the day's dust.
    pairs = clear[:, 5:] & clear[:, :-5]
    red = [marci.read_pixels(path)[box][..., 0].astype(float) for path in maps[2:]]
    steps = [(plane[:, 5:] - plane[:, :-5])[pairs] for plane in red]
    assert np.corrcoef(*steps)[0, 1] > 0.25
    known = (first[box] >= 0) & (second[box] >= 0)
    assert abs(np.corrcoef(first[box][known], second[box][known])[0, 1]) < 0.4


def test_a_second_run_makes_only_what_is_missing_and_the_same(simulated):
    out, maps = simulated
    kept, lost = sha256(maps[0]), sha256(maps[3])
    stamp = maps[0].stat().st_mtime_ns
    maps[3].unlink()
    simulate_maps(out, scenes=1, seed=3)
    assert not maps[3].exists()
    assert maps[0].stat().st_mtime_ns == stamp
    assert len(marci.read_ls_table(out / "raw/S/S01/S01_ls.txt")) == 2
    simulate_maps(out, scenes=2, seed=3)
    assert (sha256(maps[0]), sha256(maps[3])) == (kept, lost)


def test_another_planet_in_the_same_folder_is_refused(simulated):
    out, _ = simulated
    assert json.loads((out / "simulation.json").read_text())["seed"] == 3
    with pytest.raises(UsageError, match="another simulation"):
        simulate_maps(out, scenes=2, seed=4)
    with pytest.raises(UsageError, match="at least 1"):
        simulate_maps(out, scenes=0, seed=3)


def test_the_command_says_what_it_made(simulated):
    out, _ = simulated
    arguments = ["simulate", "mars", "-o", str(out), "--scenes", "2", "--seed", "3"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "4 maps" in result.output
    assert CliRunner().invoke(app, ["simulate", "venus", "-o", str(out)]).exit_code == 2
    assert CliRunner().invoke(app, [*arguments[:-1], "5"]).exit_code == 2


def test_a_layer_dims_the_ground_and_adds_its_own_light():
    image = np.full((3, 1, 2), 60, np.float32)
    add_layer(image, np.array([[0, np.log(2)]], np.float32), (200.0, 100.0, 60.0))
    np.testing.assert_allclose(image[:, 0, 0], 60, rtol=1e-6)
    np.testing.assert_allclose(image[:, 0, 1], [130, 80, 60], rtol=1e-6)

"""What lies beyond the horizon is no sky: nothing is said of it, and no number counts it."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

import nephoscope
from nephoscope.cli import app
from nephoscope.errors import InputError, UsageError
from nephoscope.formulas import write_camera_background
from nephoscope.instruments import open_scene
from nephoscope.instruments.skycam.circle import Circle
from nephoscope.products.frames import QUALITY_FLAGS

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from sky_runs import chain_of

from fixed_camera import cloud_of, counts, fixed_parts, write_counts, write_pictures


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def rows(out):
    with (out / "frames.csv").open() as file:
        return list(csv.DictReader(file))


def masked(tmp_path, sky, name="roof top.npy"):
    np.save(tmp_path / name, sky)
    return tmp_path / name


def whole_sky(path, rim=215, cloud=None):
    """A whole-sky picture, blue but for its outermost tenth; cloud: (y, x) bool."""
    y, x = np.mgrid[:240, :240] - 119.5
    pixels = np.full((240, 240, 3), (60, 100, 200), np.uint8)
    radius = np.hypot(y, x) / 110
    pixels[radius > 0.96] = rim
    if cloud is not None:
        pixels[cloud] = 215
    pixels[radius > 1] = 0
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("model", ["sky", "sky-colour", "blue-red", "blue-red-hybrid"])
def test_only_the_sky_is_said_and_counted(model, small_zoo, tmp_path):
    (path,) = write_pictures(tmp_path / "frames", 1)
    fixed, _ = fixed_parts()
    scene = open_scene(path)
    whole, _ = chain_of(model).judge(scene)
    result, facts = chain_of(model, horizon=str(masked(tmp_path, ~fixed))).judge(scene)
    assert (result.mask[fixed] == -1).all()
    assert np.isnan(result.probability[fixed]).all()
    assert (whole.mask[fixed] >= 0).all()
    known = result.mask[result.mask >= 0]
    assert result.cloud_fraction == (known == 1).mean()
    assert sum(blob.area for blob in result.blobs) <= (known == 1).sum()
    assert facts["HORIZON"][0] == "roof top.npy"
    np.testing.assert_array_equal(result.quality > 0, result.mask < 0)
    np.testing.assert_array_equal(result.quality & QUALITY_FLAGS["beyond_horizon"] > 0, fixed)


def test_what_a_formula_says_of_the_sky_does_not_depend_on_what_lies_beyond(tmp_path):
    (path,) = write_pictures(tmp_path / "frames", 1)
    fixed, _ = fixed_parts()
    chain = chain_of("blue-red-hybrid", horizon=str(masked(tmp_path, ~fixed)))
    scene = open_scene(path)
    other = scene.copy(deep=True)
    other["image"].values[:, fixed] = np.random.default_rng(0).uniform(0, 255, (3, fixed.sum()))
    first, second = (chain.judge(each)[0] for each in (scene, other))
    np.testing.assert_array_equal(first.mask, second.mask)


def test_a_warm_mast_costs_no_clear_thermal_frame_its_state(small_zoo, tmp_path):
    (path,) = write_counts(tmp_path / "frames", 1)
    mast = counts(0)[1]
    scene = open_scene(path)
    assert chain_of().judge(scene)[0].state != "clear"
    result, _ = chain_of(horizon=str(masked(tmp_path, ~mast))).judge(scene)
    assert result.state == "clear"
    assert result.cloud_fraction == 0
    assert (result.mask[mast] == -1).all()


@pytest.mark.parametrize("model", ["sky", "sky-thermal", "otsu", "zscale-log-otsu", "sky-state"])
def test_the_state_and_mask_of_thermal_counts_do_not_see_what_lies_beyond(
    model, small_zoo, tmp_path
):
    (path,) = write_counts(tmp_path / "frames", 1, cloud=60.0)
    mast = counts(0)[1]
    chain = chain_of(model, horizon=str(masked(tmp_path, ~mast)))
    scene = open_scene(path)
    hotter = scene.copy(deep=True)
    hotter["image"].values[:, mast] += 300
    first, second = (chain.judge(each)[0] for each in (scene, hotter))
    assert (first.state, first.cloud_fraction) == pytest.approx(
        (second.state, second.cloud_fraction), nan_ok=True
    )
    np.testing.assert_array_equal(first.probability, second.probability)


def test_the_mask_may_hide_everything_but_little(small_zoo, tmp_path):
    sky = np.zeros((128, 160), bool)
    sky[0, 0] = True
    (path,) = write_counts(tmp_path / "frames", 1)
    for model in ("sky", "sky-thermal", "otsu", "minmax", "zscale-log-otsu", "clear-excess"):
        result, _ = chain_of(model, horizon=str(masked(tmp_path, sky))).judge(open_scene(path))
        assert (result.mask >= 0).sum() <= 1


def test_numbers_of_a_whole_sky_frame_count_to_the_usual_angle(tmp_path):
    path = whole_sky(tmp_path / "clear.png")
    scene = open_scene(path)
    counted, facts = chain_of("blue-red").judge(scene)
    everything, _ = chain_of("blue-red", horizon="none").judge(scene)
    np.testing.assert_array_equal(counted.mask, everything.mask)
    assert counted.quality is None
    assert (counted.state, everything.state) == ("clear", "cloudy")
    within = Circle(*scene.attrs["circle"]).zenith_angle((240, 240)) <= 85
    assert counted.cloud_fraction == (counted.mask == 1)[within].mean()
    assert everything.cloud_fraction > 0.05 > counted.cloud_fraction
    assert "counted to 85 deg" in facts["HORIZON"][0]


def test_degrees_hide_what_lies_beyond(tmp_path):
    scene = open_scene(whole_sky(tmp_path / "clear.png"))
    result, facts = chain_of("blue-red", horizon="80").judge(scene)
    beyond = Circle(*scene.attrs["circle"]).zenith_angle((240, 240)) > 80
    np.testing.assert_array_equal(result.mask < 0, beyond)
    assert facts["HORIZON"][0] == "80 deg from the zenith, equidistant"


def test_a_camera_that_stands_still_finds_its_horizon(small_zoo, tmp_path):
    write_pictures(tmp_path / "my frames", 16)
    frames, file, out = (tmp_path / name for name in ("my frames", "a camera.nc", "out"))
    code, said, errors = run("background", "sky", frames, "-o", file)
    assert (code, errors) == (0, "")
    assert "16 scenes, sha256 " in said
    words = ("--workers", 1, "--no-picture", "--background", file)
    assert run("predict", "blue-red", frames, "-o", out, *words)[0] == 0
    fixed, _ = fixed_parts()
    with fits.open(out / "frame03.fits") as hdus:
        assert hdus[0].header["HORIZON"] == "sky found in a camera.nc"
        assert hdus[0].header["HORIZSHA"] == xr.load_dataset(file)["sky"].attrs["sha256"]
        unknown = hdus["MASK"].data == 255
        np.testing.assert_array_equal(unknown, hdus["QUALITY"].data == 2)
        assert unknown[fixed].mean() > 0.9
        share = (hdus["MASK"].data == 1).sum() / (~unknown).sum()
        assert float(rows(out)[3]["cloud_fraction"]) == pytest.approx(share, abs=1e-4)
    code, said, _ = run("predict", "blue-red", frames, "-o", out, *words)
    assert "0 done, 16 skipped" in said
    code, said, _ = run("predict", "blue-red", frames, "-o", out, *words, "--horizon", "none")
    assert "16 done" in said


def test_labels_that_leave_the_rest_undefined_tell_where_the_sky_is(tmp_path):
    paths, fixed = write_pictures(tmp_path / "images", 3), fixed_parts()[0]
    (tmp_path / "masks").mkdir()
    sun = np.zeros_like(fixed)
    for number, path in enumerate(paths[:2]):
        label = np.where(cloud_of(number), 255, 100)
        label[fixed] = 0
        Image.fromarray(label.astype(np.uint8)).save(tmp_path / "masks" / path.name)
    sun[:20, :20] = True
    glare = np.where(fixed | sun, 0, 100).astype(np.uint8)
    glare[0, -1] = 255
    Image.fromarray(glare).save(tmp_path / "masks" / paths[2].name)
    file = tmp_path / "sky.nc"
    words = ("background", "sky", tmp_path / "images", "-o", file)
    assert run(*words, "--from-labels")[::2] == (0, "")
    np.testing.assert_array_equal(xr.load_dataset(file)["sky"] == 0, fixed)
    (tmp_path / "masks" / paths[1].name).unlink()
    code, _, errors = run(*words, "--from-labels")
    assert code == 1
    assert "frame01.png [label]: has no label beside it" in errors
    code, _, errors = run("background", "mars", tmp_path, "-o", file, "--from-labels")
    assert code == 2
    assert "--from-labels is for frames of a sky camera" in errors


def test_clear_thermal_frames_give_both_clear_sky_and_horizon(small_zoo, tmp_path):
    write_counts(tmp_path / "frames", 12)
    file = tmp_path / "clear.nc"
    assert run("background", "sky", tmp_path / "frames", "-o", file)[0] == 0
    result, facts = chain_of(background=file).judge(open_scene(tmp_path / "frames/frame05.fits"))
    assert (result.mask[counts(5)[1]] == -1).all()
    assert result.state == "clear"
    assert facts["MASKMOD"][0] == "clear-excess"


def test_a_background_of_another_size_is_said_and_not_used(small_zoo, tmp_path):
    (path,) = write_pictures(tmp_path / "frames", 1)
    write_camera_background(tmp_path / "other.nc", sky=np.ones((50, 50), bool))
    result, _ = chain_of("blue-red", background=tmp_path / "other.nc").judge(open_scene(path))
    assert "horizon of the background not used" in result.note
    assert (result.mask >= 0).all()


def test_frames_of_another_size_than_the_mask_fail_and_the_rest_is_done(tmp_path):
    write_pictures(tmp_path / "frames", 2)
    write_pictures(tmp_path / "frames" / "small", 1, 48, 64)
    write_pictures(tmp_path / "frames" / "odd", 1, 50, 64)
    mask = masked(tmp_path, ~fixed_parts()[0])
    words = ("--workers", 1, "--no-picture", "--horizon", mask)
    code, said, errors = run(
        "predict", "blue-red", tmp_path / "frames", "-o", tmp_path / "out", *words
    )
    assert code == 1
    assert "3 done" in said
    assert "1 failed" in said
    assert "odd" in errors
    assert "the mask of the horizon 96 x 128" in errors


def test_a_changed_mask_makes_products_again(tmp_path):
    write_pictures(tmp_path / "frames", 1)
    mask = masked(tmp_path, ~fixed_parts()[0])
    words = ("predict", "blue-red", tmp_path / "frames", "-o", tmp_path / "out", "--workers", 1)
    words += ("--no-picture", "--horizon", mask)
    assert "1 done" in run(*words)[1]
    assert "1 skipped" in run(*words)[1]
    masked(tmp_path, fixed_parts()[0])
    assert "1 done" in run(*words)[1]


@pytest.mark.parametrize("value", ["0", "100", "no-such-file.png"])
def test_a_wrong_horizon_is_refused_before_anything_is_done(value, tmp_path):
    write_pictures(tmp_path / "frames", 1)
    words = ("predict", "blue-red", tmp_path / "frames", "-o", tmp_path / "out", "--horizon", value)
    code, _, errors = run(*words)
    assert code != 0
    assert "horizon" in errors
    assert not (tmp_path / "out").exists()


def test_pipelines_without_horizon_refuse_one(tmp_path):
    path = tmp_path / "map.png"
    path.touch()
    code, _, errors = run("predict", "mars", path, "-o", tmp_path / "out", "--horizon", "80")
    assert code == 2
    assert "--horizon is for frames of a sky camera, and 'mars' is not" in errors
    with pytest.raises(UsageError, match="`horizon` is for frames of a sky camera"):
        nephoscope.predict("mars", np.zeros((3, 4, 4), np.uint8), horizon=80)


def test_python_takes_it_for_arrays_scenes_and_paths(small_zoo, tmp_path):
    (path,) = write_pictures(tmp_path / "frames", 1)
    fixed, _ = fixed_parts()
    mask = masked(tmp_path, ~fixed)
    image = np.moveaxis(np.asarray(Image.open(path)), 2, 0)
    likely = nephoscope.predict("blue-red", image, horizon=mask)
    np.testing.assert_array_equal(np.isnan(likely), fixed)
    product = nephoscope.predict("blue-red", open_scene(path), horizon=str(mask))
    assert isinstance(product, xr.Dataset)
    np.testing.assert_array_equal(np.isnan(product["cloud_mask"]), fixed)
    assert product.attrs["horizon"] == mask.name
    assert product["quality_flag"].attrs["flag_meanings"] == "missing beyond_horizon not_judged"
    made = nephoscope.predict("blue-red", path, horizon=mask, output=tmp_path / "out")
    np.testing.assert_array_equal(fits.getdata(made, "MASK") == 255, fixed)
    with pytest.raises(InputError, match="no image circle"):
        nephoscope.predict("blue-red", image, horizon=80)

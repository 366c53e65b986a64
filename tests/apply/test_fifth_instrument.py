"""A fifth instrument and a sparse task, walked from raw files to scores without an edit in `src`.

The instrument has truth of pixels, of frames and at points; its networks learn easy rules, so that
what comes out can be told from the rules alone.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from typer.testing import CliRunner

import nephoscope
from apply import tiny_files as tiny
from apply.tiny_task import HEIGHTS
from instruments.contract import InstrumentContract
from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.instruments.registry import IMAGERS
from nephoscope.models import load_model
from nephoscope.samples.store import open_samples
from nephoscope.tasks import TASKS

FORMS = ("pixels", "frame", "points")
TEST = range(12, 15)
FIRST = {"pixels": "cloud_probability", "frame": "p_cloudy", "points": "layer_height"}
MODEL = Path("run") / "model"
BULK = """
import sys
from nephoscope.cli import app
from nephoscope.instruments.registry import IMAGERS

IMAGERS["tiny"] = "apply.tiny_instrument"
if __name__ == "__main__":
    app(sys.argv[1:])
"""


@pytest.fixture(scope="module", autouse=True)
def _registered():
    """The only lines that are needed: of the registry, and of the tasks for the sparse one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(IMAGERS, "tiny", "apply.tiny_instrument")
        patch.setitem(TASKS, "layer", "apply.tiny_task")
        yield


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    """Fifteen pictures with their truth, in two folders."""
    folder = tmp_path_factory.mktemp("raw")
    for number in tiny.NUMBERS:
        tiny.write_picture(folder / f"{number // 8}", number)
    return folder


@pytest.fixture(scope="module", params=FORMS)
def road(request, raw, tmp_path_factory):
    """Form of the truth, and the folder in which the verbs left samples, model and products."""
    form, home = request.param, tmp_path_factory.mktemp(request.param)
    recipe, samples = tiny.write_recipe(home, form), home / "samples.zarr"
    call("build", recipe, raw, "-o", samples)
    call("split", samples, "--fractions", "2,2,1")
    call("train", recipe, samples, "-o", home / "run")
    call("predict", home / MODEL, raw, "-o", home / "netcdf")
    call("evaluate", home / MODEL, samples, "-o", home / "report")
    return form, home


def call(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def product_of(home, number) -> xr.Dataset:
    path = home / "netcdf" / f"{number // 8}" / f"{tiny.name_of(number)}.nc"
    with xr.open_dataset(path, engine="h5netcdf") as product:
        return product.load()


def f1_of(mask, cloud):
    hits = (mask & cloud).sum()
    return 2 * hits / (mask.sum() + cloud.sum())


def test_samples_hold_the_pictures_and_their_truth(road):
    form, home = road
    store = xr.open_zarr(home / "samples.zarr", chunks=None)
    assert {name: store.attrs[name] for name in ("truth", "unit", "wraps", "instrument")} == {
        "truth": form, "unit": "picture", "wraps": False, "instrument": "tiny",
    }  # fmt: skip
    assert open_samples(home / "samples.zarr").sizes["sample"] == len(tiny.NUMBERS)
    for number in tiny.NUMBERS:
        sample = store.isel(sample=number)
        image, cloud = tiny.picture_of(number)
        np.testing.assert_array_equal(sample["image"], image)
        np.testing.assert_array_equal(sample["known"], np.isfinite(image[0]))
        assert sample["time"] == tiny.start_of(number)
        if form == "pixels":
            np.testing.assert_array_equal(sample["label"][:-2], cloud[:-2])
        elif form == "frame":
            assert int(sample["label"]) == (number % 2 == 0)
        else:
            points = slice(40 * number, 40 * number + 40)
            assert int(sample["row_size"]) == 40
            expected = tiny.height_at(image, *tiny.track_of(number))
            layer = store["layer"].values[points]
            np.testing.assert_array_equal(layer.argmax(axis=1)[1:9], expected[1:9])
            np.testing.assert_array_equal(store["row"].values[points], tiny.track_of(number)[0])


def test_parts_follow_one_another_in_time(road):
    _, home = road
    parts = xr.open_zarr(home / "samples.zarr", chunks=None)["split"].values.tolist()
    assert parts == ["train"] * 6 + ["validation"] * 6 + ["test"] * 3


def test_what_is_published_follows_the_rule(road):
    """Told from the pictures alone, also where there never was a label."""
    form, home = road
    said, true = [], []
    for number in TEST:
        product, (image, cloud) = product_of(home, number), tiny.picture_of(number)
        seen = np.isfinite(image[0])
        if form == "pixels":
            mask = product["cloud_mask"].values
            np.testing.assert_array_equal(np.isfinite(mask), seen)
            said.append(mask[seen] == 1)
            true.append(cloud[seen])
        elif form == "frame":
            assert product["sky_state"] == (number % 2 == 0)
            assert (product["p_cloudy"] > 0.5) == (number % 2 == 0)
        else:
            height = product["layer_height"].values
            np.testing.assert_array_equal(np.isfinite(height), seen)
            truth = HEIGHTS[np.floor(image[1][seen] * len(HEIGHTS)).astype(int)]
            assert np.abs(height[seen] - truth).mean() < HEIGHTS[1] - HEIGHTS[0]
            np.testing.assert_array_equal(product["altitude"], HEIGHTS)
            share = product["layer_probability"].values[:, seen].sum(axis=0)
            np.testing.assert_allclose(share, 1, atol=len(HEIGHTS) / 250)
    if form == "pixels":
        assert f1_of(np.concatenate(said), np.concatenate(true)) > 0.9


def test_products_lie_where_their_scenes_do(road, raw):
    _, home = road
    scene = nephoscope.open_scene(raw / "1" / f"{tiny.name_of(11)}.tiny")
    product = product_of(home, 11)
    assert product["quality_flag"].dims == ("y", "x")
    for name in ("latitude", "longitude"):
        np.testing.assert_array_equal(product[name], scene[name])
    assert product["time"] == tiny.start_of(11)
    assert product.attrs["instrument"] == "tiny"
    assert (home / "netcdf" / "1" / f"{tiny.name_of(11)}.png").stat().st_size > 1000


def test_scores_are_those_of_what_is_published(road):
    form, home = road
    metrics = json.loads((home / "report" / "scores.json").read_text())["metrics"]
    found, true = [], []
    for number in TEST:
        product, (image, cloud) = product_of(home, number), tiny.picture_of(number)
        if form == "pixels":
            found.append(product["cloud_mask"].values[:-2].ravel() == 1)
            true.append(cloud[:-2].ravel())
        elif form == "points":
            row, col = (np.floor(place + 0.5).astype(int) for place in tiny.track_of(number))
            said = np.searchsorted(HEIGHTS, product["layer_height"].values[row, col])
            off = np.abs(said - tiny.height_at(image, *tiny.track_of(number)))
            found.append(np.delete(off, range(0, 40, 9)))
    if form == "pixels":
        expected = f1_of(np.concatenate(found), np.concatenate(true))
        assert metrics["f1"]["value"] == pytest.approx(expected, abs=1e-6)
    elif form == "points":
        off = np.concatenate(found)
        assert metrics["found"]["value"] == pytest.approx((off <= 1).mean(), abs=1e-6)
        assert metrics["mean_error"]["value"] == pytest.approx(1500 * off.mean(), abs=1e-3)
    else:
        assert metrics["balanced_accuracy"]["value"] == 1
    assert (home / "report" / "report.md").read_text().startswith("# ")
    again = nephoscope.evaluate(home / MODEL, home / "samples.zarr").overall
    for name, score in metrics.items():
        assert again[name].value == pytest.approx(score["value"], abs=1e-9)


def test_a_cube_holds_what_the_netcdf_holds(road, raw):
    form, home = road
    out = home / "zarr"
    call("predict", home / MODEL, raw / "1", "-o", out, "--format", "zarr", "--no-picture")
    call("predict", home / MODEL, raw, "-o", out, "--format", "zarr", "--no-picture")
    cube = xr.open_zarr(out / "cube_2020.zarr", chunks=None)
    np.testing.assert_array_equal(cube["time"], [tiny.start_of(n) for n in tiny.NUMBERS])
    np.testing.assert_array_equal(cube["status"], 1)
    for number in tiny.NUMBERS:
        product = product_of(home, number)
        names = [name for name in product.data_vars if name != "crs"]
        assert FIRST[form] in names
        for name in names:
            np.testing.assert_array_equal(cube[name][number], product[name])
    assert set(product.coords) - {"time"} <= set(cube.coords)


def test_a_fits_holds_what_the_netcdf_holds(road, raw):
    form, home = road
    out = home / "fits"
    call("predict", home / MODEL, raw / "1", "-o", out, "--format", "fits", "--no-picture")
    product, (image, _) = product_of(home, 11), tiny.picture_of(11)
    with fits.open(out / f"{tiny.name_of(11)}.fits", checksum=True) as units:
        units.verify("exception")
        np.testing.assert_array_equal(units["IMAGE"].data, image)
        if form == "pixels":
            mask = np.where(np.isnan(product["cloud_mask"]), 255, product["cloud_mask"])
            np.testing.assert_array_equal(units["MASK"].data, mask)
        elif form == "points":
            np.testing.assert_array_equal(units["LAYER_HEIGHT"].data, product["layer_height"])
            assert units["LAYER_PROBABILITY"].data.shape == (len(HEIGHTS), tiny.ROWS, tiny.COLS)
        else:
            assert units[0].header["SKYSTATE"] == product["sky_state"]
            assert units[0].header["PCLOUDY"] == pytest.approx(float(product["p_cloudy"]))


def test_the_python_face_says_what_the_verb_said(road, raw, tmp_path):
    form, home = road
    model, path = load_model(home / MODEL), raw / "1" / f"{tiny.name_of(11)}.tiny"
    product, scene = product_of(home, 11), nephoscope.open_scene(path)
    of_scene = nephoscope.predict(model, scene)
    for name, expected in product.data_vars.items():
        np.testing.assert_allclose(of_scene[name], expected, atol=1e-6)
    of_image = nephoscope.predict(model, scene["image"].values)
    np.testing.assert_allclose(of_image, product[FIRST[form]], atol=1e-6)
    with xr.open_dataset(nephoscope.predict(model, path, output=tmp_path)) as of_path:
        xr.testing.assert_equal(of_path[FIRST[form]], product[FIRST[form]])
    with pytest.raises(UsageError, match="image of 1 channels"):
        nephoscope.predict(model, scene["image"].values[:1])


@pytest.mark.slow
def test_two_workers_and_two_shards_make_the_same(road, raw, tmp_path):
    form, home = road
    if form != "pixels":
        pytest.skip("of one model")
    script = tmp_path / "bulk.py"
    script.write_text(BULK)
    out, words = tmp_path / "out", ["--workers", "2", "--no-picture"]
    command = [sys.executable, str(script), "predict", str(home / MODEL), str(raw), "-o", str(out)]
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, *words], env=_with_path(tests), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "15 done" in done.stdout
    shards = tmp_path / "shards"
    for shard, done in (("1/2", 7), ("2/2", 8)):
        said = call("predict", home / MODEL, raw, "-o", shards, "--shard", shard, "--no-picture")
        assert f"{done} done" in said
    for number in tiny.NUMBERS:
        name = Path(f"{number // 8}") / f"{tiny.name_of(number)}.nc"
        for folder in (out, shards):
            with xr.open_dataset(folder / name) as found:
                xr.testing.assert_equal(found.load(), product_of(home, number))


def _with_path(folder):
    return {**os.environ, "PYTHONPATH": os.pathsep.join([folder, *sys.path])}


def test_an_option_of_another_task_or_instrument_is_refused(road, raw, tmp_path):
    form, home = road
    words = ["predict", home / MODEL, raw, "-o", tmp_path / "out"]
    options = {"--layout": "legacy", "--flavour": "grey"}
    if form != "pixels":
        options["--threshold"] = "0.4"
    for option, value in options.items():
        result = CliRunner().invoke(app, [str(word) for word in (*words, option, value)])
        assert result.exit_code == 2, result.output
        assert option in result.output
    assert not (tmp_path / "out").exists()


class TestTiny(InstrumentContract):
    """The contract that every instrument keeps."""

    name, truths = "tiny", frozenset(FORMS)

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("tiny")
        for number in (0, 1):
            tiny.write_picture(folder / f"{number}", number)
        return folder

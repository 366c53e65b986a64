"""`nephoscope.predict` gives back what it was given: image, Scene or file."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from PIL import Image

from nephoscope.apply import face, network, network_maker
from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import View
from nephoscope.instruments import open_scene
from nephoscope.recipe import load_recipe
from nephoscope.tasks import task_named
from nephoscope.tasks.mask import MaskDecision

ROWS, COLS = 1801, 3600
MODEL = SimpleNamespace(
    seasons=None,
    name="stub",
    weights_sha256="0" * 64,
    decision=MaskDecision(),
    recipe=load_recipe("mars"),
    limits=None,
    info={},
)


class BlueIsCloud(network.Predictor):
    """A predictor whose probability is blue / 255 and that remembers the background it got."""

    def __init__(self, model: SimpleNamespace, workers: int) -> None:
        self.model, self.task = model, task_named("mask")

    def predict_image(self, image, latitude, longitude, background=None, *, channels=None):
        assert latitude.shape == (ROWS,)
        assert longitude.shape == (COLS,)
        blue = image[2].astype(np.float32)
        if image.dtype == np.uint8:
            blue[~image.any(axis=0)] = np.nan
        return blue / np.float32(255)

    def view_of(self, scene, background, position=True):
        places = scene["latitude"].values, scene["longitude"].values
        return View(scene["image"].values, scene["known"].values, *places, background)

    def limits_at(self, latitude, longitude):
        return None, ""

    def bands(self, view):
        probability = view.channel("blue") / np.float32(255)
        probability[~view.known] = np.nan
        yield slice(0, ROWS), {"cloud_probability": probability}


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    monkeypatch.setattr(network_maker, "Predictor", BlueIsCloud)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    image = np.full((ROWS, COLS, 3), 60, np.uint8)
    image[400:800, 1000:2000, 2] = 204
    image[1500:] = 0
    return image


@pytest.fixture(scope="module")
def map_path(tmp_path_factory, pixels) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    path = folder / "P01_day01_zequat.jpg"
    Image.fromarray(pixels).save(path, quality=95, subsampling=0)
    (folder / "P01_ls.txt").write_text("P01_day01 28 132.500\n")
    return path


def test_image_in_probability_out(pixels):
    probability = face.predict(MODEL, np.moveaxis(pixels, -1, 0))
    assert probability.shape == (ROWS, COLS)
    assert probability.dtype == np.float32
    assert np.isclose(probability[500, 1500], 0.8)
    assert np.isnan(probability[1500:]).all()


def test_scene_in_dataset_out(map_path):
    product = face.predict(MODEL, open_scene(map_path))
    assert isinstance(product, xr.Dataset)
    assert product.cloud_mask.sel(latitude=40.0, longitude=-30.0, method="nearest") == 1
    assert product.cloud_mask.sel(latitude=0.0, longitude=-30.0, method="nearest") == 0
    assert np.isnan(product.cloud_mask.sel(latitude=-85.0, longitude=0.0, method="nearest"))


def test_path_in_path_out(map_path, tmp_path):
    path = face.predict(MODEL, map_path, output=tmp_path / "out")
    assert path == tmp_path / "out" / "P01_day01.nc"
    with xr.open_dataset(path, engine="h5netcdf") as written:
        expected = face.predict(MODEL, open_scene(map_path))
        np.testing.assert_array_equal(written.cloud_mask, expected.cloud_mask)
    assert [file.name for file in path.parent.iterdir()] == ["P01_day01.nc"]


def test_a_shipped_name_must_exist(pixels):
    with pytest.raises(UsageError, match="venus"):
        face.predict("venus", np.moveaxis(pixels, -1, 0))


def test_another_grid_is_wrong_usage():
    with pytest.raises(UsageError, match=r"the image is \(3, 20, 40\)"):
        face.predict(MODEL, np.zeros((3, 20, 40), np.uint8))


@pytest.fixture
def one_moment(monkeypatch):
    """All products say that they were made at the same second."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def test_a_path_without_output_is_predicted_in_memory(map_path, one_moment):
    before = {file: file.stat().st_mtime_ns for file in map_path.parent.iterdir()}
    found = face.predict(MODEL, map_path)
    xr.testing.assert_identical(found, face.predict(MODEL, open_scene(map_path)))
    assert {file: file.stat().st_mtime_ns for file in map_path.parent.iterdir()} == before


def test_many_are_predicted_one_after_another_when_they_are_asked_for(
    map_path, tmp_path, one_moment
):
    asked = []

    def places():
        for place in (map_path, open_scene(map_path), tmp_path / "gone.jpg", map_path):
            asked.append(place)
            yield place

    products = face.predict_many(MODEL, places())
    assert asked == []
    first = next(products)
    assert asked == [map_path]
    xr.testing.assert_identical(first, face.predict(MODEL, map_path))
    xr.testing.assert_identical(next(products), first)
    with pytest.raises(InputError, match=r"gone\.jpg"):
        next(products)
    assert list(products) == []  # it ended
    assert len(asked) == 3


def test_many_frames_are_judged_by_the_chain(tmp_path, one_moment):
    frame = np.random.default_rng(0).normal(5000, 8, (48, 64)).astype(np.uint16)
    fits.PrimaryHDU(frame).writeto(tmp_path / "a.fits")
    (found,) = face.predict_many("sky", [tmp_path / "a.fits"], flavour="grey")
    expected = face.predict("sky", open_scene(tmp_path / "a.fits"), flavour="grey")
    xr.testing.assert_identical(found, expected)
    assert found.attrs["state"] == "unknown"


@pytest.mark.parametrize(
    ("scenes", "said"),
    [
        ("a.jpg", "a list of scenes"),
        ([np.zeros((3, 4, 4), np.uint8)], "give an array to `predict`"),
    ],
)
def test_what_is_no_list_of_scenes_is_wrong_usage(scenes, said):
    with pytest.raises(UsageError, match=said):
        list(face.predict_many(MODEL, scenes))


def test_options_of_many_are_checked_at_once():
    with pytest.raises(UsageError, match="flavour"):
        face.predict_many(MODEL, [], flavour="grey")


def test_output_goes_with_a_path_and_with_nothing_else(pixels, tmp_path):
    with pytest.raises(UsageError, match="output"):
        face.predict(MODEL, np.moveaxis(pixels, -1, 0), output=tmp_path)


def test_a_folder_is_for_the_command(map_path, tmp_path):
    with pytest.raises(UsageError, match="nephoscope predict"):
        face.predict(MODEL, map_path.parent, output=tmp_path)


def test_an_unreadable_background_is_named(pixels, tmp_path):
    (tmp_path / "clear.nc").write_bytes(b"no netcdf")
    with pytest.raises(InputError, match=r"clear\.nc"):
        face.predict(MODEL, np.moveaxis(pixels, -1, 0), background=tmp_path / "clear.nc")

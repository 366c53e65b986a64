"""`nephoscope.predict` gives back what it was given: image, Scene or file."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
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


def test_output_goes_with_a_path_and_with_nothing_else(map_path, pixels, tmp_path):
    with pytest.raises(UsageError, match="output"):
        face.predict(MODEL, map_path)
    with pytest.raises(UsageError, match="output"):
        face.predict(MODEL, np.moveaxis(pixels, -1, 0), output=tmp_path)


def test_a_folder_is_for_the_command(map_path, tmp_path):
    with pytest.raises(UsageError, match="nephoscope predict"):
        face.predict(MODEL, map_path.parent, output=tmp_path)


def test_an_unreadable_background_is_named(pixels, tmp_path):
    (tmp_path / "clear.nc").write_bytes(b"no netcdf")
    with pytest.raises(InputError, match=r"clear\.nc"):
        face.predict(MODEL, np.moveaxis(pixels, -1, 0), background=tmp_path / "clear.nc")

"""Samples are read by the names of their channels and the places of their background."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from nephoscope.background import build_background, sample_background
from nephoscope.evaluation.sample import read_samples
from nephoscope.inputs import assemble
from nephoscope.samples import writer
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples

_spec = importlib.util.spec_from_file_location(
    "samples_factory", Path(__file__).parents[1] / "samples_factory.py"
)
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)

ORDER = [2, 0, 1]


def finer_scene(path: Path) -> xr.Dataset:
    """A scene of the same planet on a grid of half the step."""
    rows, cols = 2 * synthetic.ROWS, 2 * synthetic.COLS
    image = np.random.default_rng(len(path.name)).uniform(20, 200, (3, rows, cols))
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), image.astype(np.float32)),
            "known": (("y", "x"), np.isfinite(image).any(axis=0)),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", 47.5 - np.arange(rows)),
            "longitude": ("x", -180 + 360 / cols * np.arange(cols)),
        },
    )


@pytest.fixture
def recipe():
    settings = {"cell": 4, "minimum_scenes": 1, "channels": ["blue", "blue_red_ratio"]}
    content = synthetic.small_recipe().model_dump(mode="json")
    content["inputs"]["background"] = settings
    content["inputs"]["features"]["context"] += ["background_blue", "background_blue_red_ratio"]
    return type(synthetic.small_recipe()).model_validate(content)


@pytest.fixture
def background(tmp_path, recipe):
    (tmp_path / "fine").touch()
    return build_background([tmp_path / "fine"], recipe, open_scene=finer_scene)


@pytest.fixture
def store(tmp_path, monkeypatch, recipe, background):
    monkeypatch.setattr(writer, "instrument_named", lambda _: synthetic.FakeReader())
    files = synthetic.maps_of(tmp_path, (1, 2, 3))
    for file in files:
        file.path.touch()
    path = writer.write_samples(files, tmp_path / "s.zarr", recipe, background)
    split_samples(path, "day", (1, 1, 1))
    return path


def test_a_background_of_another_grid_is_met_by_coordinate(store, recipe, background):
    part = load_part(store, "train", recipe)
    expected = sample_background(background, part.latitude, part.longitude)
    np.testing.assert_allclose(part.background, expected, rtol=1e-6)
    (scene,) = read_samples(open_samples(store), [0], ("blue", "blue_red_ratio"))
    np.testing.assert_allclose(scene.background, expected, rtol=1e-6)


def test_another_order_of_channels_is_no_other_picture(store, recipe, tmp_path):
    shutil.copytree(store, tmp_path / "turned.zarr")
    group = zarr.open_group(tmp_path / "turned.zarr", mode="r+", use_consolidated=False)
    group["image"][:] = group["image"][:][:, ORDER]
    group["channel"][:] = group["channel"][:][ORDER]
    both = store, tmp_path / "turned.zarr"
    straight, turned = (load_part(path, "train", recipe) for path in both)
    assert turned.channels == ("blue", "red", "green")
    features = [
        assemble(part.view(0, 3, 50, (20, 30)), recipe.inputs.names) for part in (straight, turned)
    ]
    np.testing.assert_array_equal(*features)
    maps = [next(read_samples(open_samples(path), [0])) for path in both]
    np.testing.assert_array_equal(maps[0].image, maps[1].image)

"""Training samples of colour frames from the layouts of the public sets, frames of two sizes."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.instruments import find_scenes
from nephoscope.recipe import load_recipe
from nephoscope.samples.writer import write_samples

SHAPE = (24, 32)
LAYOUTS = {
    "WSISEG": ("images/ASC100-1006_00{n}", "masks/ASC100-1006_00{n}", (100, 255), "png"),
    "SWIMSEG": ("images/000{n}.png", "GTmaps/000{n}_GT.png", (0, 255), "png"),
    "SWINSEG": ("images/000{n}.jpg", "GTmaps/000{n}_GT.jpg", (0, 255), "jpeg"),
    "SWINySEG": ("images/d000{n}.jpg", "GTmaps/d000{n}.jpg", (0, 255), "jpeg"),
    "HYTA": ("images/B{n}.jpg", "2GT/B{n}_GT.jpg", (0, 255), "jpeg"),
}


def _write(folder, layout, number, shape=SHAPE):
    """A blue frame with a white part, and its label; returns the label."""
    image, mask, (clear, cloud), kind = LAYOUTS[layout]
    cloudy = np.zeros(shape, bool)
    cloudy[8:16, : 8 * (number + 1)] = True
    colour = np.where(cloudy[..., None], 200, np.array([60, 110, 190])).astype(np.uint8)
    grey = np.where(cloudy, cloud, clear).astype(np.uint8)
    for name, picture in ((image, colour), (mask, grey)):
        path = folder / name.format(n=number)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path, kind, quality=95, subsampling=0)
    return cloudy.astype(np.int8)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_samples_with_its_labels(tmp_path, layout):
    expected = [_write(tmp_path / "raw", layout, number) for number in (1, 2, 3)]
    files = find_scenes(tmp_path / "raw", "skycam")
    write_samples(files, tmp_path / "s.zarr", load_recipe("sky-colour"))
    store = xr.open_zarr(tmp_path / "s.zarr", chunks=None)
    np.testing.assert_array_equal(store["label"].values, expected)
    assert store["image"].shape == (3, 3, *SHAPE)


def test_a_frame_of_another_size_is_named_and_left_out(tmp_path):
    for number in (1, 2):
        _write(tmp_path / "raw", "HYTA", number)
    _write(tmp_path / "raw", "HYTA", 3, shape=(24, 40))
    failed: list[InputError] = []
    files = find_scenes(tmp_path / "raw", "skycam")
    recipe = load_recipe("sky-colour")
    write_samples(files, tmp_path / "s.zarr", recipe, on_error=failed.append)
    assert [Path(error.path).name for error in failed] == ["B3.jpg", "s.zarr"]
    assert "holds the 2 pictures of 32 x 24 pixels" in failed[1].problem
    assert "left out are 1 of other sizes: 1 of 40 x 24" in failed[1].problem
    assert "build a store for each" in str(failed[1])
    assert xr.open_zarr(tmp_path / "s.zarr", chunks=None).sizes["sample"] == 2

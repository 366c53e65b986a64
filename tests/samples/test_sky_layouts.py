"""Training samples of colour frames from the layouts of the public sets, frames of two sizes."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.evaluation.sample import read_samples
from nephoscope.instruments import find_scenes
from nephoscope.recipe import Augmentation, Warp, load_recipe
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples
from nephoscope.samples.whole import validation_batches
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


SIZES = (24, 32), (24, 40), (30, 28), (24, 32)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A store of frames of several sizes, and their labels."""
    folder = tmp_path_factory.mktemp("several")
    labels = [_write(folder / "raw", "HYTA", n, shape) for n, shape in enumerate(SIZES)]
    files = find_scenes(folder / "raw", "skycam")
    write_samples(files, folder / "s.zarr", load_recipe("sky-colour"))
    return folder / "s.zarr", labels


def test_frames_of_several_sizes_lie_in_the_corner_of_what_the_largest_need(several):
    path, labels = several
    store = open_samples(path)
    assert store["image"].shape == (4, 3, 30, 40)
    assert list(zip(store["rows"].values, store["columns"].values, strict=True)) == list(SIZES)
    for number, (label, (rows, cols)) in enumerate(zip(labels, SIZES, strict=True)):
        corner = {"y": slice(rows), "x": slice(cols)}
        np.testing.assert_array_equal(store["label"][number].isel(corner), label)
        assert store["known"][number].isel(corner).all()
        assert int(store["known"][number].sum()) == rows * cols
        assert int((store["label"][number] >= 0).sum()) == rows * cols
        assert (store["image"][number].isel(corner) > 0).all()
        assert int((store["image"][number] > 0).sum()) == 3 * rows * cols


def test_the_order_of_sizes_changes_nothing_but_the_room(several, tmp_path):
    path, _ = several
    raw = path.parent / "raw"
    files = sorted(find_scenes(raw, "skycam"), key=lambda file: file.path, reverse=True)
    write_samples(files, tmp_path / "s.zarr", load_recipe("sky-colour"))
    for mine, other in zip(
        read_samples(open_samples(path), range(4)),
        read_samples(open_samples(tmp_path / "s.zarr"), range(3, -1, -1)),
        strict=True,
    ):
        assert mine.id == other.id
        np.testing.assert_array_equal(mine.image, other.image)
        np.testing.assert_array_equal(mine.label, other.label)


def test_samples_are_read_at_their_own_size(several):
    path, labels = several
    for sample, label, size in zip(
        read_samples(open_samples(path), range(4)), labels, SIZES, strict=True
    ):
        assert sample.image.shape == (3, *size)
        assert sample.known.all()
        np.testing.assert_array_equal(sample.label, label)
        assert sample.latitude.shape == size[:1]


def _part_of(path):
    split_samples(path, "block", (1, 0, 0), buffer=0)
    return load_part(path, "train", load_recipe("sky-colour"))


@pytest.mark.parametrize("warp", [0.0, 1.0])
def test_a_crop_is_cut_of_the_picture_and_holds_what_it_can(several, warp):
    part = _part_of(several[0])
    changes = {"warp": {"share": warp}, "flip_x": False, "flip_y": False}
    recipe = load_recipe("sky-colour", overrides=["training.crop=[16,24]"])
    training = recipe.training.model_copy(
        update={"augmentation": Augmentation.model_validate(changes)}
    )
    loader = CropLoader(part, recipe.model_copy(update={"training": training}))
    for number in range(40):
        view, label = loader.crop(number)
        assert view.known.all()  # all are larger than the crop
        assert (label >= 0).all()


def test_a_picture_smaller_than_the_crop_is_in_it_as_a_whole(several):
    part = _part_of(several[0])
    recipe = load_recipe("sky-colour", overrides=["training.crop=[24,40]"])
    changes = recipe.training.augmentation.model_copy(
        update={"warp": Warp(share=0.0), "flip_x": False, "flip_y": False}
    )
    training = recipe.training.model_copy(update={"augmentation": changes})
    loader = CropLoader(part, recipe.model_copy(update={"training": training}))
    view, label = loader.crop(1, sample=0)
    assert view.known[:24, :32].all()
    assert not view.known[:, 32:].any()
    np.testing.assert_array_equal(label >= 0, view.known)


def test_whole_frames_are_validated_at_their_own_size(several):
    part = _part_of(several[0])
    batches = list(validation_batches(part, load_recipe("sky-colour"), 8))
    assert [tuple(batch["label"].shape[1:]) for batch in batches] == [
        (24, 32), (24, 40), (32, 32), (24, 32)
    ]  # fmt: skip
    for batch, (rows, cols) in zip(batches, SIZES, strict=True):
        assert int((batch["label"] >= 0).sum()) == int(batch["known"].sum()) == rows * cols


def test_a_frame_of_another_number_of_channels_is_named_and_left_out(tmp_path):
    for number in (1, 2):
        _write(tmp_path / "raw", "HYTA", number)
    _write(tmp_path / "raw", "HYTA", 3, shape=(24, 40))
    with Image.open(tmp_path / "raw" / "images" / "B3.jpg") as picture:
        grey = picture.convert("L")
    grey.save(tmp_path / "raw" / "images" / "B3.jpg", "jpeg")
    failed: list[InputError] = []
    files = find_scenes(tmp_path / "raw", "skycam")
    recipe = load_recipe("sky-colour")
    write_samples(files, tmp_path / "s.zarr", recipe, on_error=failed.append)
    assert [Path(error.path).name for error in failed] == ["B3.jpg", "s.zarr"]
    assert "has 1 channel(s), the first frame has 3" in failed[0].problem
    assert "holds the 2 pictures of 3 channel(s), as the first is" in failed[1].problem
    assert "left out are 1 others: 1 of 1 channel(s)" in failed[1].problem
    store = xr.open_zarr(tmp_path / "s.zarr", chunks=None)
    assert store.sizes["sample"] == 2
    assert "rows" not in store


def test_all_pictures_of_a_real_set_of_several_sizes_are_taken(real_data, tmp_path):
    folder = real_data / "sky" / "hyta"
    if not folder.is_dir():
        pytest.skip("no pictures of other cameras")
    files = find_scenes(folder, "skycam")
    write_samples(files, tmp_path / "s.zarr", load_recipe("sky-colour"))
    store = open_samples(tmp_path / "s.zarr")
    assert store.sizes["sample"] == 15
    assert {*store["id"].values} == {path.stem for path in (folder / "images").iterdir()}
    assert len({*store["rows"].values}) > 1

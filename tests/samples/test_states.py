import os

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import InputError, UsageError
from nephoscope.inputs.texture import to_binned
from nephoscope.instruments import find_scenes
from nephoscope.recipe import load_recipe
from nephoscope.samples.store import open_samples
from nephoscope.samples.writer import write_samples
from nephoscope.simulate.sky import simulate_frame, simulate_sky


def write(folder, out, **options):
    return write_samples(find_scenes(folder, "skycam"), out, load_recipe("sky-state"), **options)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    out = tmp_path_factory.mktemp("states")
    return out, simulate_sky(out, scenes=14, seed=1)


def test_samples_are_binned_frames_with_the_state_of_their_truth(frames, tmp_path):
    out, paths = frames
    path = write(out, tmp_path / "s.zarr")
    store = open_samples(path)
    assert store.sizes == {"sample": len(paths), "channel": 1, "y": 128, "x": 160}
    for index in range(len(paths)):
        frame = simulate_frame(1, index)
        np.testing.assert_array_equal(store["image"][index, 0], to_binned(frame.adu))
        assert store["label"][index] == bool(frame.kinds)
        assert store["fpa_temperature"][index] == pytest.approx(
            frame.temperatures.sensor, abs=0.006
        )
        assert store["id"][index] == paths[index].name
    xr.open_zarr(path, consolidated=False).load()
    assert set(store["split"].values) == {"train", "validation"}
    again = open_samples(write(out, tmp_path / "t.zarr"))
    assert again.attrs["samples_id"] == store.attrs["samples_id"]


def test_folders_can_say_the_state_and_what_no_folder_does_is_left_out(frames, tmp_path):
    folders = ("clear", "Cloudy", "other")
    for state, source in zip(folders, frames[1], strict=False):
        (tmp_path / state).mkdir()
        (tmp_path / state / "a.fits").write_bytes(source.read_bytes())
    store, told = tmp_path / "s.zarr", []
    found = open_samples(write(tmp_path, store, progress=told.append))
    assert found["label"].values.tolist() == [1, 0]
    assert told == 3 * ["a.fits"]


def test_a_camera_is_a_group_and_a_picture_in_colour_has_no_state(frames, tmp_path):
    store = open_samples(write(frames[0], tmp_path / "s.zarr"))
    seeds = [str(fits.getheader(path)["CAMSEED"]) for path in frames[1]]
    assert store["group"].values.tolist() == seeds
    (tmp_path / "raw" / "clear").mkdir(parents=True)
    path = tmp_path / "raw" / "clear" / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (130, 170, 3), np.uint8)).save(path)
    with pytest.raises(InputError, match="states are of thermal frames"):
        write(tmp_path / "raw", tmp_path / "t.zarr")


def test_frames_with_any_bytes_in_their_names_are_kept(frames, tmp_path):
    for state, source in (("clear", frames[1][0]), ("cloudy", frames[1][1])):
        folder = tmp_path / os.fsdecode(b"\xff\n") / state
        folder.mkdir(parents=True)
        (folder / os.fsdecode(b"n\xfe\n.fits")).write_bytes(source.read_bytes())
    words = ["build", "sky-state", str(tmp_path), str(tmp_path), "-o", str(tmp_path / "s.zarr")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert open_samples(tmp_path / "s.zarr")["id"].values.tolist() == ["n\\udcfe\\n.fits"] * 2


def test_a_frame_that_cannot_be_read_is_named_and_costs_no_other(frames, tmp_path):
    for state, source in (("clear", frames[1][0]), ("cloudy", frames[1][1])):
        (tmp_path / state).mkdir()
        (tmp_path / state / "good.fits").write_bytes(source.read_bytes())
    (tmp_path / "clear" / "half.fits").write_bytes(frames[1][0].read_bytes()[:100_000])
    (tmp_path / "clear" / "text.fits").write_text("no FITS")
    fits.PrimaryHDU().writeto(tmp_path / "clear" / "none.fits")
    fits.PrimaryHDU(np.zeros((50, 60), np.int16)).writeto(tmp_path / "clear" / "small.fits")
    bad = []
    write(tmp_path, tmp_path / "s.zarr", on_error=bad.append)
    names = {error.path.rpartition("/")[2] for error in bad}
    assert names == {"half.fits", "text.fits", "none.fits", "small.fits"}
    assert open_samples(tmp_path / "s.zarr").sizes["sample"] == 2


def test_what_cannot_make_samples_is_refused(frames, tmp_path):
    with pytest.raises(InputError, match="holds no frame"):
        write(tmp_path, tmp_path / "s.zarr")
    (tmp_path / "clear").mkdir()
    (tmp_path / "clear" / "a.fits").write_bytes(frames[1][0].read_bytes())
    with pytest.raises(UsageError, match="clear and cloudy frames are needed"):
        write(tmp_path, tmp_path / "s.zarr")
    with pytest.raises(InputError, match="nephoscope build"):
        open_samples(tmp_path)


def test_an_existing_store_is_replaced_only_when_asked(frames, tmp_path):
    for state, source in (("clear", frames[1][0]), ("cloudy", frames[1][1])):
        (tmp_path / state).mkdir()
        (tmp_path / state / "a.fits").write_bytes(source.read_bytes())
    write(tmp_path, tmp_path / "s.zarr")
    with pytest.raises(UsageError, match="--overwrite"):
        write(tmp_path, tmp_path / "s.zarr")
    write(tmp_path, tmp_path / "s.zarr", overwrite=True)
    with pytest.raises(UsageError, match="no samples store"):
        write(tmp_path, tmp_path / "clear", overwrite=True)
    assert (tmp_path / "clear" / "a.fits").is_file()

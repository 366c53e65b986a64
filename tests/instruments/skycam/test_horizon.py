"""Horizon of a camera: a mask comes back as it was written, and what is no mask is refused."""

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.skycam.horizon import horizon_of, read_sky, resized
from nephoscope.instruments.skycam.rim import run_horizon, sky_alone

SKY = np.arange(24 * 32).reshape(24, 32) % 7 != 0


def scene(rows=24, cols=32, **attrs):
    image = np.ones((1, rows, cols), np.float32)
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image)},
        attrs={"source_files": ["frame.png"], **attrs},
    )


def write(path, sky):
    if path.suffix == ".npy":
        np.save(path, sky)
    elif path.suffix == ".fits":
        fits.PrimaryHDU(sky.astype(np.int16)).writeto(path)
    else:
        Image.fromarray(sky.astype(np.uint8) * 255).save(path)
    return path


@pytest.mark.parametrize("ending", ["png", "fits", "npy"])
def test_a_mask_comes_back_as_it_was_written(ending, tmp_path):
    path = tmp_path / "my masks" / f"roof 1.{ending}"
    path.parent.mkdir()
    np.testing.assert_array_equal(read_sky(write(path, SKY)), SKY)
    horizon = horizon_of(path)
    np.testing.assert_array_equal(horizon.rim(scene()).beyond, ~SKY)
    assert horizon.said == path.name
    assert len(horizon.sha256) == 64


@pytest.mark.parametrize("kind", ["1-bit", "0 and 1", "grey as colour", "palette"])
def test_a_picture_of_any_mode_is_a_mask(kind, tmp_path):
    white = Image.fromarray(SKY.astype(np.uint8) * 255)
    picture = {
        "1-bit": white.convert("1"),
        "0 and 1": Image.fromarray(SKY.astype(np.uint8)),
        "grey as colour": white.convert("RGB"),
        "palette": white.convert("P"),
    }[kind]
    picture.save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_sky(tmp_path / "mask.png"), SKY)


@given(arrays(np.bool_, (4, 6)), st.integers(1, 5))
def test_a_mask_is_enlarged_and_reduced_to_the_same(sky, factor):
    large = resized(sky, (4 * factor, 6 * factor))
    assert large is not None
    assert large.mean() == pytest.approx(sky.mean())
    np.testing.assert_array_equal(resized(large, (4, 6)), sky)


def test_a_pixel_of_a_smaller_frame_is_sky_where_most_is():
    sky = np.zeros((4, 4), bool)
    sky[:2, :2] = [[1, 1], [1, 0]]
    sky[2:, :2] = [[1, 1], [0, 0]]
    np.testing.assert_array_equal(resized(sky, (2, 2)), [[True, False], [False, False]])


@pytest.mark.parametrize("shape", [(24, 64), (25, 32), (32, 24), (36, 48), (5, 5)])
def test_a_frame_of_another_size_than_the_mask_is_refused(shape, tmp_path):
    horizon = horizon_of(write(tmp_path / "mask.png", SKY))
    with pytest.raises(InputError, match=r"frame.png \[image\].*24 x 32.*whole number of times"):
        horizon.rim(scene(*shape))


def _jpeg(path):
    Image.fromarray(SKY.astype(np.uint8) * 255).save(path, "JPEG")


def _cut(path):
    content = write(path, SKY).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _cut_npy(path):
    np.save(path, SKY)
    path.write_bytes(path.read_bytes()[:200])


BAD = {
    "zero.png": (lambda path: write(path, SKY & False), "nothing is sky"),
    "zero.npy": (lambda path: write(path, SKY & False), "nothing is sky"),
    "many.npy": (lambda path: np.save(path, np.arange(6.0).reshape(2, 3)), "0 and one other value"),
    "nan.npy": (lambda path: np.save(path, np.where(SKY, 1, np.nan)), "0 and one other value"),
    "two.npy": (lambda path: np.save(path, np.where(SKY, 2, 1)), "0 and one other value"),
    "cube.npy": (lambda path: np.save(path, np.ones((2, 3, 4))), "not rows x columns"),
    "empty.npy": (lambda path: np.save(path, np.ones((0, 4))), "not rows x columns"),
    "text.npy": (lambda path: np.save(path, np.array([["a"]])), "no numbers"),
    "objects.npy": (
        lambda path: np.save(path, np.array([[None]]), allow_pickle=True),
        "cannot be read",
    ),
    "cut.npy": (_cut_npy, "cannot be read"),
    "cut.png": (_cut, "cut.png"),
    "cut.fits": (_cut, "cut.fits"),
    "mask.jpg": (_jpeg, "JPEG"),
    "see.png": (
        lambda path: Image.new("RGBA", (4, 4), (255, 255, 255, 0)).save(path),
        "transparen",
    ),
    "rgb.png": (
        lambda path: Image.fromarray(np.eye(3, dtype=np.uint8)[None] * 255).save(path),
        "not rows x columns",
    ),
    "notes.txt": (lambda path: path.write_text("north is up"), "is no mask"),
    "void.png": (lambda path: path.write_bytes(b""), "void.png"),
    "folder": (lambda path: path.mkdir(), "is no file"),
    "none.png": (lambda path: None, "is no file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_mask_is_refused_and_named(name, tmp_path):
    make, problem = BAD[name]
    make(tmp_path / name)
    with pytest.raises(InputError, match=problem) as caught:
        horizon_of(tmp_path / name)
    assert name in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("degrees", [0, -1, 90.5, float("nan"), float("inf"), "0", "1e3"])
def test_an_angle_that_is_none_is_refused(degrees):
    with pytest.raises(UsageError, match="at most 90 degrees"):
        horizon_of(degrees)


@pytest.mark.parametrize("given", ["", None, True, [80]])
def test_what_is_neither_angle_nor_file_is_refused(given):
    with pytest.raises(UsageError, match="horizon"):
        horizon_of(given)


@pytest.mark.parametrize("limit", [60, "60", 60.0])
def test_a_zenith_angle_is_a_share_of_the_radius(limit):
    beyond = horizon_of(limit).rim(scene(circle=[12.0, 16.0, 12.0, 15.0])).beyond
    y, x = np.mgrid[:24, :32]
    np.testing.assert_array_equal(beyond, np.hypot((y - 12) / 12, (x - 16) / 15) > 60 / 90)


def test_an_ordinary_picture_has_no_zenith_angle_and_no_usual_horizon():
    with pytest.raises(InputError, match=r"no image circle.*mask file"):
        horizon_of(80).rim(scene())
    assert run_horizon(None).of(scene()) == (None, "")


def test_a_whole_sky_frame_is_counted_to_the_usual_angle_and_none_of_it_is_hidden():
    frame = scene(circle=[12.0, 16.0, 12.0, 15.0])
    rim, note = run_horizon(None).of(frame)
    np.testing.assert_array_equal(rim.beyond, horizon_of(85).rim(frame).beyond)
    assert (note, rim.hides) == ("", False)
    assert "counted to 85" in rim.said
    assert sky_alone(frame, rim) is frame
    assert run_horizon("none").of(frame) == (None, "")


def test_the_sky_alone_leaves_the_frame_as_it_is(tmp_path):
    frame = scene()
    rim, _ = run_horizon(write(tmp_path / "mask.npy", SKY)).of(frame)
    alone = sky_alone(frame, rim)
    np.testing.assert_array_equal(np.isnan(alone["image"].values[0]), ~SKY)
    assert np.isfinite(frame["image"].values).all()

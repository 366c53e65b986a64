"""Frames of every format come back in physical units; what is wrong with a file is named."""

import bz2
import gzip
import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from nephoscope import open_scene
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import recognise
from nephoscope.instruments.skycam import grey
from nephoscope.instruments.skycam import read as read_frame

spec = importlib.util.spec_from_file_location("skies", Path(__file__).parent / "conftest.py")
skies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(skies)


def test_a_raw_frame_has_counts_site_time_and_temperatures(tau2, counts):
    scene = open_scene(tau2)
    assert scene["image"].dims == ("channel", "y", "x")
    assert scene["image"].dtype == np.float32
    np.testing.assert_array_equal(scene["image"].values[0], counts)
    assert scene["image"].attrs["units"] == "adu"
    assert list(scene["channel"].values) == ["adu"]
    assert scene["time"].values == np.datetime64("2023-01-24T20:18:53.809658")
    assert (float(scene["latitude"]), float(scene["longitude"])) == (43.6, 3.8)
    facts = {"fpa_temperature": 5.3, "ambient_temperature": -4.77, "housing_temperature": 8.44}
    assert {name: scene.attrs[name] for name in facts} == facts
    assert scene.attrs["flavour"] == "thermal"
    assert scene.attrs["id"] == "2023_01_24_20_18_53_809658_flux"
    assert scene.attrs["missing_share"] == 0
    assert "circle" not in scene.attrs
    cards = fits.Header.fromstring(scene.attrs["header"], sep="\n")
    assert cards["SHU-TEMP"] == 4.32


def test_a_binned_frame_comes_back_in_counts_with_its_nan_rows_missing(tmp_path):
    values = np.linspace(600, 1500, 128 * 160).reshape(128, 160).astype(np.float32)
    stored = values / 16384
    stored[5] = np.nan
    mask = np.zeros((128, 160), np.uint8)
    path = tmp_path / "x_masked.fits"
    fits.HDUList([fits.PrimaryHDU(stored), fits.ImageHDU(mask, name="MASK")]).writeto(path)
    scene = read_frame(path)
    found = scene["image"].values[0]
    assert np.isnan(found[5]).all()
    np.testing.assert_array_equal(np.delete(found, 5, 0), np.delete(values, 5, 0))
    assert scene.attrs["missing_share"] == pytest.approx(1 / 128)
    assert np.isnat(scene["time"].values)
    assert np.isnan(scene["latitude"])


@pytest.mark.parametrize("how", ["gz", "bz2", "fz"])
def test_compressed_frames_hold_the_same(tau2, counts, how):
    path = tau2.with_suffix(f".fits.{how}")
    if how == "fz":
        unit = fits.CompImageHDU(counts, fits.Header(skies.TAU2), compression_type="RICE_1")
        unit.writeto(path)
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2}[how].compress(tau2.read_bytes()))
    scene = open_scene(path)
    np.testing.assert_array_equal(scene["image"].values[0], counts)
    assert scene.attrs["fpa_temperature"] == 5.3
    assert scene.attrs["id"] == "2023_01_24_20_18_53_809658_flux"


def test_unsigned_counts_of_another_observatory_and_fahrenheit(tmp_path):
    y, x = np.mgrid[:240, :320]
    sky = np.where(np.hypot(y - 120, x - 160) < 105, 40000, 2000).astype(np.uint16)
    unit = fits.PrimaryHDU(sky)
    unit.header["TEMPAMB"] = (65.3, "Mean Ambient Temperature in deg F")
    unit.header["OBSLAT"], unit.header["OBSLONG"] = "34:30:00", "-111:15:00"
    unit.writeto(tmp_path / "x.fits")
    scene = read_frame(tmp_path / "x.fits")
    image = scene["image"].values[0]
    assert image[120, 160] == 40000
    assert np.isnan(image[0, 0])
    assert scene.attrs["ambient_temperature"] == pytest.approx(18.5)
    assert (float(scene["latitude"]), float(scene["longitude"])) == (34.5, -111.25)
    row, col, radius_y, radius_x = scene.attrs["circle"]
    assert (row, col) == pytest.approx((120, 160), abs=1)
    assert (radius_y, radius_x) == pytest.approx((105, 105), abs=2)


def test_blank_counts_are_missing(tmp_path):
    values = np.full((64, 64), 700, np.int16)
    values[3, 4] = -32768
    unit = fits.PrimaryHDU(values)
    unit.header["BLANK"] = -32768
    unit.writeto(tmp_path / "x.fits")
    assert np.argwhere(np.isnan(read_frame(tmp_path / "x.fits")["image"].values[0])).tolist() == [
        [3, 4]
    ]


def test_the_name_gives_the_time_where_the_header_does_not(tmp_path, counts):
    path = tmp_path / "2023_01_23_22_26_21_34_flux.fits"
    fits.PrimaryHDU(counts).writeto(path)
    assert read_frame(path)["time"].values == np.datetime64("2023-01-23T22:26:21.000034")


@pytest.mark.parametrize(("name", "kind"), [("sky", "PNG"), ("sky.png", "JPEG")])
def test_a_whole_sky_picture_is_told_by_its_content_and_black_outside_the_circle(
    tmp_path, name, kind
):
    pixels = skies.whole_sky()
    Image.fromarray(pixels).save(tmp_path / name, kind, quality=95)
    scene = open_scene(tmp_path / name)
    assert list(scene["channel"].values) == ["red", "green", "blue"]
    assert scene.attrs["flavour"] == "colour"
    image = scene["image"].values
    inside = np.hypot(*(np.mgrid[:225, :240] - np.array([112, 119.5])[:, None, None])) < 98
    assert not np.isnan(image[:, inside]).any()
    assert np.isnan(image[:, 0, 0]).all()
    assert np.abs(image[:, inside] - np.moveaxis(pixels, 2, 0)[:, inside]).mean() < 3
    assert scene.attrs["circle"][2:] == pytest.approx([100, 100], abs=2)


def test_a_picture_of_a_part_of_the_sky_has_no_circle(tmp_path):
    Image.fromarray(skies.whole_sky()[60:160, 70:170]).save(tmp_path / "x.png")
    scene = read_frame(tmp_path / "x.png")
    assert "circle" not in scene.attrs
    assert scene.attrs["missing_share"] == 0


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_an_irccam_frame_has_its_clear_sky_and_its_mask(tmp_path, version):
    rng = np.random.default_rng(0)
    warm, clear = rng.uniform(220, 290, (40, 50)), rng.uniform(200, 220, (40, 50))
    mask = np.ones((40, 50))
    mask[:4] = 0
    path = tmp_path / "x.mat"
    content = {"BT": warm, "TB": clear, "mask": mask}
    if version == "5":
        savemat(path, content)
    else:
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, values in content.items():
                file[name] = values.T
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file".ljust(512))
    scene = open_scene(path)
    assert recognise(path) == "skycam"
    assert scene["image"].attrs["units"] == "K"
    np.testing.assert_allclose(scene["image"].values[0, 4:], warm[4:], rtol=1e-6)
    assert np.isnan(scene["image"].values[0, :4]).all()
    np.testing.assert_allclose(scene["clear_reference"].values, clear, rtol=1e-6)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_grey_is_the_luma_of_bt_601(rgb):
    expected = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
    assert grey(np.array(rgb, np.uint8)[:, None, None])[0, 0] == pytest.approx(expected, abs=1e-4)


def write_units(path, *units):
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(path)


WRONG = {
    "no image": (lambda p, c: write_units(p), "image"),
    "only a table": (
        lambda p, c: write_units(p, fits.BinTableHDU(np.zeros(4, [("a", ">i4")]))),
        "image",
    ),
    "beyond 16 bits": (
        lambda p, c: fits.PrimaryHDU(c.astype(np.int32) * 200).writeto(p), "BITPIX"
    ),
    "beyond 14 bits": (
        lambda p, c: fits.PrimaryHDU(c * np.int16(20), fits.Header(skies.TAU2)).writeto(p),
        "bit depth",
    ),
    "another size": (
        lambda p, c: fits.PrimaryHDU(c[:500], fits.Header(skies.TAU2)).writeto(p),
        "image",
    ),
    "a film": (lambda p, c: fits.PrimaryHDU(np.stack([c] * 5)).writeto(p), "image"),
    "all NaN": (lambda p, c: fits.PrimaryHDU(np.full((64, 64), np.nan)).writeto(p), "image"),
    "tiny": (lambda p, c: fits.PrimaryHDU(c[:4, :4]).writeto(p), "image"),
    "empty": (lambda p, c: p.touch(), "image"),
    "text": (lambda p, c: p.write_text("nothing"), "SIMPLE"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(tmp_path, counts, case):
    path = tmp_path / "frame.fits"
    write, field = WRONG[case]
    write(path, counts)
    with pytest.raises(InputError) as caught:
        read_frame(path)
    assert (caught.value.path, caught.value.field) == (str(path), field)


def test_a_frame_must_have_the_size_asked_for(tau2):
    assert read_frame(tau2, (512, 640)).sizes["y"] == 512
    with pytest.raises(InputError, match=r"\[image\]: is 512 x 640 pixels, not 128 x 160"):
        read_frame(tau2, (128, 160))


@settings(max_examples=12)
@given(st.integers(0, 659519))
def test_a_half_written_frame_is_named_at_every_length(tmp_path_factory, size):
    path = tmp_path_factory.getbasetemp() / f"half_{size}.fits"
    counts = np.full((512, 640), 700, np.int16)
    whole = fits.HDUList([fits.PrimaryHDU(counts, fits.Header(skies.TAU2))])
    whole.writeto(path, overwrite=True)
    data_end = 2880 + counts.nbytes
    path.write_bytes(path.read_bytes()[:size])
    if size >= data_end:
        assert read_frame(path)["image"].shape == (1, 512, 640)
    else:
        with pytest.raises(InputError) as caught:
            read_frame(path)
        assert caught.value.path == str(path)
        assert caught.value.field
    path.unlink()


@pytest.mark.parametrize("suffix", ["gz", "bz2"])
def test_a_half_written_compressed_frame_is_named(tau2, suffix):
    packed = {"gz": gzip, "bz2": bz2}[suffix].compress(tau2.read_bytes())
    path = tau2.with_suffix(f".fits.{suffix}")
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="cut short"):
        read_frame(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_half_written_picture_is_named(tmp_path, kind):
    path = tmp_path / "sky"
    Image.fromarray(skies.whole_sky()).save(path, kind)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError) as caught:
        read_frame(path)
    assert (caught.value.path, caught.value.field) == (str(path), "image")


def test_a_broken_mat_file_is_named(tmp_path):
    savemat(tmp_path / "x.mat", {"XX": np.zeros((9, 9))})
    with pytest.raises(InputError, match=r"x.mat \[BT\]: there is no such variable"):
        read_frame(tmp_path / "x.mat")
    savemat(tmp_path / "x.mat", {"BT": np.zeros((90, 90))})
    whole = (tmp_path / "x.mat").read_bytes()
    (tmp_path / "x.mat").write_bytes(whole[: len(whole) - 400])
    with pytest.raises(InputError, match=r"x.mat \[BT\]: cannot be read as MATLAB"):
        read_frame(tmp_path / "x.mat")


def test_a_saturated_frame_is_flagged(tmp_path, counts):
    bright = counts.copy()
    bright[:20] = 16383
    fits.PrimaryHDU(bright, fits.Header(skies.TAU2)).writeto(tmp_path / "x.fits")
    scene = read_frame(tmp_path / "x.fits")
    assert scene.attrs["saturated"] == 1
    assert scene.attrs["saturated_share"] == pytest.approx(20 / 512)


@pytest.mark.parametrize("keyword", ["IMTYPE", "DATE-OBS"])
def test_a_card_with_a_byte_that_is_no_text_is_left_out(tmp_path, keyword):
    unit = fits.PrimaryHDU(np.full((16, 20), 700, np.int16), fits.Header({"IMTYPE": "IR"}))
    unit.header["DATE-OBS"] = "2023-01-24"
    unit.writeto(tmp_path / "x.fits")
    content = bytearray((tmp_path / "x.fits").read_bytes())
    content[content.index(keyword.encode()) + 11] = 0xA1
    (tmp_path / "x.fits").write_bytes(bytes(content))
    assert keyword not in read_frame(tmp_path / "x.fits").attrs["header"]


@pytest.mark.parametrize("shape", [(3, 300), (300, 3), (2, 2)])
def test_a_sliver_of_a_frame_is_named(tmp_path, shape):
    fits.PrimaryHDU(np.arange(np.prod(shape), dtype=np.int16).reshape(shape)).writeto(
        tmp_path / "x.fits"
    )
    with pytest.raises(InputError, match=r"x.fits \[image\]: is only"):
        read_frame(tmp_path / "x.fits")


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_header_is_named_or_read_never_a_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.fits"
    unit = fits.PrimaryHDU(np.full((16, 20), 700, np.int16), fits.Header({"IMTYPE": "IR"}))
    unit.header["BLANK"], unit.header["FPA-TEMP"], unit.header["DATE-OBS"] = -1, 5.3, "2023-01-24"
    unit.writeto(path, overwrite=True)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(9, 1100))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        read_frame(path)
    except InputError as error:
        named = error.path
    else:
        named = str(path)
    assert named == str(path)


def test_the_user_says_what_a_frame_is(tmp_path, tau2):
    fits.PrimaryHDU(np.full((64, 64), 700, np.int16)).writeto(tmp_path / "x.fits")
    assert read_frame(tmp_path / "x.fits").attrs["flavour"] == "grey"
    assert read_frame(tmp_path / "x.fits", flavour="thermal").attrs["flavour"] == "thermal"
    assert open_scene(tau2, "skycam", flavour="grey").attrs["flavour"] == "grey"
    with pytest.raises(InputError, match=r"x.fits \[image\]: has 1 channels: it is not colour"):
        read_frame(tmp_path / "x.fits", flavour="colour")
    with pytest.raises(UsageError, match="no flavour 'infrared'; known are: thermal, colour, grey"):
        read_frame(tmp_path / "x.fits", flavour="infrared")

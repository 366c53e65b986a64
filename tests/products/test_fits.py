"""A frame's FITS is valid, carries the camera's keywords, and says what is unknown."""

import shutil
import subprocess
import warnings

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import OutputError
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.instruments.skycam import read_label
from nephoscope.products import fits as products_fits
from nephoscope.products.fits import card, write_frame_fits

HEADER = "\n".join(
    [
        "SIMPLE  =                    T / conforms to FITS standard",
        "BITPIX  =                   16 / array data type",
        "NAXIS1  =                  640",
        "BZERO   =                32768",
        "CAMERA  = 'FLIR TAU2'",
        "FPA-TEMP=                  5.3",
        "SHU-TEMP=  -0.8100000000000001",
        "DATE-OBS= '2023-01-24T20:18:53.809658'",
        "STACKED =                    1",
        "CTYPE1  = ' '                  /   axis 1 data type",
        "OBSERVER= 'O''Neill'",
        "COMMENT made by hand",
        "BROKEN  = 'no end",
        "STACKED =                    2",
        "lower   =                    1",
        "CHECKSUM= 'abcdefghijklmnop'",
    ]
)


def frame(seed=0, shape=(32, 40), channels=0):
    rng = np.random.default_rng(seed)
    image = rng.uniform(500, 900, (channels, *shape) if channels else shape).astype(np.float32)
    image[..., 0, 0] = np.nan
    probability = rng.uniform(0, 1, shape).astype(np.float32)
    probability[:3] = np.nan
    mask = np.where(np.isnan(probability), -1, probability > 0.5).astype(np.int8)
    return image, mask, probability


def opened(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(path, checksum=True, memmap=False) as units:
            units.verify("exception")
            return [(unit.header, unit.data, unit.name) for unit in units]


@pytest.mark.parametrize("channels", [0, 3])
def test_astropy_finds_it_valid_and_reads_it_back(tmp_path, channels):
    image, mask, probability = frame(channels=channels)
    facts = {"STATE": ("cloudy", "state of the sky"), "CLOUDFRC": (0.5, "cloud fraction")}
    write_frame_fits(tmp_path / "x.fits", image, mask, probability, HEADER, facts)
    (primary, data, _), *rest = opened(tmp_path / "x.fits")
    assert data is None
    assert [name for _, _, name in rest] == ["IMAGE", "MASK", "PROBABILITY"]
    np.testing.assert_array_equal(rest[0][1], image)
    np.testing.assert_array_equal(rest[1][1], np.where(mask < 0, 255, mask.astype(int)))
    np.testing.assert_array_equal(rest[2][1], probability)
    assert [part[1].dtype for part in rest] == [">f4", "u1", ">f4"]
    assert rest[0][0]["BUNIT"] == "adu"
    assert (primary["FPA-TEMP"], primary["SHU-TEMP"]) == (5.3, -0.8100000000000001)
    assert (primary["CAMERA"], primary["OBSERVER"]) == ("FLIR TAU2", "O'Neill")
    assert (primary["STATE"], primary["CLOUDFRC"], primary["STACKED"]) == ("cloudy", 0.5, 1)
    assert list(primary["COMMENT"]) == ["made by hand"]
    assert not {"BROKEN", "BZERO", "NAXIS1", "CTYPE1", "LOWER"} & set(primary)
    assert "CTYPE1" in rest[0][0]


def test_fitsverify_has_nothing_to_say(tmp_path):
    program = shutil.which("fitsverify")
    if program is None:
        pytest.skip("fitsverify is not installed")
    image, mask, probability = frame(channels=3)
    write_frame_fits(tmp_path / "x.fits", image, mask, probability, HEADER, units="DN")
    words = [program, str(tmp_path / "x.fits")]
    run = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout
    assert "found 0 warning(s) and 0 error(s)" in run.stdout


def test_our_own_reader_reads_it_back(tmp_path):
    image, mask, probability = frame()
    write_frame_fits(tmp_path / "x.fits", image, mask, probability, HEADER)
    scene = read_frame(tmp_path / "x.fits")
    np.testing.assert_array_equal(scene["image"].values[0], image)
    assert scene.attrs["fpa_temperature"] == 5.3
    np.testing.assert_array_equal(read_label(tmp_path / "x.fits"), mask)


@given(st.integers(0, 2**32 - 1))
def test_checksums_are_encoded_as_astropy_does(value):
    reference = fits.PrimaryHDU()._encode_byte
    columns = [reference(value >> shift & 0xFF) for shift in (24, 16, 8, 0)]
    text = "".join(chr(columns[byte][place]) for place in range(4) for byte in range(4))
    assert products_fits._encode(value) == text[-1] + text[:-1]


@given(st.integers(0, 1000), st.integers(8, 40), st.integers(8, 40))
def test_checksums_hold_for_any_size(tmp_path_factory, seed, rows, cols):
    path = tmp_path_factory.getbasetemp() / "any.fits"
    image, mask, probability = frame(seed, (rows, cols))
    write_frame_fits(path, image, mask, probability, HEADER)
    assert path.stat().st_size % 2880 == 0
    opened(path)


@pytest.mark.parametrize("value", [True, 0, -12, 3.5, 1e-30, -1.25e300, "a", "it's", "", "x" * 68])
def test_cards_read_back(value):
    parsed = fits.Card.fromstring(card("KEY", value, "what it is"))
    parsed.verify("exception")
    assert parsed.value == value
    assert len(card("KEY", value, "what it is")) == 80


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "x" * 69, "naïve", "new\nline"])
def test_what_fits_cannot_say_is_refused(value):
    with pytest.raises(ValueError, match="KEY"):
        card("KEY", value)


def test_other_shapes_are_refused_and_a_full_disk_leaves_nothing(tmp_path):
    image, mask, probability = frame()
    with pytest.raises(ValueError, match="shapes differ"):
        write_frame_fits(tmp_path / "x.fits", image, mask[:4], probability)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_frame_fits(tmp_path / "file" / "x.fits", image, mask, probability)


def test_real_headers_are_carried_over_whole(real_data, tmp_path):
    for source in [
        *(real_data / "sky" / "raw").iterdir(),
        *(real_data / "sky" / "night").iterdir(),
    ]:
        scene = read_frame(source)
        image = scene["image"].values[0]
        mask = np.where(np.isnan(image), -1, 0).astype(np.int8)
        path = tmp_path / "x.fits"
        write_frame_fits(path, image, mask, np.zeros_like(image), scene.attrs["header"])
        (primary, _, _), (extension, _, _), *_ = opened(path)
        kept = set(primary) | set(extension)
        original = fits.getheader(source)
        lost = {key for key in original if key not in kept}
        assert lost <= {"DATAMAX", "DATAMIN", "BZERO", "BSCALE"}
        for key in kept & set(original) - {"BITPIX", "NAXIS", "SIMPLE", "EXTEND", "COMMENT", ""}:
            if not key.startswith("NAXIS"):
                assert (primary.get(key, extension.get(key))) == original[key]

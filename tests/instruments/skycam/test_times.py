"""When a frame was taken: the right time where header or name tell it, else none."""

from datetime import datetime

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.instruments.skycam import read as read_frame
from nephoscope.instruments.skycam.times import time_in_name, time_of

DAY = {"DATE-OBS": "2023-01-24"}
TOLD = {
    "2023-01-24T20:18:53.809658": {"DATE-OBS": "2023-01-24T20:18:53.809658"},
    "2023-01-24T20:18:53": DAY | {"UT": "20:18:53"},
    "2023-01-24T20:18:54": DAY | {"UT1": "20:18:54"},
    "2023-01-24T20:18:55": DAY | {"TIME-OBS": "20:18:55"},
    "2023-01-24T20:18:56": {"DATE-OBS": "20230124T201856"},
    "2023-01-24T20:18:57": {"DATE-OBS": "2023/01/24 20:18:57"},
    "2023-01-24T20:18:58": {"DATE-OBS": "2023-01-24T20:18:58Z"},
    "2023-01-24T20:18:59": {"DATE-OBS": "2023-01-24T22:18:59+02:00"},
    "2023-01-24T20:19": {"DATE-OBS": 20230124, "UT": "20:19:00"},
    "1998-01-24T01:02:03": {"DATE-OBS": "24/01/98", "UT": "01:02:03"},
    "2023-01-25T00:00": {"DATE-OBS": "2023-01-24T24:00:00"},
    "2017-01-01T00:00": {"DATE-OBS": "2016-12-31T23:59:60"},
    "2023-01-24T12:00": {"MJD-OBS": 59968.5},
    "2023-01-24T20:20": {"DATE-BEG": "2023-01-24T20:20:00", "TIMESYS": "UTC"},
}
UNTOLD = [
    {}, DAY, {"DATE-OBS": "20230124"}, {"DATE-OBS": "0001-01-01T00:00:00"},
    {"DATE-OBS": "9999-12-31T00:00:00"}, {"DATE-OBS": "2023-02-30T00:00:00"},
    {"DATE-OBS": "2023-01-24T24:00:01"}, {"DATE-OBS": "2023-01-24T25:00:00"},
    {"DATE-OBS": "2023-13-01T00:00:00"}, {"DATE-OBS": "yesterday"}, {"DATE-OBS": True},
    DAY | {"UT": 20.31}, {"MJD-OBS": 1e300}, {"MJD-OBS": -1.0},
    {"DATE-OBS": "2023-01-24T20:18:53", "TIMESYS": "TAI"},
    {"DATE-OBS": "2023-01-24T20:18:53+25:00"},
]  # fmt: skip


@pytest.mark.parametrize("expected", TOLD)
def test_the_header_tells_the_time(tmp_path, expected):
    found = time_of(fits.Header(TOLD[expected]), tmp_path / "x.fits")
    assert found == np.datetime64(expected)
    assert found.dtype == np.dtype("datetime64[ns]")


@pytest.mark.parametrize("cards", UNTOLD, ids=str)
def test_what_tells_no_time_gives_none_and_the_name_is_asked(tmp_path, cards):
    header = fits.Header(cards)
    assert np.isnat(time_of(header, tmp_path / "x.fits"))
    named = time_of(header, tmp_path / "image-20231001121500.fits")
    assert named == np.datetime64("2023-10-01T12:15")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2023_01_24_20_18_53_809658_flux.fits", "2023-01-24T20:18:53.809658"),
        ("2023_01_23_22_26_21_34_flux.fits", "2023-01-23T22:26:21.000034"),
        ("image-20231001121500.jpg", "2023-10-01T12:15:00"),
        ("20231001_121500.png", "2023-10-01T12:15:00"),
        ("cam2-20231001T121500Z-0001.png", "2023-10-01T12:15:00"),
        ("allsky 2023-10-01 12-15-00.jpg", "2023-10-01T12:15:00"),
        ("2023-10-01T12:15:00.fits.gz", "2023-10-01T12:15:00"),
        ("ASC100-1006_001", None),
        ("keogram-20231001.jpg", None),
        ("image-20231301121500.jpg", None),
        ("image-20230230_121500.jpg", None),
        ("20231001121500-20231001131500.jpg", None),
        ("9920231001121500.jpg", None),
        ("202310011215.jpg", None),
    ],
)
def test_a_name_tells_the_time_where_it_is_plain(name, expected):
    found = time_in_name(name)
    assert np.isnat(found) if expected is None else found == np.datetime64(expected)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)), st.sampled_from(
    ["%Y%m%d%H%M%S", "%Y%m%d_%H%M%S", "%Y-%m-%dT%H-%M-%S", "%Y_%m_%d_%H_%M_%S"]))  # fmt: skip
def test_every_time_comes_back_from_its_name(moment, form):
    found = time_in_name(f"image-{moment.strftime(form)}.jpg")
    assert found == np.datetime64(moment.replace(microsecond=0), "ns")


@given(st.text(max_size=40))
def test_no_name_is_an_error(name):
    assert time_in_name(name).dtype == np.dtype("datetime64[ns]")


def test_a_picture_has_the_time_of_its_name(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    path = tmp_path / "image-20231001121500.png"
    Image.fromarray(rng.integers(0, 255, (20, 20, 3), np.uint8)).save(path)
    assert read_frame(path)["time"].values == np.datetime64("2023-10-01T12:15")

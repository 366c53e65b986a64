"""The sums of a frame against counting by hand; the tables against csv."""

import csv
import math

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import label, regionprops

from nephoscope.products.fits import write_frame_fits
from nephoscope.products.frames import (
    BLOB_COLUMNS,
    FRAME_COLUMNS,
    blob_rows,
    find_blobs,
    fits_facts,
    frame_result,
    frame_row,
    sky_quality,
    write_table,
    zenith_region,
)


def scene(shape=(40, 50), circle=None, **attrs):
    image = np.full((1, *shape), 700, np.float32)
    found = xr.Dataset(
        {"image": (("channel", "y", "x"), image, {"units": "adu"})},
        coords={"time": np.datetime64("2023-01-24T20:18:53.809658", "ns")},
        attrs={"source_files": ["night/a.fits"], **attrs},
    )
    return found if circle is None else found.assign_attrs(circle=list(circle))


def mask_of(seed, shape=(40, 50)):
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0, 1, shape).astype(np.float32)
    mask = (probability > 0.6).astype(np.int8)
    unknown = rng.uniform(0, 1, shape) < 0.1
    mask[unknown], probability[unknown] = -1, np.nan
    return mask, probability


@given(st.integers(0, 10**6))
def test_the_sums_are_those_of_the_known_pixels(seed):
    mask, probability = mask_of(seed)
    result = frame_result(scene(), mask, probability, "cloudy", 0.9)
    known = probability[mask >= 0].astype(float)
    fraction = (known > np.float32(0.6)).mean()  # as the mask was made
    assert result.cloud_fraction == pytest.approx(fraction)
    assert result.cloud_fraction_zenith == result.cloud_fraction
    expected = (1 - fraction) * (1 - (1 - np.abs(2 * known - 1)).mean())
    assert result.sky_quality == pytest.approx(expected, rel=1e-5)
    assert 0 <= result.sky_quality <= 1


@given(st.integers(0, 10**6), st.integers(1, 9))
def test_blobs_are_those_of_scikit_image(seed, least):
    mask, probability = mask_of(seed)
    found = find_blobs(mask, probability, least)
    regions = regionprops(label(mask == 1, connectivity=2), np.nan_to_num(probability))
    expected = {
        (int(r.area), round(r.centroid[0], 6), round(r.centroid[1], 6)): r.intensity_mean
        for r in regions
        if r.area >= least
    }
    assert {(b.area, round(b.row, 6), round(b.col, 6)) for b in found} == set(expected)
    assert [b.area for b in found] == sorted((b.area for b in found), reverse=True)
    for blob in found:
        key = (blob.area, round(blob.row, 6), round(blob.col, 6))
        assert blob.mean_probability == pytest.approx(expected[key], rel=1e-5)


def test_blobs_touch_at_corners():
    mask = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], np.int8)
    (blob,) = find_blobs(mask, mask.astype(np.float32), 1)
    assert (blob.area, blob.row, blob.col, blob.mean_probability) == (2, 0.5, 0.5, 1.0)
    assert find_blobs(mask, mask.astype(np.float32), 3) == ()


def test_the_zenith_is_half_of_the_radius():
    frame = scene((101, 121), (50, 60, 40, 48))
    near = zenith_region(frame, (101, 121))
    assert near.sum() == pytest.approx(math.pi * 20 * 24, rel=0.02)
    assert near[50, 60]
    assert not near[50, 85]
    mask = np.where(near, np.int8(1), np.int8(0))
    result = frame_result(frame, mask, mask.astype(np.float32), "cloudy", 1.0)
    assert result.cloud_fraction_zenith == 1
    assert result.cloud_fraction == pytest.approx(near.mean())


def test_quality_is_one_for_a_clear_sure_sky_and_zero_for_cloud_or_doubt():
    clear = np.zeros((8, 8), np.int8)
    assert sky_quality(clear, np.zeros((8, 8), np.float32)) == 1
    assert sky_quality(clear, np.full((8, 8), 0.5, np.float32)) == 0
    assert sky_quality(clear + 1, np.ones((8, 8), np.float32)) == 0


def test_an_unknown_frame_has_no_numbers_anywhere(tmp_path):
    mask, probability = np.full((8, 8), -1, np.int8), np.full((8, 8), np.nan, np.float32)
    frame = scene((8, 8)).assign_coords(time=np.datetime64("NaT", "ns"))
    result = frame_result(frame, mask, probability, "unknown", math.nan, note="no reference")
    row = frame_row(result, "night/a.fits")
    assert row == {
        "file": "night/a.fits", "time": "", "state": "unknown", "p_cloudy": "",
        "cloud_fraction": "", "cloud_fraction_zenith": "", "blobs": "", "sky_quality": "",
        "note": "no reference",
    }  # fmt: skip
    assert set(fits_facts(result)) == {"SKYSTATE"}
    write_frame_fits(tmp_path / "x.fits", np.zeros((8, 8), np.float32), mask, probability,
                     facts=fits_facts(result))  # fmt: skip
    assert fits.getheader(tmp_path / "x.fits")["SKYSTATE"] == "unknown"


def test_a_saturated_frame_says_so():
    mask, probability = mask_of(0)
    frame = scene(saturated=1, saturated_share=0.25)
    assert "25% of the pixels" in frame_result(frame, mask, probability, "cloudy", 1.0).note


def test_the_tables_read_back(tmp_path):
    mask, probability = mask_of(3)
    result = frame_result(scene(), mask, probability, "cloudy", 0.97, minimum_area=5)
    write_table(tmp_path / "frames.csv", FRAME_COLUMNS, [frame_row(result, "a.fits")])
    write_table(tmp_path / "blobs.csv", BLOB_COLUMNS, blob_rows(result, "a.fits"))
    with (tmp_path / "frames.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert list(row) == ["file", "time", "state", "p_cloudy", "cloud_fraction",
                         "cloud_fraction_zenith", "blobs", "sky_quality", "note"]  # fmt: skip
    assert (row["file"], row["state"], row["p_cloudy"]) == ("a.fits", "cloudy", "0.9700")
    assert row["time"] == "2023-01-24T20:18:53.809658"
    assert float(row["cloud_fraction"]) == pytest.approx(result.cloud_fraction, abs=1e-4)
    with (tmp_path / "blobs.csv").open() as file:
        blobs = list(csv.DictReader(file))
    assert len(blobs) == int(row["blobs"]) == len(result.blobs) > 1
    assert [int(blob["area"]) for blob in blobs] == [blob.area for blob in result.blobs]

"""Cloud cover is a share of area: rows by the cosine of latitude, polar ice left out."""

import numpy as np
import pytest
import xarray as xr

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.products.cover import covered, pixel_areas
from nephoscope.products.netcdf import write_netcdf
from product_factory import mars_product

LATITUDE = np.linspace(90, -90, 37)
POLAR = LATITUDE[:, None] > 70
SCENE = xr.Dataset(
    {"image": (("channel", "y", "x"), np.full((3, 37, 72), 90, np.float32))},
    coords={
        "channel": ["red", "green", "blue"],
        "latitude": ("y", LATITUDE),
        "longitude": ("x", -180 + 5.0 * np.arange(72)),
        "solar_longitude": 132.5,
        "mars_year": 28,
    },
    attrs={"instrument": "marci", "source_files": ["P01_day01_zequat.jpg"], "missing_share": 0.0},
)


@pytest.fixture(scope="module")
def product() -> xr.Dataset:
    probability = np.random.default_rng(4).random((37, 72), dtype=np.float32)
    probability[LATITUDE > 70] = 1  # ice at the pole
    probability[20:22, 5:30] = np.nan
    return mars_product(probability, SCENE, 0.5, outside=POLAR)


def by_hand(product: xr.Dataset, kept: np.ndarray) -> float:
    """The same share as one weighted mean over the pixels."""
    mask = xr.decode_cf(product)["cloud_mask"].values.astype(float)
    weight = np.cos(np.deg2rad(LATITUDE))[:, None] * kept * np.isfinite(mask)
    return float((np.nan_to_num(mask) * weight).sum() / weight.sum())


def test_packed_decoded_and_written_products_give_one_number(product, tmp_path):
    write_netcdf(product, tmp_path / "p.nc")
    expected = by_hand(product, ~POLAR)
    for given in (product, xr.decode_cf(product), tmp_path / "p.nc", str(tmp_path / "p.nc")):
        assert nephoscope.cloud_cover(given) == pytest.approx(expected, abs=1e-12)
    assert product.attrs["cloud_cover_within_seasonal_bounds"] == pytest.approx(expected)


def test_the_whole_map_counts_the_cap(product):
    whole = nephoscope.cloud_cover(product, within_bounds=False)
    assert whole == pytest.approx(by_hand(product, np.ones_like(POLAR)), abs=1e-12)
    assert whole == pytest.approx(product.attrs["cloud_cover"])
    assert whole > nephoscope.cloud_cover(product)


def test_a_frame_has_no_latitude_and_every_known_pixel_counts_alike():
    mask = np.array([[1, 0, np.nan], [0, 0, np.nan]], np.float32)
    frame = xr.Dataset({"cloud_mask": (("y", "x"), mask)})
    assert nephoscope.cloud_cover(frame) == 0.25
    nothing = xr.Dataset({"cloud_mask": (("y", "x"), np.full((2, 3), np.nan))})
    assert np.isnan(nephoscope.cloud_cover(nothing))


def test_rows_count_by_their_area():
    mask = np.array([[1, 1, 255], [0, 0, 0]], np.uint8)
    latitude = np.array([60.0, 0.0])
    assert covered(mask, latitude) == pytest.approx(2 * 0.5 / (2 * 0.5 + 3))
    assert covered(mask, latitude, np.array([[True], [False]])) == 0
    assert np.isnan(covered(np.full((2, 3), 255, np.uint8), latitude))


@pytest.mark.parametrize(
    "given", [None, 3, np.zeros((3, 4)), xr.Dataset(), xr.DataArray([1.0]), "frame.fits"]
)
def test_what_is_no_product_is_refused(given):
    with pytest.raises(UsageError, match="cloud_cover:"):
        nephoscope.cloud_cover(given)


def test_a_product_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.nc: does not exist"):
        nephoscope.cloud_cover(tmp_path / "gone.nc")


def test_a_box_may_cross_the_meridian_where_longitudes_begin_again(product):
    inside = (np.abs(LATITUDE) <= 30)[:, None] & (np.abs(SCENE["longitude"].values) >= 170)
    found = nephoscope.cloud_cover(product, bounds=(-30, 170, 30, -170))
    assert found == pytest.approx(by_hand(product, inside), abs=1e-12)
    for wrong in ((30, 0, -30, 10), (0, 0, 1), (0, 0, np.nan, 1)):
        with pytest.raises(UsageError, match="south, west, north, east"):
            nephoscope.cloud_cover(product, bounds=wrong)


def test_areas_of_pixels_of_any_grid_are_those_of_the_sphere():
    """A regular grid's areas are known in closed form; the sphere has 4 pi."""
    step = np.deg2rad(0.5)
    latitude, longitude = np.meshgrid(
        np.arange(-89.75, 90, 0.5), np.arange(-179.75, 180, 0.5), indexing="ij"
    )
    areas = pixel_areas(latitude, longitude)
    exact = step * (
        np.sin(np.deg2rad(latitude) + step / 2) - np.sin(np.deg2rad(latitude) - step / 2)
    )
    inner = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(areas[inner], exact[inner], rtol=1e-4)
    assert areas.sum() == pytest.approx(4 * np.pi, rel=2e-3)

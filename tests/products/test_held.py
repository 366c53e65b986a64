"""Variables that are filled part by part: in memory or compressed, they are the same."""

import h5netcdf
import numpy as np
import pytest
import xarray as xr
import zarr

from nephoscope.products import held
from nephoscope.products.cube import open_cube
from nephoscope.products.held import Filling, blank, in_rows, is_held
from nephoscope.products.netcdf import write_netcdf

ROWS, COLS = 300, 260


def parts(rng):
    """A picture in parts: 70 rows, and halves of the columns."""
    ice = rng.random((3, ROWS, COLS), np.float32)
    mask = rng.integers(0, 2, (ROWS, COLS)).astype(np.uint8)
    whole = xr.Dataset(
        {
            "ice": (("level", "y", "x"), ice, {"_FillValue": np.float32(np.nan)}),
            "mask": (("y", "x"), mask, {"_FillValue": np.uint8(255)}),
        },
        {"altitude": ("level", [3.0, 2.0, 1.0])},
    )
    rows, cols = range(0, 280, 70), ((0, 130), (130, COLS))
    return whole, [
        (whole.isel(y=slice(row, row + 70), x=slice(*ends)), row, ends[0])
        for row in rows
        for ends in cols
    ]


@pytest.fixture(params=[1 << 27, 1 << 10], ids=["plain", "compressed"])
def filled(request, monkeypatch):
    monkeypatch.setattr(held, "LARGE", request.param)
    whole, pieces = parts(np.random.default_rng(1))
    filling = Filling(pieces[0][0], (ROWS, COLS))
    for piece, row, col in pieces:
        filling.put(piece, row, col)
    wanted = whole.copy(deep=True)
    wanted["ice"][:, 280:] = np.nan
    wanted["mask"][280:] = 255
    return filling.whole(), wanted


def test_what_was_put_is_there_and_the_rest_is_missing(filled):
    xr.testing.assert_equal(*filled)
    found = filled[0]
    assert found["mask"].attrs == {"_FillValue": 255}
    np.testing.assert_array_equal(
        found["ice"].isel(x=xr.DataArray([3, 9], dims="p"), y=xr.DataArray([200, 5], dims="p")),
        filled[1]["ice"].values[:, [200, 5], [3, 9]],
    )
    joined = np.concatenate([part for _, part in in_rows(found["ice"].variable)], axis=1)
    np.testing.assert_array_equal(joined, filled[1]["ice"])


def test_blank_pixels_hold_the_fill_value(filled):
    found, wanted = filled
    nothing = np.zeros((ROWS, COLS), bool)
    nothing[100:140, 7] = True
    for name in ("ice", "mask"):
        blank(found[name].variable, nothing)
        wanted[name].values[..., nothing] = wanted[name].attrs["_FillValue"]
    xr.testing.assert_equal(found, wanted)


def test_files_are_the_same(filled, tmp_path):
    found, wanted = filled
    for product, name in ((found, "found.nc"), (wanted, "wanted.nc")):
        write_netcdf(product, tmp_path / name)
    with (
        xr.open_dataset(tmp_path / "found.nc") as one,
        xr.open_dataset(tmp_path / "wanted.nc") as two,
    ):
        xr.testing.assert_identical(one.load(), two.load())


def test_a_product_stays_unless_it_is_written_for_the_last_time(filled, tmp_path):
    found, wanted = filled
    write_netcdf(found, tmp_path / "first.nc")
    xr.testing.assert_equal(found, wanted)
    write_netcdf(found, tmp_path / "last.nc", last=True)
    assert (tmp_path / "first.nc").read_bytes() == (tmp_path / "last.nc").read_bytes()
    if is_held(found["ice"].variable):
        assert np.isnan(found["ice"]).all()
    else:
        xr.testing.assert_equal(found, wanted)


def test_large_variables_have_all_that_xarray_would_write(filled, tmp_path):
    found, wanted = filled
    place = (("y", "x"), np.ones((ROWS, COLS), np.float32))
    for product, name in ((found, "found.nc"), (wanted, "wanted.nc")):
        placed = product.assign_coords(latitude=place)
        placed["ice"].attrs |= {"units": "kg m-3", "flag_masks": np.array([1, 2], np.uint8)}
        write_netcdf(placed, tmp_path / name)
    with h5netcdf.File(tmp_path / "found.nc") as one, h5netcdf.File(tmp_path / "wanted.nc") as two:
        assert set(one.variables) == set(two.variables)
        for name, other in two.variables.items():
            assert one[name].dimensions == other.dimensions
            assert (one[name].chunks, one[name].dtype) == (other.chunks, other.dtype)
            assert one[name].attrs.keys() == other.attrs.keys()
            for key, value in other.attrs.items():
                np.testing.assert_array_equal(one[name].attrs[key], value)
        assert one["ice"].attrs["coordinates"] == "altitude latitude"
        assert (one["ice"].compression, one["ice"].shuffle) == ("gzip", True)


def test_slots_of_a_cube_are_the_same_to_the_byte(filled, tmp_path):
    time, shards = np.datetime64("2010-01-01T00:15", "s"), []
    for name, product in zip(("found", "wanted"), filled, strict=True):
        template = product.expand_dims("time").assign_coords(altitude=product["altitude"])
        cube = open_cube(tmp_path / name, template, np.datetime64("2010-01-01", "s"), 900)
        cube.write(time, product.drop_vars("altitude"))
        shards.append((tmp_path / name / "ice" / "c.1.0.0.0").read_bytes())
    assert shards[0] == shards[1]


def test_parts_may_come_in_any_order(monkeypatch):
    monkeypatch.setattr(held, "LARGE", 1 << 10)
    whole, pieces = parts(np.random.default_rng(2))
    filling = Filling(pieces[0][0], (ROWS, COLS))
    for piece, row, col in [*pieces[::-1], (whole.isel(y=slice(250, ROWS)), 250, 0)]:
        filling.put(piece, row, col)
    xr.testing.assert_equal(filling.whole(), whole)


def test_rows_are_compressed_once_however_small_their_parts_are(monkeypatch):
    monkeypatch.setattr(held, "LARGE", 1 << 10)
    whole, _ = parts(np.random.default_rng(3))
    filling = Filling(whole.isel(y=slice(0, 1)), (ROWS, COLS))
    written, write = [], zarr.Array.__setitem__

    def counted(array, place, values):
        written.append((array.ndim, place[-2].start))
        write(array, place, values)

    monkeypatch.setattr(zarr.Array, "__setitem__", counted)
    for row in range(0, ROWS, 5):
        for col in range(0, COLS, 130):
            part = whole.isel(y=slice(row, row + 5), x=slice(col, col + 130))
            filling.put(part, row, col)
    xr.testing.assert_equal(filling.whole(), whole)
    rows = range(0, ROWS, held._ROWS)
    # A part that lies in two groups of rows has them turned to and fro, as has the one beside it.
    astride = [row for row in rows if row % 5]
    wanted = {row: 1 + (row in astride) + (row + held._ROWS in astride) for row in rows}
    assert sorted(written) == sorted((n, r) for n in (2, 3) for r in rows for _ in range(wanted[r]))


def test_parts_that_do_not_fit_are_refused():
    whole, _ = parts(np.random.default_rng(1))
    part = whole.isel(y=slice(0, 2))
    filling = Filling(part, (10, COLS))
    with pytest.raises(ValueError, match="other is in the part and not in the whole"):
        filling.put(part.rename(mask="other"), 0)
    with pytest.raises(ValueError, match="mask is float32, not uint8"):
        filling.put(part.astype(np.float32), 0)
    with pytest.raises(ValueError, match="rows 9 to 11 do not lie within 0 to 10"):
        filling.put(part, 9)
    with pytest.raises(ValueError, match="rows -1 to 1 do not lie within 0 to 10"):
        filling.put(part, -1)
    with pytest.raises(ValueError, match=f"columns 1 to {COLS + 1} do not lie within 0 to {COLS}"):
        filling.put(part, 0, 1)

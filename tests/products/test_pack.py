"""Packed numbers unpack, by xarray, to what they were within half a step, or to missing."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.products.pack import pack, unfilled

BYTE = {"scale_factor": 0.5, "add_offset": 180.0, "_FillValue": np.uint8(255)}
SHORT = {"scale_factor": 0.01, "_FillValue": np.int16(-1), "valid_range": np.array([0, 20000])}


def unpacked(stored: np.ndarray, attrs: dict) -> np.ndarray:
    return xr.decode_cf(xr.Dataset({"a": ("x", np.ravel(stored), attrs)}))["a"].values


@given(st.lists(st.floats(width=32), min_size=1), st.sampled_from([("u1", BYTE), ("i2", SHORT)]))
def test_integers_unpack_to_the_nearest_step_within_the_range(values, kind):
    dtype, attrs = kind
    stored = pack(np.array(values, np.float32), dtype, attrs)
    assert stored.dtype == dtype
    low, high = {"u1": (180, 307), "i2": (0, 200)}[dtype]
    for value, number in zip(values, unpacked(stored, attrs), strict=True):
        if np.isfinite(value):
            assert number == pytest.approx(np.clip(value, low, high), abs=attrs["scale_factor"] / 2)
        else:
            assert np.isnan(number)


def test_the_ends_of_a_range_are_stored_and_what_is_beyond_them_too():
    np.testing.assert_array_equal(pack([-5, 0, 200, 200.02, 9e9], "i2", SHORT)[[0, -1]], [0, 20000])
    np.testing.assert_array_equal(pack([0, 180, 307, 400], "u1", BYTE), [0, 0, 254, 254])
    signed = {"_FillValue": np.int16(-(2**15))}
    stored = pack([-1e9, np.nan, 1e9], "i2", signed)
    np.testing.assert_array_equal(stored, [1 - 2**15, -(2**15), 2**15 - 1])
    assert pack(np.array([[3]], np.uint8), "u1", {}).tolist() == [[3]]


@given(
    st.floats(-(2.0**100), 2.0**100, width=32) | st.sampled_from([np.nan, np.inf]),
    st.integers(1, 23),
)
def test_floats_keep_so_many_bits_and_are_nearest(value, bits):
    (stored,) = pack([value], "f4", {"quantization_nsb": bits})
    if not np.isfinite(value):
        assert np.isnan(stored)
        return
    number = np.float32(value)
    assert int(stored.view(np.uint32)) % (1 << (23 - bits)) == 0
    # What lies half a step off has another neighbour that is as near.
    step = float(np.spacing(abs(number))) * 2 ** (23 - bits)
    assert abs(float(stored) - float(number)) <= step / 2
    assert stored == number or number != 0


def test_floats_without_a_number_of_bits_are_as_they_were():
    values = np.array([1e-8, 1 / 3, 0, -np.inf, np.nan], np.float32)
    np.testing.assert_array_equal(pack(values, "f4", {}), [*values[:3], np.nan, np.nan])
    # Halves go to even.
    halves = np.array([1 + 2**-8, 1 + 3 * 2**-8], np.float32)
    np.testing.assert_array_equal(pack(halves, "f4", {"quantization_nsb": 7}), [1, 1 + 2**-6])


def test_numbers_that_have_no_place_are_refused():
    with pytest.raises(ValueError, match="has no _FillValue"):
        pack([np.nan], "u1", {})
    with pytest.raises(ValueError, match="_FillValue 0 is within"):
        pack([1.0], "i2", {"_FillValue": np.int16(0)})
    with pytest.raises(ValueError, match="_FillValue 5 is within the valid range 0 to 9"):
        pack([1.0], "i2", {"_FillValue": np.int16(5), "valid_range": [0, 9]})


def test_a_template_takes_no_memory():
    variable = unfilled(("level", "y", "x"), (64, 3712, 3712), "i2", SHORT)
    assert variable.shape == (64, 3712, 3712)
    assert variable.values.strides == (0, 0, 0)
    assert np.isnan(unfilled(("x",), (3,), "f4", {}).values).all()

"""All 65,536 codes, against arithmetic on their binary digits written as text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.instruments.cloudsat import scenario

ALL = np.arange(-(1 << 15), 1 << 15).astype(np.int16)
DIGITS = [f"{int(code) % 65536:016b}"[::-1] for code in ALL]  # digit 0 is the lowest bit
PLACES = {
    "determined": (0, 1),
    "cloud_type": (1, 5),
    "surface": (5, 7),
    "latitude_zone": (7, 9),
    "algorithm": (9, 11),
    "quality": (11, 13),
    "precipitation": (13, 15),
    "spare": (15, 16),
}


@pytest.mark.parametrize("name", PLACES)
def test_every_field_of_every_code(name):
    low, high = PLACES[name]
    expected = [
        -1 if code == -9999 else int(digits[low:high][::-1], 2)
        for code, digits in zip(ALL, DIGITS, strict=True)
    ]
    np.testing.assert_array_equal(scenario.decode_field(ALL, name), expected)


@pytest.mark.parametrize("undetermined", ["unknown", "clear"])
def test_the_type_of_every_code(undetermined):
    expected = []
    for code, digits in zip(ALL, DIGITS, strict=True):
        number = int(digits[1:5][::-1], 2)
        if code == -9999 or number > 8:
            expected.append(-1)
        elif digits[0] == "1":
            expected.append(number)
        else:
            expected.append(0 if undetermined == "clear" and number == 0 else -1)
    np.testing.assert_array_equal(scenario.cloud_type(ALL, undetermined), expected)


def test_the_missing_code_has_the_bits_of_deep_convection_and_is_none():
    assert f"{-9999 % 65536:016b}"[-5:] == "10001"
    assert scenario.cloud_type(np.array([-9999], np.int16))[0] == -1


@given(st.integers(-1, 8), st.integers(0, 3), st.integers(0, 3))
def test_encoding_is_undone_by_decoding(kind, surface, precipitation):
    codes = scenario.encode(np.array([kind]), surface=surface, precipitation=precipitation)
    assert scenario.cloud_type(codes)[0] == kind
    expected = (surface, precipitation) if kind >= 0 else (-1, -1)
    found = (scenario.decode_field(codes, name)[0] for name in ("surface", "precipitation"))
    assert tuple(found) == expected

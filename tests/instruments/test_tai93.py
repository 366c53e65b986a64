"""TAI93 against dates and leap seconds of IERS Bulletin C."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.instruments.tai93 import from_utc, to_utc


@pytest.mark.parametrize(
    ("utc", "seconds"),
    [
        ("1993-01-01T00:00:00", 0),
        ("1993-06-30T23:59:59", 181 * 86400 - 1),
        ("1993-07-01T00:00:00", 181 * 86400 + 1),
        # 5478 days, and the leap seconds of 1993, 94, 95, 97, 98 and 2005.
        ("2008-01-01T00:00:00", 5478 * 86400 + 6),
        ("2010-10-11T14:00:00", 6492 * 86400 + 14 * 3600 + 7),
        ("2019-01-01T00:00:00", 9496 * 86400 + 10),
    ],
)
def test_known_instants(utc, seconds):
    assert to_utc(np.array([seconds], np.float64))[0] == np.datetime64(utc, "ns")
    assert from_utc(np.array([utc], "datetime64[ns]"))[0] == seconds


@given(st.integers(0, 10**9))
def test_there_and_back(seconds):
    time = np.datetime64("1993-01-01", "ns") + np.timedelta64(seconds, "s")
    assert to_utc(from_utc(np.array([time])))[0] == time


@pytest.mark.parametrize("bad", [np.nan, -np.inf, -9999, 1e30])
def test_what_is_no_time_is_missing(bad):
    assert np.isnat(to_utc(np.array([bad])))[0]
    assert np.isnan(from_utc(np.array(["NaT"], "datetime64[ns]")))[0]

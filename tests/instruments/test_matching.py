"""Which half orbit belongs to a granule, by names alone."""

import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.instruments.cloudsat import parse_caltrack_name
from nephoscope.instruments.matching import nearest_start, start_of

START = datetime(2008, 6, 3, 1, 34, 54)  # UTC, as names have it


def half_orbit(seconds, version="1-01"):
    start = START + timedelta(seconds=seconds)
    return f"POLDER3_L1B-BG1-080176M_{start:%Y-%m-%dT%H-%M-%S}_V{version}.h5"


def granule(seconds, mark="D", product="PAR-RB2"):
    start = START + timedelta(seconds=seconds)
    return f"CALTRACK-5km_{product}_V1-00_{start:%Y-%m-%dT%H-%M-%S}Z{mark}.hdf"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("others", "expected"),
    [((-5900, 131, 5900), 131), ((-131, 5900), -131), ((0, 1), 0), ((600,), 600), ((-600,), -600),
     ((601, -599), -599), ((300, 299, 301), 299)],
)  # fmt: skip
def test_the_nearest_start_both_ways(others, expected, turned):
    own, other = (half_orbit, granule) if turned else (granule, half_orbit)
    match = nearest_start(own(0), [other(seconds) for seconds in others])
    assert match == (other(expected), expected, "")


@pytest.mark.parametrize("seconds", [601, -601, 5900])
def test_none_near_enough_is_explained(seconds):
    match = nearest_start(granule(0), [half_orbit(seconds), half_orbit(90_000)])
    assert match.found is None
    assert match.seconds == seconds
    assert half_orbit(seconds) in match.reason
    assert f"{seconds:+d} s off, beyond 600 s" in match.reason


def test_nothing_to_choose_from_is_explained():
    match = nearest_start(granule(0), [])
    assert match.found is None
    assert math.isnan(match.seconds)
    assert match.reason == "there is nothing to choose from"


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_equally_near_the_earlier_whatever_their_order(order):
    match = nearest_start(granule(0), [half_orbit(50), half_orbit(-50)][::order])
    assert match.found == half_orbit(-50)
    assert match.reason == "2 are equally near: the earlier is taken"


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_versions_the_newer_whatever_their_order(order):
    given = [half_orbit(50, "1-00"), half_orbit(50, "1-01")][::order]
    match = nearest_start(granule(0), given)
    assert match.found == half_orbit(50, "1-01")
    assert match.reason == "2 have one start: the last by name is taken"


def test_another_limit_and_the_limit_itself():
    near = [half_orbit(60)]
    assert nearest_start(granule(0), near, timedelta(seconds=59)).found is None
    assert nearest_start(granule(0), near, timedelta(seconds=60)).found == near[0]
    assert nearest_start(granule(0), [half_orbit(0)], timedelta(0)).seconds == 0


def test_across_midnight_and_the_end_of_a_year():
    own = "CALTRACK-5km_PAR-RB2_V1-00_2007-12-31T23-59-30ZD.hdf"
    other = "POLDER3_L1B-BG1-080176M_2008-01-01T00-01-00_V1-01.h5"
    assert nearest_start(own, [other]).seconds == 90


@pytest.mark.parametrize(
    "start",
    [START, START.replace(tzinfo=UTC), np.datetime64(START), np.datetime64(START, "ns"),
     START.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=9))),
     Path("a/b") / granule(0), granule(0, "N"), half_orbit(0),
     granule(0, product="CS-2B-CLDCLASS")],
)  # fmt: skip
def test_starts_are_utc_in_every_form(start):
    assert start_of(start) == START
    assert nearest_start(start, [half_orbit(10)]).seconds == 10


@pytest.mark.parametrize(
    "wrong",
    ["2008154013454_11111_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf", 5, None, b"a",
     np.datetime64("NaT"), "CALTRACK-5km_PAR-RB2_V1-00_2008-13-03T01-34-54ZD.hdf"],
)  # fmt: skip
def test_what_says_no_start_is_refused(wrong):
    with pytest.raises(UsageError):
        nearest_start(wrong, [half_orbit(0)])
    with pytest.raises(UsageError):
        nearest_start(granule(0), [wrong])


def test_misuse_is_refused():
    with pytest.raises(UsageError, match="in a list"):
        nearest_start(granule(0), half_orbit(0))
    for wrong in (600, timedelta(seconds=-1), None):
        with pytest.raises(UsageError, match=r"datetime\.timedelta"):
            nearest_start(granule(0), [half_orbit(0)], wrong)


@pytest.mark.parametrize(("mark", "half"), [("D", "day"), ("N", "night")])
@pytest.mark.parametrize("product", ["PAR-RB2", "CS-2B-CLDCLASS"])
def test_names_of_caltrack_say_day_or_night(mark, half, product):
    name = granule(0, mark, product)
    found = parse_caltrack_name(name)
    assert (found.product, found.half, found.version, found.start) == (
        product, half, "1-00", START
    )  # fmt: skip
    assert found.file_name == name
    assert parse_caltrack_name(Path("x") / name) == found


@pytest.mark.parametrize(
    "name",
    [granule(0, "X"), granule(0).replace(".hdf", ".h5"), "a" + granule(0), granule(0) + ".gz",
     "CALTRACK-5km_PAR-RB2_V1-00_2008-02-30T01-30-23ZD.hdf", ""],
)  # fmt: skip
def test_other_names_are_none(name):
    assert parse_caltrack_name(name) is None

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.instruments import marci


@pytest.mark.parametrize(
    ("ls", "north", "south"),
    [
        (0, 56, -54),
        (90, 75.26, -31.77),
        (132.5, 66.165, -42.2675),
        (143.4, 63.8324, -44.9598),
        (270, 36.74, -76.23),
    ],
)
def test_season_moves_the_polar_bounds_as_published(ls, north, south):
    assert marci.seasonal_bounds(ls) == pytest.approx((north, south))


@given(ls=st.floats(0, 360), offset=st.floats(0, 10))
def test_the_offset_narrows_both_bounds_by_itself(ls, offset):
    for rule in ("icecap", "legacy"):
        north, south = marci.seasonal_bounds(ls, 0, rule)
        assert marci.seasonal_bounds(ls, offset, rule) == pytest.approx(
            (north - offset, south + offset)
        )


@given(ls=st.floats(0, 360))
def test_bounds_of_the_year_are_continuous_and_the_caps_swap_after_half_a_year(ls):
    assert marci.seasonal_bounds(min(ls + 1e-6, 360)) == pytest.approx(
        marci.seasonal_bounds(ls), abs=1e-5
    )
    north, south = marci.seasonal_bounds(ls, 0)
    north_later, south_later = marci.seasonal_bounds((ls + 180) % 360, 0)
    assert north - 59 == pytest.approx(59 - north_later, abs=1e-6)
    assert south + 57 == pytest.approx(-57 - south_later, abs=1e-6)


@pytest.mark.parametrize(
    ("ls", "north", "south"),
    [
        (0, 59, -57),
        (60, 71.84, -57),
        (150, 65.42, -57),
        (200, 59, -61.4),
        (270, 59, -78.69),
        (300, 59, -71.28),
    ],
)
def test_the_legacy_rule_moves_only_the_cap_of_the_warm_season(ls, north, south):
    assert marci.seasonal_bounds(ls, 0, "legacy") == pytest.approx((north, south))


@pytest.mark.parametrize("ls", [-1, 361, float("nan")])
def test_a_season_that_does_not_exist_is_refused(ls):
    with pytest.raises(ValueError, match=r"0\.\.360"):
        marci.seasonal_bounds(ls)


def test_rows_of_the_season_lie_within_the_bounds_and_their_neighbours_do_not():
    rows = marci.season_rows(132.5)
    latitude = 90 - 0.1 * np.arange(1801)
    north, south = marci.seasonal_bounds(132.5)
    inside = (latitude <= north) & (latitude >= south)
    assert np.flatnonzero(inside).tolist() == list(range(rows.start, rows.stop))


def test_the_label_box_spans_all_valid_labels():
    label = np.full((20, 30), -1, np.int8)
    assert marci.label_bounds(label) == (slice(0, 0), slice(0, 0))
    label[3, 5], label[11, 2] = 0, 1
    assert marci.label_bounds(label) == (slice(3, 12), slice(2, 6))


def test_black_borders_need_one_pixel_with_all_channels_bright():
    pixels = np.zeros((10, 12, 3), np.uint8)
    pixels[2:8, 3:9] = 30
    pixels[2:8, 9, 0] = 200  # red alone does not count
    assert marci.black_borders(pixels) == (slice(2, 8), slice(3, 9))
    assert marci.black_borders(pixels[:2]) == (slice(0, 0), slice(0, 0))

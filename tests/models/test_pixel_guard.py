"""Guard of pixels: flags beyond what the training spanned, nothing said far beyond it."""

import numpy as np
import pytest

from nephoscope.instruments.protocol import Condition
from nephoscope.models.pixel_guard import PixelGuard, learn_pixel_guard

CONDITIONS = {
    "views": Condition("few", "number of views", "", (0, 16), (True, False)),
    "glint": Condition("glint", "angle", "degrees", (0, 180), usual=(30, 180)),
    "sun": Condition("away", "zenith of the sun", "degrees", (0, 180), reach=(None, 3)),
    "tilt": Condition("away", "tilt", "degrees", (0, 90), (False, True)),
}
SEEN = [
    {"views": np.array([14.0, np.nan]), "sun": np.array([20.004, 40.0]), "tilt": np.array(6.0)},
    {"views": np.array([[15.0]]), "sun": np.array([np.nan]), "glint": np.array([4.0])},
]


@pytest.fixture(scope="module")
def guard():
    return learn_pixel_guard(SEEN, CONDITIONS)


def test_spans_are_of_what_was_seen_and_of_the_sides_that_are_judged(guard):
    assert guard.plain() == {
        "views": {"seen": [14.0, 16.0], "accepted": [0.0, 16.0]},
        "sun": {"seen": [20.0, 40.0], "accepted": [0.0, 43.0]},
        "tilt": {"seen": [0.0, 6.0], "accepted": [0.0, 90.0]},
    }


def test_beyond_is_flagged_and_far_beyond_unknown(guard):
    found = guard.judge(
        {
            "views": np.array([13.0, 14, 16, 14, 14]),
            "glint": np.array([31.0, 29, np.nan, 31, 31]),
            "sun": np.array([30.0, 30, 19, 43, 43.1]),
            "tilt": np.array([0.0, 7, 6, 0, 0]),
        }
    )
    np.testing.assert_array_equal(found.flags["few"], [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(found.flags["glint"], [0, 1, 0, 0, 0])
    np.testing.assert_array_equal(found.flags["away"], [0, 1, 1, 1, 1])
    np.testing.assert_array_equal(found.unknown, [0, 0, 0, 0, 1])
    assert list(found.flags) == ["few", "glint", "away"]
    assert "zenith of the sun not within 20 to 40 degrees, or tilt" in found.reasons["away"]


def test_without_a_training_only_what_is_fixed_is_judged():
    found = PixelGuard({}, CONDITIONS).judge({"sun": np.array([99.0]), "glint": np.array([3.0])})
    assert not found.unknown
    assert {name: bool(where) for name, where in found.flags.items()} == {
        "few": False, "glint": True, "away": False,
    }  # fmt: skip
    assert found.reasons.keys() == {"glint"}


def test_a_number_that_the_instrument_does_not_have_is_an_error(guard):
    with pytest.raises(ValueError, match="no number 'sun'; there are: views"):
        PixelGuard(guard.spans, {"views": CONDITIONS["views"]})


def test_of_nothing_there_is_no_guard():
    assert learn_pixel_guard([], CONDITIONS) is None

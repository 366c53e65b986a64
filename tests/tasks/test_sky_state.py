import math

import pytest

from nephoscope.tasks.sky_state import (
    DRIFT_LIMIT,
    EXCESS_LIMIT,
    CameraTemperatures,
    StateDecision,
    decide,
    temperatures_of,
)

BAND = StateDecision(clear_below=0.2, cloudy_above=0.8)
KNOWN, NOTHING = CameraTemperatures(5.3, 4.8, 4.3), CameraTemperatures()


@pytest.mark.parametrize(
    ("probability", "temperatures", "excess", "state"),
    [
        (0.9, KNOWN, None, "cloudy"),
        (0.9, NOTHING, None, "cloudy"),
        (0.5, KNOWN, None, "unknown"),
        (0.1, KNOWN, None, "clear"),
        (0.1, NOTHING, None, "unknown"),
        (None, KNOWN, 0.0, "unknown"),
        (0.1, KNOWN, 0.5, "clear"),
        (0.1, KNOWN, 2 * EXCESS_LIMIT, "cloudy"),
        (0.5, KNOWN, 2 * EXCESS_LIMIT, "cloudy"),
        (0.5, KNOWN, 0.0, "unknown"),
        (0.1, KNOWN, -2 * EXCESS_LIMIT, "unknown"),
        (0.1, NOTHING, 2 * EXCESS_LIMIT, "unknown"),
        (0.95, KNOWN, 0.0, "cloudy"),
    ],
)
def test_what_is_said(probability, temperatures, excess, state):
    verdict = decide(probability, BAND, temperatures, excess)
    assert verdict.state == state
    assert verdict.note


def test_a_featureless_frame_without_temperatures_has_no_probability_and_says_why():
    verdict = decide(0.01, BAND, NOTHING)
    assert math.isnan(verdict.p_cloudy)
    assert "temperatures are not known" in verdict.note


def test_a_camera_far_from_its_shutter_is_not_believed():
    drifted = CameraTemperatures(4.3 + 2 * DRIFT_LIMIT, 4.8, 4.3)
    assert decide(0.01, BAND, drifted).state == "unknown"
    assert "shutter" in decide(0.01, BAND, drifted).note
    assert CameraTemperatures(5, 5).doubt is None


def test_temperatures_come_from_the_attributes_of_a_scene():
    attrs = {"fpa_temperature": 5.3, "ambient_temperature": 4.8, "shutter_temperature": 4.3}
    assert temperatures_of(attrs) == KNOWN
    assert temperatures_of({}).doubt is not None

"""Channels changed by name: what else they could have measured, what they lost, and twilight."""

import numpy as np
import pytest

from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import View, assemble
from nephoscope.recipe import Augmentation, load_recipe
from nephoscope.samples.augment import augment
from nephoscope.samples.response import change_channels, check_changes, reach

CHANNELS = ("VIS006", "IR_108", "IR_120", "WV_062", "solar_zenith", "parallax_azimuth")
TURNS = ("", "", "", "", "", "azimuth")
REAL_WARMEST = {
    "IR_087": (299.0, 329.3), "IR_097": (273.9, 300.4), "IR_108": (302.6, 334.4),
    "IR_120": (299.7, 332.9), "IR_134": (276.3, 292.1), "WV_062": (242.6, 263.3),
    "WV_073": (262.6, 280.7),
}  # fmt: skip
"""Of simulated pictures (99.9 %) and the largest of real ones, K."""


def view_of(zenith=30.0, shape=(4, 5)):
    values = [20.0, 300.0, 298.0, 240.0, zenith, 90.0]
    image = np.broadcast_to(np.float32(values)[:, None, None], (len(CHANNELS), *shape)).copy()
    places = np.zeros(shape[0]), np.zeros(shape[1])
    return View(image, np.ones(shape, bool), *places, channels=CHANNELS, turns=TURNS)


def draws(settings, count=400, **view):
    rng = np.random.default_rng(0)
    return np.stack(
        [change_channels(view_of(**view), settings, rng)[:, 0, 0] for _ in range(count)]
    )


def test_gain_and_offset_stay_within_what_is_asked_and_reach_it():
    found = draws(Augmentation(response={"VIS006": {"gain": [0.9, 1.3]}, "IR_108": {"offset": 2}}))
    assert found[:, 0].min() == pytest.approx(18, abs=0.1)
    assert found[:, 0].max() == pytest.approx(26, abs=0.1)
    assert np.abs(found[:, 1] - 300).max() == pytest.approx(2, abs=0.05)
    assert np.abs(np.corrcoef(found[:, 0], found[:, 1])[0, 1]) < 0.15
    np.testing.assert_array_equal(found[:, 2:], np.tile([298, 240, 30, 90], (len(found), 1)))


def test_a_steeper_rise_leaves_clouds_and_half_of_the_crops_as_they_are():
    warm = {"above": 285, "slope": 3}
    found = draws(Augmentation(response={"IR_108": warm, "IR_120": {**warm, "like": "IR_108"}}))
    added = found[:, 1] - 300
    assert np.mean(added == 0) == pytest.approx(0.5, abs=0.08)
    assert added.max() == pytest.approx(30, abs=0.5)
    # Ground that is hotter is so in both channels.
    np.testing.assert_allclose(found[:, 2] - 298, added * 13 / 15, atol=1e-3)
    cold = draws(Augmentation(response={"WV_062": {"above": 245, "slope": 4}}))
    np.testing.assert_array_equal(cold[:, 3], np.full(len(cold), 240))


def test_the_reach_of_a_response_is_what_its_draws_span():
    settings = Augmentation(
        response={
            "VIS006": {"gain": [0.9, 1.3], "offset": 3},
            "IR_108": {"above": 285, "slope": 3, "offset": 1},
            "IR_120": {"above": 280, "slope": 2, "like": "IR_108"},
            "WV_062": {"above": 230, "slope": 2, "like": "VIS008"},
        }
    )
    found = draws(settings, count=3000)
    for number, name in enumerate(CHANNELS[:4]):
        value = float(view_of().channel(name)[0, 0])
        low, high = reach(settings.response, name, value, value)
        assert low - 1e-3 <= found[:, number].min() <= low + 0.7, name
        assert high - 0.7 <= found[:, number].max() <= high + 1e-3, name
    assert reach(settings.response, "satellite_zenith", 10, 20) == (10, 20)


def test_channels_are_lost_one_by_one_or_together():
    alone = {"channels": ["IR_108", "IR_120"], "share": 0.3}
    lost = np.isnan(draws(Augmentation(drop_channels=[alone])))
    assert not lost[:, [0, 3, 4, 5]].any()
    np.testing.assert_allclose(lost[:, 1:3].mean(axis=0), 0.3, atol=0.07)
    assert (lost[:, 1] != lost[:, 2]).any()
    lost = np.isnan(draws(Augmentation(drop_channels=[{**alone, "together": True}])))
    assert (lost[:, 1] == lost[:, 2]).all()
    assert 0.2 < lost[:, 1].mean() < 0.4


@pytest.mark.parametrize(("zenith", "low", "high"), [(30, 75, 85), (150, 85, 95)])
def test_twilight_is_shown_by_day_and_by_night(zenith, low, high):
    settings = Augmentation(twilight={"share": 0.5, "channels": ["VIS006"]})
    found = draws(settings, zenith=zenith)
    moved = found[:, 4] != zenith
    assert moved.mean() == pytest.approx(0.5, abs=0.08)
    assert found[moved, 4].min() >= low
    assert found[moved, 4].max() <= high
    assert np.ptp(found[moved, 4]) > 9
    np.testing.assert_array_equal(found[~moved, 0], np.full((~moved).sum(), 20))


def test_reflectance_stays_as_the_sun_sinks_while_its_weight_falls():
    settings = Augmentation(twilight={"share": 1, "channels": ["VIS006"]})
    rng, names = np.random.default_rng(1), ["sunlit_VIS006", "sunlit"]
    by_day = assemble(view_of(), names)[:, 0, 0]
    for _ in range(20):
        changed = augment(view_of(), np.zeros((4, 5), np.int8), settings, rng)[0]
        found, weight = assemble(changed, names)[:, 0, 0]
        if changed.channel("solar_zenith")[0, 0] < 80:
            assert found / weight == pytest.approx(by_day[0], rel=1e-3)


def test_the_shipped_recipe_reaches_what_real_pictures_hold():
    response = load_recipe("seviri").training.augmentation.response
    for name, (simulated, real) in REAL_WARMEST.items():
        asked = response[name]
        assert asked.above + asked.slope * (simulated - asked.above) >= real - 1
    for name, ratio in (("VIS006", 97.8 / 83.0), ("VIS008", 111.9 / 85.4), ("IR_016", 24.0 / 16.5)):
        assert response[name].gain[1] >= ratio - 0.02


@pytest.mark.parametrize("name", ["seviri", "seviri-mlp"])
def test_shipped_recipes_change_what_they_read(name):
    recipe = load_recipe(name)
    check_changes(recipe.training.augmentation, recipe.read["channels"])


@pytest.mark.parametrize(
    "settings",
    [
        {"response": {"IR_999": {"offset": 1}}},
        {"response": {"IR_108": {"above": 1, "slope": 2, "like": "IR_999"}}},
        {"drop_channels": [{"channels": ["parallax_azimuth"], "share": 0.1}]},
    ],
)
def test_channels_that_cannot_be_changed_are_named(settings):
    with pytest.raises(UsageError, match=r"training.augmentation: (IR_999|parallax_azimuth) cann"):
        check_changes(Augmentation(**settings), CHANNELS, TURNS)


@pytest.mark.parametrize(
    "wrong",
    ["{IR_108: {slope: 2}}", "{IR_108: {above: 280}}", "{VIS006: {gain: [1.2, 0.8]}}"],
)
def test_changes_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InputError, match=r"augmentation\.response"):
        load_recipe("seviri", [f"training.augmentation.response={wrong}"])

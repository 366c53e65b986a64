"""Samples of another task, instrument, of other channels or sizes are never taken for one's own."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.recipe import load_recipe
from nephoscope.samples.pairing import check_pairing


def masks(instrument, channels, shape=(48, 64), **attrs):
    image = np.zeros((2, len(channels), *shape), np.uint8)
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), image),
            "label": (("sample", "y", "x"), np.zeros((2, *shape), np.int8)),
        },
        {"channel": list(channels)},
        {"instrument": instrument, "task": "mask", "truth": "pixels", **attrs},
    )


def states():
    image = np.zeros((2, 1, 128, 160), np.float32)
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), image),
            "label": ("sample", np.zeros(2, np.int8)),
        },
        {"channel": ["adu"]},
        {"task": "sky_state", "truth": "frame"},
    )


COLOUR = ("red", "green", "blue")
GOOD = {
    "mars": masks("marci", COLOUR),
    "sky-colour": masks("skycam", COLOUR),
    "sky-thermal": masks("skycam", ["adu"]),
    "sky-state": states(),
}


@pytest.mark.parametrize("store", GOOD)
@pytest.mark.parametrize("recipe", GOOD)
def test_only_samples_of_its_own_are_a_recipes(recipe, store):
    if recipe == store:
        check_pairing(GOOD[store], load_recipe(recipe))
        return
    with pytest.raises((UsageError, InputError)):
        check_pairing(GOOD[store], load_recipe(recipe))


def test_what_is_wrong_is_named():
    with pytest.raises(UsageError, match=r"instrument skycam, model 'mars' is for marci"):
        check_pairing(GOOD["sky-colour"], load_recipe("mars"), "model")
    with pytest.raises(UsageError, match=r"holds adu, recipe 'sky-colour' wants red, green, blue"):
        check_pairing(GOOD["sky-thermal"], load_recipe("sky-colour"))
    with pytest.raises(UsageError, match="one channel of counts"):
        check_pairing(GOOD["sky-colour"], load_recipe("sky-thermal"))
    with pytest.raises(InputError, match=r"task sky_state, wanted are those of mask"):
        check_pairing(GOOD["sky-state"], load_recipe("sky-thermal"))
    with pytest.raises(InputError, match=r"task mask, wanted are those of sky_state"):
        check_pairing(GOOD["mars"], load_recipe("sky-state"))


def test_channels_are_found_by_name_in_any_order():
    check_pairing(masks("marci", COLOUR[::-1]), load_recipe("mars"))
    with pytest.raises(UsageError, match="holds red, red, blue"):
        check_pairing(masks("marci", ("red", "red", "blue")), load_recipe("mars"))


def test_a_recipe_wants_the_channels_that_its_features_read_and_no_others():
    recipe = load_recipe("mars", ["inputs.features=[blue, known, uv]"])
    check_pairing(masks("marci", ("uv", "red", "blue")), recipe)
    with pytest.raises(UsageError, match=r"no feature 'uv'; there are: .*channel: red, green"):
        check_pairing(masks("marci", COLOUR), recipe)
    with pytest.raises(UsageError, match=r"holds uv, red, recipe 'mars' wants blue, uv"):
        check_pairing(masks("marci", ("uv", "red")), recipe)


def test_pictures_made_for_another_working_size_are_refused():
    recipe = load_recipe("sky-colour")  # side 480
    check_pairing(masks("skycam", COLOUR, (440, 480), side=480), recipe)
    store = masks("skycam", COLOUR, (440, 480), side=480)
    smaller = load_recipe("sky-colour", ["inputs.side=240"])
    with pytest.raises(UsageError, match=r"inputs.side 240"):
        check_pairing(store, smaller)
    with pytest.raises(UsageError, match=r"960 x 880"):
        check_pairing(masks("skycam", COLOUR, (880, 960)), recipe)

"""Any channel is a feature, what is missing there is 0, and what there is not is named."""

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.inputs import FEATURES, ONLY, View, assemble, channels_read, feature_named
from nephoscope.inputs.texture import NAMES, SHAPE, normalise, texture

CHANNELS = ("VIS006", "IR_108", "IR_120")


def view(image, **more):
    known = np.isfinite(image).any(axis=0)
    return View(image, known, np.zeros(image.shape[1]), np.zeros(image.shape[2]), **more)


@pytest.fixture
def night():
    """A slot of which the visible channel is not there at all, and one infrared in part."""
    image = np.random.default_rng(0).uniform(200, 300, (3, 6, 5)).astype(np.float32)
    image[0] = np.nan
    image[2, :2] = np.nan
    image[:, 5] = np.nan
    return image


def test_a_channel_is_its_value_and_0_where_missing(night):
    found = assemble(view(night, channels=CHANNELS), ("IR_120", "VIS006", "known", "IR_108"))
    np.testing.assert_array_equal(found[0], np.nan_to_num(night[2]))
    assert not found[1].any()
    np.testing.assert_array_equal(found[2], np.arange(6)[:, None].repeat(5, axis=1) < 5)
    np.testing.assert_array_equal(found[3], np.nan_to_num(night[1]))


def test_bytes_are_taken_as_they_are():
    image = np.random.default_rng(1).integers(0, 256, (3, 4, 5), dtype=np.uint8)
    found = assemble(view(image, channels=CHANNELS), CHANNELS)
    np.testing.assert_array_equal(found, image)


def test_what_is_made_of_several_channels_is_0_where_one_of_them_is_missing():
    """The scene says that something was seen there: that is not enough for a colour."""
    image = np.random.default_rng(2).uniform(10, 250, (4, 6, 5)).astype(np.float32)
    image[2, 1] = np.nan  # blue
    image[3, 2] = np.nan  # a channel that no colour reads
    colours = view(image, channels=("red", "green", "blue", "uv"))
    found = assemble(colours, ("red", "blue_red_ratio", "saturation", "known", "brightness"))
    assert np.isfinite(found).all()
    assert found[0].all()
    for number in (1, 2, 4):
        assert not found[number, 1].any()
        assert found[number, [0, 2, 3, 4, 5]].all()
    assert found[3].all()


def test_a_name_that_is_neither_feature_nor_channel_is_named_with_both(night):
    message = r"no feature 'IR_1O8'; there are: red, .*channel: VIS006, IR_108, IR_120"
    with pytest.raises(UsageError, match=message):
        assemble(view(night, channels=CHANNELS), ("IR_108", "IR_1O8"))
    with pytest.raises(UsageError, match=message):
        channels_read(["IR_1O8"], CHANNELS)
    with pytest.raises(UsageError, match=r"no feature 'humidity'.*none has a name"):
        feature_named("humidity")


def test_features_say_which_channels_they_read():
    read = channels_read(("known", "latitude", "limit", "background_blue"), ())
    assert read == ()
    assert channels_read(("blue_red_ratio", "blue"), ()) == ("red", "blue")
    assert channels_read(("limit_excess",), (), "green") == ("green",)
    assert channels_read(("counts_range", "IR_108", "spread"), CHANNELS) == (ONLY, "IR_108")


def test_every_feature_reads_what_it_says_and_no_more():
    """Taken away, a channel is missed by the features that say so, and by no others."""
    rng = np.random.default_rng(3)
    names = ("red", "green", "blue")
    more = {"background": rng.random((2, 9, 9), np.float32), "limit": rng.random((2, 9, 9))}
    for lost in names:
        rest = tuple(name for name in names if name != lost)
        poor = view(rng.uniform(1, 255, (2, 9, 9)).astype(np.float32), channels=rest, **more)
        for name in FEATURES:
            read = channels_read((name,), ())
            if lost in read:
                with pytest.raises(UsageError, match=f"no channel '{lost}'"):
                    assemble(poor, (name,))
            elif ONLY not in read:
                assert np.isfinite(assemble(poor, (name,))).all()


def test_only_coordinates_flags_and_frames_scaled_by_themselves_keep_their_values():
    fixed = {name for name, feature in FEATURES.items() if feature.fixed}
    assert fixed == {
        "known", "latitude", "sine_longitude", "cosine_longitude", "background_known", "mean_std",
        "min_max",
    }  # fmt: skip
    assert not feature_named("IR_108", CHANNELS).fixed


def test_numbers_of_a_frame_have_no_place_in_it():
    frame = np.random.default_rng(4).normal(3000, 5, SHAPE).cumsum(axis=1).astype(np.float32)
    frame[:9] = np.nan
    seen = view(frame[None], channels=("adu",))
    numbers = texture(frame)
    np.testing.assert_array_equal(assemble(seen, NAMES)[:, 0, 0], numbers)
    assert assemble(seen, NAMES).shape == (len(NAMES), 1, 1)
    chosen = ("spread", "rough_4")
    expected = [numbers[NAMES.index(name)] for name in chosen]
    np.testing.assert_array_equal(assemble(seen, chosen).ravel(), expected)
    mixed = assemble(seen, ("adu", "spread"))
    assert mixed.shape == (2, *SHAPE)
    assert (mixed[1] == expected[0]).all()


@pytest.mark.parametrize("how", ["mean_std", "min_max"])
def test_a_frame_is_scaled_by_itself(how):
    frame = np.random.default_rng(5).normal(3000, 5, SHAPE).astype(np.float32)
    frame[:, :9] = np.nan
    found = assemble(view(frame[None], channels=("adu",)), (how,))
    np.testing.assert_array_equal(found[0], np.nan_to_num(normalise(frame, how)))


@pytest.mark.parametrize("names", [NAMES, ("spread",), ("mean_std",), ("min_max",)])
def test_a_frame_with_nothing_to_see_is_nan(names):
    even = np.full((1, *SHAPE), 7, np.float32)
    assert np.isnan(assemble(view(even, channels=("adu",)), names)).all()

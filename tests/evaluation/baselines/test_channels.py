"""Baselines of pictures of which nothing is known but their channels."""

import numpy as np
import pytest

from evaluation_factory import make_store
from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines import (
    BaselineOptions,
    draw_pixels,
    kind_of,
    score_baselines,
)
from nephoscope.evaluation.baselines.channels import PICTURES
from nephoscope.evaluation.baselines.frames import FRAMES
from nephoscope.evaluation.baselines.planet import MAPS
from nephoscope.evaluation.sample import read_samples


def granules(**attrs):
    store = make_store(["train", "validation", "test"])
    names = np.array(["490", "670", "865"], np.dtypes.StringDType())
    store = store.assign_coords(channel=names)
    return store.assign_attrs({"unit": "granule", "wraps": False, **attrs})


@pytest.mark.parametrize(
    ("attrs", "kind"),
    [
        ({"unit": "frame"}, FRAMES),
        ({"unit": "day", "wraps": True}, PICTURES),
        ({"unit": "slot"}, PICTURES),
    ],
)
def test_the_kind_follows_from_what_the_samples_are(attrs, kind):
    assert kind_of(granules(**attrs)) is kind
    assert kind_of(make_store(["train"])) is MAPS


def test_trees_find_a_rule_on_a_channel():
    options = BaselineOptions(pixels=2000, pixels_learned=1000, iterations=20, leaves=7)
    scores, _ = score_baselines(granules(), [2], options)
    f1 = {name: each.overall["f1"].value for name, each in scores.items()}
    assert list(f1) == ["always clear", "always cloudy", "boosted trees"]
    assert f1["always clear"] == 0
    assert f1["boosted trees"] > 0.9 > f1["always cloudy"]
    assert scores["boosted trees"].overall["coverage"].value < 1


def test_features_bear_the_names_of_channels():
    (sample,) = read_samples(granules(), [0])
    pixels = draw_pixels(sample, PICTURES.features, 10**9, seed=0)
    row, col = np.nonzero(sample.label >= 0)
    known = pixels.known
    np.testing.assert_array_equal(known, sample.known[row, col])
    np.testing.assert_array_equal(pixels.values["865"][known], sample.image[2, row, col][known])
    place = int(np.flatnonzero((row == 20) & (col == 20))[0])
    window = sample.image[0, 19:22, 19:22]
    assert pixels.values["490_mean_3"][place] == pytest.approx(window.mean(), rel=1e-5)


@pytest.mark.parametrize("attrs", [{"truth": "points"}, {"task": "sky_state"}])
def test_of_other_truth_there_are_none(attrs):
    with pytest.raises(UsageError, match="mask of each pixel"):
        kind_of(granules(**attrs))

"""Baselines of profiles: what they see, what they say, and that they are scored as a model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines import profile_models
from nephoscope.evaluation.baselines.boosted import ProfileOptions
from nephoscope.evaluation.baselines.profile_features import (
    EACH_WAY,
    HEIGHTS,
    Profiles,
    profiles_of,
)
from nephoscope.evaluation.baselines.profile_models import (
    Climatology,
    Said,
    Stacked,
    Trees,
)
from nephoscope.evaluation.baselines.profiles import profile_parts, score_profile_baselines
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.recipe import Levels, PointTruth
from nephoscope.samples.truth import Points
from nephoscope.tasks import task_named
from patches_factory import ALTITUDE, LEVELS, cloud_decision, make_patches

LITTLE = ProfileOptions(rows=3000, iterations=15, leaves=8, hidden=8, epochs=10)
TASK = task_named("cloud_type")
TRUTH = PointTruth(levels=Levels(lowest=600, highest=9600, step=3000))


def part(unit: str, types: np.ndarray, seed: int = 0, **facts: object) -> Profiles:
    """Points whose first view is bright where there is cloud on the first level."""
    rng = np.random.default_rng(seed)
    number = len(types)
    views = rng.normal(size=(number, 3)).astype(np.float32)
    views[:, 0] += 4 * (types[:, 0] > 0)
    given = {
        "latitude": np.full(number, 12.0),
        "land": np.zeros(number, bool),
        "known": np.ones(number, bool),
        "views": views,
        "around": rng.normal(size=(number, 2)).astype(np.float32),
        "slant": rng.normal(size=(number, len(HEIGHTS), 2)).astype(np.float32),
    }
    return Profiles(unit, {"cloud_type": types.astype(np.int8)}, ALTITUDE, **given | facts)


def drawn_types(seed: int, number: int = 200, share: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((number, LEVELS)) < share, rng.integers(1, 9, (number, LEVELS)), 0)


def test_climatology_is_the_frequency_of_zone_and_ground() -> None:
    """10,000 profiles over the sea of one zone, others over land: the prior hardly counts."""
    sea, land = drawn_types(0, 10_000, 0.1), drawn_types(1, 10_000, 0.6)
    train = [part("a", sea), part("b", land, land=np.ones(10_000, bool))]
    found = Climatology(train)
    np.testing.assert_allclose(found.say(train[0]).cloud[0], (sea > 0).mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(found.say(train[1]).cloud[5], (land > 0).mean(axis=0), atol=2e-3)
    kinds = found.say(train[1]).kinds[0]
    np.testing.assert_allclose(kinds.sum(axis=0), 1, atol=0.01)
    expected = (land == 3).sum(axis=0) / (land > 0).sum(axis=0)
    np.testing.assert_allclose(kinds[2], expected, atol=3e-3)


def test_climatology_of_the_first_cloud_is_given_that_there_is_none_above() -> None:
    types = drawn_types(2, 20_000)
    types[:, 1] = np.where(types[:, 0] > 0, 4, 0)  # below cloud always cloud, else never
    found = Climatology([part("a", types)]).say(part("a", types))
    np.testing.assert_allclose(found.first[0, 0], (types[:, 0] > 0).mean(), atol=1e-3)
    assert found.first[0, 1] < 1e-3
    assert found.cloud[0, 1] > 0.25


def test_a_zone_without_profiles_has_the_frequencies_of_all() -> None:
    types = drawn_types(3, 5000)
    found = Climatology([part("a", types)])
    other = part("b", types[:1], latitude=np.array([-80.0]))
    np.testing.assert_allclose(found.say(other).cloud[0], (types > 0).mean(axis=0), atol=2e-3)


def test_trees_are_calibrated_though_cloud_is_drawn_more_often() -> None:
    train = [part(f"u{n}", drawn_types(n, 600, 0.08), seed=n) for n in range(4)]
    trees = Trees(train, ProfileOptions(rows=1500, iterations=30, leaves=8))
    types = drawn_types(9, 3000, 0.08)
    said = trees.say(part("t", types, seed=9))
    cloudy = types[:, 0] > 0
    assert said.cloud[cloudy, 0].mean() > 6 * said.cloud[~cloudy, 0].mean()
    assert said.cloud.mean() == pytest.approx(0.08, abs=0.02)
    np.testing.assert_allclose(said.kinds.sum(axis=1), 1, atol=1e-5)


def test_trees_of_views_alone_do_not_see_the_surroundings() -> None:
    train = [part(f"u{n}", drawn_types(n), seed=n) for n in range(2)]
    trees = Trees(train, LITTLE, surroundings=False)
    one = part("t", drawn_types(7, 20), seed=7)
    other = part("t", drawn_types(7, 20), seed=7, around=one.around + 9, slant=one.slant - 9)
    np.testing.assert_array_equal(trees.say(one).cloud, trees.say(other).cloud)


def test_training_without_any_cloud_of_some_kind_is_borne() -> None:
    types = np.zeros((50, LEVELS), int)
    types[:25, 2] = 6
    train = [part("a", types), part("b", types)]
    said = Trees(train, LITTLE).say(train[0])
    assert np.isfinite(said.cloud).all()
    np.testing.assert_allclose(said.kinds, 1 / 8)


def test_network_learns_from_trees_that_did_not_see_the_unit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[set[str]] = []

    class Watched(Trees):
        def __init__(self, train, options, surroundings=True):
            super().__init__(train, options, surroundings)
            seen.append({each.unit for each in train})

        def say(self, profiles):
            asked.append((self, profiles.unit))
            return super().say(profiles)

    asked: list[tuple[Trees, str]] = []
    monkeypatch.setattr(profile_models, "Trees", Watched)
    train = [part(unit, drawn_types(n, 60), seed=n) for n, unit in enumerate("abcaab")]
    network = Stacked(train, LITTLE)
    assert seen == [{"a", "b", "c"}, {"b"}, {"a", "c"}]
    assert [unit for _, unit in asked] == ["a", "c", "a", "a", "b", "b"]
    said = network.say(train[0])
    assert said.cloud.shape == (60, LEVELS)
    assert ((said.first >= 0) & (said.first <= 1)).all()


def test_network_says_of_81_levels_what_is_on_each() -> None:
    """More columns than int8 counts: cloud is always on level 20, and nowhere else."""
    types = np.zeros((600, 81), int)
    types[:, 20] = 5
    altitude = np.linspace(19800, 600, 81)
    train = [replace(part(unit, types, seed=n), altitude=altitude) for n, unit in enumerate("ab")]
    said = Stacked(train, replace(LITTLE, epochs=80)).say(train[0]).cloud.mean(axis=0)
    assert said.argmax() == 20
    assert said[20] > 0.8
    assert np.delete(said, 20).max() < 0.3


def test_raw_numbers_give_the_probabilities_back() -> None:
    rng = np.random.default_rng(0)
    cloud = rng.uniform(0.05, 0.9, (30, LEVELS)).astype(np.float32)
    first = rng.uniform(0.05, 0.9, (30, LEVELS)).astype(np.float32)
    kinds = rng.dirichlet(np.ones(8), (30, LEVELS)).swapaxes(1, 2).astype(np.float32)
    said, decision = Said(cloud, kinds, first), cloud_decision()
    fields = TASK.fields(said.raw(TASK.outputs(LEVELS)).T, decision)
    np.testing.assert_allclose(fields["cloud_probability"].T, cloud, atol=1e-4)
    np.testing.assert_allclose(fields["type_probability"].T, kinds.swapaxes(1, 2), atol=1e-4)
    before = np.cumprod(np.concatenate([np.ones((30, 1)), 1 - first[:, :-1]], axis=1), axis=1)
    top, clear = first * before, np.prod(1 - first, axis=1)
    np.testing.assert_allclose(fields["top_probability"].T, top / (1 - clear)[:, None], atol=1e-4)
    assert said.raw(2 * LEVELS + 1).shape == (30, 2 * LEVELS + 1)
    column = 1 / (1 + np.exp(-said.raw(1)[:, 0]))
    np.testing.assert_allclose(column, 1 - clear, atol=1e-4)


def directional(side: int = 30, views: int = 4) -> LabelledSample:
    """A bright square 10 km up over (15, 15), seen where the parallax of each view puts it."""
    zenith = np.array([50.0, 20.0, 0.0, 30.0])[:views]
    names, planes = [], []
    for view, angle in enumerate(zenith):
        shift = round(10 * np.tan(np.deg2rad(angle)) / 6.178)
        bright = np.full((side, side), 0.1)
        bright[15 + shift, 15] = 0.8  # the satellite stands in the north: seen to the south
        flat = np.ones((side, side))
        for name, plane in (("I865P", bright), ("thetav", angle * flat), ("thetas", 0 * flat),
                            ("phi", 0 * flat)):  # fmt: skip
            names.append(f"{name}_{view:02d}")
            planes.append(plane)
    names += ["phis", "land_sea_flag"]
    planes += [np.zeros((side, side)), np.full((side, side), 100.0)]
    types = np.zeros((2, LEVELS), np.int8)
    points = Points(np.array([15.0, 4.0]), np.array([15.0, 20.2]), {"cloud_type": types})
    return LabelledSample(
        "g_00", np.array(planes, np.float32), np.ones((side, side), bool), points,
        np.zeros(side), np.zeros(side), channels=tuple(names), wraps=False, unit="g",
    )  # fmt: skip


def test_views_agree_at_the_height_of_the_cloud() -> None:
    found = profiles_of(directional(), ALTITUDE)
    mean, spread = found.slant[0, :, 0], found.slant[0, :, 1]
    assert HEIGHTS[mean.argmax()] == 10
    assert mean.max() == pytest.approx(0.8, abs=1e-5)
    assert spread[mean.argmax()] == pytest.approx(0, abs=1e-5)
    assert spread[0] > 0.2
    np.testing.assert_allclose(found.slant[1, :, 0], 0.1, atol=1e-5)
    assert found.land.all()
    assert found.unit == "g"


def test_views_are_counted_from_the_one_nearest_to_nadir() -> None:
    found = profiles_of(directional(), ALTITUDE)
    reflectance = found.views[1, : 2 * EACH_WAY + 1]
    assert np.isfinite(reflectance).tolist() == [4 <= n <= 7 for n in range(2 * EACH_WAY + 1)]
    cosine = np.cos(np.deg2rad([50.0, 20.0, 0.0, 30.0]))
    columns = found.views[1].reshape(-1, 2 * EACH_WAY + 1)[:, 4:8]
    assert any(np.allclose(row, cosine, atol=1e-5) for row in columns)


@pytest.mark.parametrize("name", ["cloud_type", "cloud_mask_3d", "cloud_mask_2d"])
def test_baselines_are_scored_on_the_points_of_the_samples(name: str) -> None:
    store = make_patches((2, 2, 2, 1), points=40, parts=("train", "train", "validation", "test"))
    task = task_named(name)
    scores, details = score_profile_baselines(store, [6], task, TRUTH, LITTLE)
    assert list(scores) == ["climatology", "boosted trees", "boosted trees + network"]
    types = store["cloud_type"].values[-40:]
    for each in scores.values():
        assert each.sums.units == ["h3"]
        assert each.overall[task.objective].n == (types >= 0).any(axis=1).sum()
        assert each.decision.altitude == tuple(ALTITUDE.tolist())
    assert set(details) == set(scores)


def test_baselines_learn_from_other_samples_if_asked() -> None:
    parts = ("train", "train", "validation", "test")
    store = make_patches((2, 2, 2, 1), points=40, parts=parts)
    learned, scored = store.isel(sample=slice(0, 6), point=slice(0, 240)), store
    scored = scored.assign(split=("sample", np.array(["test"] * 7, dtype=object)))
    alone, _ = score_profile_baselines(store, [6], TASK, TRUTH, LITTLE)
    beside, _ = score_profile_baselines(scored, [6], TASK, TRUTH, LITTLE, learned=learned)
    for name, each in alone.items():
        assert beside[name].overall["dice"].value == each.overall["dice"].value
    with pytest.raises(UsageError, match="would learn from what is scored: h2"):
        score_profile_baselines(scored, [5], TASK, TRUTH, LITTLE, learned=learned)


def test_what_cannot_be_fitted_is_told() -> None:
    store = make_patches((1, 1), points=10)
    with pytest.raises(UsageError, match="training samples"):
        score_profile_baselines(store, [0], TASK, TRUTH, LITTLE)
    clear = make_patches((1, 1), points=10, parts=("train", "test"))
    clear["cloud_type"][:] = 0
    with pytest.raises(UsageError, match="no cloud"):
        score_profile_baselines(clear, [1], TASK, TRUTH, LITTLE)
    with pytest.raises(UsageError, match="how high"):
        score_profile_baselines(clear.drop_vars("height"), [1], TASK, PointTruth(), LITTLE)


def test_samples_beyond_the_limit_are_thinned_out() -> None:
    store = make_patches((9, 3), points=2, parts=("train", "validation"))
    assert profile_parts(store, ProfileOptions(samples=3)) == {
        "train": [0, 3, 6], "validation": [9, 10, 11]
    }  # fmt: skip

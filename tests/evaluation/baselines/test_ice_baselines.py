"""Baselines of ice: what they see, what they say, and that they are scored as a model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nephoscope.evaluation.baselines import ice_networks
from nephoscope.evaluation.baselines.boosted import Drawing, ProfileOptions, other_half
from nephoscope.evaluation.baselines.ice_features import (
    HEIGHTS,
    IcePoints,
    between,
    ice_points_of,
    planes_of,
)
from nephoscope.evaluation.baselines.ice_models import (
    Climatology,
    Dressed,
    Levels,
    Neighbours,
    Said,
    Trees,
)
from nephoscope.evaluation.baselines.ice_networks import PixelNetwork, Stacked
from nephoscope.evaluation.baselines.profiles import score_profile_baselines
from nephoscope.evaluation.sample import read_samples
from nephoscope.recipe import PointTruth
from nephoscope.tasks import task_named
from nephoscope.tasks.ice_head import IceHead, IceNumbers
from nephoscope.tasks.ice_mixture import SHARES
from overpass_factory import ALTITUDE, LEVELS, make_ice

LITTLE = ProfileOptions(rows=2000, iterations=15, leaves=8, hidden=16, epochs=15)
TASK = task_named("cloud_ice")


@pytest.fixture(scope="module")
def parts() -> list[IcePoints]:
    """Two days, one dark and one light, with 600 points each."""
    store = make_ice((3, 3), points=200)
    return [ice_points_of(each, ALTITUDE) for each in read_samples(store, range(6))]


def test_head_gives_back_what_raw_numbers_say() -> None:
    rng = np.random.default_rng(0)
    head = IceHead(5)
    said = IceNumbers(
        rng.normal(size=(5, 7)), np.sort(rng.normal(-5, 1, (5, 5, 7)), axis=0),
        *rng.normal(-4, 1, (1, 5, 7)), *rng.normal(4, 1, (2, 5, 7)),
        rng.normal(size=7), np.sort(rng.normal(-4, 1, (5, 7)), axis=0),
    )  # fmt: skip
    raw = head.raw(said)
    assert raw.shape == (head.outputs, 7)
    again = head.parts(raw)
    for name in ("cloud", "mean_iwc", "number", "mean_number", "column"):
        np.testing.assert_allclose(getattr(again, name), getattr(said, name), atol=1e-5)
    np.testing.assert_allclose(again.iwc, said.iwc, atol=3e-3)  # some lie nearly together
    np.testing.assert_allclose(again.ice, said.ice, atol=3e-3)


def test_channels_are_told_apart_by_their_wavelength(parts: list[IcePoints]) -> None:
    dark, light = parts[0], parts[-1]
    assert dark.names == (
        "WV_062", "IR_108", "WV_062-IR_108", "satellite_zenith",
        "IR_039-IR_108", "VIS006", "solar_zenith",
    )  # fmt: skip
    assert dark.thermal == 4
    place = dark.names.index("VIS006")
    assert np.isnan(dark.pixel[:, place]).all()
    reflectance = light.pixel[:, place] * np.cos(np.deg2rad(40)) * 100
    assert set(reflectance.round().tolist()) == {10.0, 60.0}
    assert dark.around.shape == (200, 18)
    assert dark.slant.shape == (200, len(HEIGHTS), 5)


def test_height_is_looked_up_where_the_picture_shows_it() -> None:
    """Parallax is a tenth of a pixel for each km towards the right: 8 km stand 0.8 pixels off."""
    store = make_ice((1,), points=30)
    (sample,) = read_samples(store, [0])
    found = ice_points_of(sample, ALTITUDE)
    window = sample.image[sample.channels.index("IR_108")]
    row, col = sample.truth.row.astype(int), sample.truth.col.astype(int)
    inner = col < 21
    expected = 0.2 * window[row, col] + 0.8 * window[row, np.minimum(col + 1, 23)]
    slant = found.slant[:, HEIGHTS.tolist().index(8), 1]
    np.testing.assert_allclose(slant[inner], expected[inner], atol=0.01)


def test_between_is_what_scipy_interpolates() -> None:
    from scipy.ndimage import map_coordinates

    rng = np.random.default_rng(1)
    cube = rng.normal(size=(6, 9, 2)).astype(np.float32)
    row, col = rng.uniform(-1, 7, 50), rng.uniform(-1, 10, 50)
    for feature in (0, 1):
        expected = map_coordinates(cube[..., feature], [row, col], order=1, mode="nearest")
        found = between(cube, row, col)[:, feature]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_planes_of_other_pictures_are_their_channels(parts: list[IcePoints]) -> None:
    (sample,) = read_samples(make_ice((1,)), [0])
    other = replace(sample, channels=tuple("abcdefgh"))
    planes, thermal = planes_of(other)
    assert list(planes) == list("abcdefgh")
    assert thermal == 0
    assert ice_points_of(other, ALTITUDE).slant.shape[2] == 0


def test_climatology_is_the_frequency_of_cloud_and_the_median_of_its_ice() -> None:
    store = make_ice((8,), points=1000)
    train = [ice_points_of(each, ALTITUDE) for each in read_samples(store, range(8))]
    said = Climatology(train).say(train[0])
    iwc = store["iwc"].values
    for land in (False, True):
        there = (store["col"].values >= 12) == land
        share = (iwc[there] > 1e-7).sum(axis=0) / np.isfinite(iwc[there]).sum(axis=0)
        point = np.flatnonzero(there[:1000])[0]
        np.testing.assert_allclose(said.cloud[point], share, atol=1e-3)
    median = [np.median(np.log10(each[each > 1e-7])) for each in iwc.T]
    np.testing.assert_allclose(said.ice[3], median, atol=1e-4)


def test_levels_with_few_clouds_lean_on_their_neighbours() -> None:
    rng = np.random.default_rng(2)
    many = rng.normal(-4, 0.5, 500)
    held = Levels([many, np.zeros(0), np.array([-1.0])])
    found = held.quantiles(SHARES, 0.0)
    np.testing.assert_allclose(found[:, 0], np.quantile(many, SHARES))
    np.testing.assert_allclose(found[:, 1], np.quantile([*many, -1.0], SHARES))
    less = Levels([many - 2, np.zeros(0), np.array([-1.0])])
    assert held.over(less, 0.0)[0] == pytest.approx(2.0)
    nothing = Levels([np.zeros(0)] * 2)
    np.testing.assert_allclose(nothing.quantiles((0.5,), -5.0, 1.0), -5.0)
    np.testing.assert_array_equal(nothing.over(nothing, 9.3), 9.3)


def test_neighbours_are_those_of_scikit_learn(parts: list[IcePoints]) -> None:
    """Of as many points as there are, and with nothing drawn out, the share of the nearest."""
    from sklearn.neighbors import KNeighborsRegressor

    train, other = parts[:3], parts[1]
    options = ProfileOptions(points=10**9)
    said = Neighbours(train, options).say(other)
    usual = Climatology(train).say(other).cloud
    every = np.concatenate([part.pixel for part in train])

    def scaled(pixel):
        with np.errstate(all="ignore"):
            found = (pixel - every.mean(axis=0)) / (every.std(axis=0) + 1e-6)
        return np.nan_to_num(found).clip(-5, 5)

    cloudy = np.concatenate([part.types[:, 2] > 0 for part in train]).astype(float)
    share = KNeighborsRegressor(15).fit(scaled(every), cloudy).predict(scaled(other.pixel))
    found = said.cloud[:, 2]
    assert (np.abs(found - (15 * share + usual[:, 2]) / 16) < 1e-6).mean() > 0.97


def test_trees_find_the_level_and_the_ice(parts: list[IcePoints]) -> None:
    other = [ice_points_of(e, ALTITUDE) for e in read_samples(make_ice((1, 1), 300, 9), range(2))]
    trees = Trees(parts, ProfileOptions(rows=8000, iterations=40, leaves=15), surroundings=False)
    said = trees.say(other[1])
    cloud = other[1].types > 0
    assert ((said.cloud >= 0.5) == cloud).mean() > 0.9
    off = said.ice[cloud] - np.log10(other[1].truth["iwc"][cloud])
    assert np.abs(off).mean() < 0.25
    assert said.cloud.mean() == pytest.approx(cloud.mean(), abs=0.03)


def test_trees_of_the_pixel_do_not_see_its_surroundings(parts: list[IcePoints]) -> None:
    trees = Trees(parts, LITTLE, surroundings=False)
    one = parts[0]
    other = replace(one, latitude=one.latitude + 3, around=one.around + 9, slant=one.slant - 9)
    np.testing.assert_array_equal(trees.say(one).cloud, trees.say(other).cloud)


class Right:
    """Says of every voxel a tenth of the true ice, and how likely cloud is."""

    def say(self, part: IcePoints) -> Said:
        rng = np.random.default_rng(5)
        ice = np.log10(np.where(part.types > 0, part.truth["iwc"], 1e-5)) - 1
        noise = rng.normal(0, 0.3, ice.shape)
        return Said(np.where(part.types > 0, 0.8, 0.1), (ice + noise).astype(np.float32))


def test_dressed_knows_how_far_the_truth_lies(parts: list[IcePoints]) -> None:
    found = Dressed.of(Right(), parts)
    # Noise of 0.3 about a tenth: one too little at the median, quantiles of the noise beside it.
    np.testing.assert_allclose(found.away[2], 1.0, atol=0.12)
    np.testing.assert_allclose(found.away[4] - found.away[0], 2 * 1.645 * 0.3, rtol=0.2)
    np.testing.assert_allclose(found.number - found.away[2], np.log10(2e9), atol=0.05)
    raw = found.raw(parts[0])
    assert raw.shape == (200, TASK.outputs(LEVELS))
    said = IceHead(LEVELS).parts(raw.T)
    np.testing.assert_allclose(1 / (1 + np.exp(-said.cloud.T)), Right().say(parts[0]).cloud, 1e-4)
    cloud = parts[0].types.T > 0
    true = parts[0].truth["iwc"].T[cloud]
    # The mean is that of the true ice over what is said, not 10 to the mean logarithm.
    assert (10 ** said.mean_iwc[cloud]).sum() / true.sum() == pytest.approx(1.0, abs=0.05)


def test_dressed_says_nothing_where_the_picture_has_no_data(parts: list[IcePoints]) -> None:
    one = parts[0]
    lost = replace(one, known=one.known & (np.arange(200) > 4))
    raw = Dressed.of(Right(), parts).raw(lost)
    assert np.isnan(raw[:5]).all()
    assert np.isfinite(raw[5:]).all()


def test_network_learns_from_trees_that_did_not_see_the_unit(
    parts: list[IcePoints], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    class Watched(Trees):
        def __init__(self, train, options, surroundings=True):
            super().__init__(train, options, surroundings)
            self.units = {each.unit for each in train}
            seen.append(self.units)

        def say(self, part):
            assert part.unit not in self.units
            return super().say(part)

    halves = other_half(parts)
    assert [{each.unit for each in mine} for mine, _ in halves] == [
        {"2007-07-01"}, {"2007-07-02"}
    ]  # fmt: skip
    trees = Dressed.of(Trees(parts, LITTLE), parts)
    monkeypatch.setattr(ice_networks, "Trees", Watched)
    network = Stacked(parts, trees, TASK, LITTLE)
    assert seen == [{"2007-07-02"}, {"2007-07-01"}]
    raw = network.raw(parts[0])
    assert raw.shape == (200, TASK.outputs(LEVELS))
    assert np.isfinite(raw).all()


def test_thermal_network_sees_no_sunlight(parts: list[IcePoints]) -> None:
    network = PixelNetwork(parts, TASK, replace(LITTLE, epochs=60))
    one = parts[-1]
    pixel = one.pixel.copy()
    pixel[:, one.thermal :] += 5
    other = replace(one, pixel=pixel)
    np.testing.assert_array_equal(network.raw(one), network.raw(other))
    cloud = IceHead(LEVELS).parts(network.raw(one).T).cloud.T
    assert cloud[one.types > 0].mean() > cloud[one.types == 0].mean() + 1


def test_rows_are_drawn_so_that_half_are_cloud(parts: list[IcePoints]) -> None:
    def table(part, item, level):
        return np.stack([item, level], axis=1).astype(np.float32)

    masks, cloudy = [p.types >= 0 for p in parts], [p.types > 0 for p in parts]
    drawing = Drawing(parts, table, np.random.default_rng(0))
    rows, labels, drawn = drawing.rows(masks, cloudy, 1000)
    assert len(rows) == pytest.approx(1000, abs=120)
    assert labels.mean() == pytest.approx(0.5, abs=0.06)
    held = (
        np.concatenate(cloudy).sum(),
        sum((m & ~c).sum() for m, c in zip(masks, cloudy, strict=True)),
    )
    assert drawn == pytest.approx(np.log(held[1] / held[0]))
    values = [p.truth["iwc"] for p in parts]
    _, ice, _ = drawing.rows(cloudy, cloudy, 1000, values)
    assert (ice > 1e-7).all()
    assert len(ice) == pytest.approx(500, abs=80)


def test_baselines_are_scored_as_a_model_is() -> None:
    store = make_ice((2, 2, 2, 1), points=60, parts=("train", "train", "validation", "test"))
    scores, details = score_profile_baselines(store, [6], TASK, PointTruth(), LITTLE)
    assert list(scores) == [
        "climatology", "nearest neighbours", "boosted trees", "thermal network",
        "boosted trees + context", "boosted trees + network",
    ]  # fmt: skip
    for each in scores.values():
        assert each.sums.units == ["2007-07-04"]
        assert each.overall["f1"].n == 60
        assert each.decision.altitude == tuple(ALTITUDE.tolist())
        for name in ("log_mae", "crps_log", "coverage", "iwp_coverage", "number_log_mae"):
            assert np.isfinite(each.overall[name].value), name
    assert scores["boosted trees"].overall["f1"].value > 0.8
    assert scores["climatology"].overall["f1"].value < 0.5
    assert set(details) == set(scores)

"""Scores from sums are those of the products that users get: one rule says what is cloud."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.apply import chain
from nephoscope.evaluation.mask_sums import score_masks, sums_of_map
from nephoscope.products.fits import write_frame_fits
from nephoscope.tasks.mask import is_cloud, published, steps_of, threshold_step
from product_factory import mars_product

SHAPE = (60, 90)
# Whole steps, halves of them, and what only some ways of rounding tell apart.
THRESHOLDS = [0.452, 0.52, 0.528, 0.5, 0.005, 0.501, 0.5021, 0.9999, 1.0, 1 / 3, 1 / 250]


def probabilities(threshold: float) -> np.ndarray:
    """All around the threshold, closer and closer, and everywhere else."""
    rng = np.random.default_rng(0)
    near = threshold + rng.choice([-1, 1], 2000) * 10.0 ** rng.uniform(-9, -2, 2000)
    halves = (rng.integers(0, 250, 1000) + 0.5) / 250
    rest = rng.random(SHAPE[0] * SHAPE[1] - 3000)
    return np.concatenate([near, halves, rest]).clip(0, 1).astype(np.float32).reshape(SHAPE)


def confusion(mask: np.ndarray, label: np.ndarray) -> list[int]:
    """True and false positives, false and true negatives; what has no mask counts as clear."""
    cloud, known = mask == 1, label >= 0
    pairs = [(1, True), (0, True), (1, False), (0, False)]
    return [int(((label == truth) & (cloud == said) & known).sum()) for truth, said in pairs]


def by_hand(counts: list[int]) -> dict[str, float]:
    tp, fp, fn, tn = counts
    return {
        "f1": 2 * tp / (2 * tp + fp + fn),
        "iou": tp / (tp + fp + fn),
        "accuracy": (tp + tn) / sum(counts),
    }


def check_same(probability, mask, threshold):
    rng = np.random.default_rng(1)
    label = rng.integers(-1, 2, SHAPE).astype(np.int8)
    sums = sums_of_map("a", probability, label, np.linspace(60, -60, SHAPE[0]))
    found = score_masks(sums, threshold).overall
    for name, value in by_hand(confusion(mask, label)).items():
        assert found[name].value == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_scores_of_sums_are_those_of_a_written_map(tmp_path, threshold):
    probability = probabilities(threshold)
    probability[:5] = np.nan
    image = np.full((3, *SHAPE), 90, np.float32)
    image[:, :5] = np.nan
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image)},
        {
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90, -90, SHAPE[0])),
            "longitude": ("x", -180 + np.arange(SHAPE[1]) * 360 / SHAPE[1]),
            "solar_longitude": 130.0,
            "mars_year": 28,
        },
        {"instrument": "marci", "source_files": ["a.jpg"], "id": "a", "missing_share": 0.0},
    )
    mars_product(probability, scene, threshold).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as product:
        check_same(probability, product["cloud_mask"].values, threshold)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_scores_of_sums_are_those_of_a_written_frame(tmp_path, monkeypatch, threshold):
    probability = probabilities(threshold)
    model = SimpleNamespace(name="m", weights_sha256="0", threshold=threshold)
    predictor = SimpleNamespace(model=model)
    monkeypatch.setattr(chain, "guarded_frame", lambda *_: (probability, None))
    monkeypatch.setattr(chain, "_open", lambda _: predictor)
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), colours(), {"units": "DN"})},
        {"channel": ["red", "green", "blue"], "time": np.datetime64("2020-06-01T12:00:00")},
        {"instrument": "skycam", "flavour": "colour", "source_files": ["a.png"]},
    )
    found = chain.SkyChain("sky-colour")._by_model(scene, "sky-colour")
    facts = {"THRESH": (found.threshold, "")}
    path = tmp_path / "a.fits"
    write_frame_fits(path, colours(), found.mask, found.probability, "", facts, "DN")
    with fits.open(path) as written:
        mask, stored = written["MASK"].data, written["PROBABILITY"].data
        check_same(probability, mask, threshold)
        # What a reader of the file sees is consistent too.
        np.testing.assert_array_equal(mask == 1, stored >= written[0].header["THRESH"])


def colours() -> np.ndarray:
    return np.random.default_rng(2).integers(60, 200, (3, *SHAPE)).astype(np.float32)


@given(st.floats(0, 1, width=32), st.floats(0, 1))
def test_a_published_probability_is_cloud_as_it_was_before_it_was_published(value, threshold):
    before = np.array([value, np.nan], np.float32)
    after = published(before)
    np.testing.assert_array_equal(steps_of(after[:1]), steps_of(before[:1]))
    np.testing.assert_array_equal(is_cloud(after, threshold), is_cloud(before, threshold))
    assert not is_cloud(after, threshold)[1]
    assert np.isnan(after[1])
    assert threshold_step(threshold) - 1 < threshold * 250 + 1e-5

"""Whole simulated scenes of ice: pixels on the track and off it, by light and by optical depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.evaluation import swath, swath_truth
from nephoscope.evaluation.swath import SwathScores, score_swaths
from nephoscope.instruments import SceneFile
from nephoscope.reports.words import label_in_words
from nephoscope.tasks import task_named
from overpass_factory import ALTITUDE, LEVELS, ice_decision

TASK, DECISION = task_named("cloud_ice"), ice_decision()
ROWS, COLS = 9, 40
TRACK = 10
"""Column of the track."""


def ice(seed: int = 0) -> np.ndarray:
    """(level, y, x) kg m-3, the highest first; the right half is thin."""
    rng = np.random.default_rng(seed)
    cloud = rng.random((LEVELS, ROWS, COLS)) < 0.4
    return np.where(cloud, 10 ** rng.normal(-4, 0.5, cloud.shape), 0).astype(np.float32)


class Predicts:
    """Right but for the amount, where the pixel is less than 20 columns off the track."""

    instrument = "seviri"

    def read(self, job: object) -> xr.Dataset:
        planes = np.stack([np.full((ROWS, COLS), 100.0), np.full((ROWS, COLS), 25.0)])
        planes[0, :3] = 30.0
        known = np.ones((ROWS, COLS), bool)
        known[0, 0] = False
        return xr.Dataset(
            {"image": (("channel", "y", "x"), planes), "known": (("y", "x"), known)},
            {
                "channel": ["solar_zenith", "satellite_zenith"],
                "latitude": (("y", "x"), np.tile(12.5 - 5.0 * np.arange(ROWS)[:, None], COLS)),
            },
        )

    def variables(self, scene: xr.Dataset, background: None) -> xr.Dataset:
        near = np.abs(np.arange(COLS) - TRACK) < 20
        raw = np.zeros((TASK.outputs(LEVELS), ROWS, COLS), np.float32)
        raw[:LEVELS] = np.where((ice() > 1e-7) & near, 6, -6)
        return TASK.variables(TASK.fields(raw, DECISION), DECISION)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SceneFile:
    """A picture whose truth is named by its id, and has a level more."""

    def distance(*_: object) -> np.ndarray:
        off = np.abs(np.arange(COLS) - TRACK)
        lower = np.where(off < 3, 0, np.where(off < 10, 3, np.where(off < 20, 10, 20)))
        return np.broadcast_to(lower, (ROWS, COLS)).astype(np.int64)

    monkeypatch.setattr(swath, "_distance", distance)
    values = np.concatenate([ice()[::-1], np.zeros((1, ROWS, COLS), np.float32)])
    truth = xr.Dataset(
        {
            **{name: (("altitude", "y", "x"), factor * values)
               for name, factor in (("iwc", 1), ("ice_number", 2e9), ("cloud_fraction", 1))},
            "optical_depth": (("y", "x"), np.tile(np.where(np.arange(COLS) < 20, 3, 0.1),
                                                  (ROWS, 1))),
        },
        {"altitude": [*ALTITUDE[::-1], 15_000.0]},
    )  # fmt: skip
    truth.to_zarr(tmp_path / "truth" / "slot.zarr", zarr_format=3, consolidated=False)
    return SceneFile(tmp_path / "HRSEVIRI" / "long-name.nat", "slot")


def scored(scene: SceneFile) -> SwathScores:
    return score_swaths(Predicts(), {"slot": scene}, TASK, DECISION)


def test_every_known_pixel_is_counted_once_in_each_stratum(scene: SceneFile) -> None:
    found = scored(scene)
    names = {"distance", "daylight", "satellite_zenith", "latitude", "optical_depth"}
    assert set(found.strata) == names
    for labels in found.strata.values():
        assert sum(each["f1"].n for each in labels.values()) == ROWS * COLS - 1
    light = {label: each["f1"].n for label, each in found.strata["daylight"].items()}
    assert light == {"day": 3 * COLS - 1, "night": 6 * COLS}
    north = {label: each["f1"].n for label, each in found.strata["latitude"].items()}
    assert north == {10: COLS - 1, 0: 2 * COLS, -10: 2 * COLS, -20: 2 * COLS, -30: 2 * COLS}
    assert label_in_words("latitude", -30) == "-30 to -20°"
    assert {label: each["f1"].n for label, each in found.strata["optical_depth"].items()} == {
        "from 0.3": 20 * ROWS - 1, "below 0.3": 20 * ROWS
    }  # fmt: skip


def test_scores_are_those_of_the_truth_above_each_pixel(scene: SceneFile) -> None:
    found = scored(scene).strata
    assert found["distance"][0]["f1"].value == 1
    assert found["distance"][0]["top_mae"].value == 0
    assert found["distance"][20]["f1"].value == 0
    cloud = ice() > 1e-7
    cloud[:, 0, 0] = False
    hit, all_cloud = cloud[:, :, 20:30].sum(), cloud[:, :, 20:].sum()
    expected = 2 * hit / (hit + all_cloud)
    assert found["optical_depth"]["below 0.3"]["f1"].value == pytest.approx(expected)
    # What is published is rounded to a share of a percent.
    off = np.abs(np.log10(ice()[:, :, 8:13][cloud[:, :, 8:13]]) + 5)
    assert found["distance"][0]["log_mae"].value == pytest.approx(off.mean(), rel=2e-3)


def test_pixels_off_the_track_are_drawn_where_there_are_many(
    scene: SceneFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"cloud_ice": swath_truth.SwathTruth(swath_truth._ice, 50, "", False)}
    monkeypatch.setattr(swath, "TRUTHS", few)
    first, again = scored(scene), scored(scene)
    assert first.sums["distance"] == again.sums["distance"]
    numbers = {label: each["f1"].n for label, each in first.strata["distance"].items()}
    assert numbers[0] == 5 * ROWS
    assert sum(numbers.values()) == 5 * ROWS + 50


def test_truth_that_lacks_the_optical_depth_is_named(scene: SceneFile, tmp_path: Path) -> None:
    import shutil

    shutil.rmtree(tmp_path / "truth" / "slot.zarr" / "optical_depth")
    with pytest.raises(UsageError, match="optical_depth"):
        scored(scene)


def test_track_is_compared_with_all_that_is_off_it(scene: SceneFile) -> None:
    """Near the track all is right, and from 20 columns off on nothing is said."""
    found, cloud = scored(scene), ice() > 1e-7
    cloud[:, 0, 0] = False
    off = np.abs(np.arange(COLS) - TRACK)
    hit, every = cloud[..., (off >= 3) & (off < 20)].sum(), cloud[..., off >= 3].sum()
    assert found.off["f1"].value == pytest.approx(1 - 2 * hit / (hit + every))
    assert found.loss == {}  # no pixel is as far off as the edge of a swath

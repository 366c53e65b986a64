"""Skill off the track: distances, levels and labels of pixels, and what they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation import swath
from nephoscope.evaluation.swath import scenes_of_units, score_swaths
from nephoscope.evaluation.track_distance import (
    EDGES,
    bin_name,
    distance_bin,
    distance_from_track,
)
from nephoscope.grids.corners import Corners
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments import SceneFile
from nephoscope.tasks import task_named
from nephoscope.tasks.profile_decision import ProfileDecision

TASK = task_named("cloud_type")
ALTITUDE = np.array([3000.0, 2000.0, 1000.0])
DECISION = ProfileDecision(altitude=tuple(ALTITUDE.tolist()))
FIRST, ROWS, COLS, MIDDLE = 1600, 12, 265, 132
ORIGIN = 3000 + np.arange(ROWS) % 3
"""Rows of the window jump by up to two columns, as those of a swath do."""
EDGE = (0, 90)


def scene() -> xr.Dataset:
    row = FIRST + np.arange(ROWS)
    column = (ORIGIN[:, None] + np.arange(COLS)).astype(np.int32)
    known = np.ones((ROWS, COLS), bool)
    known[:, 5] = False
    zenith = np.abs(np.arange(COLS) - MIDDLE) / MIDDLE * 60
    angles = np.stack([zenith + 5, zenith])[:, None] + np.zeros((2, ROWS, COLS))
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), angles.astype(np.float32)),
            "known": (("y", "x"), known),
        },
        {
            "channel": ["thetav_00", "thetav_01"],
            "row": ("y", row),
            "origin": ("y", ORIGIN),
            "column": (("y", "x"), column),
            "latitude": (("y", "x"), np.repeat(POLDER.to_latitude(row)[:, None], COLS, 1)),
            "longitude": (("y", "x"), POLDER.to_longitude(row[:, None], column)),
        },
        {"instrument": "polder", "source_files": ["a"]},
    )


def track() -> xr.Dataset:
    """Profiles over the middle column, two for each row."""
    here = scene()
    places = np.arange(2 * ROWS) / 2
    y = np.minimum(places.astype(int), ROWS - 1)
    return xr.Dataset(
        coords={
            "latitude": ("profile", POLDER.to_latitude(FIRST + places)),
            "longitude": ("profile", here["longitude"].values[y, MIDDLE]),
        }
    )


def truth_types(seed: int = 0) -> np.ndarray:
    """(level, y, x), the lowest first, at 1000, 2000 and 3000 m and one level that is not asked."""
    return np.random.default_rng(seed).integers(0, 9, (4, ROWS, COLS)).astype(np.int8)


class Predicts:
    """Right everywhere on the track; at the edge it says clear."""

    instrument = "polder"

    def __init__(self, seed: int = 0) -> None:
        self.types = truth_types(seed)[:3][::-1]

    def read(self, job: object) -> xr.Dataset:
        return scene()

    def variables(self, scene: xr.Dataset, background: None) -> xr.Dataset:
        off = np.abs(np.arange(COLS) - MIDDLE)
        types = np.where(off >= EDGE[1], 0, self.types)
        raw = np.full((TASK.outputs(3), ROWS, COLS), -6, np.float32)
        for level in range(3):
            y, x = np.indices((ROWS, COLS))
            raw[types[level] * 3 + level, y, x] = 6
        top = np.where((types > 0).any(axis=0), (types > 0).argmax(axis=0), 3)
        np.put_along_axis(raw[27:], top[None], 6, axis=0)
        return TASK.variables(TASK.fields(raw, DECISION), DECISION)


Write = Callable[..., SceneFile]


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the truth of a scene, shifted as the truth of a wider window would be."""
    monkeypatch.setattr(swath, "open_track", lambda path: track())

    def write(name: str = "a", seed: int = 0, shift: int = 4, **attrs: str) -> SceneFile:
        file = SceneFile(tmp_path / "pictures" / f"{name}.h5", name)
        kinds = np.zeros((4, ROWS + 1, COLS + 2 * shift), np.int8)
        kinds[:, 1:, shift : shift + COLS] = truth_types(seed)
        store = xr.Dataset(
            {
                "cloud_type": (("altitude", "y", "x"), np.maximum(kinds, 1)),
                "cloud_fraction": (("altitude", "y", "x"), np.where(kinds > 0, 0.5, 0.25)),
            },
            {
                "altitude": np.array([1000.0, 2000.0, 3000.0, 9000.0]),
                "row": ("y", FIRST - 1 + np.arange(ROWS + 1)),
                "origin": ("y", np.concatenate([[2990], ORIGIN]) - shift),
            },
            {"track": "track.hdf", **attrs},
        )
        path = tmp_path / "truth" / f"{name}.zarr"
        store.to_zarr(path, zarr_format=3, consolidated=False)
        return file

    return write


def test_what_is_right_on_the_track_and_blind_at_the_edge_loses_all(simulated: Write) -> None:
    files = {name: simulated(name, seed) for seed, name in enumerate("ab")}

    class Both(Predicts):
        def read(self, job):
            self.types = truth_types("ab".index(job.scene.id))[:3][::-1]
            return scene()

    found = score_swaths(Both(), files, TASK, DECISION)
    distance = found.strata["distance"]
    assert set(distance) == set(EDGES[:-1])
    for edge in EDGES[:-3]:
        assert distance[edge]["dice"].value == 1
        assert distance[edge]["top_mae"].value == 0
    # The last row lies half a column off the last profile between two rows of the scene.
    assert distance[60]["dice"].value == pytest.approx(1, abs=1e-3)
    assert distance[90]["dice"].value == pytest.approx(0, abs=1e-3)
    loss = found.loss["dice"]
    assert loss.value == pytest.approx(1, abs=1e-3)
    assert loss.low <= loss.value <= loss.high
    assert found.units == ("a", "b")


def test_every_known_pixel_is_counted_once_in_each_stratum(simulated: Write) -> None:
    found = score_swaths(Predicts(), {"a": simulated()}, TASK, DECISION)
    assert set(found.strata) >= {"distance", "views", "view_zenith"}
    for labels in found.strata.values():
        assert sum(each["dice"].n for each in labels.values()) == ROWS * (COLS - 1)
    assert found.overall["dice"].n == ROWS * (COLS - 1)
    zenith = np.floor(np.abs(np.arange(COLS) - MIDDLE) / MIDDLE * 60 / 10) * 10
    zenith = np.delete(zenith, 5)
    for label, scores in found.strata["view_zenith"].items():
        assert scores["dice"].n == ROWS * (zenith == label).sum()


def test_a_scene_that_cannot_be_scored_is_left_out_and_said(
    simulated: Write, tmp_path: Path
) -> None:
    alone = SceneFile(tmp_path / "pictures" / "lonely.h5", "lonely")
    found = score_swaths(Predicts(), {"lonely": alone, "a": simulated()}, TASK, DECISION)
    assert found.units == ("a",)
    assert "no truth" in found.skipped["lonely"]
    with pytest.raises(UsageError, match="no truth"):
        score_swaths(Predicts(), {"lonely": alone}, TASK, DECISION)


def test_truth_without_a_track_is_named(simulated: Write, tmp_path: Path) -> None:
    import zarr

    file = simulated()
    group = zarr.open_group(tmp_path / "truth" / "a.zarr", mode="a")
    del group.attrs["track"]
    with pytest.raises(UsageError, match="track"):
        score_swaths(Predicts(), {"a": file}, TASK, DECISION)


def test_distance_is_that_of_the_row_from_where_the_track_crosses_it() -> None:
    """A track that leans by half a column for each row, and leaves the scene at row 8."""
    row = np.arange(0, 8.5, 0.5)
    col = 20 + row / 2
    upper, left = np.floor(row).astype(int), np.floor(col).astype(int)
    down, across = row - upper, col - left
    corners = Corners(
        np.stack([upper, upper, upper + 1, upper + 1], 1),
        np.stack([left, left + 1] * 2, 1),
        np.stack([(1 - down) * (1 - across), (1 - down) * across, down * (1 - across),
                  down * across], 1),
    )  # fmt: skip
    found = distance_from_track(corners, (12, 50))
    expected = np.abs(np.arange(50) - (20 + np.arange(12)[:, None] / 2))
    np.testing.assert_allclose(found[:9], expected[:9], atol=1e-9)
    assert np.isnan(found[9:]).all()
    nothing = corners.only(np.zeros(len(row), bool))
    assert np.isnan(distance_from_track(nothing, (3, 4))).all()


def test_bins_of_distance() -> None:
    found = distance_bin(np.array([0, 2.99, 3, 29.9, 90, 132.4, 133, np.nan]))
    assert found.tolist() == [0, 0, 3, 20, 90, 90, -1, -1]
    assert [bin_name(edge) for edge in (0, 20, 90)] == ["0 to 3", "20 to 30", "90 to 132"]


def test_scenes_are_found_by_the_ids_that_were_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [SceneFile(tmp_path / name, name) for name in "abc"]
    monkeypatch.setattr(swath, "find_scenes", lambda raw, instrument: held)
    assert list(scenes_of_units(tmp_path, "polder", ["c", "a", "z"])) == ["c", "a"]
    with pytest.raises(UsageError, match="none of the 1 scenes"):
        scenes_of_units(tmp_path, "polder", ["z"])


def test_a_folder_without_scenes_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        scenes_of_units(tmp_path / "nowhere", "polder", ["a"])

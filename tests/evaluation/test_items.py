"""What is published beside what is true, in each form of truth; and a task of points as a whole."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from evaluation_factory import published
from nephoscope.evaluation.items import published_items
from nephoscope.evaluation.predictors import published_state
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.evaluation.sums import sums_of_items
from nephoscope.reports.document import document_of, lines_of
from nephoscope.reports.markdown import markdown_of
from nephoscope.reports.report import Run, write_report
from nephoscope.samples.truth import Points
from nephoscope.tasks import TASKS, plain, task_named
from nephoscope.tasks.sky_state import Verdict

ROWS, COLS, LEVELS = 12, 18, 3
HEIGHT = np.add.outer(np.arange(LEVELS) * 100.0, np.add.outer(10.0 * np.arange(ROWS), range(COLS)))


class LayerTask:
    """Height of a layer on levels: how far what is published is off."""

    name, counted = "layer", "points"

    def tally(self, variables, truth):
        off = np.abs(variables["height"].values - truth["height"])
        return np.array([len(off), np.rint(off.mean(axis=1)).sum()]).astype(np.int64)

    def metrics(self, counts, decision):
        points = counts[..., 0]
        error = np.where(points > 0, counts[..., 1] / np.maximum(points, 1), np.nan)
        return plain({"mean_error": error, "points": points})

    def rules(self, decision):
        return {"layer_rule": "at the nearest pixel"}


@pytest.fixture
def layer(monkeypatch):
    module = ModuleType("layer_task")
    module.TASK = LayerTask()
    monkeypatch.setitem(sys.modules, "layer_task", module)
    monkeypatch.setitem(TASKS, "layer", "layer_task")


def sample(truth, wraps=False):
    shape = ROWS, COLS
    places = np.linspace(55, -55, ROWS), np.arange(COLS, dtype=float)
    image = np.zeros((2, *shape), np.float32)
    return LabelledSample("a", image, np.ones(shape, bool), truth, *places, wraps=wraps)


def heights():
    return xr.Dataset({"height": (("level", "y", "x"), HEIGHT.astype(np.float32))})


def points(row, col):
    truth = HEIGHT[:, np.rint(row).astype(int) % ROWS, np.rint(col).astype(int) % COLS].T
    return Points(np.array(row, float), np.array(col, float), {"height": truth + 2})


def test_a_point_is_compared_with_the_nearest_pixel():
    found = published_items(heights(), sample(points([3.4, 5.5, 0.0], [2.6, 2.4, 17.2])))
    assert found.variables["height"].dims == ("point", "level")
    nearest = [(3, 3), (6, 2), (0, 17)]
    expected = [[HEIGHT[level][place] for level in range(LEVELS)] for place in nearest]
    np.testing.assert_array_equal(found.variables["height"].values, expected)
    np.testing.assert_allclose(found.latitude, [25, -5, 55])


@pytest.mark.parametrize(("wraps", "columns"), [(True, [0, 17]), (False, [])])
def test_points_beyond_the_last_column_are_in_the_picture_where_it_wraps(wraps, columns):
    truth = Points(np.zeros(2), np.array([17.7, -0.8]), {"height": np.zeros((2, LEVELS))})
    found = published_items(heights(), sample(truth, wraps))
    np.testing.assert_array_equal(found.variables["height"].values[:, 0], HEIGHT[0, 0, columns])
    assert len(found.truth["height"]) == len(columns)


def test_pixels_of_each_band_add_up_to_the_picture():
    rng = np.random.default_rng(0)
    label = rng.integers(-1, 2, (ROWS, COLS)).astype(np.int8)
    said = published(rng.random((ROWS, COLS)).astype(np.float32))
    items, task = published_items(said, sample(label)), task_named("mask")
    sums = sums_of_items("a", items, task)
    assert sums.bands == [-60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50]
    np.testing.assert_array_equal(sums.total(), task.tally(said, {"label": label}))


def test_a_band_without_truth_is_no_cell():
    label = np.full((ROWS, COLS), -1, np.int8)
    label[0] = 1
    items = published_items(published(np.zeros((ROWS, COLS), np.float32)), sample(label))
    assert sums_of_items("a", items, task_named("mask")).bands == [50]


def test_a_whole_frame_is_one_item_without_a_place():
    items = published_items(published_state(Verdict("cloudy", 0.9, "")), sample(np.int8(1)[()]))
    assert items.latitude is None
    sums = sums_of_items("a", items, task_named("sky_state"))
    assert sums.total().tolist() == [[0, 0, 0], [0, 1, 0]]


def test_a_label_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="the label is"):
        published_items(published(np.zeros((3, 3), np.float32)), sample(np.zeros((2, 2), np.int8)))


def test_a_task_of_points_is_scored_and_reported(layer, tmp_path):
    """Every truth is 2 too high: 2 is the mean error of each granule and of all."""
    number = [4, 0, 6]
    rng = np.random.default_rng(1)
    row, col = rng.uniform(0, ROWS - 1, sum(number)), rng.uniform(0, COLS - 1, sum(number))
    store = xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), np.zeros((3, 2, ROWS, COLS), np.float32)),
            "known": (("sample", "y", "x"), np.ones((3, ROWS, COLS), bool)),
            "id": ("sample", ["g0", "g1", "g2"]),
            "split": ("sample", ["test"] * 3),
            "row_size": ("sample", number),
            "row": ("point", row),
            "col": ("point", col),
            "time_offset": ("point", np.zeros(len(row))),
            "height": (("point", "level"), points(row, col).values["height"]),
        },
        {"channel": ["first", "second"]},
        {"task": "layer", "truth": "points", "unit": "granule", "wraps": False, "samples_id": "i"},
    )
    model = SimpleNamespace(name="layers", decision=None, weights_sha256="0")
    found = run_evaluation(model, store, predict=lambda _: heights())
    assert found.scores.overall["mean_error"].value == 2 * 1.0
    assert found.scores.overall["mean_error"].n == sum(number)
    assert list(found.scores.by_day) == ["g0", "g2"]
    assert found.spec["layer_rule"] == "at the nearest pixel"
    doubt = "The model does not say whether it was fitted to these: they may be among its own."
    assert lines_of(found) == ["mean error 2.0", "points 10", doubt]
    text = markdown_of(document_of(found, {"command": "typed"}))
    assert "Scored on 3 granules (test: g0 to g2), 10 items." in text
    assert "## By granule" in text
    out = write_report(found, tmp_path / "report", Run("typed", {}))
    assert (out / "days.png").is_file()

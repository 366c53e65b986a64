"""The report on a classifier of frames: scores by hand, ROC against scikit-learn, its files."""

import json
import math
import sys
import time
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest

from nephoscope.evaluation.predictors import published_state
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.instruments import find_scenes
from nephoscope.models import load_model
from nephoscope.plots.classifier import plot_feature_space
from nephoscope.recipe import load_recipe
from nephoscope.reports.document import lines_of
from nephoscope.reports.report import Run, pictures_for, write_report
from nephoscope.reports.states import roc_of
from nephoscope.samples.writer import write_samples
from nephoscope.simulate.sky.writing import simulate_sky
from nephoscope.tasks.sky_state import TASK, StateDecision, Verdict

FRAMES = 16


def tallied(states, said):
    each = [
        TASK.tally(published_state(Verdict(name, 0.5, "")), {"label": np.int8(state)})
        for state, name in zip(states, said, strict=True)
    ]
    return np.sum(each, axis=0)


def test_scores_by_hand():
    said = ["clear", "clear", "cloudy", "cloudy", "cloudy", "clear", "unknown"]
    counts = tallied([0, 0, 0, 1, 1, 1, 1], said)
    assert counts.tolist() == [[2, 1, 0], [1, 2, 1]]
    found = TASK.metrics(counts, StateDecision())
    assert found["balanced_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["unknown_share"] == pytest.approx(1 / 7, abs=1e-4)
    assert (found["cloudy_called_clear"], found["frames"]) == (1, 7)


def test_what_one_state_alone_cannot_tell_is_not_a_number():
    found = TASK.metrics(tallied([0, 0, 0], ["clear", "cloudy", "unknown"]), StateDecision())
    assert math.isnan(found["balanced_accuracy"])
    assert math.isnan(found["cloudy_found"])
    assert found["clear_found"] == 0.5
    _, true, _ = roc_of(np.zeros(3, np.int8), np.array([0.1, 0.2, 0.3]))
    assert np.isnan(true).all()


def test_scores_of_many_counts_are_those_of_each():
    counts = np.random.default_rng(0).integers(0, 9, (5, 2, 3))
    counts[2, 1, :2] = 0
    together = TASK.metrics(counts, StateDecision())
    for place in range(len(counts)):
        alone = TASK.metrics(counts[place], StateDecision())
        for name, value in alone.items():
            np.testing.assert_equal(together[name][place], value)


def test_the_roc_area_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    states, p = rng.integers(0, 2, 200).astype(np.int8), rng.random(200).round(2)
    false, true, _ = roc_of(states, p)
    assert np.trapezoid(true, false) == pytest.approx(metrics.roc_auc_score(states, p))


def test_the_roc_of_a_hundred_thousand_frames_takes_a_moment():
    rng = np.random.default_rng(1)
    states, p = rng.integers(0, 2, 100_000).astype(np.int8), rng.random(100_000)
    start = time.process_time()
    false, true, thresholds = roc_of(states, p)
    assert time.process_time() - start < 2
    for place in (0, 1, 777, 50_000, 99_999, 100_000):
        said = p >= thresholds[place]
        assert false[place] == pytest.approx(said[states == 0].mean())
        assert true[place] == pytest.approx(said[states == 1].mean())


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    simulate_sky(folder / "raw", scenes=FRAMES, seed=1)
    files = find_scenes(folder / "raw", "skycam")
    samples = write_samples(files, folder / "samples.zarr", load_recipe("sky-state"))
    model = load_model("sky-state")
    pictures = pictures_for("sky_state", model.decision, "frame")
    return run_evaluation(model, samples, split="all", look=pictures.look), pictures


def test_the_report_has_its_files(evaluated, tmp_path):
    found, pictures = evaluated
    out = write_report(found, tmp_path / "report", Run("typed", {}), pictures)
    written = json.loads((out / "scores.json").read_text())
    assert written["metrics"]["balanced_accuracy"]["value"] > 0.8
    assert written["metrics"]["balanced_accuracy"]["n"] == FRAMES
    assert written["spec"]["split"] == "all"
    assert len(written["spec"]["maps"]) == FRAMES
    assert written["spec"]["cloudy_above"] == found.scores.decision.cloudy_above
    assert written["by_day"] == {}
    assert (out / "roc.csv").read_text().startswith("false_positive_rate,")
    assert (out / "confusion.csv").read_text().startswith("true,clear,cloudy,unknown\n")
    for name in ("confusion", "roc", "features"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"({name}.png)" in (out / "report.md").read_text()


def test_the_command_says_every_score(evaluated):
    *lines, doubt = lines_of(evaluated[0])
    assert doubt.startswith("The model does not say whether it was fitted to these")
    assert [line.rpartition(" ")[0] for line in lines] == [
        "balanced accuracy", "clear found", "cloudy found", "unknown share",
        "cloudy called clear", "clear called cloudy", "frames",
    ]  # fmt: skip
    assert lines[-1] == f"frames {FRAMES}"


def test_umap_is_drawn_where_it_is_installed(evaluated, tmp_path, monkeypatch):
    class Flat:
        def __init__(self, random_state):
            assert random_state == 0

        def fit_transform(self, values):
            return values[:, :2]

    stand_in = ModuleType("umap")
    stand_in.UMAP = Flat
    stand_in.__spec__ = ModuleSpec("umap", None)
    monkeypatch.setitem(sys.modules, "umap", stand_in)
    found, pictures = evaluated
    out = write_report(found, tmp_path / "report", Run("typed", {}), pictures)
    assert (out / "features_umap.png").read_bytes().startswith(b"\x89PNG")
    assert "(features_umap.png)" in (out / "report.md").read_text()


def test_another_feature_space_is_refused():
    with pytest.raises(ValueError, match="neither pca nor umap"):
        plot_feature_space(np.zeros((3, 2)), np.zeros(3, np.int8), "t-sne")

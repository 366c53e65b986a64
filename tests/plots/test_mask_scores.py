"""Pictures of scores show the numbers they are given."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.mask_sums import sums_of_pixels
from nephoscope.evaluation.worst import Window
from nephoscope.plots import mask_scores as plots
from nephoscope.plots.scores import plot_confusion, plot_intervals
from nephoscope.reports.masks import confusion_table
from nephoscope.tasks import Counts
from nephoscope.tasks.mask_metrics import metrics


@pytest.fixture(scope="module")
def counts() -> Counts:
    rng = np.random.default_rng(0)
    p = rng.random(20_000).astype(np.float32)
    label = (rng.random(20_000) < p).astype(np.int8)
    return sums_of_pixels("a", p, label, np.zeros(20_000)).total()


def texts(figure: Figure) -> str:
    figure.draw_without_rendering()
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    titles = [axes.get_title(loc) for axes in figure.axes for loc in ("left", "center")]
    return " ".join([*found, *titles])


def test_curves_mark_the_threshold(counts: Counts) -> None:
    figure = plots.plot_curves(counts, 0.4, "fake")
    values = metrics(counts, 100)
    left, right = figure.axes
    dot = right.lines[-1].get_xydata()[0]
    assert dot == pytest.approx([float(values["recall"]), float(values["precision"])])
    x, y = left.lines[-1].get_xydata()[0]
    curve = left.lines[0].get_xydata()
    assert np.abs(curve - [x, y]).sum(axis=1).min() < 1e-9
    assert f"{float(values['auc']):.4f}" in texts(figure)


def test_reliable_probabilities_lie_on_the_diagonal(counts: Counts) -> None:
    axes = plots.plot_reliability(counts, "fake").axes[0]
    probability, share = axes.lines[1].get_xydata().T
    assert len(probability) == 15
    assert np.abs(probability - share).max() < 0.05


def test_a_dot_is_the_value_and_a_bar_the_interval() -> None:
    scores = {"a": Score(0.5, 0.4, 0.7, 9), "b": Score(None, None, None, 0)}
    figure = plot_intervals(scores, "F1", "title", pooled=0.6)
    axes = figure.axes[0]
    bar, dot, pooled = axes.lines
    assert bar.get_xydata().tolist() == [[0.4, 0], [0.7, 0]]
    assert dot.get_xydata().tolist() == [[0.5, 0]]
    assert list(pooled.get_xdata()) == [0.6, 0.6]
    assert "0.500" in texts(figure)
    assert "none" in texts(figure)


def test_the_first_is_at_the_top_and_the_marked_one_stands_out() -> None:
    scores = {
        name: Score(v, v - 0.1, v + 0.1, 9) for name, v in (("m", 0.6), ("b", 0.5), ("a", 0.3))
    }
    axes = plot_intervals(scores, "F1", "title", marked="m").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["m", "b", "a"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    colours = [line.get_color() for line in axes.lines[1::2]]
    assert colours[0] != colours[1] == colours[2]
    assert plot_intervals({}, "F1", "title").axes


def test_confusion_shares_sum_to_one(counts: Counts) -> None:
    shown = texts(plot_confusion(confusion_table(counts, 0.5), "fake", "pixels"))
    shares = [float(share) for share in re.findall(r"([\d.]+)% of all", shown)]
    assert len(shares) == 4
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_crops_colour_each_kind_of_pixel() -> None:
    label = np.array([[0, 0, 1, 1, -1]] * 4, np.int8)
    probability = np.array([[0, 1, 0, 1, 1]] * 4, np.float32)
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    crop = Window("P01_day02", image, probability, label, (10.0, 9.7), (-20.0, -19.6), 8)
    figure = plots.plot_windows([crop], 0.5)
    verdict = np.asarray(figure.axes[2].images[0].get_array())[0]
    assert len(np.unique(verdict, axis=0)) == 5
    assert np.allclose(verdict[3], 1.0)
    assert "P01_day02" in texts(figure)
    assert "50%" in texts(figure)


@pytest.mark.parametrize("level", [0, 250])
def test_nothing_to_see_is_still_a_picture(level: int) -> None:
    label = np.full((3, 3), level // 250, np.int8)
    probability = np.full((3, 3), np.nan, np.float32)
    crop = Window("a", np.zeros((3, 3, 3), np.uint8), probability, label, (1, 0), (0, 1), 0)
    plots.plot_windows([crop], 0.5).draw_without_rendering()
    empty = np.zeros((2, 252), np.int64)
    empty[level // 250, 1 + level] = 5
    plots.plot_curves(empty, 0.5, "fake").draw_without_rendering()
    plots.plot_reliability(empty, "fake").draw_without_rendering()
    plot_confusion(confusion_table(empty, 0.5), "fake", "pixels").draw_without_rendering()

"""Pictures of how good vertical profiles of cloud are: by altitude, type, certainty and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nephoscope.plots.colours import CLEAR, MARKED, MODEL, OTHER, WORDS

Reals = npt.NDArray[np.floating]

BASELINE_COLOURS = (OTHER, "#e0a458", "#6a994e", "#8d6cab")


def plot_by_altitude(
    altitude: Reals, precision: Reals, recall: Reals, dice: Reals, cloud_share: Reals, name: str
) -> Figure:
    """Precision, recall and Dice of the cloud mask on each level, and how often cloud is there.

    Args:
        altitude: (level,) m.
        precision: (level,) 0..1, NaN where it cannot be told; and so `recall` and `dice`.
        recall: (level,).
        dice: (level,).
        cloud_share: (level,) share of the true bins that are cloud.
        name: of the model.
    """
    figure = _figure(8.5, 5.5)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[2.2, 1])
    height = np.asarray(altitude) / 1000
    for values, label, colour, style in (
        (precision, "precision: of the cloud it says, so much is there", CLEAR, "--"),
        (recall, "recall: of the cloud there is, so much it finds", MARKED, "--"),
        (dice, "Dice", "black", "-"),
    ):
        left.plot(values, height, style, color=colour, label=label)
    left.set(xlim=(0, 1), ylim=(0, None), xlabel="score of cloudy bins", ylabel="altitude (km)")
    left.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    right.fill_betweenx(height, 0, 100 * np.asarray(cloud_share), color=OTHER)
    right.set(xlim=(0, None), xlabel="bins that are cloud (%)")
    for axes in (left, right):
        axes.grid(color="0.9")
    figure.suptitle(f"{name}: skill at each altitude", fontsize=11)
    return figure


def plot_type_confusion(table: npt.NDArray[np.integer], names: Sequence[str], name: str) -> Figure:
    """Confusion of cloud types: each row says what is made of what is truly of one type.

    Args:
        table: (truth, said) counts.
        names: of the types.
        name: of the model.
    """
    figure = _figure(7.5, 6.5)
    axes = figure.subplots()
    total = table.sum(axis=1, keepdims=True)
    share = np.divide(table, total, out=np.full(table.shape, np.nan), where=total > 0)
    shown = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, col), value in np.ndenumerate(share):
        if np.isfinite(value):
            text = f"{100 * value:.0f}" if value >= 0.005 or value == 0 else "<1"
            axes.text(col, row, text, ha="center", va="center", fontsize=8,
                      color="white" if value > 0.55 else "black")  # fmt: skip
    words = [each.replace("_", " ") for each in names]
    axes.set_xticks(range(len(words)), words, rotation=40, ha="right", fontsize=8)
    rows = [f"{word}\n{count:,}" for word, count in zip(words, total[:, 0].tolist(), strict=True)]
    axes.set_yticks(range(len(words)), rows, fontsize=8)
    axes.set(xlabel=f"{name} says", ylabel="true type, number of bins")
    figure.colorbar(shown, ax=axes, shrink=0.8, label="share of the row (numbers: %)")
    return figure


def plot_profile_reliability(
    probability: Reals, share: Reals, number: npt.NDArray[np.integer], error: float, name: str
) -> Figure:
    """How much of what is called cloudy with some probability is cloud.

    Args:
        probability: (bin,) mean probability said; NaN where nothing was said.
        share: (bin,) share of it that is cloud.
        number: (bin,) how many were counted.
        error: expected calibration error.
        name: of the model.
    """
    figure = _figure(5.2, 6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 1], [0, 1], ":", color=OTHER, label="perfect")
    upper.plot(probability, share, "o-", color=MODEL, markersize=4, label=name)
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is cloud")
    upper.set_title(f"Expected calibration error {error:.4f}", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    edges = np.linspace(0, 1, len(number) + 1)
    lower.bar(edges[:-1], np.asarray(number) / max(np.sum(number), 1), np.diff(edges),
              align="edge", color=MODEL, edgecolor="white")  # fmt: skip
    lower.set(xlabel="probability of cloud that is said", ylabel="share of all")
    if np.any(number):
        lower.set_yscale("log")
    return figure


def plot_off_track(
    distance: Reals,
    scores: Mapping[str, tuple[Reals, Reals, Reals]],
    unit: str = "pixels",
    score: str = "Dice of cloudy bins against the simulated truth",
) -> Figure:
    """Skill as a function of the distance from the track where the model was taught.

    Args:
        distance: (bin + 1,) edges of the bins of distance.
        scores: name of the model → value, low and high end of its interval, (bin,) each.
        unit: of the distance.
        score: its name.
    """
    figure = _figure(7.5, 4.5)
    axes = figure.subplots()
    edges = np.asarray(distance, np.float64)
    middle = (edges[1:] + edges[:-1]) / 2
    for (name, (value, low, high)), colour in zip(
        scores.items(), (MODEL, *BASELINE_COLOURS), strict=False
    ):
        axes.plot(middle, value, "o-", color=colour, label=name)
        axes.fill_between(middle, low, high, color=colour, alpha=0.2, linewidth=0)
    _mark_first(axes, scores, edges)
    axes.set(xlabel=f"distance from the track ({unit})", ylabel=score, xlim=(0, edges[-1]))
    axes.set_ylim(0, 1)
    axes.grid(color="0.92")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, title="shaded: 95 % interval")
    return figure


def _mark_first(axes: Axes, scores: Mapping[str, tuple[Reals, Reals, Reals]], edges: Reals) -> None:
    """The first model's loss from the track to the edge, in words."""
    value = np.asarray(next(iter(scores.values()))[0])
    known = np.flatnonzero(np.isfinite(value))
    if known.size > 1:
        axes.axhline(value[known[0]], color=WORDS, linewidth=0.8, linestyle=":")
        change = value[known[-1]] - value[known[0]]
        said = f"{change:+.3f} from the track to the edge"
        axes.set_title(said, loc="left", color=WORDS, fontsize=10)


def _figure(wide: float, high: float) -> Figure:
    figure = Figure(figsize=(wide, high), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure

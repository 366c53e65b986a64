"""Pictures of a classifier of whole frames; every function returns a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from nephoscope.plots.colours import CLEAR, CLOUD, OTHER

Floats = npt.NDArray[np.floating]


def plot_state_roc(curve: tuple[Floats, Floats, Floats], name: str) -> Figure:
    """Receiver operating characteristic.

    Args:
        curve: share of clear frames called cloudy, of cloudy frames found, threshold.
        name: of the model.
    """
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=OTHER, linestyle=":")
    axes.plot(curve[0], curve[1], color=CLEAR)
    axes.set(xlabel="clear frames called cloudy", ylabel="cloudy frames found", aspect="equal")
    axes.set_title(f"{name}: ROC, area {np.trapezoid(curve[1], curve[0]):.4f}")
    return figure


@dataclass(frozen=True)
class FrameCase:
    """A frame, and what is said of it.

    Attributes:
        name: of the frame.
        picture: (y, x) values of any scale, NaN where there is none.
        state: 0 clear, 1 cloudy, by its label.
        likely: probability of cloud that is said.
    """

    name: str
    picture: Floats
    state: int
    likely: float

    @property
    def of_the_truth(self) -> float:
        """The probability that is given to what is true."""
        return self.likely if self.state else 1 - self.likely


def plot_frame_cases(rows: Mapping[str, Sequence[FrameCase]]) -> Figure:
    """Frames in rows, with what the label says of each and how sure the model was.

    Args:
        rows: what the frames of a row are → the frames; a row without any is left out.
    """
    held = {title: cases for title, cases in rows.items() if cases}
    most = max(map(len, held.values()), default=1)
    shape = (max(1.6 * most, 5.0), 0.3 + 2.2 * max(len(held), 1))
    figure = Figure(figsize=shape, layout="constrained")
    parts = figure.subfigures(max(len(held), 1), 1, squeeze=False)[:, 0]
    for part, (title, cases) in zip(parts, held.items(), strict=False):
        part.suptitle(title, fontsize=10, x=0.01, ha="left")
        for axes, case in zip(part.subplots(1, most, squeeze=False)[0], cases, strict=False):
            known = np.isfinite(case.picture)
            low, high = np.percentile(case.picture[known], [1, 99]) if known.any() else (0.0, 1.0)
            axes.imshow(case.picture, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
            label = ("clear", "cloudy")[case.state]
            axes.set_title(f"label: {label}\nsaid: {case.likely:.0%} cloudy", fontsize=8)
            name = case.name if len(case.name) <= 22 else f"…{case.name[-21:]}"
            axes.set_xlabel(name, fontsize=6)
        for axes in part.axes:
            axes.set(xticks=[], yticks=[])
            if not axes.images:
                axes.set_axis_off()
    return figure


def plot_feature_space(
    features: Floats, states: npt.NDArray[np.int8], method: str = "pca"
) -> Figure:
    """Frames in two dimensions: do clear and cloudy ones lie apart?

    Args:
        features: (sample, feature); standardised here.
        states: (sample,) int8, 0 clear, 1 cloudy.
        method: "pca", or "umap" where umap-learn is installed.

    Raises:
        ValueError: no such method, or umap-learn is not installed.
    """
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    if method == "umap" and find_spec("umap"):
        import umap

        placed = np.asarray(umap.UMAP(random_state=0).fit_transform(scaled))
        labels = ["UMAP 1", "UMAP 2"]
    elif method == "pca":
        left, values, _ = np.linalg.svd(scaled, full_matrices=False)
        placed = left[:, :2] * values[:2]
        shares = values**2 / np.maximum((values**2).sum(), 1e-12)
        labels = [f"component {n + 1} ({shares[n]:.0%} of the variance)" for n in range(2)]
    else:
        raise ValueError(f"'{method}' is neither pca nor umap, or umap-learn is not installed")
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for state, name, colour in ((0, "clear", CLEAR), (1, "cloudy", CLOUD)):
        chosen = placed[states == state]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=9, color=colour, alpha=0.6, label=f"{name}, {len(chosen)}"
        )
    axes.set(xlabel=labels[0], ylabel=labels[1], title="Feature space")
    axes.legend(frameon=False)
    return figure

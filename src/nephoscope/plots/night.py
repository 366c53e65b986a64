"""Night in one picture: the cloud fraction over time, and what the camera saw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from PIL import Image

from nephoscope.evaluation.night import Night

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"clear": "tab:green", "cloudy": "tab:red", "unknown": "tab:gray"}
_SHOWN = 4  # overlays


def draw_night(night: Night, products: Path, first: Night | None = None) -> Figure:
    """Draw a night.

    Args:
        night: what was found.
        products: folder of the overlays.
        first: what was found before the camera's clear sky was known.
    """
    figure = Figure(figsize=(9, 6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=[1, 0.9])[:, 0]
    chosen = np.unique(np.linspace(0, len(night.file) - 1, _SHOWN).round().astype(int))
    _curve(upper.subplots(), night, first, chosen)
    axes = np.atleast_1d(lower.subplots(1, len(chosen)))
    for number, (place, panel) in enumerate(zip(chosen, axes, strict=True), 1):
        path = products / Path(night.file[place]).with_suffix(".png")
        if path.is_file():
            with Image.open(path) as picture:
                panel.imshow(np.asarray(picture.convert("RGB")))
        panel.set_title(f"{number}: {str(night.time[place])[11:16]} UTC", fontsize=9)
        panel.set_axis_off()
    return figure


def _curve(
    axes: Axes, night: Night, first: Night | None, chosen: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> None:
    axes.plot(night.time, 100 * night.true, "k--", label="simulated truth")
    if first is not None:
        axes.plot(first.time, 100 * first.found, color="tab:orange", label="each frame by itself")
    label = "found" if first is None else "beside its own clear sky"
    axes.plot(night.time, 100 * night.found, color="tab:blue", label=label)
    for state, colour in _COLOURS.items():
        here = np.array([found == state for found in night.state])
        if here.any():
            cover = np.where(np.isfinite(night.found), night.found, 0.0)[here]
            axes.plot(night.time[here], 100 * cover, "o", color=colour, label=f"state: {state}")
    for number, place in enumerate(chosen, 1):
        axes.annotate(str(number), (night.time[place], 104), ha="center", fontsize=9)
    locator = axes.xaxis.get_major_locator()
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylim(-4, 112)
    axes.set_ylabel("Cloud fraction (%)")
    axes.set_xlabel("Time (UTC)")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8, frameon=False)

"""Figures, tables and facts of a report, of any task; a task with more to show has its own kind."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.plots.scores import plot_bars, plot_comparison
from nephoscope.reports.markdown import MOST_ROWS, band_name
from nephoscope.reports.words import focus_of, title_of


class Pictures:
    """What a report shows; it is shown every sample on the way.

    Args:
        decision: the task's, of the model.
        unit: what is independent of one another: "day", "frame" ...
    """

    def __init__(self, decision: Any, unit: str) -> None:  # noqa: ANN401 - the task's own
        self.decision, self.unit = decision, unit

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Let a sample pass by with what is published of it."""

    def facts(self, evaluation: Evaluation) -> dict[str, Any]:
        """What `scores.json` says besides what every task has."""
        del evaluation
        return {}

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """Name of a file → its text."""
        del evaluation
        return {}

    def sections(self, evaluation: Evaluation) -> list[str]:
        """Parts of `report.md`, Markdown with headings, besides what every task has."""
        del evaluation
        return []

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """Name → figure: the main score by unit and latitude, and beside the baselines."""
        main, name, found = focus_of(evaluation).main, evaluation.model["name"], {}
        title, scores = title_of(main), evaluation.scores
        pooled = scores.overall[main].value
        if evaluation.truth != "frame" and len(scores.by_day) <= MOST_ROWS:
            days = {day: each[main] for day, each in scores.by_day.items()}
            found["days"] = plot_bars(days, title, f"{name} by {evaluation.unit}", pooled)
        if evaluation.placed:
            bands = {band_name(band): each[main] for band, each in scores.by_band.items()}
            found["latitude"] = plot_bars(bands, title, f"{name} by latitude band", pooled)
        if evaluation.baselines:
            compared = {each: s.overall[main] for each, s in evaluation.baselines.items()}
            compared[name] = scores.overall[main]
            found["baselines"] = plot_comparison(compared, name, title)
        return found

"""Figures, tables and sections of a report on cloud ice at levels of profiles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nephoscope.evaluation.ice_gathered import EDGES, REGION, ZONE, IceGathered
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.plots.ice_scores import (
    plot_amounts,
    plot_columns,
    plot_cover,
    plot_heights,
    plot_ice_curtains,
    plot_intervals,
    plot_paths,
    plot_regions,
    plot_zones,
)
from nephoscope.reports.profiles import ProfilePictures, csv_of
from nephoscope.reports.sections import Block, Blocks, Cell, Scored, Table
from nephoscope.reports.words import title_of

_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_INTERVALS = ("coverage", "coverage_all", "held_in_cloud", "iwp_coverage", "iwp_held")


class IcePictures(ProfilePictures):
    """What there is to show of ice: what profiles have, amounts, paths, places and overpasses."""

    @cached_property
    def _gathered(self) -> IceGathered:
        return IceGathered(np.asarray(self._altitude, np.float64))

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Gather what is said of the points of a sample."""
        self._gathered.add(sample, variables)

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """Besides those of profiles `by_path.csv`."""
        paths = self._details(evaluation)["by_path"]
        return super().tables(evaluation) | {"by_path.csv": csv_of(paths)}

    def blocks(self, evaluation: Evaluation) -> Blocks:
        """By ice water path and of intervals, besides those of profiles."""
        path = _paths_table(evaluation, self._details(evaluation)["by_path"])
        return {**super().blocks(evaluation), "path": path, "intervals": _intervals(evaluation)}

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """Besides those of profiles heights, amounts, columns, paths, places and curtains."""
        details, name = self._details(evaluation), evaluation.model["name"]
        found = super().figures(evaluation)
        paths, gathered = details["by_path"], self._gathered
        found["paths"] = plot_paths(
            paths["lowest"], paths["bias"], _ends(evaluation, paths["lowest"]),
            paths["columns"], name,
        )  # fmt: skip
        if not gathered.cover:
            return found
        altitude = gathered.altitude
        found.pop("altitude", None)
        found["heights"] = plot_heights(altitude, details["by_level"], name)
        found["amounts"] = plot_amounts(EDGES, gathered.joint, gathered.amounts, name)
        found["intervals"] = plot_intervals(altitude, gathered.held, name)
        found["columns"] = plot_columns(altitude, gathered.quantiles(_SHARES), name)
        found["overpasses"] = plot_cover(altitude, np.stack(gathered.cover), name)
        zones = np.arange(-90.0, 90.1, ZONE)
        found["zones"] = plot_zones(altitude, zones, gathered.zones, name)
        cells = np.arange(-90.0, 90.1, REGION), np.arange(-180.0, 180.1, REGION)
        found["regions"] = plot_regions(cells, gathered.regions, name)
        if gathered.best is not None and gathered.worst is not None:
            ends = (("best", gathered.best), ("worst", gathered.worst))
            shown = {f"{word}: {e.name}, F1 {e.f1:.2f}": e for word, e in ends}
            found["curtains"] = plot_ice_curtains(altitude, shown)
        return found

    def _details(self, evaluation: Evaluation) -> dict[str, Any]:
        """Those of the task, with what was gathered of levels."""
        found = super()._details(evaluation)
        if self._gathered.cover:
            found["by_level"] = found["by_level"] | self._gathered.by_level()
        return found


def _paths_table(evaluation: Evaluation, paths: dict[str, NDArray[Any]]) -> list[Block]:
    scores, rows = evaluation.scores.overall, list[Sequence[Cell]]()
    for place, lowest in enumerate(paths["lowest"].tolist()):
        name = f"iwp_bias_{lowest:.0e}"
        bias: Cell = Scored(scores[name], name, drawn=True) if name in scores else "-"
        means = (f"{paths[each][place]:.4g}" for each in ("true_mean", "said_mean"))
        words = f"from {lowest:g}" if place else f"below {paths['lowest'][1]:g}"
        cells = (words, f"{int(paths['columns'][place]):,}", *means)
        rows.append((*("-" if cell == "nan" else cell for cell in cells), bias))
    head = ("true path, kg m-2", "columns", "true mean", "said mean", "bias (95 % interval)")
    words = (
        "Paths are sums over the levels; columns count where every level is known. Whoever errs "
        "says on average too much of what is truly thin and too little of what is truly thick, "
        "without being biased over all."
    )
    return [words, Table(head, rows)]


def _intervals(evaluation: Evaluation) -> list[Block]:
    scores = evaluation.scores.overall
    rows = [(title_of(name), Scored(scores[name], name, drawn=True)) for name in _INTERVALS]
    words = (
        "Of 90 % intervals, whether or not there is cloud. Clear sky is one whole step of the "
        "distribution, so an interval that holds it holds all of it: `coverage` counts clear truth "
        "by the share of its ranks that the interval holds, and 0.9 is right."
    )
    return [words, Table(("of the truth", "share (95 % interval)"), rows)]


def _ends(evaluation: Evaluation, lowest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends of the intervals of biases, (decade, 2), NaN where there are none."""
    found = np.full((len(lowest), 2), np.nan)
    for place, each in enumerate(lowest.tolist()):
        score = evaluation.scores.overall.get(f"iwp_bias_{each:.0e}")
        if score is not None and score.low is not None and score.high is not None:
            found[place] = score.low, score.high
    return found

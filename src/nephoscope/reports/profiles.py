"""Figures, tables and sections of a report on cloud at levels of profiles."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.items import Label
from nephoscope.evaluation.overpass import Overpass, overpass_of
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.evaluation.swath import DISTANCE, SwathScores
from nephoscope.evaluation.swath_truth import TRUTHS, SwathTruth
from nephoscope.evaluation.track_distance import EDGES, bin_name
from nephoscope.plots.curtain import plot_curtains
from nephoscope.plots.profile_scores import (
    plot_by_altitude,
    plot_off_track,
    plot_profile_reliability,
    plot_type_confusion,
)
from nephoscope.plots.scores import plot_confusion
from nephoscope.reports.numbers import with_interval
from nephoscope.reports.pictures import Pictures
from nephoscope.reports.sections import Block, Blocks, Cell, Scored, Table
from nephoscope.reports.words import focus_of, label_in_words, stratum_title, title_of
from nephoscope.track import CLOUD_TYPES

OF_A_KIND = ("dice", "precision", "recall", "iou")
BAND = 2000
"""Depth of the layers of the table by altitude, m."""


class ProfilePictures(Pictures):
    """What there is to show of cloud at levels, and off the track; keeps two overpasses."""

    def __init__(self, decision: Any, unit: str) -> None:  # noqa: ANN401 - the task's own
        super().__init__(decision, unit)
        self.best: Overpass | None = None
        self.worst: Overpass | None = None

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Keep the overpasses where cloud is told best and worst."""
        found = overpass_of(sample, variables)
        if found and (self.best is None or found.dice > self.best.dice):
            self.best = found
        if found and (self.worst is None or found.dice < self.worst.dice):
            self.worst = found

    def facts(self, evaluation: Evaluation) -> dict[str, Any]:
        """`details` of classes and levels; `swath`, where simulated scenes were scored."""
        found: dict[str, Any] = {}
        if details := self._details(evaluation):
            altitude = {"altitude": list(map(float, self._altitude))}
            found["details"] = {**_plain(details), **altitude}
        if evaluation.swath is not None:
            found["swath"] = swath_facts(evaluation.swath)
        return found

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """`by_level.csv`, `by_type.csv`, `confusion.csv` and `swath.csv`, where there are."""
        details, found = self._details(evaluation), dict[str, str]()
        if "by_level" in details:
            columns = {"altitude": np.array(self._altitude), **details["by_level"]}
            found["by_level.csv"] = csv_of(columns)
        if "by_type" in details:
            found["by_type.csv"] = csv_of({"type": np.array(CLOUD_TYPES), **details["by_type"]})
            names = dict(zip(CLOUD_TYPES, details["confusion"].T, strict=True))
            found["confusion.csv"] = csv_of({"true": np.array(CLOUD_TYPES), **names})
        if evaluation.swath is not None:
            found["swath.csv"] = _swath_csv(evaluation.swath)
        return found

    def blocks(self, evaluation: Evaluation) -> Blocks:
        """By cloud type, by altitude, and off the track."""
        details, found = self._details(evaluation), dict[str, Sequence[Block]]()
        if "by_type" in details:
            found["type"] = [_types_table(details["by_type"])]
        if "by_level" in details and len(self._altitude):
            found["altitude"] = _altitude_table(np.array(self._altitude), details["by_level"])
        if evaluation.swath is not None:
            found["off_track"] = _off_track(evaluation, evaluation.swath)
        return found

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """By altitude, confusion of types, reliability, and skill over distance from the track."""
        details, name = self._details(evaluation), evaluation.model["name"]
        found = super().figures(evaluation)
        if (levels := details.get("by_level")) and len(self._altitude):
            found["altitude"] = plot_by_altitude(
                np.array(self._altitude),
                levels["precision"],
                levels["recall"],
                levels["dice"],
                levels["true_share"],
                name,
            )
        if "by_type" in details:
            found["types"] = plot_type_confusion(details["confusion"], CLOUD_TYPES, name)
        elif "confusion" in details:
            found["confusion"] = plot_confusion(details["confusion"], name, "voxels")
        if reliability := details.get("reliability"):
            number = next(v for n, v in reliability.items() if n in {"voxels", "columns"})
            error = evaluation.scores.overall["ece" if "voxels" in reliability else "ece_2d"]
            probability, share = reliability["probability"], reliability["cloud_share"]
            found["certainty"] = plot_profile_reliability(
                probability, share, number, error.value or 0.0, name
            )
        if evaluation.swath is not None:
            found["off_track"] = _off_track_figure(evaluation, evaluation.swath)
        typed = "by_type" in details
        for key, each in (("best_case", self.best), ("worst_case", self.worst)):
            if each is not None:
                found[key] = plot_curtains(
                    _curtains(each, np.array(self._altitude)), "type" if typed else "mask",
                    f"{each.name}: Dice {each.dice:.2f}",
                )  # fmt: skip
        return found

    @property
    def _altitude(self) -> Sequence[float]:
        return getattr(self.decision, "altitude", None) or ()

    def _details(self, evaluation: Evaluation) -> dict[str, Any]:
        scores = evaluation.scores
        return dict(evaluation.task.details(scores.sums.total(), scores.decision))


def swath_facts(swath: SwathScores) -> dict[str, Any]:
    """What `scores.json` says of the swath."""
    return {
        "metrics": {name: asdict(score) for name, score in swath.overall.items()},
        **{
            f"by_{name}": {
                str(label): {metric: asdict(score) for metric, score in scores.items()}
                for label, scores in labels.items()
            }
            for name, labels in swath.strata.items()
        },
        "loss": {name: asdict(score) for name, score in swath.loss.items()},
        "off": {name: asdict(score) for name, score in swath.off.items()},
        "scenes": list(swath.units),
        "skipped": swath.skipped,
    }


def _off_track(evaluation: Evaluation, swath: SwathScores) -> list[Block]:
    focus, kind = focus_of(evaluation), TRUTHS[evaluation.task.samples]
    names = [name for name in (*focus.short, *focus.off_track) if name in swath.overall]
    parts: list[Block] = [
        f"{_which(kind)} of {len(swath.units)} simulated scenes beside the truth they were made "
        f"from: {kind.words}. The truth is the same on the track and off it; "
        "it is no radar, so these numbers stand beside one another and not beside those above."
    ]
    for lost, of in (
        (swath.loss, f"edge ({bin_name(EDGES[-2])} pixels)"),
        (swath.off, "all off it"),
    ):
        if lost:
            told = [(title_of(name), with_interval(lost[name], name, "+")) for name in names]
            text = f"Track ({bin_name(EDGES[0])} pixels) less {of}"
            parts.append(Table((text, "lost (95 % interval)"), told))
    for name, labels in swath.strata.items():
        rows: list[tuple[Cell, ...]] = [
            (_label_of(name, label), *(Scored(labels[label][each], each, drawn=not place)
                                       for place, each in enumerate(names)))
            for label in sorted(labels)
        ]  # fmt: skip
        parts.append(Table((stratum_title(name), *map(title_of, names)), rows))
    if swath.skipped:
        parts.append(f"{len(swath.skipped)} scenes could not be scored; `scores.json` says why.")
    return parts


def _which(kind: SwathTruth) -> str:
    if kind.most is None:
        return "Every pixel"
    return f"Pixels (all on the track, and {kind.most:,} at random)"


def _label_of(stratum: str, label: Label) -> str:
    if stratum == DISTANCE:
        return f"{bin_name(int(label))} pixels"
    return label_in_words(stratum, label)


def _off_track_figure(evaluation: Evaluation, swath: SwathScores) -> Figure:
    main, labels = focus_of(evaluation).main, swath.strata[DISTANCE]
    bins = [labels.get(edge, {}).get(main, Score(None, None, None, 0)) for edge in EDGES[:-1]]
    value, low, high = (
        np.array([getattr(each, part) for each in bins], np.float64)
        for part in ("value", "low", "high")
    )
    scores = {evaluation.model["name"]: (value, low, high)}
    what = f"{title_of(main)} against the simulated truth"
    return plot_off_track(np.array(EDGES, np.float64), scores, score=what)


def _curtains(case: Overpass, altitude: NDArray[Any]) -> dict[str, xr.DataArray]:
    """Truth and prediction along an overpass, the highest level first."""
    coords = {
        "height": ("level", altitude),
        "latitude": ("profile", case.latitude),
        "longitude": ("profile", case.longitude),
    }
    order = np.argsort(-altitude)
    pairs = (("truth", case.true), ("prediction", case.said))
    return {
        name: xr.DataArray(values, coords, ("profile", "level")).isel(level=order)
        for name, values in pairs
    }


def _types_table(types: Mapping[str, NDArray[Any]]) -> Table:
    rows = [
        (kind.replace("_", " "), *(_told(types[score][place]) for score in OF_A_KIND),
         f"{types['true_share'][place]:.2%}")
        for place, kind in enumerate(CLOUD_TYPES)
    ]  # fmt: skip
    return Table(("type", *map(title_of, OF_A_KIND), "share of all"), rows)


def _altitude_table(altitude: NDArray[Any], levels: Mapping[str, NDArray[Any]]) -> list[Block]:
    """Layers of `BAND` metres: medians of the levels in them, weighted by nothing."""
    of_ice = ["log_mae"] if "log_mae" in levels else []
    names = ["dice", "precision", "recall", "true_share", "said_share", *of_ice]
    layer, rows = np.floor(altitude / BAND).astype(int), []
    for number in np.unique(layer)[::-1].tolist():
        means = [_mean(levels[name][layer == number]) for name in names]
        low = number * BAND // 1000
        rows.append((f"{low} to {low + BAND // 1000} km", *map(_told, means)))
    head = ["altitude", "Dice", "precision", "recall", "truly cloud", "called cloud"]
    head += map(title_of, of_ice)
    return ["Means of the levels of each layer; `by_level.csv` has all.", Table(head, rows)]


def _mean(values: NDArray[Any]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _told(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "-"


def csv_of(columns: Mapping[str, NDArray[Any]]) -> str:
    """Columns of one length as a table."""
    rows = zip(*(each.tolist() for each in columns.values()), strict=True)
    return _written([list(columns), *([_cell(value) for value in row] for row in rows)])


def _swath_csv(swath: SwathScores) -> str:
    rows: list[list[str]] = [["stratum", "label", "metric", "value", "low", "high", "n"]]
    for stratum, labels in swath.strata.items():
        for label in sorted(labels):
            for metric, score in labels[label].items():
                cells = map(_cell, asdict(score).values())
                rows.append([stratum, str(label), metric, *cells])
    return _written(rows)


def _written(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:  # noqa: ANN401 - a number or a word
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Arrays as lists, NaN as None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value

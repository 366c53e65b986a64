"""Tables of the cards of shipped models: scores, entries of a leaderboard, labels of a stratum.

Not a benchmark by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nephoscope.evaluation.intervals import Score
from nephoscope.models import Model, load_model
from nephoscope.reports.leaderboard import DATA
from nephoscope.reports.markdown import table_of
from nephoscope.reports.numbers import with_interval
from nephoscope.reports.seal import read_scores

Metrics = Mapping[str, Mapping[str, Any]]
Rows = Iterable[Mapping[str, Any]]


def read_all(
    folder: Path, report: Path, site: Path | None
) -> tuple[Model, Mapping[str, Any], Rows]:
    """A model, the scores of its report, and the rows of the leaderboard that holds it.

    Without a leaderboard the rows are those of the report itself, the best first.

    Raises:
        SystemExit: the report is of another model.
    """
    model, scores = load_model(folder), read_scores(report)
    if scores["model"]["weights_sha256"] != model.weights_sha256:
        raise SystemExit("the report is of another model's weights")
    if site is None:
        return model, scores, _own_rows(model, scores)
    tables = json.loads((site / DATA).read_text(encoding="utf-8"))
    table = next(each for each in tables if each["spec_hash"] == scores["spec_hash"])
    return model, scores, table["rows"]


def _own_rows(model: Model, scores: Mapping[str, Any]) -> Rows:
    mine = {"name": model.name, "kind": "model", "parameters": model.info["parameters"]}
    baselines = [
        {"name": name, "kind": "baseline", "metrics": each["metrics"]}
        for name, each in reversed(scores["baselines"].items())
    ]
    return [mine | {"metrics": scores["metrics"]}, *baselines]


def scores_table(metrics: Metrics, titles: Mapping[str, str]) -> str:
    """Scores below each other, with their intervals."""
    rows = ([title, shown(metrics, name)] for name, title in titles.items())
    return table_of(["score", "value (95 % interval)"], rows)


def entries_table(
    entries: Rows, titles: Mapping[str, str], names: Sequence[str], behind: str
) -> str:
    """Methods on the same samples, the best first.

    Args:
        entries: rows of a leaderboard.
        titles: name of a score → what it is called.
        names: of the scores that are shown.
        behind: title of the paired difference to the first.
    """
    return table_of(
        ["method", "parameters", *(titles[name] for name in names), behind],
        (
            [
                each["name"] + (" (baseline)" if each["kind"] == "baseline" else ""),
                f"{each['parameters']:,}" if each.get("parameters") else "-",
                *(shown(each["metrics"], name) for name in names),
                shown(each, "behind") if each.get("behind") else "-",
            ]
            for each in entries
        ),
    )


def labels_table(
    found: Mapping[str, Metrics],
    labels: Mapping[str, str],
    titles: Mapping[str, str],
    names: Sequence[str],
    head: str,
) -> str:
    """Scores of some labels of a stratum, those that there are, in the order of `labels`."""
    return table_of(
        [head, *(titles[name] for name in names)],
        (
            [title, *(shown(found[key], name) for name in names)]
            for key, title in labels.items()
            if key in found
        ),
    )


def shown(scores: Metrics, name: str, interval: bool = True) -> str:
    """A score as the cards write it."""
    value, low, high = (scores[name].get(key) for key in ("value", "low", "high"))
    if not interval:
        low = high = None
    return with_interval(Score(value, low, high, scores[name]["n"]), name)

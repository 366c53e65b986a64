"""Write the card of the shipped Mars model from what was measured; nothing in it is typed by hand.

    nephoscope evaluate MODEL mars.zarr --split validation -o report
    python -m benchmarks.leave_days_out mars.zarr -o study
    nephoscope simulate mars -o simulated --scenes 5
    nephoscope build mars simulated/label -o simulated.zarr
    nephoscope evaluate MODEL simulated.zarr -o simulated-report
    python -m benchmarks.model_card MODEL report study simulated-report

fills `benchmarks/mars_card.md` and writes it as `MODEL/card.md`, with `MODEL/calibration.png`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from nephoscope.files import write_bytes, write_text
from nephoscope.models import Model, load_model
from nephoscope.reports.markdown import table_of
from nephoscope.reports.words import band_name

TEMPLATE = Path(__file__).with_name("mars_card.md")
COLUMNS = ("f1", "iou", "precision", "recall", "auc", "ece")
HEADS = {"f1": "F1", "iou": "IoU", "auc": "AUC", "ece": "calibration error"}

Metrics = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Write the card and the figure beside it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("report", type=Path, help="evaluation on the validation maps")
    parser.add_argument("study", type=Path, help="what leave_days_out wrote")
    parser.add_argument("simulated", type=Path, help="evaluation on simulated maps")
    options = parser.parse_args()
    scores, study, simulated = (
        json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        for folder in (options.report, options.study, options.simulated)
    )
    model = load_model(options.model)
    for each in (scores, simulated):
        if each["model"]["weights_sha256"] != model.weights_sha256:
            raise SystemExit(f"{each['command']}: is of another model's weights")
    write_text(options.model / "card.md", fill_card(model, scores, study, simulated))
    write_bytes(
        options.model / "calibration.png", (options.report / "reliability.png").read_bytes()
    )


def fill_card(
    model: Model, scores: Mapping[str, Any], study: Mapping[str, Any], simulated: Mapping[str, Any]
) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the validation maps.
        study: `scores.json` of `benchmarks.leave_days_out`.
        simulated: `scores.json` of the evaluation on simulated maps.
    """
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts_of(model, scores, "maps"),
        ece=_interval(scores["metrics"]["ece"]),
        ways=_table("inputs", {way.replace("_", " "): row for way, row in scores["ways"].items()}),
        days=_table("map", scores["by_day"], plain=True),
        latitudes=_table("latitude", _bands(scores["by_latitude"]), plain=True),
        reliability=_reliability(scores["reliability"]),
        folds=study["folds"],
        study_days=study["days"],
        study_steps=f"{study['steps']:,}",
        steps=f"{model.info['steps']:,}",
        study=_table("inputs", {way.replace("_", " "): row for way, row in study["ways"].items()}),
        simulated=_interval(simulated["metrics"]["f1"]),
        simulated_maps=len(simulated["spec"]["maps"]),
    )


def facts_of(model: Model, scores: Mapping[str, Any], unit: str) -> dict[str, str]:
    """What every card says of a model and of the samples it was scored on.

    Args:
        model: what the card is about.
        scores: `scores.json` of the evaluation on the validation samples.
        unit: what a sample is called, in the plural.
    """

    def span(ids: Sequence[str]) -> str:
        return f"{ids[0]} to {ids[-1]} ({len(ids)} {unit})"

    return {
        "name": model.name,
        "sha256": model.weights_sha256,
        "samples": scores["spec"]["samples"],
        "threshold": f"{model.threshold:.3f}",
        "parameters": f"{model.info['parameters']:,}",
        "train": span(model.info["split"]["train"]),
        "validation": span(model.info["split"]["validation"]),
        "scored": span(scores["spec"]["maps"]),
        "pixels": f"{scores['metrics']['f1']['n']:,}",
    }


def _bands(bands: Mapping[str, Metrics]) -> dict[str, Metrics]:
    return {band_name(int(band)): bands[band] for band in sorted(bands, key=int, reverse=True)}


def _table(first: str, rows: Mapping[str, Metrics], plain: bool = False) -> str:
    shown = _value if plain else _interval
    return table_of(
        [first, *(HEADS.get(name, name) for name in COLUMNS)],
        ([name, *(shown(row[column]) for column in COLUMNS)] for name, row in rows.items()),
    )


def _reliability(rows: Sequence[Mapping[str, float]]) -> str:
    total = sum(row["pixels"] for row in rows)
    lines = [
        f"| {row['probability']:.3f} | {row['cloud_share']:.3f} | {row['pixels'] / total:.2%} |"
        for row in rows
    ]
    return "\n".join(["| stated | labelled cloudy | pixels |", "|---|---|---|", *lines])


def _value(score: Mapping[str, Any]) -> str:
    return "-" if score["value"] is None else f"{score['value']:.3f}"


def _interval(score: Mapping[str, Any]) -> str:
    if score["low"] is None:
        return _value(score)
    return f"{_value(score)} ({score['low']:.3f} to {score['high']:.3f})"


if __name__ == "__main__":
    main()

"""Write the card of the shipped colour-sky model from what was measured.

    nephoscope evaluate MODEL sky.zarr --split validation -o report
    python -m benchmarks.sky_shifts MODEL sky.zarr -o shifts
    python -m benchmarks.sky_card MODEL report shifts

fills `benchmarks/sky_card.md` and writes it as `MODEL/card.md`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.model_card import HEADS, facts_of
from nephoscope.files import write_text
from nephoscope.models import Model, load_model
from nephoscope.reports.markdown import table_of

TEMPLATE = Path(__file__).with_name("sky_card.md")
COLUMNS = ("f1", "mean_iou", "accuracy", "precision", "recall", "auc", "ece")


def main() -> None:
    """Write the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("report", type=Path, help="evaluation on the validation frames")
    parser.add_argument("shifts", type=Path, help="what sky_shifts wrote")
    parser.add_argument("--baselines", type=Path, help="take them from another report")
    options = parser.parse_args()
    scores, shifts = (
        json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        for folder in (options.report, options.shifts)
    )
    model = load_model(options.model)
    known = {scores["model"]["weights_sha256"], shifts["weights_sha256"]}
    if known != {model.weights_sha256}:
        raise SystemExit("the report or the shifts are of another model's weights")
    if options.baselines is not None:
        other = json.loads((options.baselines / "scores.json").read_text(encoding="utf-8"))
        if other["spec"]["samples"] != scores["spec"]["samples"]:
            raise SystemExit("the baselines are of other samples")
        scores["baselines"] = other["baselines"]
    write_text(options.model / "card.md", fill_card(model, scores, shifts))


def fill_card(model: Model, scores: Mapping[str, Any], shifts: Mapping[str, Any]) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the validation frames.
        shifts: `scores.json` of `benchmarks.sky_shifts`.
    """
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts_of(model, scores, "frames"),
        scores=_scores(scores["metrics"], scores["baselines"]),
        changed_frames=shifts["frames"],
        changes=_changes(shifts["changes"]),
    )


def _scores(full: Mapping[str, Any], baselines: Mapping[str, Any]) -> str:
    columns = [column for column in COLUMNS if column in full]
    head = ["method", *({**HEADS, "mean_iou": "mean IoU"}.get(name, name) for name in columns)]
    methods = {"this model": full}
    for name, row in baselines.items():
        methods[f"{name} (baseline)"] = row.get("metrics", row)
    return table_of(
        head, ([name, *(_value(row[c]) for c in columns)] for name, row in methods.items())
    )


def _value(score: Mapping[str, Any]) -> str:
    if score["value"] is None:
        return "-"
    interval = "" if score.get("low") is None else f" ({score['low']:.3f} to {score['high']:.3f})"
    return f"{score['value']:.4f}{interval}"


def _changes(rows: Mapping[str, Mapping[str, float]]) -> str:
    lines = [f"| {name} | {row['f1']:.3f} | {row['accuracy']:.3f} |" for name, row in rows.items()]
    return "\n".join(["| frames | F1 | accuracy |", "|---|---|---|", *lines])


if __name__ == "__main__":
    main()

"""Write the card of the shipped colour-sky model from what was measured.

    nephoscope evaluate MODEL sky.zarr --split validation -o report
    python -m benchmarks.sky_shifts MODEL sky.zarr -o shifts
    python -m benchmarks.sky_domains ... --model MODEL -o domains
    python -m benchmarks.sky_domains ... --model OTHER -o unseen
    python -m benchmarks.sky_card MODEL report shifts domains unseen

where OTHER was trained alike, but for the pictures of other cameras: those it has not seen. It
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
from benchmarks.sky_domains import FORMULA_NAMES
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
    parser.add_argument("domains", type=Path, help="what sky_domains wrote of the model")
    parser.add_argument("unseen", type=Path, help="and of one that has not seen the pictures")
    parser.add_argument("--baselines", type=Path, help="take them from another report")
    options = parser.parse_args()
    scores, shifts, domains, unseen = (
        json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        for folder in (options.report, options.shifts, options.domains, options.unseen)
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
    write_text(options.model / "card.md", fill_card(model, scores, shifts, domains, unseen))


def fill_card(
    model: Model,
    scores: Mapping[str, Any],
    shifts: Mapping[str, Any],
    domains: Mapping[str, Any],
    unseen: Mapping[str, Any],
) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the validation frames.
        shifts: `scores.json` of `benchmarks.sky_shifts`.
        domains: `scores.json` of `benchmarks.sky_domains`.
        unseen: the same of a model that was not trained on the pictures.
    """
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts_of(model, scores, "frames"),
        scores=_scores(scores["metrics"], scores["baselines"]),
        changed_frames=shifts["frames"],
        changes=_changes(shifts["changes"]),
        domains=_domains(domains, unseen),
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


def _domains(domains: Mapping[str, Any], unseen: Mapping[str, Any]) -> str:
    """F1, mean IoU and calibration error of both models and of the formulas on each domain."""
    head = ["domain", "this model", "without the pictures", *FORMULA_NAMES]
    rows = []
    for name, mine in domains.items():
        (own,) = (row for method, row in mine.items() if method not in FORMULA_NAMES)
        (other,) = (row for method, row in unseen[name].items() if method not in FORMULA_NAMES)
        cells = [_three(row) for row in (own, other)]
        rows.append([name, *cells, *(_three(mine[formula], False) for formula in FORMULA_NAMES)])
    return table_of(head, rows)


def _three(row: Mapping[str, float], calibrated: bool = True) -> str:
    names = ("f1", "mean_iou", "ece")[: 3 if calibrated else 2]
    return ", ".join(f"{row[name]:.3f}" for name in names)


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

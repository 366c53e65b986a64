"""Write the card of the shipped colour-sky model from what was measured.

    nephoscope evaluate MODEL sky.zarr --split validation -o report
    python -m benchmarks.sky_shifts MODEL sky.zarr -o shifts
    python -m benchmarks.sky_domains ... --model MODEL -o domains
    python -m benchmarks.sky_domains --pictures HYTA --half second --model FIRST -o by-first
    python -m benchmarks.sky_domains --pictures HYTA --half first --model SECOND -o by-second
    python -m benchmarks.sky_card MODEL report shifts domains by-first by-second

where FIRST and SECOND have learned from one half of the pictures of other cameras each (see
`benchmarks.sky_start --half`), and are scored on the other, which they have not seen. It fills
`benchmarks/sky_card.md` and writes it as `MODEL/card.md`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.model_card import HEADS, facts_of
from benchmarks.sky_domains import FORMULA_NAMES, HALVES
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
    parser.add_argument("halves", type=Path, nargs=2, help="of models that have not seen that half")
    parser.add_argument("--baselines", type=Path, help="take them from another report")
    options = parser.parse_args()
    scores, shifts, domains, *halves = (
        json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        for folder in (options.report, options.shifts, options.domains, *options.halves)
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
    write_text(options.model / "card.md", fill_card(model, scores, shifts, domains, halves))


def fill_card(
    model: Model,
    scores: Mapping[str, Any],
    shifts: Mapping[str, Any],
    domains: Mapping[str, Any],
    halves: Sequence[Mapping[str, Any]],
) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the validation frames.
        shifts: `scores.json` of `benchmarks.sky_shifts`.
        domains: `scores.json` of `benchmarks.sky_domains`.
        halves: the same of pictures that a model has not seen, by two models.
    """
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts_of(model, scores, "frames"),
        scores=_scores(scores["metrics"], scores["baselines"]),
        changed_frames=shifts["frames"],
        changes=_changes(shifts["changes"]),
        domains=_domains(domains, halves),
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


def _domains(domains: Mapping[str, Any], halves: Sequence[Mapping[str, Any]]) -> str:
    """F1, mean IoU and calibration error of the model and of the formulas on each domain."""
    rows = [_row(name, found) for name, found in domains.items()]
    for learned, half in zip(HALVES, halves, strict=True):
        rows.append(_row(f"a half of them, by a model of the {learned} half", half["pictures"]))
    return table_of(["domain", "model", *FORMULA_NAMES], rows)


def _row(name: str, found: Mapping[str, Any]) -> list[str]:
    (own,) = (row for method, row in found.items() if method not in FORMULA_NAMES)
    return [name, _three(own), *(_three(found[formula], False) for formula in FORMULA_NAMES)]


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

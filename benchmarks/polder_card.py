"""Write the card of the shipped POLDER model from what was measured.

    nephoscope evaluate MODEL test.zarr --baselines-from train.zarr --swath TEST -o report
    nephoscope leaderboard report OTHER_REPORT ... -o site
    python -m benchmarks.polder_card MODEL report site

fills `benchmarks/polder_card.md` and writes it as `MODEL/card.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.cards import entries_table, labels_table, read_all, scores_table, shown
from nephoscope.files import write_text
from nephoscope.models import Model
from nephoscope.reports.markdown import table_of

TEMPLATE = Path(__file__).with_name("polder_card.md")
TRACK = {
    "dice": "Dice", "micro_dice": "Dice of types", "miou_2d": "mIoU of columns",
    "top_mae": "error of the top, m", "top_mae_found": "where found, m", "top_found": "tops found",
    "base_mae": "error of the base, m", "multilayer_dice": "Dice of multi-layer", "ece": "ECE",
}  # fmt: skip
SHORT = ("dice", "miou_2d", "top_mae", "ece")
OF_TYPES = ("dice", "precision", "recall")
DISTANCES = {
    "0": "0 to 3, the track",
    "10": "10 to 20",
    "30": "30 to 60",
    "90": "90 to 132, the edge",
}


def main() -> None:
    """Write the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("report", type=Path, help="evaluation on the test orbits, with --swath")
    parser.add_argument("site", type=Path, help="leaderboard of that report and those of others")
    options = parser.parse_args()
    model, scores, entries = read_all(options.model, options.report, options.site)
    write_text(options.model / "card.md", fill_card(model, scores, entries))


def fill_card(model: Model, scores: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the test orbits, with the swath.
        entries: rows of the leaderboard's table of the same samples.
    """
    info, swath = model.info, scores["swath"]
    parent = info.get("parent")
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=model.name,
        sha256=model.weights_sha256,
        parameters=f"{info['parameters']:,}",
        samples=info["samples_id"],
        train=_orbits(info["split"]["train"]),
        validation=_orbits(info["split"]["validation"]),
        test=len(scores["by_day"]),
        profiles=f"{scores['metrics']['dice']['n']:,}",
        steps=f"{info['steps']:,}",
        parent=_parent(parent),
        threshold=f"{model.decision.threshold:.3f}",
        column=f"{model.decision.column_threshold:.3f}",
        track=scores_table(scores["metrics"], TRACK),
        entries=entries_table(entries, TRACK, SHORT, "Dice less the first's"),
        swath=labels_table(swath["by_distance"], DISTANCES, TRACK, SHORT, "pixels from the track"),
        lost=shown(swath["loss"], "dice"),
        scenes=len(swath["scenes"]),
        types=_types(scores["metrics"]),
    )


def _orbits(ids: Iterable[str]) -> str:
    """Half orbits of samples: an id is that of its half orbit and a number."""
    return f"{len({name.rpartition('_')[0] for name in ids})} half orbits"


def _parent(parent: Mapping[str, Any] | None) -> str:
    if parent is None:
        return "It began from random weights."
    return (
        f"It began from weights (sha256 `{parent['weights_sha256'][:16]}…`) that learned the "
        "simulator's own truth at random pixels of the swath of the same half orbits. **No archive "
        "has such truth**; without it the edge of the swath is worse: no track has its geometry."
    )


def _types(metrics: Mapping[str, Any]) -> str:
    names = [name.removeprefix("dice_") for name in metrics if name.startswith("dice_")]
    kinds = [name for name in names if name != "2d"]
    return table_of(
        ["type", "Dice", "precision", "recall"],
        (
            [kind.replace("_", " "), *(shown(metrics, f"{s}_{kind}", False) for s in OF_TYPES)]
            for kind in kinds
        ),
    )


if __name__ == "__main__":
    main()

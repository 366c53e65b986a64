"""Write the card of the shipped SEVIRI model from what was measured.

    nephoscope evaluate MODEL test.zarr --baselines-from train.zarr --swath TEST -o report
    python -m benchmarks.seviri_card MODEL report [site]

fills `benchmarks/seviri_card.md` and writes it as `MODEL/card.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.cards import Rows, entries_table, labels_table, read_all, scores_table, shown
from nephoscope.files import write_text
from nephoscope.models import Model

TEMPLATE = Path(__file__).with_name("seviri_card.md")
TRACK = {
    "f1": "F1 of cloud", "precision": "precision", "recall": "recall",
    "log_mae": "error of log10 IWC, median in cloud",
    "log_mae_p50": "error of log10 IWC, published median",
    "number_log_mae": "error of log10 number", "iwp_bias": "bias of the path",
    "coverage": "90 % intervals of IWC hold", "iwp_coverage": "90 % intervals of the path hold",
    "crps_log": "CRPS of log10(1 + IWC / 1e-7)", "r_linear": "correlation of IWC",
    "f1_2d": "F1 of icy columns", "top_mae": "error of the top, m", "ece": "calibration error",
}  # fmt: skip
SHORT = ("f1", "log_mae", "log_mae_p50", "iwp_bias", "coverage", "top_mae")
LIGHT = {"day": "day", "twilight": "twilight", "night": "night"}
ANGLES = {f"{angle}": f"{angle} to {angle + 10}°" for angle in range(0, 70, 10)}
DEPTHS = {"below 0.3": "below 0.3, clear columns too", "from 0.3": "from 0.3"}
DISTANCES = {
    "0": "0 to 3, the track",
    "10": "10 to 20",
    "30": "30 to 60",
    "90": "90 to 132",
}


def main() -> None:
    """Write the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("report", type=Path, help="evaluation on the test regions, with --swath")
    site = "leaderboard of that report and those of others; without it: its own baselines"
    parser.add_argument("site", type=Path, nargs="?", help=site)
    options = parser.parse_args()
    model, scores, entries = read_all(options.model, options.report, options.site)
    write_text(options.model / "card.md", fill_card(model, scores, entries))


def fill_card(model: Model, scores: Mapping[str, Any], entries: Rows) -> str:
    """The card's text.

    Args:
        model: what it is about.
        scores: `scores.json` of the evaluation on the test regions, with the swath.
        entries: rows of the leaderboard's table of the same samples.
    """
    info, swath = model.info, scores["swath"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=model.name,
        sha256=model.weights_sha256,
        parameters=f"{info['parameters']:,}",
        samples=info["samples_id"],
        train=_days(info["split"]["train"]),
        validation=_days(info["split"]["validation"]),
        test=len(scores["by_day"]),
        points=f"{scores['metrics']['f1']['n']:,}",
        steps=f"{info['steps']:,}",
        parent=_parent(info.get("parent")),
        threshold=f"{model.decision.threshold:.3f}",
        track=scores_table(scores["metrics"], TRACK),
        entries=entries_table(entries, TRACK, SHORT, "F1 less the first's"),
        light=labels_table(scores["by_daylight"], LIGHT, TRACK, SHORT, "light"),
        angle=labels_table(
            scores["by_satellite_zenith"], ANGLES, TRACK, SHORT, "satellite's zenith angle"
        ),
        scenes=len(swath["scenes"]),
        lost=shown(swath["off"], "f1"),
        swath=labels_table(swath["by_distance"], DISTANCES, TRACK, SHORT, "pixels from the track"),
        depth=labels_table(swath["by_optical_depth"], DEPTHS, TRACK, SHORT, "optical depth"),
    )


def _days(ids: Iterable[str]) -> str:
    """Regions of samples, each of another day: an id begins with satellite and time."""
    return f"{len({name.partition('-')[2][:8] for name in ids})} regions, each of another day"


def _parent(parent: Mapping[str, Any] | None) -> str:
    if parent is None:
        return "It began from random weights."
    return (
        f"It began from weights (sha256 `{parent['weights_sha256'][:16]}…`) that learned the "
        "simulator's own truth at random pixels of the same pictures. **No archive has such "
        "truth.**"
    )


if __name__ == "__main__":
    main()

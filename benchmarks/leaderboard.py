"""Entries of the shipped models on a leaderboard: simulated scenes of fixed seeds, scored.

    python -m benchmarks.leaderboard OUT [MODEL ...]

OUT then holds `raw`, `samples`, `reports` by model, and `site/index.html`. What is there is kept:
a run that was stopped goes on. Minutes on one core.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nephoscope.models import list_models


@dataclass(frozen=True)
class Entry:
    """What a shipped model is scored on.

    Attributes:
        seed: of the scenes; no model was trained on it.
        simulate: words of `nephoscope simulate`.
        evaluate: further words of `nephoscope evaluate`.
    """

    seed: int
    simulate: tuple[str, ...]
    evaluate: tuple[str, ...] = ("--no-baselines",)


ENTRIES = {
    "mars": Entry(7101, ("mars", "--scenes", "3", "--flavour", "both")),
    "sky-state": Entry(7102, ("sky", "--scenes", "40"), ()),
    "sky-thermal": Entry(7102, ("sky", "--scenes", "40"), ()),
    "sky-colour": Entry(7103, ("sky", "--scenes", "20", "--flavour", "colour"), ()),
    "polder": Entry(7104, ("polder", "--scenes", "3", "--size", "160")),
    "seviri": Entry(7105, ("seviri", "--scenes", "4", "--size", "160")),
}
"""Shipped model → its scenes."""


def main() -> None:
    """Make the entries and the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="*", default=list_models())
    given = parser.parse_args()
    reports = [_report(given.out, name) for name in given.models]
    _nephoscope("leaderboard", *reports, "-o", given.out / "site")


def _report(out: Path, name: str) -> Path:
    """The report of a model, made where it is not there."""
    entry, report = ENTRIES[name], out / "reports" / name
    samples = out / "samples" / f"{name}.zarr"
    if not samples.exists():
        raw = out / "raw" / f"{entry.simulate[0]}-{entry.seed}"
        _nephoscope("simulate", *entry.simulate, "--seed", entry.seed, "-o", raw)
        _nephoscope("build", name, raw, "-o", samples)
    if not (report / "scores.json").exists():
        _nephoscope("evaluate", name, samples, "--split", "all", "-o", report, *entry.evaluate)
    return report


def _nephoscope(*words: object) -> None:
    """Run a verb; its failure is this script's."""
    command = [sys.executable, "-m", "nephoscope", *map(str, words)]
    print(" ".join(["nephoscope", *command[3:]]), flush=True)  # noqa: T201 - a script
    if code := subprocess.run(command, check=False).returncode:  # noqa: S603 - our own verbs
        sys.exit(code)


if __name__ == "__main__":
    main()

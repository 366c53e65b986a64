"""Sealed reports of models of masks, as a leaderboard takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.reports.page import PAGE, head_of
from nephoscope.reports.seal import COUNTS, SCORES, sealed, spec_hash

SPEC = {"task": "mask", "samples": "s" * 64, "split": "test", "maps": ["a", "b"], "mask_rule": "x"}


def write(folder: Path, name: str, f1: float, **other: Any) -> Path:
    """A sealed report of a model of masks."""
    spec = other.pop("spec", SPEC)
    content = {
        "spec": spec,
        "spec_hash": spec_hash(spec),
        "metrics": {
            "f1": {"value": f1, "low": f1 - 0.01, "high": f1 + 0.01, "n": 100},
            "ece": {"value": 1 - f1, "low": None, "high": None, "n": 100},
        },
        "baselines": {},
        "model": {"name": name, "weights_sha256": name.ljust(64, "0"), "parameters": 1234},
        "seen": {"train": 0, "validation": 0},
        "command": f"nephoscope evaluate {name}",
        "nephoscope": "0.1.0",
        **other,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(f"{head_of()}<title>{name!a}</title>")
    if not (folder / COUNTS).exists():
        np.savez(folder / COUNTS, unit=np.zeros(0, np.str_), counts=np.zeros((0, 1), np.int64))
    (folder / SCORES).write_text(json.dumps(sealed(content, folder)))
    return folder

"""`simulation.json`: what made the files of a folder, so that one folder holds one simulation."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nephoscope.errors import UsageError
from nephoscope.files import write_text

SIDECAR = "simulation.json"


def write_sidecar(out: Path, simulator: str, **facts: Any) -> None:
    """Write `simulation.json`; a folder that holds the same simulation may be written on.

    Args:
        out: folder, made if need be.
        simulator: `mars`, `sky`, `polder` or `seviri`.
        facts: seed, limits and whatever else the files follow from.

    Raises:
        UsageError: the folder holds another simulation.
        OutputError: it cannot be written.
    """
    whole = {
        "simulator": f"nephoscope.simulate.{simulator}",
        "nephoscope": version("nephoscope"),
        **facts,
    }
    path = out / SIDECAR
    if not path.exists():
        write_text(path, json.dumps(whole, indent=2) + "\n")
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): choose another folder") from error
    if known != whole:
        raise UsageError(f"{out} holds another simulation (see {path}): choose another folder")

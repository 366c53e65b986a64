"""YAML files of recipes, models and runs, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# That of libyaml, where it is there, is ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - plain values
    """What a YAML file holds.

    Raises:
        OSError, UnicodeDecodeError, yaml.YAMLError: it cannot be read.
    """
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - both are safe

"""The parameters of a network, in a safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from nephoscope.errors import InputError

WEIGHTS = "weights.safetensors"


def read_weights(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The parameters in a safetensors file, by name.

    Raises:
        InputError: the file cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(path, f"cannot be read as weights: {error}") from error

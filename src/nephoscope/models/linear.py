"""Weights of a model, read by numpy; of a linear classifier of whole frames nothing else is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import InputError

if TYPE_CHECKING:
    from nephoscope.models.folder import Model

Floats = npt.NDArray[np.float32]
LINEAR = "linear"
"""Name of the network in a recipe."""
METHODS = ("logistic", "ridge", "svm", "perceptron")
"""By which one is fitted: see `nephoscope.learn.linear`."""
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


class LinearEngine:
    """Scores of whole frames.

    Args:
        model: whose network is `LINEAR`.

    Raises:
        InputError: the weights cannot be read, or are not one for each number and a bias.
    """

    def __init__(self, model: Model) -> None:
        self._mean, self._std = np.array([*model.normalisation.values()], np.float32).T
        path = model.folder / WEIGHTS
        weights = read_weights(path)
        if {name: value.ndim for name, value in weights.items()} != {"weight": 1, "bias": 1}:
            raise InputError(path, "are not those of a linear classifier")
        self._weight, self._bias = weights["weight"], weights["bias"]

    def run(self, inputs: Floats, wanted: object = None) -> Floats:
        """(batch, feature, y, x) float32 → scores (batch, 1) float32.

        Raises:
            ValueError: there are not as many numbers as weights.
        """
        scaled = (inputs - self._mean[:, None, None]) / self._std[:, None, None]
        scores = [each.ravel() @ self._weight + self._bias for each in scaled]
        return np.array(scores, np.float32)

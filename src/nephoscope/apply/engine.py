"""Engines: what runs a network over one batch of inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from nephoscope.apply.cascade import EVERYWHERE, Window, cascade_of
from nephoscope.apply.on_device import PROCESSOR, TorchEngine, device
from nephoscope.errors import UsageError
from nephoscope.models.compiled import open_compiled
from nephoscope.models.folder import has_first_stage
from nephoscope.models.linear import LINEAR, LinearEngine

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]


class Engine(Protocol):
    """(batch, feature, y, x) float32 → logits (batch, output, y, x) float32; thread-safe."""

    def run(self, inputs: FloatArray, wanted: Window = EVERYWHERE) -> FloatArray:
        """Run the network once; beyond the rows and columns `wanted` logits need not be exact.

        A compiled network may leave out the margin of the recipe's tiles: see `Apply.margin`.
        """
        ...


def open_engine(model: Model) -> Engine:
    """Make the engine of a loaded model; each call of `run` works in one thread.

    Raises:
        InputError: the model's network file cannot be loaded.
        UsageError: the device that is asked for cannot be used.
    """
    if model.recipe.network.name == LINEAR:
        return LinearEngine(model)
    if device() != PROCESSOR:
        return TorchEngine(model, device())
    if has_first_stage(model.recipe):
        return cascade_of(model)
    return OnnxEngine(model.onnx_path)


class OnnxEngine:
    """The exported network in ONNX Runtime, on the processor."""

    def __init__(self, path: Path) -> None:
        self._session = open_compiled(path)
        inputs = self._session.get_inputs()[0]
        self._input, self._sides = inputs.name, inputs.shape[2:]

    def run(self, inputs: FloatArray, wanted: Window = EVERYWHERE) -> FloatArray:
        """Run the network once, on all that it is given.

        Raises:
            UsageError: it takes pictures of one size, and these are of another.
        """
        for side, wanted in zip(inputs.shape[2:], self._sides, strict=True):
            if isinstance(wanted, int) and side != wanted:
                shape = " x ".join(map(str, self._sides))
                raise UsageError(f"the model takes {shape} pixels, not {inputs.shape[2:]}")
        outputs: FloatArray = self._session.run(None, {self._input: inputs})[0]
        return outputs

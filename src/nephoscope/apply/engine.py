"""What runs a network over one batch of inputs: ONNX Runtime, or torch where that is wanted."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.extras import need
from nephoscope.models.compiled import open_compiled
from nephoscope.models.linear import LINEAR, LinearEngine

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
ENGINES = ("onnx", "torch")


class Engine(Protocol):
    """(batch, feature, y, x) float32 → logits (batch, output, y, x) float32; thread-safe."""

    def run(self, inputs: FloatArray) -> FloatArray:
        """Run the network once."""
        ...


def open_engine(model: Model, kind: str = "onnx", threads: int = 1) -> Engine:
    """Make an engine for a loaded model.

    Args:
        model: the model.
        kind: `onnx` (fast) or `torch` (the network as it was trained).
        threads: threads inside one call of `run`.

    Raises:
        UsageError: no such engine.
        InputError: the model's network file cannot be loaded.
        MissingExtraError: torch is wanted, and is not installed.
    """
    if kind in ENGINES and model.recipe.network.name == LINEAR:
        return LinearEngine(model)
    if kind == "onnx":
        return OnnxEngine(model.onnx_path, threads)
    if kind == "torch":
        return TorchEngine(model, threads)
    raise UsageError(f"no engine '{kind}'; there are: {', '.join(ENGINES)}")


class OnnxEngine:
    """The exported network in ONNX Runtime, on the processor."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_compiled(path, threads)
        inputs = self._session.get_inputs()[0]
        self._input, self._sides = inputs.name, inputs.shape[2:]

    def run(self, inputs: FloatArray) -> FloatArray:
        """Run the network once.

        Raises:
            UsageError: it takes pictures of one size, and these are of another.
        """
        for side, wanted in zip(inputs.shape[2:], self._sides, strict=True):
            if isinstance(wanted, int) and side != wanted:
                shape = " x ".join(map(str, self._sides))
                raise UsageError(f"the model takes {shape} pixels, not {inputs.shape[2:]}")
        outputs: FloatArray = self._session.run(None, {self._input: inputs})[0]
        return outputs


class TorchEngine:
    """A copy of the network as it was trained, on a GPU if there is one."""

    def __init__(self, model: Model, threads: int) -> None:
        need("engine 'torch'", "train")
        import torch

        self._threads = threads
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = copy.deepcopy(model.network).to(self._device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, inputs: FloatArray) -> FloatArray:
        """Run the network once."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)  # of the whole process: the caller's comes back
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(inputs).to(self._device)
                batch = batch.contiguous(memory_format=torch.channels_last)
                outputs: FloatArray = self._network(batch).float().cpu().numpy()
        finally:
            torch.set_num_threads(before)
        return outputs

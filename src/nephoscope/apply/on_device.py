"""Networks on another device than the processor, by torch; nothing else of a run is there."""

from __future__ import annotations

import os
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nephoscope.apply.cascade import EVERYWHERE, Window
from nephoscope.errors import UsageError
from nephoscope.extras import need

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
DEVICE = "NEPHOSCOPE_DEVICE"
"""Variable that names the device of networks; processes that are started inherit it."""
PROCESSOR = "cpu"


def device() -> str:
    """Where networks run, as torch writes it: `cpu`, `cuda`, `cuda:1`, `mps`."""
    return os.environ.get(DEVICE) or PROCESSOR


def use_device(name: str) -> None:
    """Run networks there from now on, here and in processes that are started.

    Raises:
        UsageError: torch does not know such a device, or does not find it here.
    """
    if name != PROCESSOR:
        _check(name)
    os.environ[DEVICE] = name


def _check(name: str) -> None:
    need(f"a network on {name}", "train")
    import torch

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(f"--device {name}: torch cannot use it here: {why}") from error


class TorchEngine:
    """A model's network in 32 bits on a device.

    A network of two stages judges every pixel here: there is power enough, and where the first
    stage is sure the two say nearly the same.

    Args:
        model: the loaded model.
        where: the device.

    Raises:
        UsageError: torch cannot use the device.
        InputError: the weights do not fit the recipe's network.
    """

    def __init__(self, model: Model, where: str) -> None:
        import torch

        _check(where)
        self._device = torch.device(where)
        self._margin = model.recipe.apply.margin
        network = deepcopy(model.network).to(self._device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, inputs: FloatArray, wanted: Window = EVERYWHERE) -> FloatArray:
        """Run the network once, or twice on halves of what is too much for the device's memory.

        Raises:
            UsageError: a single tile is too much.
        """
        import torch

        try:
            with torch.inference_mode():
                given = torch.from_numpy(inputs).to(self._device)
                found: FloatArray = self._network(given, margin=self._margin).float().cpu().numpy()
                return found
        except torch.OutOfMemoryError as error:
            if len(inputs) == 1:
                rows, cols = inputs.shape[2:]
                problem = f"too little memory on {self._device} for a tile of {rows} x {cols}"
                raise UsageError(f"{problem}: end what else runs there, or --device cpu") from error
        middle = len(inputs) // 2
        return np.concatenate(
            [self.run(inputs[:middle], wanted), self.run(inputs[middle:], wanted)]
        )

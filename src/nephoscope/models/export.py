"""The network compiled to ONNX, for any batch, height and width, and checked against torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from nephoscope.errors import OutputError, UsageError
from nephoscope.models.compiled import try_compiled
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks.blocks import without_margin
from nephoscope.networks.cascade import Judge, Look
from nephoscope.networks.pixel import COARSE, PixelNet

TOLERANCE = 1e-4  # of a logit, or of 1 where that is more; moves a probability by 2.5e-5 at most
OPSET = 18


def export_onnx(
    network: NormalisedNetwork,
    path: Path,
    shape: tuple[int, int] | None = None,
    margin: int = 0,
) -> float:
    """Write `network` to `path` and return the largest difference of a logit from torch.

    Args:
        network: the network.
        path: the ONNX file.
        shape: rows and columns, of a network that takes no others; else any are taken.
        margin: pixels at each edge of which the compiled network says nothing.

    Raises:
        OutputError: the compiled network differs from torch by `TOLERANCE` or more.
    """
    network = network.eval()
    side = 4 * network.divisor + 2 * margin
    sides = shape or (side, side + network.divisor)
    example = torch.zeros(2, network.mean.shape[1], *sides)
    free = dict.fromkeys((0,) if shape else (0, 2, 3), Dim.DYNAMIC)
    inner = _Inner(network, margin) if margin else network
    _compile(inner, {"inputs": (example, free)}, path, ["logits"])
    difference = onnx_difference(network, path, margin)
    if not difference < TOLERANCE:
        raise OutputError(f"{path}: a logit differs from torch by {difference:.2g}")
    return difference


class _Inner(nn.Module):
    """A network that says nothing of a margin."""

    def __init__(self, network: NormalisedNetwork, margin: int) -> None:
        super().__init__()
        self.network, self.margin = network, margin

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of the pixels within."""
        logits: Tensor = self.network(inputs, margin=self.margin)
        return logits


def export_parts(network: NormalisedNetwork, look: Path, judge: Path) -> None:
    """Write the two parts of a network that has a first stage (see `nephoscope.networks.cascade`).

    Raises:
        UsageError: it has none.
        OutputError: a part could not be compiled.
    """
    whole = network.network
    if not isinstance(whole, PixelNet) or whole.first is None or not network.as_made:
        wanted = "the network 'pixel' with a `first`, and inputs.normalise: false"
        raise UsageError(f"network.options.first: is for {wanted}")
    batch, rows, cols = (Dim(name, max=1 << 20) for name in ("batch", "rows", "cols"))
    planes, features = len(whole.picture) + 1, network.mean.shape[1]
    looked = {
        "picture": (
            torch.zeros(2, planes, 4 * COARSE, 5 * COARSE),
            {0: batch, 2: COARSE * rows, 3: COARSE * cols},
        ),
        "coarse": (torch.zeros(2, features, 4, 5), {0: batch, 2: rows, 3: cols}),
    }
    _compile(Look(whole).eval(), looked, look)
    judging = Judge(whole).eval()
    windows = judging.weights[0].shape[1] - len(judging.own) - len(judging.learned)
    seen = torch.zeros(judging.learned.shape[1] + windows, 5)
    _compile(judging, {"inputs": (seen, {1: Dim.DYNAMIC})}, judge)


def _compile(
    network: nn.Module,
    inputs: Mapping[str, tuple[Tensor, Mapping[int, Any]]],
    path: Path,
    outputs: list[str] | None = None,
) -> None:
    """Write a network; of each input an example, and the axes of which it takes other lengths."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecated calls
        program = torch.onnx.export(
            network,
            tuple(example for example, _ in inputs.values()),
            dynamo=True,
            dynamic_shapes=tuple(dict(free) for _, free in inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            verbose=False,
        )
        if program is None:
            raise OutputError(f"{path}: the network could not be compiled")
        program.save(path, external_data=False)
    _forget_sources(path)


def _forget_sources(path: Path) -> None:
    """Take out the exporter's stack traces: they name folders of the machine it ran on."""
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
    onnx.save(model, path)


def onnx_difference(network: NormalisedNetwork, path: Path, margin: int = 0) -> float:
    """The largest difference of a logit between `network` and the compiled one.

    That of a logit beyond 1 is relative: the larger it is, the fewer of its digits are exact, and
    the less they move a probability.

    Args:
        network: the network.
        path: the ONNX file.
        margin: pixels at each edge of which it says nothing.

    Raises:
        InputError: the compiled network cannot be run.
    """
    largest = 0.0
    for inputs, found in try_compiled(path, network.mean.shape[1], network.divisor, margin):
        with torch.inference_mode():
            expected = without_margin(network(torch.from_numpy(inputs)), margin).numpy()
        off = np.abs(found - expected) / np.maximum(np.abs(expected), 1)
        largest = max(largest, float(off.max()))
    return largest

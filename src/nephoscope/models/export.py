"""The network compiled to ONNX, for any batch, height and width, and checked against torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from nephoscope.errors import OutputError, UsageError
from nephoscope.models.compiled import try_compiled
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks.cascade import Judge, Look
from nephoscope.networks.pixel import PixelNet

TOLERANCE = 1e-4  # of a logit, or of 1 where that is more; moves a probability by 2.5e-5 at most
OPSET = 18


def export_onnx(
    network: NormalisedNetwork, path: Path, shape: tuple[int, int] | None = None
) -> float:
    """Write `network` to `path` and return the largest difference of a logit from torch.

    Args:
        network: the network.
        path: the ONNX file.
        shape: rows and columns, of a network that takes no others; else any are taken.

    Raises:
        OutputError: the compiled network differs from torch by `TOLERANCE` or more.
    """
    network = network.eval()
    side = 4 * network.divisor
    sides = shape or (side, side + network.divisor)
    example = torch.zeros(2, network.mean.shape[1], *sides)
    free = (0,) if shape else (0, 2, 3)
    _compile(network, example, free, path, ["logits"])
    difference = onnx_difference(network, path)
    if not difference < TOLERANCE:
        raise OutputError(f"{path}: a logit differs from torch by {difference:.2g}")
    return difference


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
    side = 4 * network.divisor
    example = torch.zeros(2, network.mean.shape[1], side, side + network.divisor)
    _compile(Look(whole).eval(), example, (0, 2, 3), look)
    judging = Judge(whole).eval()
    windows = judging.weights[0].shape[1] - len(judging.own) - len(judging.learned)
    _compile(judging, torch.zeros(judging.learned.shape[1] + windows, 5), (1,), judge)


def _compile(
    network: nn.Module,
    example: Tensor,
    free: Sequence[int],
    path: Path,
    outputs: list[str] | None = None,
) -> None:
    """Write a network that takes any lengths of the axes `free`."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecated calls
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=({axis: torch.export.Dim.DYNAMIC for axis in free},),
            input_names=["inputs"],
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


def onnx_difference(network: NormalisedNetwork, path: Path) -> float:
    """The largest difference of a logit between `network` and the compiled one.

    That of a logit beyond 1 is relative: the larger it is, the fewer of its digits are exact, and
    the less they move a probability.

    Args:
        network: the network.
        path: the ONNX file.

    Raises:
        InputError: the compiled network cannot be run.
    """
    largest = 0.0
    for inputs, found in try_compiled(path, network.mean.shape[1], network.divisor):
        with torch.inference_mode():
            expected = network(torch.from_numpy(inputs)).numpy()
        off = np.abs(found - expected) / np.maximum(np.abs(expected), 1)
        largest = max(largest, float(off.max()))
    return largest

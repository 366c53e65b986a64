"""The network compiled to ONNX, for any batch, height and width, and checked against torch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import torch

from nephoscope.errors import OutputError
from nephoscope.models.compiled import try_compiled
from nephoscope.models.normalised import NormalisedNetwork

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
    free = {axis: torch.export.Dim.DYNAMIC for axis in ((0,) if shape else (0, 2, 3))}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecated calls
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=(free,),
            input_names=["inputs"],
            output_names=["logits"],
            opset_version=OPSET,
            verbose=False,
        )
        if program is None:
            raise OutputError(f"{path}: the network could not be compiled")
        program.save(path, external_data=False)
    _forget_sources(path)
    difference = onnx_difference(network, path)
    if not difference < TOLERANCE:
        raise OutputError(f"{path}: a logit differs from torch by {difference:.2g}")
    return difference


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

"""Compiled networks, in ONNX Runtime: opened, and tried without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import InputError

Floats = npt.NDArray[np.float32]


def open_compiled(path: Path, threads: int = 1) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """An `onnxruntime.InferenceSession` on the processor.

    Args:
        path: the ONNX file.
        threads: inside one call.

    Raises:
        InputError: the file cannot be loaded.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own untyped errors
        raise InputError(path, f"cannot be loaded: {error}") from error


def try_compiled(
    path: Path, features: int, divisor: int, margin: int = 0
) -> list[tuple[Floats, Floats]]:
    """Random inputs and what a compiled network makes of them.

    Args:
        path: the ONNX file.
        features: channels of its input.
        divisor: sides of its input are multiples of it. Two sizes are tried, neither the one that
            was compiled; of a network that takes no others that one.
        margin: pixels at each edge of which it says nothing.

    Returns:
        pairs of inputs (batch, feature, y, x) and logits, float32.

    Raises:
        InputError: the network cannot be run, or gives what is no number.
    """
    session, random = open_compiled(path), np.random.default_rng(0)
    around = 2 * margin
    sizes = [
        (1, 3 * divisor + around, 5 * divisor + around),
        (3, 6 * divisor + around, 2 * divisor + around),
    ]
    fixed = [side for side in session.get_inputs()[0].shape[2:] if isinstance(side, int)]
    pairs = []
    for batch, *sides in [(1, *fixed), (3, *fixed)] if fixed else sizes:
        inputs = random.uniform(-1, 1, (batch, features, *sides)).astype(np.float32)
        try:
            logits = session.run(None, {session.get_inputs()[0].name: inputs})[0]
        except Exception as error:  # onnxruntime raises its own untyped errors
            raise InputError(path, f"cannot be run: {error}") from error
        if not np.isfinite(logits).all():
            raise InputError(path, "gives logits that are no numbers")
        pairs.append((inputs, logits))
    return pairs

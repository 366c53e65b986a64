"""Random numbers of one simulation, by purpose: streams that never share a draw."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def stream(seed: int, name: str, *numbers: int) -> np.random.Generator:
    """The source of all that is random for one purpose.

    Args:
        seed: of the simulation or of a scene.
        name: the purpose; streams of other names are independent.
        numbers: which of many, as a scene or a slot.
    """
    # numpy pads with zeros: without their count, no number and a zero would be the same stream.
    return np.random.default_rng([seed, crc32(name.encode()), len(numbers), *numbers])

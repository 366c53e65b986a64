"""A random subset of frames, no two of them consecutive: labels are dear, neighbours alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from nephoscope.errors import UsageError

Item = TypeVar("Item")


def sparse_subset(items: Sequence[Item], number: int, seed: int = 0) -> list[Item]:
    """Draw `number` items in their order, no two of them neighbours; all choices are as likely.

    Args:
        items: in the order in which neighbours are alike.
        number: how many.
        seed: of the draw.

    Raises:
        UsageError: so many that some would be neighbours.
    """
    most = (len(items) + 1) // 2
    if not 1 <= number <= most:
        raise UsageError(
            f"cannot choose {number} of {len(items)} frames, no two consecutive: 1 to {most}"
        )
    # Any choice from a row shorter by number - 1 becomes one without neighbours by moving the
    # n-th chosen on by n.
    places = np.random.default_rng(seed).choice(len(items) - number + 1, number, replace=False)
    return [items[place + n] for n, place in enumerate(np.sort(places).tolist())]

"""Parts of a camera's frames: blocks of consecutive names with a buffer, or near-duplicate groups.

Frames seconds or minutes apart show the same clouds, so neither are parts drawn at random over
frames, nor do they touch: what lies too near a frame of another part is in none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.samples.groups import NEAR, group_numbers

PARTS = ("train", "validation", "test")


def part_sizes(count: int, fractions: Sequence[float]) -> npt.NDArray[np.intp]:
    """How many of `count` units are of train, validation and test: (3,), one or more where wanted.

    Args:
        count: of units.
        fractions: relative weights of train, validation and test.

    Raises:
        UsageError: bad weights, or fewer units than parts.
    """
    weights = checked_weights(fractions)
    wanted = weights > 0
    if count < wanted.sum():
        raise UsageError(f"{count} units of time cannot fill {wanted.sum()} parts")
    sizes = np.maximum(np.floor(count * weights + 1e-9), wanted).astype(np.intp)
    while sizes.sum() != count:
        missing = count * weights - sizes
        if sizes.sum() < count:
            sizes[np.argmax(np.where(wanted, missing, -np.inf))] += 1
        else:
            sizes[np.argmin(np.where(sizes > wanted, missing, np.inf))] -= 1
    return sizes


def checked_weights(fractions: Sequence[float]) -> npt.NDArray[np.float64]:
    """Shares of train, validation and test, (3,), together 1.

    Raises:
        UsageError: they are not three finite numbers >= 0 with a positive first.
    """
    weights = np.asarray(fractions, float)
    usable = weights.shape == (3,) and np.isfinite(weights).all() and (weights >= 0).all()
    if not usable or weights[0] == 0:
        raise UsageError("fractions are three weights >= 0 (train > 0), e.g. 0.8,0.1,0.1")
    return np.asarray(weights / weights.sum(), np.float64)


def block_parts(names: Sequence[str], parts: Sequence[str], buffer: int) -> list[str]:
    """Take out what is near another part.

    Args:
        names: of the frames; their sorted order is taken for the order in time.
        parts: the part of each place in that order.
        buffer: how many places on either side of a validation or test frame no training frame may
            lie, nor a validation frame near a test frame.

    Returns:
        the part of each frame in the order of `names`, "" for none.
    """
    order = np.argsort(np.asarray(names, dtype=object), kind="stable")
    rank = [PARTS.index(part) for part in parts]
    chosen = [""] * len(parts)
    for place, frame in enumerate(order.tolist()):
        near = rank[max(place - buffer, 0) : place + buffer + 1]
        chosen[frame] = parts[place] if max(near) == rank[place] else ""
    return chosen


def group_parts(alike: npt.NDArray[np.float32], fractions: Sequence[float], seed: int) -> list[str]:
    """Give whole groups of near-duplicates to the parts; "" for what is still near another part.

    Largest first, each group goes to the part that lacks most of its share; ties by lot.

    Args:
        alike: (sample, sample) correlation of frames, see `nephoscope.samples.groups`.
        fractions: relative weights of train, validation and test.
        seed: of the lots.

    Raises:
        UsageError: there are fewer groups than parts, or the weights are not usable.
    """
    groups = group_numbers(alike)
    sizes = np.bincount(groups)
    weights = checked_weights(fractions)
    if len(sizes) < (weights > 0).sum():
        raise UsageError(f"{len(sizes)} groups of frames cannot fill {(weights > 0).sum()} parts")
    lots = np.random.default_rng(seed).permutation(len(sizes))
    lacking = weights * len(groups)
    owner = np.zeros(len(sizes), np.intp)
    for group in sorted(range(len(sizes)), key=lambda g: (-sizes[g], lots[g])):
        owner[group] = int(np.argmax(np.where(weights > 0, lacking, -np.inf)))
        lacking[owner[group]] -= sizes[group]
    rank = owner[groups]
    near = (alike >= NEAR) & (rank[None, :] > rank[:, None])
    return ["" if near[n].any() else PARTS[rank[n]] for n in range(len(rank))]

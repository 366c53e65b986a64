"""Rules of division into parts: a ring of units, blocks, groups, states; and sparse subsets.

Neighbouring days look alike, so maps are divided by a ring of units in time order. Frames of a
camera seconds or minutes apart show the same clouds: what lies too near a frame of another part is
in none. Frames with a state each are divided so that every part holds clear and cloudy ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.samples.alike import NEAR, group_numbers
from nephoscope.samples.store import PARTS

Item = TypeVar("Item")
FEWEST_GROUPS = 5
"""Fewest cameras or folders that are kept together when frames with states are divided."""


def sparse_subset(items: Sequence[Item], number: int, seed: int = 0) -> list[Item]:
    """Draw `number` items in their order, no two of them neighbours; all choices are as likely.

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


def part_sizes(count: int, fractions: Sequence[float]) -> npt.NDArray[np.intp]:
    """Number of units, of `count`, for train, validation and test: (3,), >= 1 where wanted.

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


def assign_parts(count: int, fractions: Sequence[float], seed: int = 0) -> list[str]:
    """The part of each of `count` units in time order: the first train, the last ones test.

    With a seed the ring of units starts so many units later.

    Raises:
        UsageError: bad weights, or fewer units than parts.
    """
    parts: list[str] = np.roll(np.repeat(PARTS, part_sizes(count, fractions)), seed).tolist()
    return parts


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
        alike: (sample, sample) correlation of frames, see `nephoscope.samples.alike`.
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


def state_parts(
    groups: Sequence[str], states: Sequence[int], fractions: Sequence[float], seed: int
) -> list[str]:
    """The part of each frame with a state, so that every part holds clear and cloudy ones.

    Frames of one group (a camera, or a folder) are kept together where there are enough groups of
    their kind: of clear frames, of cloudy ones, or of both. Where there are not, as with one folder
    `clear` and one `cloudy`, the frames of each state are cut in their order.

    Args:
        groups: of each frame.
        states: of each frame, 0 clear, 1 cloudy.
        fractions: relative weights of train, validation and test.
        seed: of the draw of groups.

    Raises:
        UsageError: the weights are not usable.
    """
    names, wanted = sorted(set(groups)), np.count_nonzero(fractions)
    if len(names) >= FEWEST_GROUPS:
        drawn = draw_parts(names, fractions, seed)
        parts = [drawn[group] for group in groups]
        if len({*zip(parts, states, strict=True)}) == 2 * wanted:
            return parts
    held: dict[str, set[int]] = {name: set() for name in names}
    for group, state in zip(groups, states, strict=True):
        held[group].add(state)
    owner: dict[str, str] = {}
    for kind in set(map(frozenset, held.values())):
        members = [name for name in names if held[name] == kind]
        if len(members) >= wanted:
            owner |= draw_parts(members, fractions, seed)
    parts = [owner.get(group, "") for group in groups]
    for cut in [(name, state) for name in names if name not in owner for state in (0, 1)]:
        mine = [n for n, frame in enumerate(zip(groups, states, strict=True)) if frame == cut]
        sizes = part_sizes(len(mine), fractions) if len(mine) >= wanted else (len(mine), 0, 0)
        for place, part in zip(mine, np.repeat(PARTS, sizes).tolist(), strict=True):
            parts[place] = part
    return parts


def draw_parts(names: Sequence[str], fractions: Sequence[float], seed: int) -> dict[str, str]:
    """The part of each of some names, by lot: those that test and validate are drawn first.

    Raises:
        UsageError: bad weights, or fewer names than parts.
    """
    sizes = part_sizes(len(names), fractions)
    order = np.random.default_rng(seed).permutation(np.array(names, dtype=object)).tolist()
    parts = np.repeat(["validation", "test", "train"], [sizes[1], sizes[2], sizes[0]])
    return dict(zip(order, parts.tolist(), strict=True))

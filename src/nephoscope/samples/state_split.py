"""Parts of frames with one state each, so that every part holds clear and cloudy ones.

Frames of one group (a camera, or a folder) are kept together where there are enough groups of
their kind: of clear frames, of cloudy ones, or of both. Where there are not, as with one folder
`clear` and one `cloudy`, the frames of each state are cut in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nephoscope.samples.frame_split import PARTS, part_sizes

FEWEST_GROUPS = 5


def state_parts(
    groups: Sequence[str], states: Sequence[int], fractions: Sequence[float], seed: int
) -> list[str]:
    """The part of each frame.

    Args:
        groups: of each frame.
        states: of each frame, 0 clear, 1 cloudy.
        fractions: relative weights of train, validation and test.
        seed: of the draw of groups.

    Raises:
        UsageError: the weights are not usable.
    """
    names = sorted(set(groups))
    if len(names) >= FEWEST_GROUPS:
        drawn = _draw(names, fractions, seed)
        if _holds_both([drawn[group] for group in groups], states, fractions):
            return [drawn[group] for group in groups]
    kinds: dict[frozenset[int], list[str]] = {}
    held: dict[str, set[int]] = {name: set() for name in names}
    for group, state in zip(groups, states, strict=True):
        held[group].add(state)
    for name in names:
        kinds.setdefault(frozenset(held[name]), []).append(name)
    owner: dict[str, str] = {}
    for members in kinds.values():
        if len(members) >= np.count_nonzero(fractions):
            owner |= _draw(members, fractions, seed)
    parts = [owner.get(group, "") for group in groups]
    for group in names:
        if group not in owner:
            _cut(group, groups, states, fractions, parts)
    return parts


def _draw(names: Sequence[str], fractions: Sequence[float], seed: int) -> dict[str, str]:
    """Whole groups by lot: those that test and validate are drawn first."""
    sizes = part_sizes(len(names), fractions)
    order = np.random.default_rng(seed).permutation(np.array(names, dtype=object)).tolist()
    parts = np.repeat(["validation", "test", "train"], [sizes[1], sizes[2], sizes[0]])
    return {str(name): str(part) for name, part in zip(order, parts, strict=True)}


def _cut(
    group: str,
    groups: Sequence[str],
    states: Sequence[int],
    fractions: Sequence[float],
    parts: list[str],
) -> None:
    """Cut the frames of each state of a group in their order: the later ones validate and test."""
    for state in (0, 1):
        mine = [n for n, each in enumerate(groups) if each == group and states[n] == state]
        wanted = np.count_nonzero(fractions)
        sizes = part_sizes(len(mine), fractions) if len(mine) >= wanted else (len(mine), 0, 0)
        for place, part in zip(mine, np.repeat(PARTS, sizes), strict=True):
            parts[place] = str(part)


def _holds_both(parts: Sequence[str], states: Sequence[int], fractions: Sequence[float]) -> bool:
    wanted = {part for part, weight in zip(PARTS, fractions, strict=True) if weight}
    return len({*zip(parts, states, strict=True)}) == 2 * len(wanted)

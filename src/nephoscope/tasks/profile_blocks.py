"""Blocks of counts: tables by name, kept as one flat array of whole numbers that adds up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts

Shapes = dict[str, tuple[int, ...]]
Tables = dict[str, Counts]


@dataclass(frozen=True)
class Blocks:
    """Tables that lie one behind the other.

    Attributes:
        shapes: name → shape of the tables of so many levels; their sizes are straight lines of it.
    """

    shapes: Callable[[int], Shapes]

    def size(self, levels: int) -> int:
        """Whole numbers of so many levels."""
        return sum(math.prod(shape) for shape in self.shapes(levels).values())

    def levels(self, counts: Counts) -> int:
        """Levels of counts (..., number); 1 where the tables have none."""
        first, second = self.size(1), self.size(2)
        return 1 + (int(counts.shape[-1]) - first) // max(second - first, 1)

    def split(self, counts: Counts) -> Tables:
        """Tables (..., *shape) by name, of flat counts (..., number); of `NO_COUNTS` all zero."""
        counts = np.zeros(self.size(1), np.int64) if counts.ndim == 0 else counts
        found, start, lead = {}, 0, counts.shape[:-1]
        for name, shape in self.shapes(self.levels(counts)).items():
            stop = start + math.prod(shape)
            found[name] = counts[..., start:stop].reshape(*lead, *shape)
            start = stop
        return found

    def join(self, tables: Mapping[str, Counts], levels: int) -> Counts:
        """Flat counts (number,) int64 of tables of these shapes, each of which is there."""
        shapes = self.shapes(levels)
        return np.concatenate([tables[name].reshape(-1) for name in shapes]).astype(np.int64)


def table(shape: tuple[int, ...], *places: npt.NDArray[np.integer]) -> Counts:
    """How often each place of a table is named.

    Args:
        shape: of the table.
        places: one array of whole numbers for each axis, of shapes that fit one another.
    """
    flat = np.ravel_multi_index(places, shape).ravel()
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape)

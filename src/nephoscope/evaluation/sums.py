"""Sums that merge: everything a score needs, so that any cutting of the work gives the same score.

For each unit (day, frame, granule ...) and latitude band (or label of another stratum) the sums
hold what the task counts of the published variables: whole numbers, so that a score of the sums is
exactly the score of the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nephoscope.evaluation.items import Items, Label
from nephoscope.tasks import Counts, Task

Cell = tuple[str, Label]


@dataclass(frozen=True, eq=False)
class Sums:
    """Counts of a task by (unit, southern edge of the latitude band or other label).

    Attributes:
        cells: for each (unit, band) counts, int64, all of one shape.
        shape: of the counts, where there may be no cell.
    """

    cells: dict[Cell, Counts] = field(default_factory=dict)
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Take the shape of the counts that there are."""
        for counts in self.cells.values():
            object.__setattr__(self, "shape", counts.shape)
            break

    def __add__(self, other: Sums) -> Sums:
        """Merge; associative and commutative, and exact, for all counts are integers."""
        merged = dict(self.cells)
        for key, counts in other.cells.items():
            merged[key] = merged[key] + counts if key in merged else counts
        return Sums(merged, self.shape or other.shape)

    def __eq__(self, other: object) -> bool:
        """Equal when every cell counts the same; an absent cell counts nothing."""
        if not isinstance(other, Sums):
            return NotImplemented
        keys = self.cells.keys() | other.cells.keys()
        return all(np.array_equal(self._cell(key), other._cell(key)) for key in keys)

    def _cell(self, key: Cell) -> Counts:
        return self.cells.get(key, np.zeros(self.shape, np.int64))

    @property
    def units(self) -> list[str]:
        """The units, sorted."""
        return sorted({unit for unit, _ in self.cells})

    @property
    def bands(self) -> list[Any]:
        """The labels, sorted: of latitude southern edges of bands, degrees."""
        return sorted({band for _, band in self.cells})

    def by_unit(self, band: Label | None = None) -> Counts:
        """Counts (unit, ...) in the order of `units`, of one band or of all."""
        bands = self.bands if band is None else [band]
        found = np.zeros((len(self.units), *self.shape), np.int64)
        for place, unit in enumerate(self.units):
            for each in bands:
                found[place] += self._cell((unit, each))
        return found

    def total(self) -> Counts:
        """Counts over everything."""
        return np.asarray(self.by_unit().sum(axis=0), np.int64)


def merge(parts: Iterable[Sums]) -> Sums:
    """Merge any number of sums."""
    return sum(parts, Sums())


def sums_of_items(unit: str, items: Items, task: Task, stratum: str | None = None) -> Sums:
    """Sums of one sample; of a band in which nothing is known there is no cell.

    Args:
        unit: what the bootstrap resamples: the sample's id, or that of what it is a part of.
        items: what is published, and what is true.
        task: that counts.
        stratum: by whose labels, in place of latitude bands.
    """
    parts: Iterator[tuple[Label, Items]]
    parts = items.by_band() if stratum is None else items.by_stratum(stratum)
    found: dict[Cell, Counts]
    found = {(unit, label): task.tally(part.variables, part.truth) for label, part in parts}
    shape = next((counts.shape for counts in found.values()), ())
    return Sums({cell: counts for cell, counts in found.items() if counts.any()}, shape)

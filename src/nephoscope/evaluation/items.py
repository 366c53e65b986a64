"""Items: what is published stands beside what is true. The sibling of `nephoscope.learn.items`.

| truth | published | items |
|---|---|---|
| pixels | (y, x) | every pixel |
| frame | () | the sample |
| points | (y, x) or (level, y, x) | the pixel nearest to (row, column) |

A network learns by bilinear interpolation at points. What is published is whole steps and classes,
between which nothing can be interpolated: a user reads the nearest pixel, so that is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.evaluation.sample import LabelledSample
from nephoscope.evaluation.strata import ground_of, strata_at
from nephoscope.samples.truth import Points

BAND_DEGREES = 10
Label = int | str


@dataclass(frozen=True)
class Items:
    """Published variables and truth, item by item.

    Attributes:
        variables: dims (y, x), () or (point[, level]).
        truth: name → array of the same dims.
        latitude: of each index of the first dim, degrees, or None of a whole frame.
        strata: name → label of each index of the first dim: what else the items are told apart by.
    """

    variables: xr.Dataset
    truth: Mapping[str, NDArray[Any]]
    latitude: NDArray[np.float64] | None
    strata: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def by_band(self) -> Iterator[tuple[int, Items]]:
        """The items of each latitude band, by its southern edge; 0 where there are no places."""
        if self.latitude is None:
            yield 0, self
            return
        yield from self._parted(latitude_band(self.latitude))

    def by_stratum(self, name: str) -> Iterator[tuple[Label, Items]]:
        """The items of each label of a stratum."""
        yield from self._parted(self.strata[name])

    def _parted(self, labels: NDArray[Any]) -> Iterator[tuple[Any, Items]]:
        first = "point" if "point" in self.variables.dims else "y"
        for label in np.unique(labels).tolist():
            chosen = np.flatnonzero(labels == label)
            yield (
                label,
                Items(
                    self.variables.isel({first: chosen}),
                    {name: value[chosen] for name, value in self.truth.items()},
                    None if self.latitude is None else self.latitude[chosen],
                    {name: value[chosen] for name, value in self.strata.items()},
                ),
            )


def latitude_band(latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """Southern edge of the 10° band that each latitude (any shape, degrees) lies in."""
    return (np.floor(latitude / BAND_DEGREES + 1e-9) * BAND_DEGREES).astype(np.int64)


def published_items(variables: xr.Dataset, sample: LabelledSample) -> Items:
    """What is published of a sample, beside what is true of it.

    Args:
        variables: packed, as the sample's task publishes them: dims (y, x) or (level, y, x) of
            pictures, () of whole frames.
        sample: with its truth.

    Raises:
        ValueError: the shapes do not fit.
    """
    truth = sample.truth
    if isinstance(truth, Points):
        return _at_points(variables, truth, sample)
    shapes = {str(name): each.shape for name, each in variables.items()}
    if any(shape != truth.shape for shape in shapes.values()):
        raise ValueError(f"{sample.id}: the label is {truth.shape}, published is {shapes}")
    if truth.ndim and sample.latitude.ndim > 1:
        row, col = (each.ravel() for each in np.indices(truth.shape))
        return _at(variables, row, col, {"label": truth.ravel()}, sample)
    return Items(variables, {"label": truth}, sample.latitude if truth.ndim else None)


def _at_points(variables: xr.Dataset, points: Points, sample: LabelledSample) -> Items:
    """The nearest pixels of the points that lie in the picture; half is rounded up."""
    height, width = sample.known.shape
    row, col = (np.floor(place + 0.5).astype(np.intp) for place in (points.row, points.col))
    if sample.wraps:
        col %= width
    inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
    truth = points.chosen(inside).values
    found = _at(variables, row[inside], col[inside], truth, sample)
    if sample.ground is None:
        return found
    return replace(found, strata={**found.strata, "ground": ground_of(sample.ground[inside])})


def _at(
    variables: xr.Dataset,
    row: NDArray[np.intp],
    col: NDArray[np.intp],
    truth: Mapping[str, NDArray[Any]],
    sample: LabelledSample,
) -> Items:
    """Pixels as items, (point,)."""
    found = variables.isel(y=xr.DataArray(row, dims="point"), x=xr.DataArray(col, dims="point"))
    latitude = sample.latitude
    return Items(
        found.transpose("point", ...),
        truth,
        latitude[row, col] if latitude.ndim > 1 else latitude[row],
        strata_at(sample, row, col),
    )

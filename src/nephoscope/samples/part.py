"""Part of a samples store, ready to cut windows from: in memory if it fits, else on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.grids.cells import interpolate_cells
from nephoscope.inputs import View
from nephoscope.inputs.directional import pixels_per_km
from nephoscope.recipe import Recipe
from nephoscope.samples.coding import Coding
from nephoscope.samples.held import hold, wrapped
from nephoscope.samples.levels import altitude_of
from nephoscope.samples.store import (
    background_of,
    open_samples,
    part_indices,
    points_of,
    sizes_of,
)
from nephoscope.samples.truth import Label, LabelOrPoints, Points
from nephoscope.scene import Truth
from nephoscope.workers import spare_memory

# 18 Mars maps take 0.5 GB; beyond this, or half of the memory that is free where that is more, the
# chunks are read as crops need them.
MEMORY_BUDGET = 4_000_000_000


@dataclass(frozen=True)
class Part:
    """The samples of one part.

    Attributes:
        image: (sample, channel, y, x) uint8 or float32, instrument unit, 0 or NaN where missing; or
            int16 as `coding` says.
        known: (sample, y, x) bool, where there is image data.
        label: of truth `pixels` (sample, y, x) int8, of truth `frame` (sample,) int8, -1 unknown,
            0 clear, 1 cloud; None where truth is at points.
        indices: where the part's samples are in `image`, `known` and `label`.
        latitude: (y,) degrees north; zeros where rows have none, or no feature asks for it; or, of
            samples that are no maps, (sample, y, x) float32, as `image`.
        longitude: (x,) degrees east, or (sample, y, x).
        background: (statistic, y, x) float32 at full resolution, or None.
        channels: names of the image's channels.
        statistics: names of the background's channels.
        ids: sample ids, in the order of `indices`.
        rows: first and last row with truth.
        points: of each sample, in the order of `indices`, where truth is at points.
        truth: its form, "pixels", "frame" or "points".
        unit: what is independent of one another, e.g. "day" or "frame".
        limits: (sample, 2, cell row, cell column) float32 DN, what the training samples but this
            one say of each place, or None (see `nephoscope.limits`).
        limit_cell: side of a cell of the limits, pixels.
        limit_channel: the channel whose brightness the limits are of.
        wraps: whether the first column follows the last.
        placed: whether rows have a latitude and columns a longitude.
        coding: of an image of int16.
        altitude: (level,) m, the highest first, of truth on levels; None where nobody says.
        sizes: rows and columns of each sample's picture, in the order of `indices`, in the upper
            left corner of its arrays; () where all fill them.
        groups: what each sample belongs to, in the order of `indices`: of frames their folder.
    """

    image: Any  # a numpy array, or a zarr array, which is indexed alike
    known: Any
    label: Any
    indices: tuple[int, ...]
    latitude: Any
    longitude: Any
    background: npt.NDArray[np.float32] | None
    channels: tuple[str, ...]
    statistics: tuple[str, ...]
    ids: tuple[str, ...]
    rows: tuple[int, int]
    points: tuple[Points, ...] = ()
    truth: Truth = "pixels"
    unit: str = "day"
    limits: npt.NDArray[np.float32] | None = None
    limit_cell: int = 1
    limit_channel: str = "blue"
    wraps: bool = True
    placed: bool = True
    coding: Coding | None = None
    altitude: npt.NDArray[np.float64] | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a sample; of the arrays where samples are of several sizes."""
        return int(self.image.shape[2]), int(self.image.shape[3])

    def size_of(self, sample: int) -> tuple[int, int]:
        """Rows and columns of the picture of a sample."""
        return self.sizes[sample] if self.sizes else self.shape

    @property
    def turns(self) -> tuple[str, ...]:
        """How each channel changes when the picture is mirrored or turned; see `View`."""
        return () if self.coding is None else self.coding.turns

    @property
    def levels(self) -> int:
        """Levels on which the truth speaks; 1 where it has none."""
        values = self.points[0].values.values() if self.points else ()
        return next((each.shape[1] for each in values if each.ndim > 1), 1)

    def truth_in(self, sample: int, row: int, col: int, size: tuple[int, int]) -> LabelOrPoints:
        """Truth of a window that may cross the last column and wrap."""
        if self.truth == "points":
            width = self.shape[1] if self.wraps else None
            return self.points[sample].inside(row, col, size, width)
        if self.truth == "frame":
            return np.asarray(self.label[self.indices[sample]])
        return self.label_in(sample, row, col, size)

    def label_in(self, sample: int, row: int, col: int, size: tuple[int, int]) -> Label:
        """(y, x) int8 labels of the pixels of a window that may cross the last column and wrap."""
        index = self.indices[sample]
        return wrapped(self.label, (index, slice(row, row + size[0])), col, size[1])

    def view(self, sample: int, row: int, col: int, size: tuple[int, int]) -> View:
        """The window's image with its coordinates and background."""
        index, rows = self.indices[sample], slice(row, row + size[0])
        background = limit = None
        if self.background is not None:
            background = wrapped(self.background, (slice(None), rows), col, size[1])
        if self.limits is not None:
            places = np.arange(row, row + size[0]), np.arange(col, col + size[1])
            width = self.shape[1] if self.wraps else None
            limit = interpolate_cells(self.limits[sample], self.limit_cell, *places, width)
        image = wrapped(self.image, (index, slice(None), rows), col, size[1])
        latitude, longitude, per_km = self._where(index, rows, col, size[1])
        return View(
            image=image if self.coding is None else self.coding.decode(image),
            known=wrapped(self.known, (index, rows), col, size[1]),
            latitude=latitude,
            longitude=longitude,
            background=background,
            limit=limit,
            channels=self.channels,
            statistics=self.statistics,
            limit_channel=self.limit_channel,
            turns=self.turns,
            per_km=per_km,
        )

    def _where(
        self, index: int, rows: slice, col: int, width: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.float32] | None]:
        """Latitude and longitude of a window, and which way north is where that is not upwards."""
        if self.latitude.ndim == 1:
            return self.latitude[rows], wrapped(self.longitude, (), col, width), None
        whole = [np.asarray(each[index]) for each in (self.latitude, self.longitude)]
        per_km = wrapped(pixels_per_km(*whole), (slice(None), slice(None), rows), col, width)
        latitude, longitude = (wrapped(each, (rows,), col, width) for each in whole)
        return latitude, longitude, per_km


def load_part(path: str | Path, part: str, recipe: Recipe, budget: int | None = None) -> Part:
    """Open a part of a samples store.

    Args:
        path: the samples store.
        part: "train", "validation" or "test".
        recipe: names the background's channels.
        budget: bytes that may be held in memory; a larger part is read chunk by chunk. By default
            `MEMORY_BUDGET`, or half of the memory that is free if that is more.

    Raises:
        InputError: no store, or the part is empty.
    """
    store = open_samples(path)
    indices = part_indices(store, part)
    if budget is None:
        budget = max(MEMORY_BUDGET, spare_memory() // 2)
    held = hold(Path(path), store, indices, recipe, budget)
    places = list(range(len(indices))) if held.in_memory else indices
    truth, wraps = store.attrs["truth"], bool(store.attrs["wraps"])
    shape = int(held.image.shape[2]), int(held.image.shape[3])
    rows, cols = slice(0, shape[0]), slice(0, shape[1])
    # All around there is a place between the last column and the first.
    window = (shape[0], shape[1] + wraps), shape[1] if wraps else None
    points = tuple(
        each.inside(0, 0, *window).seen(held.known[place, rows, cols])
        for each, place in zip(points_of(store, indices, recipe.truth), places, strict=False)
    )
    wanted, limit = recipe.inputs.background, recipe.inputs.limit
    statistics = wanted.channels if wanted else ()
    return Part(
        image=held.image,
        known=held.known,
        label=held.label,
        indices=tuple(places),
        latitude=held.latitude,
        longitude=held.longitude,
        background=background_of(store, statistics),
        channels=held.coding.channels if held.coding else tuple(store["channel"].values.tolist()),
        statistics=tuple(statistics),
        ids=tuple(store["id"].values[indices].tolist()),
        rows=_true_rows(held.label, places, points, shape[0]),
        points=points,
        truth=truth,
        unit=str(store.attrs["unit"]),
        limit_channel="blue" if limit is None else limit.channel,
        wraps=wraps,
        placed="latitude" in store.coords and store["latitude"].ndim == 1,
        coding=held.coding,
        altitude=altitude_of(store, recipe.truth) if truth == "points" else None,
        sizes=sizes_of(store, indices),
        groups=tuple(str(name) for name in store["group"].values[indices].tolist()),
    )


def _true_rows(
    label: Any,  # noqa: ANN401 - a numpy array, or a zarr array
    places: list[int],
    points: tuple[Points, ...],
    rows: int,
) -> tuple[int, int]:
    """The first and the last row of which anything is said; all of them where nothing is."""
    said = np.zeros(rows, bool)
    for each in points:
        for row in (np.floor(each.row), np.ceil(each.row)):
            said[row.clip(0, rows - 1).astype(np.intp)] = True
    if label is not None and label.ndim > 1:
        for place in places:
            said |= (label[place] >= 0).any(axis=1)
    found = np.flatnonzero(said)
    return (int(found[0]), int(found[-1])) if len(found) else (0, rows - 1)

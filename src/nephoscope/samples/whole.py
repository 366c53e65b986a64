"""Whole samples for validation: tiles of large ones, or each at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from nephoscope.grids.blocks import pad_to
from nephoscope.inputs import assemble
from nephoscope.recipe import Recipe
from nephoscope.samples.crops import Batch
from nephoscope.samples.part import Part
from nephoscope.samples.truth import LabelOrPoints, Points, gather


class WholeFrames:
    """Batches of one sample each of a part, grown to the network's divisor; see `Tiles`."""

    def __init__(self, part: Part, recipe: Recipe, divisor: int) -> None:
        self.part, self.recipe, self.divisor = part, recipe, divisor

    def __len__(self) -> int:
        return len(self.part.indices)

    def __iter__(self) -> Iterator[Batch]:
        for sample in range(len(self)):
            place = sample, 0, 0, self.part.size_of(sample)
            view, truth = self.part.view(*place), self.part.truth_in(*place)
            if not isinstance(truth, Points) and truth.ndim:
                truth = pad_to(truth, self.divisor, -1)
            inputs = pad_to(assemble(view, self.recipe.inputs.names), self.divisor)
            yield _batch(inputs, pad_to(view.known, self.divisor, False), truth)


class Tiles:
    """Batches of one tile each, of fixed size: all truth is in exactly one tile's core.

    A batch is a dict of `inputs` (1, feature, y, x) float32; `known` (1, y, x) bool, false where
    there is no image data; and the truth: `label` (1, y, x) int8, -1 unknown or outside of the
    core, or (1,) of a whole sample; or points.

    Args:
        part: the samples.
        recipe: features, and the tiles with which the model will be applied.
        divisor: sides of a tile are multiples of it.
        withheld: what the network may not know, of "background" and "position".
    """

    def __init__(
        self, part: Part, recipe: Recipe, divisor: int = 1, withheld: Collection[str] = ()
    ) -> None:
        self.part, self.recipe = part, recipe
        self.background, self.position = "background" not in withheld, "position" not in withheld
        sides = zip(recipe.apply.tile, part.shape, strict=True)
        self.size = _pair(
            max(min(side, whole) // divisor * divisor, divisor) for side, whole in sides
        )
        self.margin = _pair(min(recipe.apply.overlap // 2, side // 4) for side in self.size)
        self.core = _pair(s - 2 * m for s, m in zip(self.size, self.margin, strict=True))
        rows = range(part.rows[0], part.rows[1] + 1, self.core[0])
        cols = range(0, part.shape[1], self.core[1])
        self.places = [(s, r, c) for s in range(len(part.indices)) for r in rows for c in cols]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Batch]:
        return (self._tile(*place) for place in self.places)

    def _tile(self, sample: int, row: int, col: int) -> Batch:
        top = min(max(row - self.margin[0], 0), self.part.shape[0] - self.size[0])
        left = col - self.margin[1]
        if not self.part.wraps:
            left = min(max(left, 0), self.part.shape[1] - self.size[1])
        view = replace(self.part.view(sample, top, left, self.size), position=self.position)
        if not self.background:
            view = replace(view, background=None)
        truth = self.part.truth_in(sample, top, left, self.size)
        core = (
            slice(row - top, min(row - top + self.core[0], self.size[0])),
            slice(col - left, col - left + min(self.core[1], self.part.shape[1] - col)),
        )
        inputs = assemble(view, self.recipe.inputs.names)
        return _batch(inputs, view.known, _within(truth, core))


def validation_batches(
    part: Part, recipe: Recipe, divisor: int, withheld: Collection[str] = ()
) -> Tiles | WholeFrames:
    """Batches for validation on a part.

    Frames of a camera, and patches around points, are taken whole; of anything larger its tiles.
    """
    patches = any(points.corners is not None for points in part.points)
    if part.unit == "frame" or part.truth == "frame" or patches:
        return WholeFrames(part, recipe, divisor)
    return Tiles(part, recipe, divisor, withheld)


def _within(truth: LabelOrPoints, core: tuple[slice, slice]) -> LabelOrPoints:
    """The truth of a tile without what is outside of its core."""
    if isinstance(truth, Points):
        row, col = np.floor(truth.row + 0.5), np.floor(truth.col + 0.5)
        inside = (row >= core[0].start) & (row < core[0].stop)
        return truth.chosen(inside & (col >= core[1].start) & (col < core[1].stop))
    label = np.full(truth.shape, -1, np.int8)
    label[core] = truth[core]
    return label


def _batch(inputs: Any, known: Any, truth: LabelOrPoints) -> Batch:  # noqa: ANN401 - arrays of any kind
    arrays = {"inputs": inputs[None], "known": known[None], **gather([truth])}
    return {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in arrays.items()}


def _pair(values: Iterator[int]) -> tuple[int, int]:
    first, second = values
    return first, second

"""What training reads: random crops by number, and batches of them made in the background.

Crop number n of a seed is always the same crop, whichever thread makes it and whenever: a resumed
run goes on with the crops that an uninterrupted one would have seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from nephoscope.errors import UsageError
from nephoscope.inputs import View, assemble
from nephoscope.recipe import Recipe
from nephoscope.samples.arrays import PartArrays
from nephoscope.samples.augment import Label, augment, check_augmentation
from nephoscope.samples.frames import WholeFrames
from nephoscope.samples.warp import warped_crop

MINIMUM_LABELLED = 0.2
TRIES = 12
Batch = dict[str, Tensor]


class CropLoader(IterableDataset[Batch]):
    """Endless random crops of a part, wrapping in longitude.

    Each is a dict of `inputs` (feature, y, x) float32 and `label` (y, x) int8, where -1 is
    unknown or without image data.

    Args:
        part: where the crops are cut from.
        recipe: features, crop size, augmentation.
        seed: of all draws; by default the recipe's.

    Raises:
        UsageError: the crop is larger than the samples, or the samples cannot be changed as the
            recipe's augmentation says.
    """

    def __init__(self, part: PartArrays, recipe: Recipe, seed: int | None = None) -> None:
        self.part, self.recipe = part, recipe
        self.seed = recipe.training.seed if seed is None else seed
        self.size = recipe.training.crop
        self.warp = recipe.training.augmentation.warp
        if self.size[0] > part.shape[0] or self.size[1] > part.shape[1]:
            raise UsageError(f"training.crop {self.size} is larger than the samples {part.shape}")
        placed = part.wraps or part.background is not None or part.limits is not None
        check_augmentation(recipe, placed=placed, colour=part.image.dtype == np.uint8)

    def __iter__(self) -> Iterator[Batch]:
        for number in count():
            view, label = self.crop(number)
            inputs = assemble(view, self.recipe.inputs.names)
            yield {"inputs": torch.from_numpy(inputs), "label": torch.from_numpy(label)}

    def crop(self, number: int, sample: int | None = None) -> tuple[View, Label]:
        """Crop number `number`, augmented, before its features are computed.

        Args:
            number: of the crop.
            sample: which sample to cut it from; drawn when not given.
        """
        rng = np.random.default_rng((self.seed, number))
        view, label = self._draw(rng, sample)
        label = np.where(view.known, label, np.int8(-1))
        settings = self.recipe.training.augmentation
        view, label = augment(view, label, settings, rng)
        return view, np.ascontiguousarray(label)

    def batch(self, numbers: range) -> Batch:
        """`inputs` (batch, feature, y, x) float32 and `label` (batch, y, x) int8 of some crops."""
        features = self.recipe.inputs.names
        inputs = np.empty((len(numbers), len(features), *self.size), np.float32)
        labels = np.empty((len(numbers), *self.size), np.int8)
        for place, number in enumerate(numbers):
            view, labels[place] = self.crop(number)
            assemble(view, features, out=inputs[place])
        return {"inputs": torch.from_numpy(inputs), "label": torch.from_numpy(labels)}

    def _draw(self, rng: np.random.Generator, given: int | None) -> tuple[View, Label]:
        """A window with enough labels, or the best of `TRIES`."""
        if self.warp.share and rng.random() < self.warp.share:
            return warped_crop(self.part, self.size, self.warp, rng, given)
        best: tuple[float, int, int, int] = (-1.0, 0, 0, 0)
        for _ in range(TRIES):
            sample, row, col = self._place(rng)
            sample = sample if given is None else given
            label = self.part.label_window(sample, row, col, self.size)
            best = max(best, (float((label >= 0).mean()), sample, row, col))
            if best[0] >= MINIMUM_LABELLED:
                break
        _, sample, row, col = best
        label = self.part.label_window(sample, row, col, self.size)
        return self.part.view(sample, row, col, self.size), label

    def _place(self, rng: np.random.Generator) -> tuple[int, int, int]:
        first, last = self.part.rows
        centre = int(rng.integers(first, last + 1))
        row = min(max(centre - self.size[0] // 2, 0), self.part.shape[0] - self.size[0])
        spare = 0 if self.part.wraps else self.size[1] - 1
        col = int(rng.integers(self.part.shape[1] - spare))
        return int(rng.integers(len(self.part.indices))), row, col


class Batches:
    """One epoch of training batches, made ahead by threads; what fails there is raised here.

    Args:
        loader: where the crops come from.
        steps: batches in an epoch.
        start: tells, when an epoch begins, how many batches were used before it.
        ahead: batches made ahead of the one in use.
    """

    def __init__(
        self, loader: CropLoader, steps: int, start: Callable[[], int], ahead: int = 4
    ) -> None:
        self.loader, self.steps, self.start, self.ahead = loader, steps, start, ahead

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        size, first = self.loader.recipe.training.batch, self.start()
        workers = max(1, self.loader.recipe.training.workers)
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="crops") as pool:
            try:
                for step in range(first, first + self.steps):
                    numbers = range(step * size, (step + 1) * size)
                    waiting.append(pool.submit(self.loader.batch, numbers))
                    if len(waiting) > self.ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


class Tiles:
    """Whole samples cut into fixed tiles: every labelled pixel is in exactly one tile's core.

    Each is a dict of `inputs` (1, feature, y, x) float32; `label` (1, y, x) int8, -1 outside the
    core; and `known` (1, y, x) bool, false where there is no image data.

    Args:
        part: the samples.
        recipe: features, and the tiles with which the model will be applied.
        divisor: sides of a tile are multiples of it.
        withheld: what the network may not know, of "background" and "position".
    """

    def __init__(
        self,
        part: PartArrays,
        recipe: Recipe,
        divisor: int = 1,
        withheld: Collection[str] = (),
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
        for sample, row, col in self.places:
            yield self._tile(sample, row, col)

    def _tile(self, sample: int, row: int, col: int) -> Batch:
        top = min(max(row - self.margin[0], 0), self.part.shape[0] - self.size[0])
        left = col - self.margin[1]
        view = self.part.view(sample, top, left, self.size)
        view = replace(
            view,
            background=view.background if self.background else None,
            position=self.position,
        )
        label = np.full(self.size, -1, np.int8)
        core = self._core(row - top, col)
        label[core] = self.part.label_window(sample, top, left, self.size)[core]
        inputs = assemble(view, self.recipe.inputs.names)
        parts: dict[str, npt.NDArray[np.generic]] = {
            "inputs": inputs,
            "label": label,
            "known": view.known,
        }
        return {name: torch.from_numpy(values)[None] for name, values in parts.items()}

    def _core(self, offset: int, col: int) -> tuple[slice, slice]:
        height = min(self.core[0], self.size[0] - offset)
        width = min(self.core[1], self.part.shape[1] - col)
        return slice(offset, offset + height), slice(self.margin[1], self.margin[1] + width)


def judged(
    part: PartArrays, recipe: Recipe, divisor: int, withheld: Collection[str] = ()
) -> Tiles | WholeFrames:
    """What validation sees of a part: tiles of maps, or whole frames of a camera."""
    if part.wraps:
        return Tiles(part, recipe, divisor, withheld)
    return WholeFrames(part, recipe, divisor)


def _pair(values: Iterator[int]) -> tuple[int, int]:
    first, second = values
    return first, second

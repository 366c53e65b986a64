"""Crops for training: random ones by number, and batches of them made in the background.

Crop number n of a seed is always the same crop, whichever thread makes it and whenever: a resumed
run goes on with the crops that an uninterrupted one would have seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nephoscope.errors import UsageError
from nephoscope.inputs import View, assemble
from nephoscope.recipe import Recipe
from nephoscope.samples.augment import augment, check_augmentation
from nephoscope.samples.part import Part
from nephoscope.samples.truth import LabelOrPoints, gather
from nephoscope.samples.warp import warped_crop

MINIMUM_LABELLED = 0.2
TRIES = 12
Batch = dict[str, Tensor]
Crop = tuple[View, LabelOrPoints]


class CropLoader:
    """Random crops of a part, which may wrap in longitude.

    A label is -1 where there is no image data. Of samples that are labelled as a whole a crop is
    the whole sample; of samples with points it holds at least one.

    Args:
        part: where the crops are cut from.
        recipe: features, crop size, augmentation.
        seed: of all draws; by default the recipe's.

    Raises:
        UsageError: the crop is larger than the samples, or the samples cannot be changed as the
            recipe's augmentation says, or there is no point in them.
    """

    def __init__(self, part: Part, recipe: Recipe, seed: int | None = None) -> None:
        self.part, self.recipe = part, recipe
        self.seed = recipe.training.seed if seed is None else seed
        self.size = part.shape if part.truth == "frame" else recipe.training.crop
        self.warp = recipe.training.augmentation.warp
        if self.size[0] > part.shape[0] or self.size[1] > part.shape[1]:
            raise UsageError(f"training.crop {self.size} is larger than the samples {part.shape}")
        check_augmentation(part, recipe, self.size)
        self._draws = {
            "pixels": self._with_labels,
            "frame": self._of_turn,
            "points": self._with_points,
        }
        even = recipe.training.even
        self._shares = shares_of(part.groups, even) if even else None
        self._ends = np.cumsum([len(points) for points in part.points])
        if part.truth == "points" and not self._ends[-1]:
            raise UsageError("the samples hold no point with truth")

    def crop(self, number: int, sample: int | None = None) -> Crop:
        """Crop number `number`, augmented, before its features are computed.

        Args:
            number: of the crop.
            sample: which sample to cut it from; drawn when not given.
        """
        rng = np.random.default_rng((self.seed, number))
        if sample is None and self._shares is not None:
            sample = sample_by_share(self._shares, self.seed, number)
        view, truth = self._draws[self.part.truth](rng, number, sample)
        return augment(view, truth, self.recipe.training.augmentation, rng)

    def batch(self, numbers: range) -> Batch:
        """`inputs` (batch, feature, y, x) float32 of some crops, and their truth.

        See `nephoscope.samples.truth.gather`: `label` (batch, y, x) or (batch,) int8, or points.
        """
        crops = [self.crop(number) for number in numbers]
        names = self.recipe.inputs.names
        first = assemble(crops[0][0], names)
        inputs = np.zeros((len(crops), *first.shape), np.float32)
        inputs[0] = first
        for (view, _), out in zip(crops[1:], inputs[1:], strict=True):
            assemble(view, names, out)
        arrays = {"inputs": inputs, **gather([truth for _, truth in crops])}
        return {name: torch.from_numpy(values) for name, values in arrays.items()}

    def _with_labels(self, rng: np.random.Generator, _: int, given: int | None) -> Crop:
        """A window with enough labels, or the best of `TRIES`."""
        if self.warp.share and rng.random() < self.warp.share:
            view, label = warped_crop(self.part, self.size, self.warp, rng, given)
        else:
            best: tuple[float, int, int, int] = (-1.0, 0, 0, 0)
            for _ in range(TRIES):
                sample, row, col = self._place(rng, given)
                label = self.part.label_in(sample, row, col, self.size)
                best = max(best, (float((label >= 0).mean()), sample, row, col))
                if best[0] >= MINIMUM_LABELLED:
                    break
            view = self.part.view(*best[1:], self.size)
            label = self.part.label_in(*best[1:], self.size)
        return view, np.where(view.known, label, np.int8(-1))

    def _of_turn(self, _: np.random.Generator, number: int, given: int | None) -> Crop:
        """A whole sample; every one has its turn."""
        place = (self.sample_in_turn(number) if given is None else given, 0, 0, self.size)
        return self.part.view(*place), self.part.truth_in(*place)

    def _with_points(self, rng: np.random.Generator, _: int, given: int | None) -> Crop:
        """A window that holds a point, each as likely: of some windows that with most points.

        Points lie along a line, which a window that is drawn anywhere would often miss.
        """
        if given is None:
            any_point = int(rng.integers(self._ends[-1]))
            given = int(np.searchsorted(self._ends, any_point, side="right"))
        points = self.part.points[given]
        chosen, (height, width) = int(rng.integers(len(points))), self.part.shape
        around = width if self.part.wraps else None
        best: tuple[int, int, int] = (-1, 0, 0)
        for _ in range(TRIES):
            row = _start_before(float(points.row[chosen]), self.size[0], height, False, rng)
            col = _start_before(
                float(points.col[chosen]), self.size[1], width, self.part.wraps, rng
            )
            held = len(points.inside(row, col, self.size, around))
            best = max(best, (held, row, col), key=lambda window: window[0])
        place = given, *best[1:], self.size
        return self.part.view(*place), self.part.truth_in(*place)

    def _place(self, rng: np.random.Generator, given: int | None) -> tuple[int, int, int]:
        """Sample, row and column of a window; of a picture of its own size, one that starts in it.

        It holds all of a picture that is smaller than it, and beyond that what is missing.
        """
        if self.part.sizes:
            sample = int(rng.integers(len(self.part.indices))) if given is None else given
            sides = zip(self.part.size_of(sample), self.size, strict=True)
            row, col = (int(rng.integers(max(whole - side, 0) + 1)) for whole, side in sides)
            return sample, row, col
        first, last = self.part.rows
        centre = int(rng.integers(first, last + 1))
        row = min(max(centre - self.size[0] // 2, 0), self.part.shape[0] - self.size[0])
        spare = 0 if self.part.wraps else self.size[1] - 1
        col = int(rng.integers(self.part.shape[1] - spare))
        drawn = int(rng.integers(len(self.part.indices)))
        return drawn if given is None else given, row, col

    def sample_in_turn(self, number: int) -> int:
        """The sample of crop `number`, if every sample has its turn before any comes again.

        Their order is drawn anew each round.
        """
        samples = len(self.part.indices)
        turn, place = divmod(number, samples)
        return int(np.random.default_rng((self.seed, turn, 3)).permutation(samples)[place])


def shares_of(groups: Sequence[str], even: float) -> NDArray[np.float64]:
    """Share of each sample: a group of n samples has one that goes with n ** (1 - even).

    Args:
        groups: what each sample belongs to.
        even: 0: all samples as often as each other; 1: all groups.
    """
    _, of, held = np.unique(np.array(groups), return_inverse=True, return_counts=True)
    weights = (held[of] ** -float(even)).astype(np.float64)
    return np.asarray(weights / weights.sum())


def sample_by_share(shares: NDArray[np.float64], seed: int, number: int) -> int:
    """The sample of crop `number` of a seed, where samples have their shares."""
    rng = np.random.default_rng((seed, number, 4))
    return int(rng.choice(len(shares), p=shares))


def _start_before(
    place: float, side: int, whole: int, wraps: bool, rng: np.random.Generator
) -> int:
    """Start of a window of a side, drawn so that it holds a place, within the whole or around."""
    low, high = int(np.ceil(place)) - side + 1, int(np.floor(place))
    if not wraps:
        low, high = max(low, 0), min(high, whole - side)
    return int(rng.integers(low, max(low, high) + 1))


class Batches:
    """One epoch of training batches, made ahead by threads; what fails there is raised here.

    Args:
        loader: where the crops come from.
        steps: batches in an epoch.
        start: tells, when an epoch begins, how many batches were used before it.
        ahead: batches made ahead of the one in use, or twice as many as there are threads.
        share: which of how many processes this is, each of which takes other crops.
    """

    def __init__(
        self,
        loader: CropLoader,
        steps: int,
        start: Callable[[], int],
        ahead: int = 4,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.loader, self.steps, self.start, self.ahead = loader, steps, start, ahead
        self.share = share

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        size, first = self.loader.recipe.training.batch, self.start()
        workers = max(1, self.loader.recipe.training.workers)
        ahead, (rank, world) = max(self.ahead, 2 * workers), self.share
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="crops") as pool:
            try:
                for step in range(first, first + self.steps):
                    place = step * world + rank
                    numbers = range(place * size, (place + 1) * size)
                    waiting.append(pool.submit(self.loader.batch, numbers))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

"""Pool of pixels: batches of single pixels from many frames at once.

It is for networks that see fixed numbers at each pixel, and learn only to judge them. A pool holds
what was seen at some labelled pixels of many augmented frames. Every few steps its oldest frame
gives way to a new one. What is in the pool at a step depends on the seed and the step alone: a
resumed run goes on as an uninterrupted one would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from nephoscope.errors import UsageError
from nephoscope.inputs import assemble
from nephoscope.networks.local import LocalNet
from nephoscope.recipe import Pool
from nephoscope.samples.crops import Batch, CropLoader, sample_by_share, shares_of


class PixelBatches:
    """One epoch of batches: `seen` (pixel, number) float32 and `label` (pixel,) int8.

    Args:
        loader: where the frames come from; its recipe has a `pool`.
        network: what looks at them.
        steps: batches in an epoch.
        start: tells, when an epoch begins, how many batches were used before it.
    """

    def __init__(
        self, loader: CropLoader, network: LocalNet, steps: int, start: Callable[[], int]
    ) -> None:
        pool = loader.recipe.training.pool
        if pool is None:
            raise UsageError("training.pool: the recipe has none")
        if loader.part.truth != "pixels":
            raise UsageError("training.pool: is for labels of pixels")
        self.loader, self.network, self.steps, self.start = loader, network, steps, start
        self.pool: Pool = pool
        self._held: dict[int, tuple[Tensor, Tensor]] = {}
        self._made = 0
        self._shares = shares_of(loader.part.groups, pool.even) if pool.even else None

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        first = self.start()
        for step in range(first, first + self.steps):
            self._fill(step // self.pool.refresh)
            yield self._batch(step)

    def first_seen(self) -> Tensor:
        """Numbers seen in the pool of the first step: (pixel, number)."""
        self._fill(0)
        return torch.cat([self._held[place][0] for place in range(self.pool.frames)])

    def _fill(self, oldest: int) -> None:
        """Hold the frames from number `oldest` on, as many as the pool takes."""
        last = oldest + self.pool.frames
        for number in range(max(self._made, oldest), last):
            self._held[number % self.pool.frames] = self._frame(number)
        self._made = max(self._made, last)

    def _frame(self, number: int) -> tuple[Tensor, Tensor]:
        """Some labelled pixels of frame `number`, drawn with replacement; samples take turns."""
        view, truth = self.loader.crop(number, self._sample(number))
        label = np.ascontiguousarray(truth)
        inputs = assemble(view, self.loader.recipe.inputs.names)
        rng = np.random.default_rng((self.loader.seed, number, 1))
        known = np.flatnonzero(label >= 0)
        if not known.size:
            known = np.arange(label.size)
        chosen = known[rng.integers(known.size, size=self.pool.pixels)]
        rows, cols = (torch.from_numpy(place) for place in np.divmod(chosen, label.shape[1]))
        seen = self.network.at_pixels(torch.from_numpy(inputs)[None], rows, cols)
        return seen, torch.from_numpy(label.ravel()[chosen])

    def _sample(self, number: int) -> int:
        """The sample of frame `number`: in turn, or by lot where some have a larger share."""
        if self._shares is None:
            return self.loader.sample_in_turn(number)
        return sample_by_share(self._shares, self.loader.seed, number)

    def _batch(self, step: int) -> Batch:
        rng = np.random.default_rng((self.loader.seed, step, 2))
        size, frames = self.loader.recipe.training.batch, self.pool.frames
        places = torch.from_numpy(rng.integers(self.pool.pixels, size=(frames, -(-size // frames))))
        seen, label = (
            torch.cat([self._held[frame][part][chosen] for frame, chosen in enumerate(places)])
            for part in (0, 1)
        )
        return {"seen": seen, "label": label}

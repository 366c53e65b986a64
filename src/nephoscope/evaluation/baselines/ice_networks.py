"""Small networks of single points, taught by the loss of the task itself: baselines of ice.

One sees the channels without sunlight of the pixel alone. The other sees all that there is at a
point and what trees say of its levels, and corrects that: boosted trees and a network in one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.boosted import ProfileOptions, Scale, other_half
from nephoscope.evaluation.baselines.ice_features import IcePoints
from nephoscope.evaluation.baselines.ice_models import (
    Climatology,
    Dressed,
    Fitted,
    Neighbours,
    Trees,
    drawn_points,
)
from nephoscope.evaluation.sample import Floats
from nephoscope.tasks import Task
from nephoscope.tasks.ice_head import IceHead
from nephoscope.tasks.ice_truth import IWC, NUMBER, number_of

BATCH, RATE = 256, 2e-3
_TIMID = 0.01
"""Share of the usual weights with which the last layer begins."""
_FAR = 12.0
"""Beyond which a logit tells no more."""


def fitted_to_ice(
    train: Sequence[IcePoints], judge: Sequence[IcePoints], task: Task, options: ProfileOptions
) -> dict[str, Callable[[IcePoints], Floats]]:
    """The baselines, the simplest first: name → from points to numbers of the task's head.

    Args:
        train: points of the training.
        judge: of other units, if there are any: how far the truth lies from what is said.
        task: of ice.
        options: how much work.
    """
    trees = Dressed.of(Trees(train, options), judge)
    found: dict[str, Fitted] = {
        "climatology": Climatology(train),
        "nearest neighbours": Neighbours(train, options),
        "boosted trees": Trees(train, options, surroundings=False),
    }
    dressed: dict[str, Callable[[IcePoints], Floats]]
    dressed = {name: Dressed.of(each, judge).raw for name, each in found.items()}
    if options.hidden:
        dressed["thermal network"] = PixelNetwork(train, task, options).raw
    dressed["boosted trees + context"] = trees.raw
    if options.hidden and len({part.unit for part in train}) > 1:
        dressed["boosted trees + network"] = Stacked(train, trees, task, options).raw
    return dressed


class PixelNetwork:
    """A network of two hidden layers, which sees the channels of the pixel without sunlight.

    Args:
        train: points of the training.
        task: whose loss teaches it.
        options: how much work.
    """

    def __init__(self, train: Sequence[IcePoints], task: Task, options: ProfileOptions) -> None:
        some = drawn_points(train, options)
        self._scale = Scale(np.concatenate([_thermal(part) for part in some]))
        inputs = np.concatenate([self._scale.of(_thermal(part)) for part in some])
        start = np.zeros((len(inputs), task.outputs(some[0].types.shape[1])), np.float32)
        self._network = Perceptron(inputs, start, _truth(some), task, options)

    def raw(self, part: IcePoints) -> Floats:
        """Numbers of the head (point, output) float32; NaN where the picture has no data."""
        raw = self._network.of(self._scale.of(_thermal(part)))
        raw[~part.known] = np.nan
        return raw


class Stacked:
    """A network that corrects what trees say, and sees all that is seen at a point.

    Trees that were fitted to a point know it by heart, so the network learns from what those say
    that were fitted to the other half of the units.

    Args:
        train: points of the training, of two units at least.
        trees: fitted to all of them, with what they lie off by.
        task: whose loss teaches the network.
        options: how much work.
    """

    def __init__(
        self, train: Sequence[IcePoints], trees: Dressed, task: Task, options: ProfileOptions
    ) -> None:
        self._trees = trees
        start, learned = list[Floats](), list[IcePoints]()
        for mine, others in other_half(drawn_points(train, options)):
            half = Dressed.of(Trees(whole_of(others, train), options), mine)
            start += [half.raw(part) for part in mine]
            learned += mine
        self._scale = Scale(np.concatenate([part.flat for part in learned]))
        inputs = [self._inputs(part, raw) for part, raw in zip(learned, start, strict=True)]
        self._network = Perceptron(
            np.concatenate(inputs), np.concatenate(start), _truth(learned), task, options
        )

    def raw(self, part: IcePoints) -> Floats:
        """Numbers of the head (point, output) float32; NaN where the picture has no data."""
        raw = self._trees.raw(part)
        return raw + self._network.of(self._inputs(part, raw))

    def _inputs(self, part: IcePoints, raw: Floats) -> Floats:
        """What is seen, and of each level the logit of cloud and the median of the ice."""
        said = IceHead.of(raw.shape[1]).parts(raw.T)
        told = np.concatenate([said.cloud.clip(-_FAR, _FAR) / 3, said.iwc[len(said.iwc) // 2] + 5])
        return np.concatenate([self._scale.of(part.flat), np.nan_to_num(told.T)], axis=1)


def whole_of(some: Sequence[IcePoints], parts: Sequence[IcePoints]) -> list[IcePoints]:
    """All parts of the units that some are of."""
    units = {part.unit for part in some}
    return [part for part in parts if part.unit in units]


class Perceptron:
    """Two hidden layers that learn what is to be added to raw numbers of a head.

    Args:
        inputs: (point, feature) float32.
        start: (point, output) float32, to which the network adds.
        truth: name → (point, level).
        task: whose loss is made small.
        options: neurons, epochs and the seed.
    """

    def __init__(
        self,
        inputs: Floats,
        start: Floats,
        truth: dict[str, Floats],
        task: Task,
        options: ProfileOptions,
    ) -> None:
        import torch
        from torch import nn

        rng = np.random.default_rng(options.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            widths = (inputs.shape[1], options.hidden, options.hidden, start.shape[1])
            first, second, last = (nn.Linear(*pair) for pair in pairwise(widths))
        with torch.no_grad():
            last.weight.mul_(_TIMID)
            last.bias.zero_()
        self._layers = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)
        self._learn(inputs, start, truth, task, options.epochs, rng)

    def of(self, inputs: Floats) -> Floats:
        """What is to be added, (point, output) float32."""
        import torch

        with torch.no_grad():
            return np.asarray(self._layers(torch.from_numpy(inputs)).numpy(), np.float32)

    def _learn(
        self,
        inputs: Floats,
        start: Floats,
        truth: dict[str, Floats],
        task: Task,
        epochs: int,
        rng: np.random.Generator,
    ) -> None:
        import torch

        losses = task.losses_for(task.Losses(cross_entropy=1.0), [truth])
        held = {name: torch.from_numpy(values) for name, values in truth.items()}
        seen, begun = torch.from_numpy(inputs), torch.from_numpy(start)
        steps = max(epochs * -(-len(inputs) // BATCH), 1)
        optimiser = torch.optim.AdamW(self._layers.parameters(), RATE, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
        for _ in range(epochs):
            for chosen in _batches(rng.permutation(len(inputs))):
                raw = begun[chosen] + self._layers(seen[chosen])
                some = {name: values[chosen] for name, values in held.items()}
                optimiser.zero_grad()
                task.loss(raw, some, losses).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()


def _batches(order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [order[first : first + BATCH] for first in range(0, len(order), BATCH)]


def _thermal(part: IcePoints) -> Floats:
    return part.pixel[:, : part.thermal]


def _truth(parts: Sequence[IcePoints]) -> dict[str, Floats]:
    found = {IWC: np.concatenate([part.truth[IWC] for part in parts])}
    return found | {NUMBER: np.concatenate([number_of(part.truth) for part in parts])}

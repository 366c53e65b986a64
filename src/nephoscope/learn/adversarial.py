"""Adversarial training: the loss of a discriminator that sees only columns whose truth is known.

The discriminator is shown amounts on levels, as a task scales them, and the features of the
picture. It learns by itself, with an optimizer that Lightning does not count: steps stay those of
the network.
"""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.learn.items import Batch
from nephoscope.learn.module import FitModule
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks.patch_judge import HIDDEN, PatchJudge, least_side, patches_with
from nephoscope.recipe import Training
from nephoscope.recipe.adversarial import Adversarial
from nephoscope.scene import Truth
from nephoscope.tasks import Task

_KEPT = "judge_optimizer"
_LEAST = 1e-4  # added to the norm that divides, as published


@runtime_checkable
class TellsColumns(Protocol):
    """A task whose items are columns of amounts on levels."""

    def scaled_columns(self, raw: Tensor, truth: Batch) -> tuple[Tensor, Tensor]:
        """Said and true, (item, kind, level), at least 0; what is true is NaN where unknown."""


class AdversarialModule(FitModule):
    """A fit beside which a discriminator learns; see `FitModule`."""

    def __init__(
        self,
        task: Task,
        network: NormalisedNetwork,
        training: Training,
        steps: int,
        truth: Truth,
    ) -> None:
        super().__init__(task, network, training, steps, truth)
        if training.adversarial is None or not isinstance(task, TellsColumns):
            raise UsageError(
                f"training.adversarial: the task '{task.name}' tells no amounts on levels to judge"
            )
        last_weight(network.network)
        self.settings, self.columns = training.adversarial, task.scaled_columns
        self.judge = PatchJudge(network.mean.shape[1], 2, self.settings.widths)
        self._optimizer: torch.optim.Optimizer | None = None
        self._kept: dict[str, Any] | None = None

    def on_train_start(self) -> None:
        """The discriminator's optimizer, as it was where the run goes on."""
        parameters, rate = self.judge.parameters(), self.settings.learning_rate
        self._optimizer = torch.optim.Adam(parameters, lr=rate, betas=(0.5, 0.9))
        if self._kept is not None:
            self._optimizer.load_state_dict(self._kept)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the optimizer."""
        if self._optimizer is not None:
            checkpoint[_KEPT] = self._optimizer.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Its state, for when the discriminator is where it is trained."""
        self._kept = checkpoint.get(_KEPT)

    def whole_loss(self, loss: Tensor, raw: Tensor, truth: Batch, batch: Batch) -> Tensor:
        """The task's loss and, from `start` on, the weighted one of the discriminator."""
        if self.global_step < self.settings.start:
            return loss
        with torch.autocast(loss.device.type, enabled=False):
            said, true = self.columns(raw.float(), truth)
            known = true.isfinite().any(dim=2).any(dim=1)
            if not known.any():
                return loss
            network = self.network
            picture = ((batch["inputs"] - network.mean) / network.std).float()
            place, grid = batch["point"].round().long()[known], (len(picture), *picture.shape[2:])
            hidden = ~true.isfinite()[known]
            shown_said, shown = on_track(said[known].masked_fill(hidden, HIDDEN), place, grid)
            shown_true, _ = on_track(true[known].masked_fill(hidden, HIDDEN), place, grid)
            self._learn(shown_said.detach(), shown_true, shown, picture)
            self.judge.requires_grad_(False)
            judged = self.judge(shown_said, picture)
            self.judge.requires_grad_(True)
            fooled = -judged[patches_with(shown, judged)].mean()
        last = last_weight(self.network.network)
        weight = adaptive_weight(loss, fooled, last, self.settings)
        self.log("adversarial_weight", weight, on_step=True)
        whole: Tensor = loss + weight * fooled
        return whole

    def _learn(self, said: Tensor, true: Tensor, shown: Tensor, picture: Tensor) -> None:
        """One step of the discriminator, with a hinge loss."""
        if self._optimizer is None:
            raise RuntimeError("the discriminator has no optimizer before training starts")
        real, made = self.judge(true, picture), self.judge(said, picture)
        loss = hinge(real, made, patches_with(shown, real))
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        self.log("adversarial_loss", loss.detach(), on_step=True)


def hinge(real: Tensor, made: Tensor, counted: Tensor) -> Tensor:
    """Hinge loss of what is said of true and of predicted columns, where patches are counted."""
    true, said = functional.relu(1 - real[counted]), functional.relu(1 + made[counted])
    return 0.5 * (true.mean() + said.mean())


def on_track(columns: Tensor, place: Tensor, grid: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Columns at their pixels, `HIDDEN` everywhere else; of several in a pixel the mean.

    Args:
        columns: (item, kind, level).
        place: (item, 3) int64, sample, row and column; beyond an edge as at the edge.
        grid: samples, rows and columns.

    Returns:
        (sample, kind, level, y, x), and (sample, y, x) bool, where a column is shown.
    """
    sample, row, col = place.unbind(1)
    row, col = row.clamp(0, grid[1] - 1), col.clamp(0, grid[2] - 1)
    flat = (sample * grid[1] + row) * grid[2] + col
    pixels, which, many = torch.unique(flat, return_inverse=True, return_counts=True)
    kinds = columns.shape[1:]
    mean = columns.new_zeros(len(pixels), *kinds).index_add(0, which, columns)
    every = columns.new_full((math.prod(grid), *kinds), HIDDEN)
    every = every.index_put((pixels,), mean / many[:, None, None])
    shown = torch.zeros(len(every), dtype=torch.bool, device=columns.device)
    shown[pixels] = True
    return every.reshape(*grid, *kinds).permute(0, 3, 4, 1, 2), shown.reshape(grid)


def adaptive_weight(
    loss: Tensor, fooled: Tensor, last: nn.Parameter, settings: Adversarial
) -> Tensor:
    """Weight at which both losses pull alike at the last layer, times the recipe's; no gradient."""
    ours, theirs = (
        torch.autograd.grad(each, last, retain_graph=True)[0].norm() for each in (loss, fooled)
    )
    ratio: Tensor = (ours / (theirs + _LEAST)).clamp(0, settings.largest).detach()
    return settings.weight * ratio


def last_weight(network: nn.Module) -> nn.Parameter:
    """Weight of the layer at which gradients are compared: the network's `last`, or its last.

    Raises:
        UsageError: it is frozen.
    """
    found: Any = getattr(network, "last", None)
    if found is None:
        found = [each for each in network.parameters() if each.ndim > 1][-1]
    if not found.requires_grad:
        raise UsageError("training.frozen: the last layer is, and training.adversarial needs it")
    weight: nn.Parameter = found
    return weight


def fit_module(
    task: Task, network: NormalisedNetwork, training: Training, steps: int, truth: Truth
) -> FitModule:
    """What trains a network: alone, or beside a discriminator if the recipe asks for one."""
    made = FitModule if training.adversarial is None else AdversarialModule
    return made(task, network, training, steps, truth)


def check_judge(training: Training, sides: tuple[int, ...]) -> None:
    """Levels, rows and columns of a crop suffice for a discriminator.

    Raises:
        UsageError: they do not.
    """
    if training.adversarial is None:
        return
    least = least_side(training.adversarial.widths)
    if min(sides) < least:
        raise UsageError(
            f"training.adversarial.widths: so many want at least {least} levels, rows and columns, "
            f"a crop has {', '.join(map(str, sides))}"
        )

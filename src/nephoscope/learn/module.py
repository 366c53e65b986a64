"""Lightning module of any task: a step of training, a batch of validation, averaged weights."""

from __future__ import annotations

import copy
from typing import Any

import lightning
import torch
from torch import Tensor, nn

from nephoscope.errors import UsageError
from nephoscope.learn.items import Batch, counted, items, raw_of
from nephoscope.learn.schedule import learning_rate_at
from nephoscope.models.folder import has_first_stage
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.recipe import Recipe, Training
from nephoscope.scene import Truth
from nephoscope.tasks import NO_COUNTS, Counts, Task


class FitModule(lightning.LightningModule):
    """Trains a network on batches of training samples and scores it on those that validate.

    Args:
        task: owns loss, counts and score.
        network: what is trained.
        training: the recipe's settings.
        steps: length of the schedule.
        truth: form of the samples' truth.
    """

    def __init__(
        self,
        task: Task,
        network: NormalisedNetwork,
        training: Training,
        steps: int,
        truth: Truth,
    ) -> None:
        super().__init__()
        self.task, self.truth = task, truth
        self.network = _channels_last(network)
        self.average = copy.deepcopy(self.network) if training.average else None
        if self.average is not None:
            self.average.requires_grad_(False)
        self.training_settings, self.steps = training, steps
        self.counts: Counts = NO_COUNTS

    @property
    def final_network(self) -> NormalisedNetwork:
        """What is validated and kept: the averaged network if the recipe asks for one."""
        final: NormalisedNetwork = self.network if self.average is None else self.average
        return final

    def on_train_epoch_start(self) -> None:
        """Draw from a stream that belongs to the epoch, so that a resumed run draws the same.

        Frozen parts do not go on to average what they see, either.
        """
        torch.manual_seed(self.training_settings.seed * 1_000_003 + self.current_epoch)
        for name in self.training_settings.frozen:
            self.network.network.get_submodule(name).eval()
        if self.average is not None:
            self.average.eval()

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of one batch, of pictures or of single pixels."""
        raw, truth = items(raw_of(self.network, batch), batch, self.truth)
        loss = self.task.loss(raw, truth, self.training_settings.losses)
        self.log("loss", loss, on_step=True, prog_bar=True)
        return self.whole_loss(loss, raw, truth, batch)

    def whole_loss(self, loss: Tensor, raw: Tensor, truth: Batch, batch: Batch) -> Tensor:
        """What is made small: the task's loss of items, and what else a way of training adds."""
        del raw, truth, batch
        return loss

    def on_train_batch_end(self, _outputs: object, _batch: object, batch_idx: int) -> None:
        """Move the averaged weights; early on the average is short and forgets the start."""
        if self.average is None or (batch_idx + 1) % self.training_settings.accumulate:
            return
        step = self.global_step
        decay = min(self.training_settings.average, (1 + step) / (10 + step))
        kept, new = self.average.state_dict(), self.network.state_dict()
        floating = [name for name, value in kept.items() if value.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([kept[n] for n in floating], [new[n] for n in floating], 1 - decay)
        for name in kept.keys() - set(floating):
            kept[name].copy_(new[name])

    def on_validation_epoch_start(self) -> None:
        """Start to count."""
        self.counts = NO_COUNTS

    def validation_step(self, batch: Batch, _: int) -> dict[str, Any]:
        """Count one batch.

        Returns:
            `said`, (item, output) float32 of its items, and what is true of them, by name.
        """
        raw = raw_of(self.final_network, batch)
        said, truth = counted(raw, batch, self.truth)
        self.counts = self.counts + self.task.count(said, truth)
        return {"said": said, **truth}

    def on_validation_epoch_end(self) -> None:
        """Log the task's objective, pooled over all batches."""
        self.log(self.task.objective, self.task.score(self.counts), prog_bar=True)

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - one of Lightning's many forms
        """AdamW (no decay on norms and biases), and the recipe's schedule."""
        settings = self.training_settings
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        groups = [
            {
                "params": [p for p in parameters if p.ndim > 1],
                "weight_decay": settings.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_at(step, self.steps, settings)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def freeze(network: nn.Module, recipe: Recipe) -> None:
    """Let parts of a network keep their weights, and the first stage, which is fitted afterwards.

    What has no gradient must say so: processes that train together wait for that of each other.

    Raises:
        UsageError: the network has no such part, or nothing would be left to train.
    """
    known = dict(network.named_children())
    parts = recipe.training.frozen
    for name in parts:
        if name not in known:
            raise UsageError(f"training.frozen: no part {name!r}; parts are {', '.join(known)}")
    for name in [*parts, "first"] if has_first_stage(recipe) else parts:
        known[name].requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise UsageError("training.frozen: nothing is left to train")


def _channels_last(network: NormalisedNetwork) -> NormalisedNetwork:
    """The network with the weights of its 2-D convolutions in the order that is fast."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network

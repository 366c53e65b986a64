"""The Lightning module: one step of training, one tile of validation, the averaged weights."""

from __future__ import annotations

import copy
import math
from typing import Any

import lightning
import torch
from torch import Tensor

from nephoscope.learn.calibrate import best_f1, count_logits, no_counts
from nephoscope.learn.losses import mask_loss
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.recipe import Training
from nephoscope.samples.crops import Batch

FINAL_RATE = 0.01  # share of the learning rate that is left at the end


class MaskModule(lightning.LightningModule):
    """Trains a network on crops and scores it on tiles of whole samples.

    Args:
        network: what is trained.
        training: the recipe's settings.
        steps: length of the schedule.
    """

    def __init__(self, network: NormalisedNetwork, training: Training, steps: int) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network) if training.average else None
        if self.average is not None:
            self.average.requires_grad_(False)
        self.training_settings, self.steps = training, steps
        self.counts = no_counts()

    @property
    def final_network(self) -> NormalisedNetwork:
        """What is validated and kept: the averaged network if the recipe asks for one."""
        final: NormalisedNetwork = self.network if self.average is None else self.average
        return final

    def on_train_epoch_start(self) -> None:
        """Draw from a stream that belongs to the epoch, so that a resumed run draws the same."""
        torch.manual_seed(self.training_settings.seed * 1_000_003 + self.current_epoch)
        if self.average is not None:
            self.average.eval()

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Loss of one batch, of crops or of single pixels."""
        if "seen" in batch:
            judge: Any = self.network.network
            logits = judge.judge(batch["seen"])
            loss = mask_loss(logits, batch["label"], self.training_settings.losses)
            self.log("loss", loss, on_step=True, prog_bar=True)
            return loss
        inputs = batch["inputs"].contiguous(memory_format=torch.channels_last)
        loss = mask_loss(self.network(inputs), batch["label"], self.training_settings.losses)
        self.log("loss", loss, on_step=True, prog_bar=True)
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        """Move the averaged weights; early on the average is short and forgets the start."""
        if self.average is None:
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
        self.counts = no_counts()

    def validation_step(self, batch: Batch, _: int) -> None:
        """Count the logits of one tile."""
        inputs = batch["inputs"].contiguous(memory_format=torch.channels_last)
        self.counts += count_logits(self.final_network(inputs), batch["label"], batch["known"])

    def on_validation_epoch_end(self) -> None:
        """Log the best F1 of any threshold, pooled over all tiles."""
        self.log("f1", best_f1(self.counts), prog_bar=True)

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - one of Lightning's many forms
        """AdamW (no decay on norms and biases), warm-up, then a cosine down to 1 %."""
        settings = self.training_settings
        parameters = list(self.network.parameters())
        groups = [
            {
                "params": [p for p in parameters if p.ndim > 1],
                "weight_decay": settings.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_at(step, self.steps, settings.warmup)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


def learning_rate_at(step: int, steps: int, warmup: float) -> float:
    """Share of the full learning rate at a step: linear rise, then half a cosine to 1 %."""
    rise = max(round(warmup * steps), 1)
    if step < rise:
        return (step + 1) / rise
    done = min((step - rise) / max(steps - rise, 1), 1.0)
    return FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * done))

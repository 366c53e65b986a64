"""Pre-emption of a training: at SIGTERM, as Slurm and clouds send it, the step is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException


class Preemption(Callback):
    """Writes the last checkpoint once Lightning ends a run at a SIGTERM, after a whole batch.

    A run that is resumed goes on at that step, with the random numbers that were next. In the
    midst of a validation, or of a step of several batches, nothing is written: the checkpoint
    before it stands.

    Args:
        checkpoint: to write.
    """

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.random: torch.Tensor | None = None

    def state_dict(self) -> dict[str, Any]:
        """The state of torch's random numbers, where a run ended between two validations."""
        return {} if self.random is None else {"random": self.random}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.random = state_dict.get("random")

    def on_train_batch_start(self, *_: object) -> None:
        """Go on with the random numbers of a run that was ended here."""
        if self.random is not None:
            torch.set_rng_state(self.random)
            self.random = None

    def on_exception(
        self, trainer: lightning.Trainer, _: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Keep the step after which the run was told to end."""
        done = trainer.fit_loop.epoch_loop.batch_progress.current.completed
        between = trainer.training and 0 < done < trainer.num_training_batches
        between = between and done % trainer.accumulate_grad_batches == 0
        if isinstance(exception, SIGTERMException) and between:
            self.random = torch.get_rng_state()
            trainer.save_checkpoint(self.checkpoint)

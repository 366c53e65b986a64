"""Pre-emption of a training: at SIGTERM, as Slurm and clouds send it, the step is kept."""

from __future__ import annotations

import signal
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

    Of several processes each is told at another moment, or only some are: they end before the same
    batch. Lightning's own handler speaks to the others from wherever it is, and may wait forever.

    Args:
        checkpoint: to write.
    """

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.random: torch.Tensor | None = None
        self._told = False

    def on_train_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Of several processes, only remember that the end was told; Lightning's end undoes it."""
        if trainer.world_size > 1:
            signal.signal(signal.SIGTERM, self._remember)

    def _remember(self, *_: object) -> None:
        self._told = True

    def _end_together(self, trainer: lightning.Trainer) -> None:
        """End, where one of several processes was told to."""
        if trainer.world_size > 1 and trainer.strategy.reduce_boolean_decision(
            self._told, all=False
        ):
            raise SIGTERMException

    def state_dict(self) -> dict[str, Any]:
        """The state of torch's random numbers, where a run ended between two validations."""
        return {} if self.random is None else {"random": self.random}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.random = state_dict.get("random")

    def on_validation_batch_start(self, trainer: lightning.Trainer, *_: object) -> None:
        """End together, in the midst of a validation too."""
        self._end_together(trainer)

    def on_train_batch_start(self, trainer: lightning.Trainer, *_: object) -> None:
        """End together, or go on with the random numbers of a run that was ended here."""
        self._end_together(trainer)
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

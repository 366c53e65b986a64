"""Kept samples: what a network says of some validation samples, always the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
from lightning.pytorch.callbacks import Callback

from nephoscope.files import atomic_path

Said = Mapping[str, npt.NDArray[Any]]

SAMPLES = 4
"""Samples that are kept, from all over the validation part."""


class KeptSamples(Callback):
    """Keeps what is said of some batches of a validation, and what is true of them.

    Args:
        kinds: of each batch of the validation, e.g. "day" or "night": so many are kept of each. By
            default all are of one kind, "".
    """

    def __init__(self, kinds: Sequence[str] = ()) -> None:
        self.kinds = list(kinds)
        self.kept: list[Said] = []
        self.kept_kinds: list[str] = []

    def on_validation_epoch_start(self, *_: object) -> None:
        """Forget what was said at the validation before."""
        self.kept, self.kept_kinds = [], []

    def on_validation_batch_end(
        self,
        trainer: lightning.Trainer,
        module: lightning.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's; what `FitModule.validation_step` returns
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        *_: object,
    ) -> None:
        """Keep what is said of a batch in so many."""
        kind, rank, total = "", batch_idx, trainer.num_val_batches[0]
        if self.kinds:
            kind = self.kinds[batch_idx]
            rank, total = self.kinds[:batch_idx].count(kind), self.kinds.count(kind)
        apart = max(int(total) // SAMPLES, 1) if np.isfinite(total) else 1
        wanted = rank % apart == 0 and self.kept_kinds.count(kind) < SAMPLES
        if wanted and len(outputs["said"]):
            self.kept.append(outputs)
            self.kept_kinds.append(kind)


class SaidLog(KeptSamples):
    """Writes what is kept, with the truth, to a file at each validation.

    Args:
        folder: of the files, `step_<step>.npz`: `said_0` (item, output) float32 of the first
            sample, the truth by its name and number, and so on.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Write."""
        arrays: dict[str, Any] = {
            f"{name}_{number}": values
            for number, each in enumerate(self.kept)
            for name, values in each.items()
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / f"step_{trainer.global_step:06d}.npz") as part:
            with part.open("wb") as file:
                np.savez_compressed(file, **arrays)

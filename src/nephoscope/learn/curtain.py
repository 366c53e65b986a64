"""Curtains in TensorBoard: at each validation, what the network says of some samples over truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import xarray as xr
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nephoscope.learn.kept_samples import KeptSamples
from nephoscope.learn.module import FitModule
from nephoscope.plots.cloud_types import Kind
from nephoscope.plots.curtain import plot_curtains

Reals = npt.NDArray[np.floating]
Whole = npt.NDArray[np.integer]

TAG = "curtain"
"""Under which TensorBoard shows the pictures."""
_BETWEEN = 3  # profiles of nothing between samples


class CurtainLog(KeptSamples):
    """Logs to TensorBoard at each validation prediction over truth, always of the same samples.

    It is for tasks whose truth is on levels.

    Args:
        altitude: (level,) m, the highest first.
    """

    def __init__(self, altitude: Reals) -> None:
        super().__init__()
        self.altitude = np.asarray(altitude, np.float64)

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Draw and log."""
        loggers = [each for each in trainer.loggers if isinstance(each, TensorBoardLogger)]
        if not loggers or not self.kept or not isinstance(module, FitModule):
            return
        curtains = self._curtains(module)
        if curtains is None:
            return
        name, pairs = curtains
        kind: Kind = "type" if name == "cloud_type" else "mask"
        figure = plot_curtains(pairs, kind, f"step {trainer.global_step}: {len(self.kept)} samples")
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        picture = np.asarray(canvas.buffer_rgba())[..., :3]
        for each in loggers:
            each.experiment.add_image(TAG, picture, trainer.global_step, dataformats="HWC")

    def _curtains(self, module: FitModule) -> tuple[str, Mapping[str, xr.DataArray]] | None:
        """Name of the variable on levels, and prediction and truth; None where there is none."""
        task, decision = module.task, module.task.decide(module.counts)
        if "altitude" in type(decision).model_fields:
            decision = decision.model_copy(update={"altitude": tuple(self.altitude.tolist())})
        said: list[Whole] = []
        true: list[Whole] = []
        name = None
        for each in self.kept:
            variables = task.variables(task.fields(each["said"].T, decision), decision)
            name = on_levels(variables)
            if name is None:
                return None
            truth = next(v for key, v in each.items() if key != "said" and v.ndim == 2)
            nothing = np.full((_BETWEEN * bool(said), truth.shape[1]), -1)
            said += [nothing, _codes(variables[name])]
            true += [nothing, truth]
        if name is None:
            return None
        pairs = {"prediction": said, "truth": true}
        return name, {each: self._curtain(np.concatenate(codes)) for each, codes in pairs.items()}

    def _curtain(self, codes: Whole) -> xr.DataArray:
        levels = {"height": ("level", self.altitude)}
        return xr.DataArray(codes, dims=("profile", "level"), coords=levels)


def on_levels(variables: xr.Dataset) -> str | None:
    """Name of the first variable that holds flags on levels, if there is one."""
    return next(
        (
            str(name)
            for name, each in variables.data_vars.items()
            if "level" in each.dims and "flag_values" in each.attrs
        ),
        None,
    )


def _codes(variable: xr.DataArray) -> Whole:
    """(profile, level) codes of a packed variable, -1 where it has none."""
    values = variable.transpose(..., "level").values.astype(np.int64)
    fill = variable.attrs.get("_FillValue", -1)
    return np.where(values == int(fill), -1, values).reshape(-1, values.shape[-1])


def curtain_log(altitude: Any) -> list[Callback]:  # noqa: ANN401 - an array, or None
    """The callback of a validation part whose truth is on levels at these altitudes; else none."""
    return [] if altitude is None or len(altitude) < 2 else [CurtainLog(altitude)]

"""Curtains in TensorBoard: at each validation, what the network says of some samples over truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import xarray as xr
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nephoscope.learn.kept_samples import KeptSamples, Said
from nephoscope.learn.module import FitModule
from nephoscope.plots.cloud_types import Kind
from nephoscope.plots.curtain import plot_curtains
from nephoscope.plots.ice import plot_sections
from nephoscope.samples.part import Part
from nephoscope.samples.store import open_samples

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
        kinds: of each batch of the validation; there is a picture of each kind.
    """

    def __init__(self, altitude: Reals, kinds: Sequence[str] = ()) -> None:
        super().__init__(kinds)
        self.altitude = np.asarray(altitude, np.float64)

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Draw and log."""
        loggers = [each for each in trainer.loggers if isinstance(each, TensorBoardLogger)]
        if not loggers or not self.kept or not isinstance(module, FitModule):
            return
        for under in dict.fromkeys(self.kept_kinds):
            pairs = zip(self.kept, self.kept_kinds, strict=True)
            kept = [each for each, kind in pairs if kind == under]
            curtains = self._curtains(module, kept)
            if curtains is None:
                return
            words = f"step {trainer.global_step}: {len(kept)} samples{under and ', '}{under}"
            picture = _picture(*curtains, words)
            tag = f"{TAG}/{under}" if under else TAG
            for logger in loggers:
                logger.experiment.add_image(tag, picture, trainer.global_step, dataformats="HWC")

    def _curtains(
        self, module: FitModule, kept: Sequence[Said]
    ) -> tuple[str, Mapping[str, xr.DataArray]] | None:
        """Name of the variable on levels, and prediction and truth; None where there is none."""
        task, decision = module.task, module.task.decide(module.counts)
        if "altitude" in type(decision).model_fields:
            decision = decision.model_copy(update={"altitude": tuple(self.altitude.tolist())})
        said: list[npt.NDArray[Any]] = []
        true: list[npt.NDArray[Any]] = []
        name = None
        for each in kept:
            variables = task.variables(task.fields(each["said"].T, decision), decision)
            name = on_levels(variables) or amount_on_levels(variables, each)
            if name is None:
                return None
            truth = each.get(name)
            if truth is None:
                truth = next(v for key, v in each.items() if key != "said" and v.ndim == 2)
            codes = "flag_values" in variables[name].attrs
            nothing = np.full((_BETWEEN * bool(said), truth.shape[1]), -1 if codes else np.nan)
            values = variables[name].transpose(..., "level").values
            said += [nothing, _codes(variables[name]) if codes else values]
            true += [nothing, truth]
        if name is None:
            return None
        pairs = {"prediction": said, "truth": true}
        return name, {each: self._curtain(np.concatenate(codes)) for each, codes in pairs.items()}

    def _curtain(self, values: npt.NDArray[Any]) -> xr.DataArray:
        levels = {"height": ("level", self.altitude)}
        return xr.DataArray(values, dims=("profile", "level"), coords=levels)


def _picture(name: str, pairs: Mapping[str, xr.DataArray], title: str) -> npt.NDArray[np.uint8]:
    """Pixels (y, x, 3) of prediction over truth."""
    if pairs["prediction"].dtype.kind == "f":
        figure = plot_sections(pairs, title)
    else:
        kind: Kind = "type" if name == "cloud_type" else "mask"
        figure = plot_curtains(pairs, kind, title)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), np.uint8)[..., :3]


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


def amount_on_levels(variables: xr.Dataset, truth: Mapping[str, Any]) -> str | None:
    """Name of the first number on levels that is both said and true, if there is one."""
    return next(
        (
            name
            for name in truth
            if name in variables and "level" in variables[name].dims and truth[name].ndim == 2
        ),
        None,
    )


def _codes(variable: xr.DataArray) -> Whole:
    """(profile, level) codes of a packed variable, -1 where it has none."""
    values = variable.transpose(..., "level").values.astype(np.int64)
    fill = variable.attrs.get("_FillValue", -1)
    return np.where(values == int(fill), -1, values).reshape(-1, values.shape[-1])


def curtain_log(altitude: Any, kinds: Sequence[str] = ()) -> list[Callback]:  # noqa: ANN401 - an array, or None
    """The callback of a validation part whose truth is on levels at these altitudes; else none."""
    return [] if altitude is None or len(altitude) < 2 else [CurtainLog(altitude, kinds)]


def lights_of(samples: Path, part: Part, batches: object) -> list[str]:
    """Of each tile of a part whether its sample is of day or night; none where nobody says."""
    store = open_samples(samples)
    places = getattr(batches, "places", None)
    if places is None or "daylight" not in store.variables:
        return []
    codes = dict(zip(store["id"].values.tolist(), store["daylight"].values.tolist(), strict=True))
    names = dict(enumerate(str(store["daylight"].attrs["flag_meanings"]).split()))
    return [names[codes[part.ids[sample]]] for sample, *_ in places]

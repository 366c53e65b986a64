"""Loggers of a run: CSV and TensorBoard in its folder; MLflow and Comet where they are installed.

MLflow writes to `MLFLOW_TRACKING_URI`, or into the run folder where that is not set; Comet takes
key and workspace from its own environment or `.comet.config`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lightning.pytorch.loggers import (
    CometLogger,
    CSVLogger,
    Logger,
    MLFlowLogger,
    TensorBoardLogger,
)

from nephoscope.errors import UsageError
from nephoscope.recipe import Recipe

_PROJECT = "nephoscope"


def make_loggers(recipe: Recipe, out: Path) -> list[Logger]:
    """The loggers that a recipe names.

    Args:
        recipe: of the run.
        out: the run folder.

    Raises:
        UsageError: the package of one is not installed.
    """
    return [_made(name, out) for name in dict.fromkeys(recipe.training.loggers)]


def _made(name: str, out: Path) -> Logger:
    try:
        return _LOGGERS[name](out)
    except ModuleNotFoundError as error:
        remedy = f"pip install {_PACKAGES.get(name, name)}, or leave it out of training.loggers"
        raise UsageError(f"training.loggers: {name} is not installed: {remedy}") from error


def _mlflow(out: Path) -> Logger:
    where = os.environ.get("MLFLOW_TRACKING_URI")
    return MLFlowLogger(_PROJECT, out.name, where, save_dir=str(out / "logs" / "mlflow"))


_LOGGERS: dict[str, Callable[[Path], Logger]] = {
    "csv": lambda out: CSVLogger(out / "logs", name="", version="csv"),
    "tensorboard": lambda out: TensorBoardLogger(out / "logs", name="", version="tensorboard"),
    "mlflow": _mlflow,
    "comet": lambda out: CometLogger(project=_PROJECT, name=out.name),
}
_PACKAGES = {"comet": "comet-ml"}

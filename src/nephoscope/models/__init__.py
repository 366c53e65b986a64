"""Trained models: save, load, list and verify; `zoo/` holds the shipped ones."""

from __future__ import annotations

from pathlib import Path

from nephoscope.models.folder import Model as Model
from nephoscope.models.folder import load_model as load_model
from nephoscope.models.folder import save_model as save_model
from nephoscope.models.folder import verify_model as verify_model
from nephoscope.models.lookup import list_models as list_models
from nephoscope.models.lookup import locate_state_model as locate_state_model
from nephoscope.models.state import StateModel as StateModel
from nephoscope.models.state import load_state_model as load_state_model

__all__ = [
    "Model",
    "StateModel",
    "list_models",
    "load_model",
    "load_state_model",
    "locate_state_model",
    "open_model",
    "save_model",
    "verify_model",
]


def open_model(model: str | Path) -> Model | StateModel:
    """Open a model of either kind, of pixels or of whole frames, by shipped name or folder.

    Raises:
        UsageError: no such model.
        InputError: a file is missing, truncated or changed, or its content makes no sense.
    """
    if locate_state_model(model) is not None:
        return load_state_model(model)
    return load_model(model)

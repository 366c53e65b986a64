"""Trained models: save, load, list and verify; `zoo/` holds the shipped ones."""

from __future__ import annotations

from nephoscope.models.folder import Model as Model
from nephoscope.models.folder import load_model as load_model
from nephoscope.models.folder import save_model as save_model
from nephoscope.models.folder import verify_model as verify_model
from nephoscope.models.lookup import list_models as list_models

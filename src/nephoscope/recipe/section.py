"""Section of a recipe: unknown keys are errors, and what was read stays as it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What every section of a recipe is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

"""Models that a frame meets: by the name that the user gives, and by what kind of frame it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

from nephoscope import models
from nephoscope.errors import UsageError
from nephoscope.files import sha256_of
from nephoscope.formulas import FORMULAS
from nephoscope.inputs import COLOURS, channels_read
from nephoscope.models.lookup import FACTS, locate_model
from nephoscope.products.frames import INSTRUMENT

if TYPE_CHECKING:
    from nephoscope.models import Model

CHAIN, STATE = "sky", "sky-state"
MASK_MODELS = {"thermal": "sky-thermal", "colour": "sky-colour"}
"""Flavour of a frame → the shipped model of its mask."""


@dataclass(frozen=True)
class ChainModels:
    """Models and formula that the chain is to apply.

    Attributes:
        name: as the user gave it.
        state: model of the state of thermal frames.
        masks: flavour of a frame → model of its mask; a flavour that is not there is not predicted.
        formula: name of the formula that makes the masks; "" for none.
        gated: whether the state decides about the mask: classify, then segment.
    """

    name: str
    state: str = STATE
    masks: Mapping[str, str] = field(default_factory=dict)
    formula: str = ""
    gated: bool = False


def sky_name(model: Model | str | PathLike[str]) -> str | None:
    """What the chain calls a model given to `predict`, if it is one of the sky camera's.

    Args:
        model: a model, or the name or folder of one; "sky"; or the name of a formula.

    Raises:
        UsageError, InputError: it is a folder that holds no model that can be read.
    """
    if not isinstance(model, str | PathLike):
        return str(model.folder) if model.recipe.instrument == INSTRUMENT else None
    name = str(model)
    if name in {CHAIN, STATE, *MASK_MODELS.values(), *FORMULAS}:
        return name
    if name in models.list_models():
        return None
    return name if models.load_model(name).recipe.instrument == INSTRUMENT else None


def chain_models(name: str) -> ChainModels:
    """The models that a name asks for.

    Args:
        name: "sky" for the chain; a state model, or a model of masks, by shipped name or folder;
            or a formula.

    Raises:
        UsageError: there is no such model, or it is of another instrument.
        InputError: a model folder cannot be read.
    """
    if name == CHAIN:
        return ChainModels(name, masks=MASK_MODELS, gated=True)
    if name in FORMULAS:
        return ChainModels(name, formula=name)
    model = models.load_model(name)
    if model.recipe.instrument != INSTRUMENT:
        raise UsageError(f"model '{name}' is of {model.recipe.instrument}, not of a sky camera")
    if model.recipe.task == "sky_state":
        return ChainModels(name, state=name)
    if set(COLOURS) & {*channels_read(model.recipe.inputs.names, (*COLOURS, "counts"))}:
        return ChainModels(name, masks={"colour": name})
    return ChainModels(name, masks={"thermal": name, "grey": name})


def fingerprint(asked: ChainModels) -> dict[str, str]:
    """Name → sha256 of the facts of every model that may be met: what the outputs depend on."""
    named = {"state": asked.state, **asked.masks}
    folders = {what: locate_model(name) for what, name in named.items()}
    found = {what: sha256_of(at / FACTS) for what, at in folders.items() if at is not None}
    return {"formula": asked.formula, **found}

"""A model on disk: a folder of weights, compiled network, recipe, facts and card.

| file | holds |
|---|---|
| `weights.safetensors` | the network's parameters |
| `network.onnx` | the network behind its normalisation, any batch, height and width |
| `recipe.yaml` | the recipe it was trained from |
| `model.yaml` | normalisation, calibration, threshold, sha256 of the files, training facts, guard |
| `limits.nc` | from how bright on a place is cloud, where the recipe learns that |
| `card.md` | what people should know before they use it |

Nothing is ever unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nephoscope.arguments import path_of
from nephoscope.errors import InputError, UsageError
from nephoscope.extras import is_there
from nephoscope.files import atomic_path, sha256_of
from nephoscope.models.compiled import try_compiled
from nephoscope.models.lookup import FACTS, locate_model, locate_state_model, no_model
from nephoscope.models.weights import read_weights
from nephoscope.recipe import Recipe, dump_recipe, load_recipe
from nephoscope.tasks.mask import Calibration
from nephoscope.tasks.sky_guard import Guard, SpanFacts, guard_facts, guard_of

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.models.normalised import NormalisedNetwork
    from nephoscope.models.state import StateModel

FORMAT = 1
WEIGHTS, ONNX, RECIPE, CARD, LIMITS = (
    "weights.safetensors",
    "network.onnx",
    "recipe.yaml",
    "card.md",
    "limits.nc",
)


class _Line(BaseModel):
    """The calibration, as `nephoscope.tasks.mask.Calibration` has it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    slope: float
    intercept: float


class _Hashes(BaseModel):
    """The sha256 of each file that the model cannot do without."""

    weights: str = Field(alias=WEIGHTS)
    onnx: str = Field(alias=ONNX)
    recipe: str = Field(alias=RECIPE)
    limits: str | None = Field(None, alias=LIMITS)


class _Facts(BaseModel):
    """The content of `model.yaml`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[1]
    name: str
    normalisation: dict[str, tuple[float, float]]
    calibration: _Line
    threshold: float = Field(gt=0, le=1)
    divisor: int = Field(ge=1)
    guard: dict[str, SpanFacts] | None = None
    sha256: _Hashes
    info: dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A trained model; its network is read from disk when first used.

    Attributes:
        name: what it is called in products.
        folder: where it is.
        recipe: what it was trained from.
        normalisation: mean and standard deviation of each feature.
        calibration: from logit to log odds.
        threshold: cloud is a published probability at or above it; a multiple of 1/250.
        weights_sha256: of `weights.safetensors`.
        divisor: sides of the network's input are multiples of it.
        info: training facts: split, scores, seeds, versions, wall time.
        guard: what the frames of the training spanned, of a model for colour frames; None of
            others, and of folders that were written before there was one.
    """

    name: str
    folder: Path
    recipe: Recipe
    normalisation: dict[str, tuple[float, float]]
    calibration: Calibration
    threshold: float
    weights_sha256: str
    divisor: int
    info: dict[str, Any] = field(default_factory=dict)
    guard: Guard | None = None

    @property
    def onnx_path(self) -> Path:
        """The compiled network."""
        return self.folder / ONNX

    @cached_property
    def limits(self) -> xr.Dataset | None:
        """From how bright on each place is called cloud (`nephoscope.limits`), if it was learned.

        Raises:
            InputError: the file cannot be read.
        """
        from nephoscope.background import read_background

        return None if self.recipe.inputs.limit is None else read_background(self.folder / LIMITS)

    @cached_property
    def network(self) -> NormalisedNetwork:
        """The torch network with its weights, in evaluation mode, on the CPU.

        Raises:
            InputError: the weights do not fit the recipe's network.
        """
        import torch

        from nephoscope.models.normalised import NormalisedNetwork
        from nephoscope.networks import build_network
        from nephoscope.tasks.mask import OUTPUTS

        described = self.recipe.network
        inputs = self.recipe.inputs
        network = build_network(
            described.name, described.options, len(inputs.names), OUTPUTS, inputs.groups
        )
        path = self.folder / WEIGHTS
        state = {name: torch.from_numpy(value) for name, value in read_weights(path).items()}
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            problem = " ".join(str(error).split())[:300]
            raise InputError(path, f"are not this network's weights: {problem}") from error
        return NormalisedNetwork(network, self.normalisation).eval()


def save_model(
    folder: str | Path,
    network: NormalisedNetwork,
    recipe: Recipe,
    normalisation: Mapping[str, tuple[float, float]],
    calibration: Calibration,
    threshold: float,
    info: Mapping[str, Any],
    limits: xr.Dataset | None = None,
    guard: Guard | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
) -> Model:
    """Write a model folder, all or nothing; see the module for what it holds.

    Args:
        folder: where to.
        network: with its weights.
        recipe: it was trained from.
        normalisation: mean and standard deviation of each feature.
        calibration: from logit to log odds.
        threshold: cloud is a published probability at or above it.
        info: training facts.
        limits: from how bright on each place is cloud, where that was learned.
        guard: what the training frames span, where that was measured.
        name: of the model; by default the recipe's.
        licence: by default none is named.

    Raises:
        OutputError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    from nephoscope.background import write_background
    from nephoscope.models.card import NO_LICENCE, write_card
    from nephoscope.models.export import export_onnx

    folder = Path(folder)
    network = network.cpu().eval()
    with atomic_path(folder) as part:
        part.mkdir()
        weights = {key: value.contiguous() for key, value in network.network.state_dict().items()}
        save_file(weights, part / WEIGHTS)
        largest = export_onnx(network, part / ONNX)
        (part / RECIPE).write_text(dump_recipe(recipe), encoding="utf-8")
        files = [WEIGHTS, ONNX, RECIPE]
        if limits is not None:
            write_background(limits, part / LIMITS)
            files.append(LIMITS)
        facts = {
            "format": FORMAT,
            "name": name or recipe.name,
            "normalisation": {key: [float(v) for v in pair] for key, pair in normalisation.items()},
            "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
            "threshold": threshold,
            "divisor": network.divisor,
            **({} if guard is None else {"guard": guard_facts(guard)}),
            "sha256": {name: sha256_of(part / name) for name in files},
            "info": {
                **info,
                "licence": licence or NO_LICENCE,
                "onnx_largest_difference": largest,
            },
        }
        (part / FACTS).write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
        (part / CARD).write_text(write_card(facts, recipe), encoding="utf-8")
    return load_model(folder)


def load_model(model: str | Path) -> Model:
    """Open a model by shipped name or folder, and check the sha256 of its files.

    Raises:
        UsageError: no such model.
        InputError: a file is missing, truncated or changed, or its content makes no sense.
    """
    folder = _locate(model)
    facts = _read_facts(folder / FACTS)
    hashes = facts.sha256
    for name, expected in ((WEIGHTS, hashes.weights), (ONNX, hashes.onnx), (RECIPE, hashes.recipe)):
        _check(folder / name, expected)
    opened = _model_of(folder, facts)
    if opened.recipe.inputs.limit is not None:
        _check(folder / LIMITS, hashes.limits or "")
    return opened


def verify_model(model: str | Path) -> Model | StateModel:
    """Check everything that can go wrong with a model folder: hashes, weights, compiled network.

    Without torch the compiled network is run, but not beside the weights: that their logits agree
    is then what was measured and recorded when it was compiled.

    Raises:
        UsageError: no such model.
        InputError: what is wrong, with the file's name.
    """
    from nephoscope.models.state import load_state_model

    if locate_state_model(model) is not None:
        state_model = load_state_model(model)
        state_model.check_weights()
        return state_model
    opened = load_model(model)
    if not is_there("torch"):
        read_weights(opened.folder / WEIGHTS)  # its sha256 holds; that it can be read is more
        try_compiled(opened.onnx_path, len(opened.recipe.inputs.names), opened.divisor)
        return opened
    from nephoscope.models.export import TOLERANCE, onnx_difference

    difference = onnx_difference(opened.network, opened.onnx_path)
    if not difference < TOLERANCE:
        problem = f"differs from the torch network by {difference:.2g} in a logit"
        raise InputError(opened.onnx_path, problem)
    return opened


def _locate(model: str | Path) -> Path:
    path_of(model, "load_model: a shipped name or a folder")
    folder = locate_model(model)
    if folder is not None:
        return folder
    if locate_state_model(model) is not None:
        raise UsageError(
            f"'{model}' is a sky_state model, of whole frames: it says nothing of pixels "
            "(predict takes it; nephoscope.models.load_state_model opens it)"
        )
    raise no_model(str(model))


def _read_facts(path: Path) -> _Facts:
    try:
        return _Facts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(path, first["msg"], field=field or None) from error


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise InputError(path, "is missing from the model folder")
    if sha256_of(path) != expected:
        raise InputError(path, "is truncated or changed: its sha256 is not the recorded one")


def _model_of(folder: Path, facts: _Facts) -> Model:
    recipe = load_recipe(folder / RECIPE)
    if tuple(facts.normalisation) != recipe.inputs.names:
        raise InputError(folder / FACTS, "is not of the recipe's features", field="normalisation")
    if not all(spread > 0 for _, spread in facts.normalisation.values()):
        raise InputError(folder / FACTS, "has a spread that is not > 0", field="normalisation")
    return Model(
        name=facts.name,
        folder=folder,
        recipe=recipe,
        normalisation=facts.normalisation,
        calibration=Calibration(facts.calibration.slope, facts.calibration.intercept),
        threshold=facts.threshold,
        weights_sha256=facts.sha256.weights,
        divisor=facts.divisor,
        info=facts.info,
        guard=_guard_of(folder, facts),
    )


def _guard_of(folder: Path, facts: _Facts) -> Guard | None:
    if facts.guard is None:
        return None
    try:
        return guard_of({name: span.model_dump() for name, span in facts.guard.items()})
    except ValueError as error:
        raise InputError(folder / FACTS, str(error), field="guard") from error

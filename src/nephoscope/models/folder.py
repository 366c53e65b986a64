"""A model on disk: a folder of weights, compiled network, recipe, facts and card.

| file | holds |
|---|---|
| `weights.safetensors` | the network's parameters |
| `network.onnx` | the network behind its normalisation, any batch; of pixels any height and width |
| `recipe.yaml` | the recipe it was trained from |
| `look.onnx`, `judge.onnx` | the same in two parts, of a network with a `first` stage |
| `model.yaml` | task, normalisation, decision, sha256 of the files, training facts, guard |
| `limits.nc` | from how bright on a place is cloud, where the recipe learns that |
| `card.md` | what people should know before they use it |

Nothing is ever unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nephoscope.arguments import path_of
from nephoscope.background import read_background, write_background
from nephoscope.errors import InputError
from nephoscope.extras import is_there
from nephoscope.files import atomic_path, sha256_of
from nephoscope.instruments import instrument_named
from nephoscope.models.colour_guard import ColourGuard
from nephoscope.models.compiled import try_compiled
from nephoscope.models.guard import Guard, Span
from nephoscope.models.linear import LINEAR, WEIGHTS, LinearEngine, read_weights
from nephoscope.models.lookup import FACTS, locate_model, no_model
from nephoscope.models.pixel_guard import PixelGuard
from nephoscope.models.thermal_guard import ThermalGuard
from nephoscope.recipe import Recipe, dump_recipe, load_recipe
from nephoscope.recipe.plain_yaml import read_yaml
from nephoscope.tasks import task_named

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.models.normalised import NormalisedNetwork

FORMAT = 2
ONNX, RECIPE, CARD, LIMITS = "network.onnx", "recipe.yaml", "card.md", "limits.nc"
LOOK, JUDGE = "look.onnx", "judge.onnx"


class _Facts(BaseModel):
    """The content of `model.yaml`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[2]
    name: str
    task: str
    normalisation: dict[str, tuple[float, float]]
    decision: dict[str, Any]
    divisor: int = Field(ge=1)
    levels: int = Field(1, ge=1)
    guard: dict[str, Span] | None = None
    seasons: dict[str, list[float]] | None = None
    sha256: dict[str, str]
    info: dict[str, Any]


@dataclass(frozen=True, repr=False)
class Model:
    """A trained model; its network is read from disk when first used.

    Attributes:
        name: what it is called in products.
        folder: where it is.
        recipe: what it was trained from.
        normalisation: mean and standard deviation of each feature.
        decision: what turns the network's numbers into statements: the task's own.
        weights_sha256: of `weights.safetensors`.
        divisor: sides of the network's input are multiples of it.
        info: training facts: split, scores, seeds, versions, wall time.
        guard: what the frames or pixels of the training spanned; None where nothing is judged by
            it, and of folders that were written before there was one.
        levels: on which the network speaks; 1 where there are none.
        seasons: of each sample of the training the columns that its instrument tells a season by,
            by name; None where nothing changes with it, and of folders that were written before.
    """

    name: str
    folder: Path
    recipe: Recipe
    normalisation: dict[str, tuple[float, float]]
    decision: Any
    weights_sha256: str
    divisor: int
    info: dict[str, Any] = field(default_factory=dict)
    guard: Guard | None = None
    levels: int = 1
    seasons: Mapping[str, Sequence[float]] | None = None

    def __repr__(self) -> str:
        """What it is and where; its recipe and facts are pages long."""
        what = f"{self.recipe.task} of {self.recipe.instrument}, network {self.recipe.network.name}"
        return f"<Model {self.name!r}: {what}, sha256 {self.weights_sha256[:8]}, in {self.folder}>"

    @property
    def threshold(self) -> float:
        """Cloud is a published probability at or above it: of the task `mask`."""
        return float(self.decision.threshold)

    @property
    def onnx_path(self) -> Path:
        """The compiled network, of what is not linear."""
        return self.folder / ONNX

    @property
    def part_paths(self) -> tuple[Path, Path]:
        """The compiled parts that look and that judge, of a network with a `first` stage."""
        return self.folder / LOOK, self.folder / JUDGE

    @cached_property
    def limits(self) -> xr.Dataset | None:
        """From how bright on each place is called cloud (`nephoscope.limits`), if it was learned.

        Raises:
            InputError: the file cannot be read.
        """
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

        described = self.recipe.network
        inputs, outputs = self.recipe.inputs, task_named(self.recipe.task).outputs(self.levels)
        network = build_network(
            described.name, described.options, len(inputs.names), outputs, inputs.groups
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
    decision: BaseModel,
    info: Mapping[str, Any],
    limits: xr.Dataset | None = None,
    guard: Guard | None = None,
    *,
    shape: tuple[int, int] | None = None,
    levels: int = 1,
    seasons: Mapping[str, Sequence[float]] | None = None,
    name: str | None = None,
    licence: str | None = None,
) -> Model:
    """Write a model folder, all or nothing; see the module for what it holds.

    Args:
        folder: where to.
        network: with its weights.
        recipe: it was trained from.
        normalisation: mean and standard deviation of each feature.
        decision: of the recipe's task.
        info: training facts.
        limits: from how bright on each place is cloud, where that was learned.
        guard: what the training frames span, where that was measured.
        shape: rows and columns, of a network that takes no others.
        levels: on which the network speaks.
        seasons: of the training samples, where that is measured.
        name: of the model; by default the recipe's.
        licence: by default none is named.

    Raises:
        OutputError: the folder cannot be written.
    """
    from nephoscope.models.card import NO_LICENCE, write_card

    folder = Path(folder)
    with atomic_path(folder) as part:
        part.mkdir()
        kept = {**info, "licence": licence or NO_LICENCE}
        kept |= _write_network(part, network.cpu().eval(), recipe, shape)
        (part / RECIPE).write_text(dump_recipe(recipe), encoding="utf-8")
        if limits is not None:
            write_background(limits, part / LIMITS)
        facts = {
            "format": FORMAT,
            "name": name or recipe.name,
            "task": recipe.task,
            "normalisation": {key: [float(v) for v in pair] for key, pair in normalisation.items()},
            "decision": decision.model_dump(),
            "divisor": network.divisor,
            **({} if levels == 1 else {"levels": levels}),
            **({} if guard is None else {"guard": guard.plain()}),
            **(
                {}
                if not seasons
                else {"seasons": {n: [*map(float, v)] for n, v in seasons.items()}}
            ),
            "info": kept,
            # Last, so that a file that was cut off lacks it.
            "sha256": {path.name: sha256_of(path) for path in sorted(part.iterdir())},
        }
        (part / FACTS).write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
        (part / CARD).write_text(write_card(facts, recipe), encoding="utf-8")
    return load_model(folder)


def _write_network(
    part: Path, network: NormalisedNetwork, recipe: Recipe, shape: tuple[int, int] | None
) -> dict[str, float]:
    """Write weights and, of what is not linear, the compiled network; what is to be known of it."""
    from safetensors.torch import save_file

    from nephoscope.models.export import export_onnx, export_parts

    weights = {key: value.contiguous() for key, value in network.network.state_dict().items()}
    save_file(weights, part / WEIGHTS)
    if recipe.network.name == LINEAR:
        return {}
    if has_first_stage(recipe):
        export_parts(network, part / LOOK, part / JUDGE)
    margin = recipe.apply.margin
    return {"onnx_largest_difference": export_onnx(network, part / ONNX, shape, margin)}


def load_model(model: str | Path) -> Model:
    """Open a model by shipped name or folder, and check the sha256 of its files.

    Raises:
        UsageError: no such model.
        InputError: a file is missing, truncated or changed, or its content makes no sense.
    """
    folder = locate_model(path_of(model, "load_model: a shipped name or a folder"))
    if folder is None:
        raise no_model(str(model))
    facts = _read_facts(folder / FACTS)
    _check(folder / RECIPE, facts)
    recipe = load_recipe(folder / RECIPE)
    compiled, limits = recipe.network.name != LINEAR, recipe.inputs.limit is not None
    parts = [LOOK, JUDGE] if has_first_stage(recipe) else []
    for name in (WEIGHTS, *([ONNX] if compiled else []), *([LIMITS] if limits else []), *parts):
        _check(folder / name, facts)
    if facts.task != recipe.task:
        raise InputError(folder / FACTS, "is not of the recipe's task", field="task")
    return Model(
        name=facts.name,
        folder=folder,
        recipe=recipe,
        decision=_decision_of(folder, facts),
        normalisation=_normalisation_of(folder, facts, recipe),
        weights_sha256=facts.sha256[WEIGHTS],
        divisor=facts.divisor,
        levels=facts.levels,
        info=facts.info,
        guard=_guard_of(folder, facts, recipe),
        seasons=_seasons_of(folder, facts, recipe),
    )


def has_first_stage(recipe: Recipe) -> bool:
    """Whether the recipe's network is applied in two parts (see `nephoscope.networks.cascade`)."""
    return bool(recipe.network.options.get("first"))


def verify_model(model: str | Path) -> Model:
    """Check everything that can go wrong with a model folder: hashes, weights, compiled network.

    Without torch the compiled network is run, but not beside the weights: that their logits agree
    is then what was measured and recorded when it was compiled.

    Raises:
        UsageError: no such model.
        InputError: what is wrong, with the file's name.
    """
    opened = load_model(model)
    if opened.recipe.network.name == LINEAR:
        LinearEngine(opened)
        if is_there("torch"):
            _ = opened.network
        return opened
    if not is_there("torch"):
        read_weights(opened.folder / WEIGHTS)  # its sha256 holds; that it can be read is more
        names = opened.recipe.inputs.names
        try_compiled(opened.onnx_path, len(names), opened.divisor, opened.recipe.apply.margin)
        return opened
    from nephoscope.models.export import TOLERANCE, onnx_difference

    difference = onnx_difference(opened.network, opened.onnx_path, opened.recipe.apply.margin)
    if not difference < TOLERANCE:
        problem = f"differs from the torch network by {difference:.2g} in a logit"
        raise InputError(opened.onnx_path, problem)
    return opened


def _read_facts(path: Path) -> _Facts:
    try:
        content = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    if isinstance(content, dict) and content.get("format") == 1:
        problem = f"is of the first format, which is not read any more; this one is {FORMAT}"
        raise InputError(path, problem, field="format", remedy="train the model again")
    try:
        return _Facts.model_validate(content)
    except ValidationError as error:
        raise _named(path, error) from error


def _named(path: Path, error: ValidationError, within: tuple[str, ...] = ()) -> InputError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in (*within, *first["loc"]))
    return InputError(path, first["msg"], field=field or None)


def _check(path: Path, facts: _Facts) -> None:
    if path.name not in facts.sha256:
        raise InputError(path.with_name(FACTS), f"lacks that of {path.name}", field="sha256")
    if not path.is_file():
        raise InputError(path, "is missing from the model folder")
    if sha256_of(path) != facts.sha256[path.name]:
        raise InputError(path, "is truncated or changed: its sha256 is not the recorded one")


def _normalisation_of(
    folder: Path, facts: _Facts, recipe: Recipe
) -> dict[str, tuple[float, float]]:
    if tuple(facts.normalisation) != recipe.inputs.names:
        raise InputError(folder / FACTS, "is not of the recipe's features", field="normalisation")
    if not all(spread > 0 for _, spread in facts.normalisation.values()):
        raise InputError(folder / FACTS, "has a spread that is not > 0", field="normalisation")
    return facts.normalisation


def _decision_of(folder: Path, facts: _Facts) -> BaseModel:
    try:
        return task_named(facts.task).Decision.model_validate(facts.decision)
    except ValidationError as error:
        raise _named(folder / FACTS, error, ("decision",)) from error


def _seasons_of(folder: Path, facts: _Facts, recipe: Recipe) -> dict[str, list[float]] | None:
    if facts.seasons is None:
        return None
    wanted = instrument_named(recipe.instrument).SEASON
    if tuple(facts.seasons) != wanted or len({*map(len, facts.seasons.values())}) != 1:
        problem = f"are not numbers of each sample by the names {', '.join(wanted) or '(none)'}"
        raise InputError(folder / FACTS, problem, field="seasons")
    return facts.seasons


def _guard_of(folder: Path, facts: _Facts, recipe: Recipe) -> Guard | None:
    if facts.guard is None:
        return None
    thermal = facts.guard.keys() <= {*ThermalGuard.known}
    try:
        if conditions := instrument_named(recipe.instrument).CONDITIONS:
            return PixelGuard(facts.guard, conditions)
        return ThermalGuard(facts.guard) if thermal else ColourGuard(facts.guard)
    except ValueError as error:
        raise InputError(folder / FACTS, str(error), field="guard") from error

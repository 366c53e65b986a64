"""The recipe: one YAML file that says everything about one pipeline's model.

Unknown keys are errors, YAML is safe-loaded, and parts are named, never imported by path.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import (
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from nephoscope.arguments import described, nearest, path_of
from nephoscope.errors import InputError, UsageError
from nephoscope.recipe.inputs import Background as Background
from nephoscope.recipe.inputs import Inputs as Inputs
from nephoscope.recipe.inputs import Limit as Limit
from nephoscope.recipe.plain_yaml import read_yaml
from nephoscope.recipe.section import Section
from nephoscope.recipe.training import Augmentation as Augmentation
from nephoscope.recipe.training import Network as Network
from nephoscope.recipe.training import Pool as Pool
from nephoscope.recipe.training import Training as Training
from nephoscope.recipe.training import Warp as Warp
from nephoscope.recipe.truth import Levels as Levels
from nephoscope.recipe.truth import PointTruth as PointTruth
from nephoscope.recipe.variants import Variant as Variant
from nephoscope.tasks import TASKS, task_named


class Apply(Section):
    """How the model is run over a whole scene."""

    tile: tuple[PositiveInt, PositiveInt] = Field(
        (512, 512), description="rows and columns of a tile"
    )
    overlap: int = Field(32, ge=0, description="pixels that two tiles share")
    blend: bool = Field(
        True,
        description="whether tiles fade into each other where they overlap; else half of it is "
        "left out at each edge of a tile: for a network that sees no farther",
    )
    batch: int = Field(1, ge=1, description="tiles that the network is given at once")

    @property
    def margin(self) -> int:
        """Pixels at each edge of a tile of which nothing is said."""
        return 0 if self.blend else self.overlap // 2


class Search(Section):
    """Where `nephoscope tune` looks for one key: a range, or some choices."""

    low: int | float | None = Field(None, description="smallest value of a range")
    high: int | float | None = Field(None, description="largest value of a range")
    log: bool = Field(False, description="search the range by its logarithm")
    choices: tuple[Any, ...] | None = Field(None, description="instead of a range: the values")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.choices is not None:
            if not self.choices or self.low is not None or self.high is not None:
                raise ValueError("give either choices, or low and high")
        elif self.low is None or self.high is None or not self.low < self.high:
            raise ValueError("give choices, or low and a larger high")
        elif self.log and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        return self


class Recipe(Section):
    """One pipeline: instrument, task, inputs, network, training and applying settings."""

    name: str = Field(description="of the recipe")
    instrument: str = Field(description="whose scenes, by name")
    task: str = Field(description=f"what is predicted: {', '.join(TASKS)}")
    read: dict[str, Any] = Field(
        default_factory=dict, description="options with which the instrument reads a scene"
    )
    truth: PointTruth = PointTruth()
    inputs: Inputs
    network: Network
    training: Training = Field(Training(), validate_default=True)
    apply: Apply = Apply()
    search: dict[str, Search] | None = Field(None, description="key -> where `tune` looks")
    study: dict[str, Variant] | None = Field(None, description="variant -> what it lacks")

    @field_validator("task")
    @classmethod
    def _task_is_there(cls, task: str) -> str:
        try:
            return task_named(task).name
        except UsageError as error:
            raise ValueError(str(error)) from error

    @field_validator("training")
    @classmethod
    def _losses_are_the_tasks(cls, training: Training, info: ValidationInfo) -> Training:
        if "task" not in info.data:
            return training
        losses = task_named(info.data["task"]).Losses
        checked = create_model("Training", losses=(losses, ...)).model_validate(
            {"losses": training.losses}, from_attributes=True
        )
        return training.model_copy(update={"losses": checked.losses})  # type: ignore[attr-defined]


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    folder = resources.files("nephoscope") / "recipes"
    return sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_recipe(recipe: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe by shipped name or path, then apply `key=value` overrides.

    Args:
        recipe: a shipped name ("mars") or the path of a YAML file.
        overrides: e.g. `["training.steps=100", "training.losses.dice=0.5"]`; values are YAML.

    Raises:
        UsageError: no such recipe, or an override that is not `key=value`.
        InputError: the file is not YAML, or a key is unknown or has a bad value.
    """
    path = _locate(path_of(recipe, "load_recipe: a shipped name or the path of a YAML file"))
    if isinstance(overrides, str):
        raise UsageError(f"load_recipe: overrides are a list, ['key=value']: give [{overrides!r}]")
    try:
        content = read_yaml(path)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not YAML: {error}") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not isinstance(content, dict):
        raise InputError(path, "is not a recipe: it has no keys")
    for override in overrides or []:
        _override(content, override)
    return validate_recipe(content, path)


def recipe_text(recipe: str | Path) -> str:
    """The YAML of a recipe as it was written, with its remarks, once it is known to be one.

    Raises:
        UsageError: no such recipe.
        InputError: it cannot be used.
    """
    load_recipe(recipe)
    return _locate(Path(recipe)).read_text(encoding="utf-8")


def validate_recipe(content: dict[str, Any], path: str | Path = "recipe") -> Recipe:
    """Check the content of a recipe; `path` is named in what is wrong."""
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(path, first["msg"], field=field) from error


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML text that `load_recipe` reads back to the same recipe."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)


def with_values(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with other values at dotted keys, checked.

    Args:
        recipe: is left as it is.
        values: dotted key → value, e.g. `{"training.learning_rate": 0.001}`.

    Raises:
        UsageError: a key leads through something that has no keys.
        InputError: a key is unknown or a value bad.
    """
    content = recipe.model_dump(mode="json")
    for key, value in values.items():
        _set(content, key, value)
    return validate_recipe(content, f"recipe {recipe.name}")


def _locate(path: Path) -> Path:
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        if not path.is_file():
            raise UsageError(f"{path}: there is no such recipe file")
        return path
    name, known = str(path), shipped_recipes()
    if name in known:
        return Path(str(resources.files("nephoscope") / "recipes" / f"{name}.yaml"))
    guess = nearest(name, known)
    raise UsageError(f"no recipe '{name}'; shipped are: {', '.join(known)}{guess}")


def _override(content: dict[str, Any], override: str) -> None:
    if not isinstance(override, str):
        raise UsageError(f"an override is a text, 'key=value', not {described(override)}")
    key, separator, value = override.partition("=")
    if not separator or not key:
        raise UsageError(f"--set {override}: write it as key=value, e.g. training.steps=100")
    try:
        _set(content, key, yaml.safe_load(value))
    except yaml.YAMLError as error:
        raise UsageError(f"--set {override}: the value is not YAML") from error


def _set(content: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - any YAML value
    *parents, last = key.split(".")
    target = content
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise UsageError(f"--set {key}: '{parent}' has no keys below it")
    target[last] = value

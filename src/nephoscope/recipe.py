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
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from nephoscope.arguments import described, nearest, path_of
from nephoscope.errors import InputError, UsageError
from nephoscope.tasks import task_named


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Background(_Part):
    """How the clear-scene artefact is built: see `nephoscope.background`."""

    cell: int = Field(4, ge=1, description="side of a background cell, pixels")
    minimum_scenes: int = Field(5, ge=1, description="fewest scenes that make a background")
    channels: tuple[str, ...] = Field(description="features whose per-location median is kept")


class Limit(_Part):
    """How the limits of brightness are learned from labels: see `nephoscope.limits`."""

    channel: str = "blue"
    cell: int = Field(4, ge=1, description="side of a cell, pixels")
    levels: tuple[float, float, float] = Field((56.0, 164.0, 4.0), description="first, last, step")
    noise: float = Field(3.0, gt=0, description="of brightness against what was labelled")
    wrong: float = Field(0.03, gt=0, lt=1, description="share of pixels that say nothing")
    smoothing: float = Field(0.8, ge=0, description="how far cells share evidence, cells")


SPARSE_GROUPS = {"context", "position"}
"""Groups of features that vary slowly: a network reads only some pixels of them."""


class Inputs(_Part):
    """What the network sees: Scene channels and features derived from them, in named groups."""

    features: dict[str, tuple[str, ...]] = Field(
        description="group -> features; a plain list is the group picture"
    )
    background: Background | None = None
    limit: Limit | None = None
    normalise: bool = Field(True, description="measure mean and spread; false: take them as made")
    side: int | None = Field(
        None, ge=16, description="frames are averaged over blocks to about this longer side, pixels"
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature once, in the order of the network's input: as they first appear."""
        return tuple(dict.fromkeys(name for group in self.features.values() for name in group))

    @property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Group → where its features are among `names`; the flag `known` is also one by itself."""
        groups = {"known": ("known",), **self.features} if "known" in self.names else self.features
        return {
            group: tuple(self.names.index(name) for name in names)
            for group, names in groups.items()
        }

    @property
    def sparse(self) -> frozenset[str]:
        """Features that are in none but `SPARSE_GROUPS`."""
        dense = (self.features[group] for group in self.features.keys() - SPARSE_GROUPS)
        return frozenset(self.names).difference(*dense)

    @field_validator("features", mode="before")
    @classmethod
    def _a_list_is_the_picture(cls, given: object) -> object:
        return {"picture": given} if isinstance(given, list | tuple) else given

    @field_validator("features")
    @classmethod
    def _each_is_there_once(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not groups or not all(groups.values()):
            raise ValueError("a group of features is empty")
        if any(len({*names}) < len(names) for names in groups.values()):
            raise ValueError("a feature is named twice")
        return groups

    @model_validator(mode="after")
    def _each_has_its_source(self) -> Self:
        for begins, source in (("background_", self.background), ("limit", self.limit)):
            of_it = [name for name in self.names if name.startswith(begins)]
            if of_it and source is None:
                key = begins.strip("_")
                raise ValueError(
                    f"'{of_it[0]}' would be nothing but zeros: inputs.{key} is not set"
                )
        return self


class Network(_Part):
    """A registered network and its options."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class Warp(_Part):
    """Rotation, shear, zoom and shift of whole frames: image bilinear, label nearest, reflected."""

    share: float = Field(0.0, ge=0, le=1, description="share of the crops that are warped")
    rotation: float = Field(180.0, ge=0, le=180, description="largest angle, degrees")
    shear: float = Field(0.2, ge=0, lt=1)
    zoom: tuple[PositiveFloat, PositiveFloat] = (0.6, 2.0)
    shift: float = Field(0.3, ge=0, le=0.5, description="share of the frame's sides")


class Augmentation(_Part):
    """Random changes of a training crop; probabilities and strengths."""

    flip_x: bool = True
    flip_y: bool = False
    colour_share: float = Field(1.0, ge=0, le=1, description="share of crops of changed colour")
    colour_jitter: float = Field(0.0, ge=0, description="relative gain change, per channel")
    noise: float = Field(0.0, ge=0, description="standard deviation added, channel unit")
    drop_background: float = Field(0.25, ge=0, le=1)
    drop_position: float = Field(0.25, ge=0, le=1)
    quarter_turns: bool = False
    gamma: float = Field(0.0, ge=0, description="spread of the log of a colour curve's exponent")
    desaturate: float = Field(0.0, ge=0, le=1, description="largest share of grey mixed in")
    warp: Warp = Warp()


class Pool(_Part):
    """Training on single pixels of many frames at once: see `nephoscope.samples.pool`."""

    frames: int = Field(128, ge=1, description="frames in the pool")
    pixels: int = Field(3000, ge=1, description="pixels held of each")
    refresh: int = Field(10, ge=1, description="steps until the oldest frame is replaced")


class Training(_Part):
    """The fit: sizes, schedule, stopping."""

    crop: tuple[PositiveInt, PositiveInt] = (256, 256)
    batch: int = Field(8, ge=1, description="crops of a step; with a pool, pixels")
    pool: Pool | None = Field(None, description="only for the network `local`")
    steps: int = Field(2000, ge=1)
    validate_every: int = Field(250, ge=1)
    patience: int = Field(8, ge=1, description="validations without a better score")
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps")
    average: float = Field(0.0, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    seed: int = 0
    workers: int = Field(0, ge=0)
    losses: Any = Field(default_factory=dict, description="weights; checked by the task")
    augmentation: Augmentation = Augmentation()


class Apply(_Part):
    """How the model is run over a whole scene."""

    tile: tuple[PositiveInt, PositiveInt] = (512, 512)
    overlap: int = Field(32, ge=0)
    batch: int = Field(1, ge=1)


class Search(_Part):
    """Where `nephoscope tune` looks for one key: a range, or some choices."""

    low: int | float | None = None
    high: int | float | None = None
    log: bool = Field(False, description="search the range by its logarithm")
    choices: tuple[Any, ...] | None = None

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


class Recipe(_Part):
    """One pipeline: instrument, task, inputs, network, training and applying settings."""

    name: str
    instrument: str
    task: str
    inputs: Inputs
    network: Network
    training: Training = Field(Training(), validate_default=True)
    apply: Apply = Apply()
    search: dict[str, Search] | None = Field(None, description="key -> where `tune` looks")

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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not YAML: {error}") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not isinstance(content, dict):
        raise InputError(path, "is not a recipe: it has no keys")
    for override in overrides or []:
        _override(content, override)
    return validate_recipe(content, path)


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

"""Models of the `sky_state` task on disk: weights, recipe, facts and card in one folder.

| file | holds |
|---|---|
| `weights.safetensors` | the parameters |
| `network.onnx` | the network, of what is not linear |
| `recipe.yaml` | the recipe it was trained from |
| `state.yaml` | normalisation, calibration, band, sha256 of the files, training facts |
| `card.md` | what people should know before they use it |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nephoscope.arguments import path_of
from nephoscope.errors import InputError, UsageError
from nephoscope.extras import is_there
from nephoscope.files import atomic_path, sha256_of
from nephoscope.inputs import View, assemble
from nephoscope.inputs.texture import SHAPE, to_binned
from nephoscope.models.card import NO_LICENCE
from nephoscope.models.compiled import open_compiled, try_compiled
from nephoscope.models.lookup import STATE_FACTS, locate_model, locate_state_model, no_model
from nephoscope.models.weights import read_weights
from nephoscope.recipe import Recipe, dump_recipe, load_recipe
from nephoscope.tasks.mask import MaskDecision as Calibration
from nephoscope.tasks.mask import probability
from nephoscope.tasks.sky_guard import Guard, Span, SpanFacts, guard_facts
from nephoscope.tasks.sky_state import CameraTemperatures, StateDecision, Verdict, decide
from nephoscope.tasks.state_guard import clear_doubt, texture_doubt

if TYPE_CHECKING:
    from nephoscope.models.normalised import NormalisedNetwork

WEIGHTS, ONNX, RECIPE = "weights.safetensors", "network.onnx", "recipe.yaml"
CARD = "card.md"
INPUTS = ("texture", "mean_std", "min_max")
Floats = npt.NDArray[np.float32]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[1]
    name: str
    mean: list[float]
    std: list[float]
    slope: float = Field(gt=0)
    intercept: float
    clear_below: float = Field(ge=0, le=1)
    cloudy_above: float = Field(ge=0, le=1)
    guard: dict[str, SpanFacts] | None = None
    sha256: dict[str, str]
    info: dict[str, Any]


@dataclass(frozen=True)
class StateModel:
    """A trained classifier of whole frames.

    Attributes:
        name: what it is called.
        folder: where it is.
        recipe: what it was trained from.
        mean: of each input number; empty where the frame is scaled by itself alone.
        std: their deviation.
        calibration: from score to log odds.
        band: probabilities between which it says nothing.
        weights_sha256: of `weights.safetensors`.
        info: training facts.
        guard: what the training frames spanned, by number (`nephoscope.tasks.state_guard`); empty
            of folders that were written before there was one.
    """

    name: str
    folder: Path
    recipe: Recipe
    mean: Floats
    std: Floats
    calibration: Calibration
    band: StateDecision
    weights_sha256: str
    info: dict[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Span] = field(default_factory=dict)

    @cached_property
    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """The parameters by name.

        Raises:
            InputError: the file cannot be read.
        """
        return read_weights(self.folder / WEIGHTS)

    @cached_property
    def compiled(self) -> Any:  # noqa: ANN401 - onnxruntime has no types
        """The compiled network, of what is not linear.

        Raises:
            InputError: the file cannot be loaded.
        """
        return open_compiled(self.folder / ONNX)

    def check_weights(self) -> None:
        """Read the weights and see that they are the recipe's, and that the network runs.

        Raises:
            InputError: they cannot be read, or are of another shape; or the compiled network does
                not run, or differs from the weights (where torch is installed).
        """
        if self.recipe.network.name != "linear":
            self._check_network()
            return
        wanted = self.mean.size or SHAPE[0] * SHAPE[1]
        found = {name: value.shape for name, value in self.weights.items()}
        if found != {"weight": (wanted,), "bias": (1,)}:
            raise InputError(self.folder / WEIGHTS, f"are not of {wanted} inputs: {found}")

    def probability(self, image: npt.ArrayLike) -> float | None:
        """Probability of cloud from what is seen in a frame, 0..1.

        Args:
            image: (y, x), any unit, at least 128 x 160; NaN where missing.

        Returns:
            None of a frame in which there is nothing to see.
        """
        inputs = inputs_of(to_binned(image), self.recipe.inputs.names)
        return None if inputs is None else self._probability(inputs)

    def _probability(self, inputs: Floats) -> float:
        score = self._score(inputs)
        return float(probability(np.array([score], np.float32), self.calibration)[0])

    def judge(
        self,
        image: npt.ArrayLike,
        temperatures: CameraTemperatures | None = None,
        excess: float | None = None,
    ) -> Verdict:
        """Say whether a frame is clear, cloudy or unknown; see `nephoscope.tasks.sky_state`.

        Args:
            image: as for `probability`.
            temperatures: of the camera; unknown by default.
            excess: as for `nephoscope.tasks.sky_state.decide`.
        """
        known = temperatures or CameraTemperatures()
        binned = to_binned(image)
        inputs = inputs_of(binned, self.recipe.inputs.names)
        if inputs is None:
            return decide(None, self.band, known, excess)
        doubt = texture_doubt(inputs, (self.mean, self.std), self.guard)
        if doubt is not None:
            return Verdict("unknown", math.nan, doubt)
        verdict = decide(self._probability(inputs), self.band, known, excess)
        doubt = clear_doubt(binned, self.guard) if verdict.state == "clear" else None
        return verdict if doubt is None else Verdict("unknown", math.nan, doubt)

    def _score(self, inputs: Floats) -> float:
        if self.recipe.network.name == "linear":
            scaled = (inputs - self.mean) / self.std if self.mean.size else inputs.ravel()
            return float(scaled @ self.weights["weight"] + self.weights["bias"][0])
        return float(self.compiled.run(None, {"inputs": inputs[None, None]})[0][0, 0])

    def _check_network(self) -> None:
        weights = self.weights
        if not is_there("torch"):
            try_compiled(self.folder / ONNX, 1, 1, SHAPE)
            return
        from nephoscope.models.export import TOLERANCE, onnx_difference

        network = network_of(self.recipe, weights, self.folder / WEIGHTS)
        difference = onnx_difference(network, self.folder / ONNX, SHAPE)
        if not difference < TOLERANCE:
            problem = f"differs from the torch network by {difference:.2g} in a logit"
            raise InputError(self.folder / ONNX, problem)


def inputs_of(image: Floats, features: tuple[str, ...]) -> Floats | None:
    """What the classifier sees of a binned frame; None where there is nothing to see.

    Args:
        image: (y, x) float32 of 128 x 160.
        features: numbers of `nephoscope.inputs.texture`; or "mean_std" or "min_max", the frame
            scaled by itself, (y, x) float32, 0 where missing.
    """
    known = np.isfinite(image)
    view = View(image[None], known, np.zeros(image.shape[0]), np.zeros(image.shape[1]))
    found = assemble(view, features)
    if not np.isfinite(found).all():
        return None
    return found[:, 0, 0] if found.shape[1:] == (1, 1) else found[0]


def network_of(
    recipe: Recipe, weights: Mapping[str, npt.NDArray[Any]], path: Path
) -> NormalisedNetwork:
    """The torch network of a recipe with its weights, in evaluation mode.

    Raises:
        InputError: the weights, which `path` holds, do not fit it.
    """
    import torch

    from nephoscope.models.normalised import NormalisedNetwork
    from nephoscope.networks import build_network

    network = build_network(recipe.network.name, recipe.network.options, 1, 1, recipe.inputs.groups)
    state = {key: torch.from_numpy(value) for key, value in weights.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:300]
        raise InputError(path, f"are not this network's: {problem}") from error
    return NormalisedNetwork(network, {"frame": (0.0, 1.0)}).eval()  # the frame scales itself


def save_state_model(
    folder: str | Path,
    weights: Mapping[str, npt.NDArray[Any]],
    recipe: Recipe,
    scaling: tuple[Floats, Floats],
    calibration: Calibration,
    band: StateDecision,
    info: Mapping[str, Any],
    card: str,
    guard: Mapping[str, Span] | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
) -> StateModel:
    """Write a model folder, all or nothing; see the module for what it holds.

    Raises:
        OutputError: the folder cannot be written.
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    with atomic_path(folder) as part:
        part.mkdir()
        save_file({key: np.ascontiguousarray(v) for key, v in weights.items()}, part / WEIGHTS)
        (part / RECIPE).write_text(dump_recipe(recipe), encoding="utf-8")
        files = [WEIGHTS, RECIPE]
        if recipe.network.name != "linear":
            from nephoscope.models.export import export_onnx

            export_onnx(network_of(recipe, weights, part / WEIGHTS), part / ONNX, SHAPE)
            files.append(ONNX)
        facts = {
            "format": 1,
            "name": name or recipe.name,
            "mean": [float(value) for value in scaling[0]],
            "std": [float(value) for value in scaling[1]],
            "slope": calibration.slope,
            "intercept": calibration.intercept,
            "clear_below": band.clear_below,
            "cloudy_above": band.cloudy_above,
            **({"guard": guard_facts(Guard(guard))} if guard else {}),
            "sha256": {name: sha256_of(part / name) for name in files},
            "info": {**info, "licence": licence or NO_LICENCE},
        }
        (part / STATE_FACTS).write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
        (part / CARD).write_text(card, encoding="utf-8")
    return load_state_model(folder)


def load_state_model(model: str | Path) -> StateModel:
    """Open a model by shipped name or folder, and check the sha256 of its files.

    Raises:
        UsageError: no such model.
        InputError: a file is missing, truncated or changed, or its content makes no sense.
    """
    path_of(model, "load_state_model: a shipped name or a folder")
    folder = locate_state_model(model)
    if folder is None:
        if locate_model(model) is not None:
            raise UsageError(f"'{model}' is a model of pixels: load_model opens it")
        raise no_model(str(model))
    facts = _read_facts(folder / STATE_FACTS)
    for name in (WEIGHTS, RECIPE):
        _check_file(folder / name, facts)
    recipe = load_recipe(folder / RECIPE)
    if recipe.network.name != "linear":
        _check_file(folder / ONNX, facts)
    texture, number = "texture" in recipe.inputs.groups, len(recipe.inputs.names)
    if texture and len(facts.mean) != number:
        raise InputError(folder / STATE_FACTS, f"is not of {number} features", field="mean")
    if len(facts.std) != len(facts.mean) or not all(value > 0 for value in facts.std):
        raise InputError(
            folder / STATE_FACTS, "is not one number > 0 for each feature", field="std"
        )
    return StateModel(
        name=facts.name,
        folder=folder,
        recipe=recipe,
        mean=np.array(facts.mean, np.float32),
        std=np.array(facts.std, np.float32),
        calibration=Calibration(slope=facts.slope, intercept=facts.intercept),
        band=StateDecision(clear_below=facts.clear_below, cloudy_above=facts.cloudy_above),
        weights_sha256=facts.sha256[WEIGHTS],
        info=facts.info,
        guard={name: Span(span.seen, span.accepted) for name, span in (facts.guard or {}).items()},
    )


def _check_file(path: Path, facts: _Facts) -> None:
    if not path.is_file():
        raise InputError(path, "is missing from the model folder")
    if sha256_of(path) != facts.sha256.get(path.name):
        raise InputError(path, "is truncated or changed: its sha256 is not the recorded one")


def _read_facts(path: Path) -> _Facts:
    try:
        return _Facts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(path, first["msg"], field=where or None) from error

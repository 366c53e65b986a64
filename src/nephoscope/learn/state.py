"""From a recipe and samples of states to a model folder: linear classifiers, CNN, ResNet-18."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.state import judge_all, state_scores
from nephoscope.inputs.texture import NAMES
from nephoscope.learn.guard import guard_of_states
from nephoscope.learn.identity import identity_of
from nephoscope.models.card import NO_LICENCE, own_name
from nephoscope.models.state import INPUTS, inputs_of, save_state_model
from nephoscope.recipe import Recipe
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.store import open_samples
from nephoscope.tasks.mask import MaskDecision as Calibration
from nephoscope.tasks.mask import probability
from nephoscope.tasks.sky_state import CLOUDY, StateDecision

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float32]
Report = Callable[[str], None]
Watch = Callable[[int, float], None]
METHODS = ("logistic", "ridge", "svm", "perceptron")
# Frames called clear miss at most this share of the cloudy ones, frames called cloudy take at most
# that share of the clear ones, and nothing is said on less evidence than these probabilities.
MISSED, FALSE = 0.01, 0.005
SURE_CLEAR, SURE_CLOUDY = 0.3, 0.7
_LIMITS = """## Data, and where it fails

- The states are as good as the samples that were given. Of samples from `nephoscope simulate sky`
  scores are **simulated skill**: camera scale, offset, pattern and temperatures are drawn at
  random, every frame of another camera, and no camera is in two parts.
- Scale and offset of the counts cannot change the answer of a `texture` model.
- An even overcast without any texture above the camera's noise looks like clear sky. Without the
  camera's temperatures in the header such a frame is `unknown`. With them it is called clear, at
  the rate of error above; only a clear-sky reference of the camera can tell the two apart.
- A texture farther from that of the training frames than any of them, and featureless frames far
  noisier, are `unknown` (`guard` in `state.yaml`): text, random numbers, stars, the Sun.
- Thin even cirrus, fog and a dewed window are such cases. Do not open a dome on this alone.
- Birds, planes, trees and buildings in the frame are texture, and are called cloudy.
"""


def fit_state(
    recipe: Recipe,
    samples: str | Path,
    out: str | Path,
    report: Report | None = None,
    watch: Watch | None = None,
    name: str | None = None,
    licence: str | None = None,
) -> Path:
    """Train a classifier of whole frames and write the model folder `out/model`.

    Args:
        recipe: its features are one of `nephoscope.models.state.INPUTS`, its network `linear` with
            a method of `METHODS`, `cnn` or `resnet18`.
        samples: a store that `nephoscope build` made from frames with a state.
        out: the run folder.
        report: is given a plain line now and then.
        watch: is given step and likelihood at each validation of a network; what it raises ends
            the training.
        name: of the model; by default that of the run folder.
        licence: of the model, as its card says it; by default none is named.

    Returns:
        the model folder.

    Raises:
        UsageError: `out` holds a model, or the recipe names something that there is not, or is
            not of the samples.
        InputError: the samples cannot be used.
        OutputError: the folder cannot be written.
    """
    folder = Path(out) / "model"
    if folder.exists():
        raise UsageError(f"{folder} exists: name another folder")
    features = _features(recipe)
    store, start = open_samples(samples), time.monotonic()
    check_pairing(store, recipe)
    name, identity = own_name(name, Path(out)), identity_of(recipe, store)
    which = str(samples), identity["samples_id"], identity["split"]
    train, validation = (_part(*which, part, features) for part in ("train", "validation"))
    if recipe.network.name == "linear":
        scaling, weights = _fit_linear(recipe, *train)
        scores = (_scaled(validation[0], scaling) @ weights["weight"] + weights["bias"][0]).astype(
            np.float32
        )
    else:
        scaling = (np.empty(0, np.float32), np.empty(0, np.float32))
        weights, scores = _fit_network(recipe, train, validation, report, watch)
    calibration = _calibrate(scores, validation[1])
    band = choose_band(probability(scores, calibration), validation[1])
    info: dict[str, Any] = {
        "samples_id": identity["samples_id"],
        "samples": {"train": len(train[1]), "validation": len(validation[1])},
        "parameters": int(sum(value.size for value in weights.values())),
        "likelihood": round(likelihood(probability(scores, calibration), validation[1]), 4),
        "seconds": round(time.monotonic() - start, 1),
        "versions": {name: version(name) for name in ("nephoscope", "numpy", "scikit-learn")},
    }
    save = (folder, weights, recipe, scaling, calibration, band)
    guard = guard_of_states(store, train[0] if "texture" in recipe.inputs.groups else (), scaling)
    licence = licence or NO_LICENCE
    model = save_state_model(*save, info, "", guard, name=name, licence=licence)
    states, verdicts = judge_all(model, store, "validation")
    info["scores"] = state_scores(states, verdicts)
    card = _card(recipe, info, band, name, licence)
    save_state_model(*save, info, card, guard, name=name, licence=licence)
    return folder


def choose_band(probabilities: Floats, states: npt.NDArray[np.int8]) -> StateDecision:
    """The probabilities between which nothing is said.

    Args:
        probabilities: (sample,) float32, of cloud.
        states: (sample,) int8, 0 clear, 1 cloudy; there are both.
    """
    cloudy = states == CLOUDY
    below = float(np.quantile(probabilities[cloudy], MISSED))
    above = float(np.quantile(probabilities[~cloudy], 1 - FALSE))
    return StateDecision(clear_below=min(SURE_CLEAR, below), cloudy_above=max(SURE_CLOUDY, above))


def likelihood(probabilities: Floats, states: npt.NDArray[np.int8]) -> float:
    """Geometric mean of the probability given to the true state, 0..1: 0.5 is to know nothing.

    Args:
        probabilities: (sample,) float32, of cloud.
        states: (sample,) int8, 0 clear, 1 cloudy.
    """
    given = np.where(states == CLOUDY, probabilities, 1 - probabilities).astype(np.float64)
    return float(np.exp(np.log(given.clip(1e-7, 1)).mean()))


def _features(recipe: Recipe) -> tuple[str, ...]:
    inputs = recipe.inputs
    texture = [*inputs.groups] == ["texture"] and inputs.names == NAMES
    if not texture and inputs.names not in {(how,) for how in INPUTS}:
        raise UsageError(f"inputs.features of a sky_state recipe: one of {', '.join(INPUTS)}")
    if texture and recipe.network.name != "linear":
        raise UsageError(f"network '{recipe.network.name}' sees frames: features mean_std, min_max")
    return inputs.names


@lru_cache(maxsize=2)
def _part(
    samples: str, samples_id: str, split: str, part: str, features: tuple[str, ...]
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Inputs and states of a part; frames in which there is nothing to see are left out.

    They are kept for the next trial of a study: to make them takes longer than to fit. `split`
    (of `identity_of`) only tells one split from another.
    """
    store = open_samples(samples)
    chosen = np.flatnonzero(store["split"].values == part)
    found = [inputs_of(image[0], features) for image in store["image"].values[chosen]]
    seen = [n for n, one in enumerate(found) if one is not None]
    states = store["label"].values[chosen][seen].astype(np.int8)
    if len(set(states.tolist())) < 2:
        raise InputError(samples, f"has not both states in '{part}'", field="label")
    return np.stack([one for one in found if one is not None]), states


def _scaled(inputs: Floats, scaling: tuple[Floats, Floats]) -> Floats:
    flat = inputs.reshape(len(inputs), -1)
    return np.asarray((flat - scaling[0]) / scaling[1] if scaling[0].size else flat, np.float32)


def _fit_linear(
    recipe: Recipe, inputs: Floats, states: npt.NDArray[np.int8]
) -> tuple[tuple[Floats, Floats], dict[str, Floats]]:
    """Scaling and weights of a linear classifier, by scikit-learn."""
    scaling = np.empty(0, np.float32), np.empty(0, np.float32)
    if inputs.ndim == 2:
        scaling = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-6)
    method = _classifier(recipe)
    method.fit(_scaled(inputs, scaling), states)
    weights = np.asarray(method.coef_, np.float32).ravel()
    return scaling, {"weight": weights, "bias": np.asarray(method.intercept_, np.float32).ravel()}


def _classifier(recipe: Recipe) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
    from sklearn.svm import LinearSVC

    options = dict(recipe.network.options)
    method, penalty = options.pop("method", "logistic"), float(options.pop("penalty", 1.0))
    if options or method not in METHODS or penalty <= 0:
        raise UsageError(
            f"network.options of linear: method ({', '.join(METHODS)}) and penalty (> 0)"
        )
    seed = recipe.training.seed
    made: dict[str, Callable[[], Any]] = {
        "logistic": lambda: LogisticRegression(C=1 / penalty, max_iter=5000),
        "ridge": lambda: RidgeClassifier(alpha=penalty),
        "svm": lambda: LinearSVC(C=1 / penalty, max_iter=20000, random_state=seed),
        "perceptron": lambda: Perceptron(
            penalty="l2", alpha=1e-4 * penalty, max_iter=5000, random_state=seed
        ),
    }
    return made[method]()


def _fit_network(
    recipe: Recipe,
    train: tuple[Floats, npt.NDArray[np.int8]],
    validation: tuple[Floats, npt.NDArray[np.int8]],
    report: Report | None,
    watch: Watch | None,
) -> tuple[dict[str, Floats], Floats]:
    """Weights of the best validation and its scores on the validation samples."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    from nephoscope.networks import build_network

    settings = recipe.training
    torch.manual_seed(settings.seed)
    network = build_network(recipe.network.name, recipe.network.options, 1, 1, recipe.inputs.groups)
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps + 1
    )
    truth = torch.from_numpy(validation[1].astype(np.float32))
    best, kept, scores = np.inf, {}, torch.empty(0)
    for step, (images, states) in enumerate(_batches(recipe, *train), start=1):
        network.train()
        loss = cross_entropy(network(images)[:, 0], states)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % settings.validate_every and step != settings.steps:
            continue
        found = _scores(network, validation[0], settings.batch)
        error = float(cross_entropy(found, truth))
        if report:
            report(f"step {step}/{settings.steps}  validation cross-entropy {error:.4f}")
        if watch:
            watch(step, float(np.exp(-error)))
        if error < best:
            best, scores = error, found
            kept = {k: v.detach().clone().numpy() for k, v in network.state_dict().items()}
    return kept, scores.numpy()


def _scores(network: torch.nn.Module, images: Floats, batch: int) -> torch.Tensor:
    import torch

    network.eval()
    pieces = [torch.from_numpy(images[n : n + batch]) for n in range(0, len(images), batch)]
    with torch.inference_mode():
        return torch.cat([network(piece[:, None])[:, 0] for piece in pieces])


def _batches(
    recipe: Recipe, images: Floats, states: npt.NDArray[np.int8]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """`training.steps` batches, drawn without replacement until all have been seen."""
    import torch

    settings = recipe.training
    rng = np.random.default_rng(settings.seed)
    queue: list[int] = []
    for _ in range(settings.steps):
        while len(queue) < settings.batch:
            queue.extend(rng.permutation(len(images)).tolist())
        chosen, queue = queue[: settings.batch], queue[settings.batch :]
        batch = images[chosen]
        if settings.augmentation.flip_x and rng.random() < 0.5:
            batch = batch[..., ::-1]
        if settings.augmentation.flip_y and rng.random() < 0.5:
            batch = batch[:, ::-1]
        inputs = torch.from_numpy(np.ascontiguousarray(batch))[:, None]
        yield inputs, torch.from_numpy(states[chosen].astype(np.float32))


def _calibrate(scores: Floats, states: npt.NDArray[np.int8]) -> Calibration:
    """Straight line from score to log odds that fits the validation samples (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    # The prior on the slope keeps it finite where the classes are separated.
    spread = max(float(scores.std()), 1e-6)
    line = LogisticRegression(C=10.0).fit((scores / spread)[:, None], states)
    slope = max(float(line.coef_[0, 0]) / spread, 1e-6)
    return Calibration(slope=slope, intercept=float(line.intercept_[0]))


def _card(
    recipe: Recipe, info: dict[str, Any], band: StateDecision, name: str, licence: str
) -> str:
    """The text of `card.md`."""
    rows = [f"| {name.replace('_', ' ')} | {value} |" for name, value in info["scores"].items()]
    method = recipe.network.options.get("method", "")
    seen = "texture" if "texture" in recipe.inputs.groups else recipe.inputs.names[0]
    return "\n".join(
        [
            "---",
            f"license: {licence}",
            "library_name: nephoscope",
            "pipeline_tag: image-classification",
            "tags: [clouds, sky camera, thermal infrared, sky_state]",
            "---",
            f"# {name}: clear, cloudy or unknown, from one thermal frame",
            "",
            f"`{recipe.network.name}` {method} on `{seen}`, "
            f"{info['parameters']:,} parameters, trained on {info['samples']['train']} frames.",
            f"A frame may be clear at a probability of cloud up to {band.clear_below:.3f} and is "
            f"cloudy from {band.cloudy_above:.3f}; between them it is unknown.",
            "",
            "## Scores on the validation samples, which chose calibration and band",
            "",
            "| score | value |",
            "|---|---|",
            *rows,
            "",
            _LIMITS,
        ]
    )

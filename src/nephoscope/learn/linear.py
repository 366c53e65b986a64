"""Linear classifiers of whole frames, fitted by scikit-learn: they take seconds, and no steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.inputs import feature_named
from nephoscope.models.linear import METHODS
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import Recipe

Floats = npt.NDArray[np.float32]
SMALLEST = 1e-6


def fit_linear(recipe: Recipe, inputs: Floats, label: npt.NDArray[np.int8]) -> NormalisedNetwork:
    """Scaling and weights of the recipe's network `linear`.

    Args:
        recipe: names features, method and penalty.
        inputs: (sample, feature, y, x) float32, all finite.
        label: (sample,) int8, 0 clear, 1 cloudy.

    Raises:
        UsageError: there is no such method, or an option is wrong.
    """
    import torch

    normalisation = _scaling(recipe, inputs)
    mean, std = np.array([*normalisation.values()], np.float32).T[:, None, :, None, None]
    method = _classifier(recipe)
    method.fit(((inputs - mean) / std).reshape(len(inputs), -1), label)
    described, groups = recipe.network, recipe.inputs.groups
    network = build_network(described.name, described.options, len(normalisation), 1, groups)
    weights = {"weight": method.coef_, "bias": method.intercept_}
    plain = {name: np.asarray(value, np.float32).ravel() for name, value in weights.items()}
    network.load_state_dict({name: torch.from_numpy(value) for name, value in plain.items()})
    return NormalisedNetwork(network, normalisation)


def _scaling(recipe: Recipe, inputs: Floats) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each feature that is not scaled already."""
    flat = inputs.reshape(*inputs.shape[:2], -1)
    means, spreads = (found.mean(axis=1) for found in (flat.mean(axis=0), flat.std(axis=0)))
    return {
        name: (0.0, 1.0)
        if feature_named(name).fixed or not recipe.inputs.normalise
        else (float(mean), max(float(spread), SMALLEST))
        for name, mean, spread in zip(recipe.inputs.names, means, spreads, strict=True)
    }


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

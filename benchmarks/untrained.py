"""A model that learned nothing: a network of first weights, as `nephoscope train` would write it.

How good it is does not matter where speed is measured, or the road that a product goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nephoscope.models import Model
from nephoscope.models.guard import Guard
from nephoscope.recipe import Recipe


def untrained(
    folder: Path,
    recipe: Recipe,
    altitude: Sequence[float],
    guard: Guard | None = None,
    **decision: float,
) -> Model:
    """A model of types of cloud on levels.

    Args:
        folder: to write it to.
        recipe: names the network and its features, which are not scaled.
        altitude: (level,) m, the highest first.
        guard: what its training would have spanned.
        decision: of the recipe's task, beside the altitude.
    """
    import torch

    from nephoscope.models import save_model
    from nephoscope.models.normalised import NormalisedNetwork
    from nephoscope.networks import build_network
    from nephoscope.tasks import task_named

    task, inputs, levels = task_named(recipe.task), recipe.inputs, len(altitude)
    torch.manual_seed(0)
    network = build_network(
        recipe.network.name,
        recipe.network.options,
        len(inputs.names),
        task.outputs(levels),
        inputs.groups,
    )
    scaling = dict.fromkeys(inputs.names, (0.0, 1.0))
    chosen = task.Decision(altitude=tuple(altitude), **decision)
    return save_model(
        folder,
        NormalisedNetwork(network, scaling),
        recipe,
        scaling,
        chosen,
        {},
        guard=guard,
        levels=levels,
    )

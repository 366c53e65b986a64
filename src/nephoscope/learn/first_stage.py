"""First stage of a cascade, fitted to what the whole network says of the training samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.inputs import assemble
from nephoscope.inputs.view import CONTEXT
from nephoscope.learn.durations import Advance
from nephoscope.learn.place import learn_place, seasons_of
from nephoscope.models import Model, save_model
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.models.ways import WAYS
from nephoscope.networks import build_network
from nephoscope.networks.pixel import COARSE, PixelNet
from nephoscope.recipe import Recipe, with_values
from nephoscope.samples.part import Part, load_part
from nephoscope.tasks import task_named

_WINDOW, _WINDOWS, _SHARE = (256, 384), 12, 2
"""Sides of what is looked at, how many of each sample, and of how many blocks one is kept."""
_STEPS, _BATCH, _RATE = 1500, 8192, 0.01


def fit_first_stage(
    network: NormalisedNetwork,
    train: Part,
    recipe: Recipe,
    report: Callable[[str], None] | None = None,
) -> None:
    """Fit the first stage of a network to the mean probability in each block of pixels.

    Args:
        network: a `PixelNet` with a first stage; its other weights stay as they are.
        train: samples, each with the limits that the others show.
        recipe: features and tiles.
        report: is given a plain line now and then.

    Raises:
        UsageError: the network has no first stage.
    """
    whole = network.network
    if not isinstance(whole, PixelNet) or whole.first is None:
        raise UsageError("network.options.first: the network has no first stage")
    if report is not None:
        report("fitting the first stage ...")
    torch.manual_seed(recipe.training.seed)
    seen, said, weight = _blocks(whole.eval(), train, recipe, report)
    # Folded into the first layer afterwards: numbers of one size learn faster.
    middle, spread = seen.mean(0), seen.std(0).clamp(min=1e-3)
    stage = whole.first.train().requires_grad_()
    optimizer = torch.optim.AdamW(stage.parameters(), lr=_RATE, weight_decay=1e-4)
    advance = Advance("first stage: step", _STEPS, report)
    for step in range(_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, step / 50) * (1 - step / _STEPS)
        chosen = torch.randint(len(seen), (_BATCH,))
        scaled = ((seen[chosen] - middle) / spread)[:, :, None, None]
        loss = functional.binary_cross_entropy_with_logits(
            stage(scaled)[:, 0, 0, 0], said[chosen], weight[chosen]
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        advance.count()
    first: Any = stage[0]
    with torch.no_grad():
        first.weight /= spread[None, :, None, None]
        first.bias -= (first.weight[:, :, 0, 0] * middle).sum(1)
    stage.eval().requires_grad_(False)


@torch.no_grad()
def _blocks(
    network: PixelNet, train: Part, recipe: Recipe, report: Callable[[str], None] | None
) -> tuple[Tensor, Tensor, Tensor]:
    """What the first stage sees of some blocks, mean probability there, and how much is known."""
    found: list[tuple[Tensor, ...]] = []
    advance = Advance("first stage: window", _WINDOWS * len(train.indices), report)
    for inputs in _windows(train, recipe, network.divisor, advance):
        known = functional.avg_pool2d(inputs[:, network.flag], COARSE)
        likely = torch.sigmoid(network(inputs)) * inputs[:, network.flag]
        mean = functional.avg_pool2d(likely, COARSE) / known.clamp(min=1e-6)
        image, cells = network.image_of(inputs)
        seen = network.seen_first(image, cells, network.far_of(inputs[:, :, *CONTEXT], cells))
        chosen = torch.nonzero(known[0, 0].flatten() > 0)[:, 0]
        chosen = chosen[torch.randperm(len(chosen))[: len(chosen) // _SHARE]]
        parts = (seen[0].flatten(1).T, mean[0, 0].flatten(), known[0, 0].flatten())
        found.append(tuple(part[chosen] for part in parts))
    seen, said, known = (torch.cat(parts) for parts in zip(*found, strict=True))
    return seen, said, known


def _windows(train: Part, recipe: Recipe, divisor: int, advance: Advance) -> Iterator[Tensor]:
    """(1, feature, y, x) of windows all over the samples; of each another part of it is withheld.

    Labels are not asked for: the poles, of which there are none, are predicted too.
    """
    rng, ways = np.random.default_rng(recipe.training.seed), [*WAYS.values()]
    size = tuple(
        min(side, whole) // divisor * divisor
        for side, whole in zip(_WINDOW, train.shape, strict=True)
    )
    for number in range(_WINDOWS * len(train.indices)):
        sample, withheld = number % len(train.indices), ways[number // len(train.indices) % 4]
        last = (train.shape[0] - size[0]) // divisor, (train.shape[1] - 1) // divisor
        row, col = (int(rng.integers(most + 1)) * divisor for most in last)
        view = train.view(sample, row, col, (size[0], size[1]))
        view = replace(view, position="position" not in withheld)
        if "background" in withheld:
            view = replace(view, background=None)
        if view.known.any():
            yield torch.from_numpy(assemble(view, recipe.inputs.names))[None]
        advance.count()


def add_first_stage(
    model: Model,
    samples: str | Path,
    out: str | Path,
    hidden: int = 24,
    sure: float = 0.004,
    report: Callable[[str], None] | None = None,
) -> Model:
    """A model with a first stage: as it was, but for pixels of which that is sure.

    Args:
        model: of the network `pixel`.
        samples: what it was trained on.
        out: the model folder to write.
        hidden: channels of the first stage.
        sure: what it says of a block is believed where it is a probability below this, or above 1
            less this.
        report: is given a plain line now and then.

    Raises:
        UsageError: the network takes no first stage.
        InputError: the samples cannot be used.
        OutputError: the folder cannot be written.
    """
    values = {"network.options.first": hidden, "network.options.sure": sure}
    recipe = with_values(model.recipe, values)
    train, validation = (load_part(samples, part, recipe) for part in ("train", "validation"))
    train, _, _ = learn_place(recipe, train, validation)
    described, inputs = recipe.network, recipe.inputs
    outputs = task_named(recipe.task).outputs(model.levels)
    fresh = build_network(
        described.name, described.options, len(inputs.names), outputs, inputs.groups
    )
    fresh.load_state_dict({**fresh.state_dict(), **model.network.network.state_dict()})
    network = NormalisedNetwork(fresh, model.normalisation).eval()
    fit_first_stage(network, train, recipe, report)
    return save_model(
        out,
        network,
        recipe,
        model.normalisation,
        model.decision,
        {**model.info, "whole_network": model.weights_sha256},
        model.limits,
        model.guard,
        levels=model.levels,
        seasons=seasons_of(samples, train.ids, recipe.instrument),
        name=model.name,
        licence=model.info.get("licence"),
    )

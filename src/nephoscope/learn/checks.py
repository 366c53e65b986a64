"""Checks before a run or a study: that samples, start, folder, labels and crop suit the recipe.

What a run is of is written down in its folder, so that another one is never taken for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

from nephoscope.errors import InputError, UsageError
from nephoscope.models import Model
from nephoscope.models.linear import LINEAR
from nephoscope.networks import WHOLE
from nephoscope.recipe import Recipe
from nephoscope.recipe.plain_yaml import read_yaml
from nephoscope.samples.census import ONLY
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.part import Part
from nephoscope.scene import Truth

RUN = "run.yaml"
_MOST_NAMED = 5


def checked_identity(recipe: Recipe, store: xr.Dataset, start: Model | None) -> dict[str, Any]:
    """What the run is of; samples and the model to begin from are of the recipe.

    Raises:
        UsageError: they are not.
        InputError: the samples are of another task.
    """
    check_pairing(store, recipe)
    if start is not None:
        _check_start(start, recipe)
    return identity_of(recipe, store, start.weights_sha256 if start else None)


def check_folder(out: Path, identity: dict[str, Any], resume: bool) -> None:
    """Refuse to overwrite a run, or to go on with another one.

    Raises:
        UsageError: the folder holds a run, and `resume` is not set.
        InputError: the run in it is not of this identity.
    """
    path = out / RUN
    if not path.exists():
        return
    if not resume:
        raise UsageError(f"{out} holds a run: go on with --resume, or name another folder")
    check_same(path, identity, "run")


def check_both_classes(parts: Mapping[str, Part], samples: str | Path) -> None:
    """Neither a network nor a threshold can be learned from labels that are all the same.

    Raises:
        InputError: the labels of a part are.
    """
    for name, part in parts.items():
        if part.truth == "points":
            continue
        held: set[int] = set()
        for place in part.indices:
            held |= {*np.unique(part.label[place]).tolist()} - {-1}
            if len(held) == 2:
                break
        else:
            problem = f"{ONLY[min(held, default=-1)]} in the part '{name}'"
            remedy = "split so that train and validation hold both"
            raise InputError(samples, problem, field="label", remedy=remedy)


def check_network(recipe: Recipe, truth: Truth) -> None:
    """The network speaks of what the samples are labelled by: frames, or pixels of them.

    Raises:
        UsageError: it does not, or cannot take the recipe's features.
    """
    name = recipe.network.name
    if (name in WHOLE) != (truth == "frame"):
        whole = "of whole frames" if name in WHOLE else "of pixels"
        raise UsageError(f"network '{name}' is one {whole}, and the samples' truth is {truth}")
    if "texture" in recipe.inputs.groups and name != LINEAR:
        raise UsageError(f"network '{name}' sees frames: features mean_std, min_max")


def check_crop(size: tuple[int, int], divisor: int) -> None:
    """Sides of a crop are multiples of the network's divisor.

    Raises:
        UsageError: they are not.
    """
    for side in size:
        if side % divisor:
            raise UsageError(f"training.crop: {side} is not a multiple of {divisor}")


def _check_start(start: Model, recipe: Recipe) -> None:
    """Weights mean something only where the same things are seen, by the same network."""
    mine, its = (_what_weights_mean(each) for each in (recipe, start.recipe))
    changed = list(changes(its, mine))
    if changed:
        raise UsageError(
            f"--from {start.folder}: is of another recipe than '{recipe.name}': "
            f"{'; '.join(changed)}"
        )


def _what_weights_mean(recipe: Recipe) -> dict[str, Any]:
    inputs, network = recipe.inputs, recipe.network.model_dump(mode="json")
    return {
        "instrument": recipe.instrument,
        "task": recipe.task,
        "inputs": {
            "features": {group: list(names) for group, names in inputs.named.items()},
            "background": list(inputs.background.channels) if inputs.background else None,
            "limit": inputs.limit.channel if inputs.limit else None,
        },
        "truth": {"levels": recipe.truth.model_dump(mode="json")["levels"]},
        "network": network,
    }


def identity_of(recipe: Recipe, store: xr.Dataset, start: str | None = None) -> dict[str, Any]:
    """What decides how a training goes.

    Args:
        recipe: that is trained.
        store: the open samples, of any task.
        start: sha256 of the weights it begins from.
    """
    parts = "\n".join(str(part) for part in store["split"].values)
    return {
        "samples_id": str(store.attrs.get("samples_id", "")),
        "split": hashlib.sha256(parts.encode()).hexdigest(),
        "background": str(store.attrs.get("background_sha256", "")),
        "from": start,
        "recipe": recipe.model_dump(mode="json"),
    }


def check_same(path: Path, identity: Mapping[str, Any], what: str) -> None:
    """Refuse to go on with what was started with something else.

    Args:
        path: the YAML file that holds the identity of what was started.
        identity: what `identity_of` gives now.
        what: "run" or "study", for the message.

    Raises:
        InputError: the file cannot be read, or the identity is another one: what changed is named.
    """
    try:
        known = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    for field, value in identity.items():
        before = known.get(field) if isinstance(known, dict) else None
        if before == value:
            continue
        changed = list(changes(before, value)) if field == "recipe" else []
        named = f": {', '.join(changed[:_MOST_NAMED])}" if changed else ""
        raise InputError(
            path,
            f"the {what} was started with another one{named}",
            field=field,
            remedy=f"begin a new {what} in another folder",
        )


def changes(before: object, now: object, key: str = "") -> Iterator[str]:
    """The dotted keys at which two trees of YAML differ, with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}, key=str):
            yield from changes(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif before != now:
        yield f"{key} was {before}, is {now}"

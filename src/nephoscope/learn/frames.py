"""Whole frames of a part as a network sees them, without those in which there is nothing to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nephoscope.inputs import View, assemble
from nephoscope.inputs.texture import FRAME_FEATURES
from nephoscope.learn.items import Batch
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part
from nephoscope.samples.store import open_samples, part_indices

Floats = npt.NDArray[np.float32]


@lru_cache(maxsize=2)
def seen_frames(
    samples: str, samples_id: str, split: str, part: str, names: tuple[str, ...]
) -> Floats:
    """Inputs of every sample of a part, (sample, feature, y, x) float32; NaN: nothing to see.

    They are kept for the next trial of a study: to make them takes longer than to fit.

    Args:
        samples: the samples store.
        samples_id: its own; it tells one content of the store from another.
        split: what tells one split of it from another.
        part: "train" or "validation".
        names: of the features.
    """
    del samples_id, split  # keys
    store = open_samples(samples)
    chosen = part_indices(store, part)
    channels = tuple(str(name) for name in store["channel"].values)
    images, known = (store[name].values[chosen] for name in ("image", "known"))
    places = np.zeros(images.shape[2]), np.zeros(images.shape[3])
    views = (View(*each, *places, channels=channels) for each in zip(images, known, strict=True))
    return np.stack([assemble(view, names) for view in views])


class MadeOnce:
    """Batches that are kept, for all validations of a run: Lightning takes a list for several."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = list(batches)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)


def with_something_to_see(part: Part, inputs: Floats) -> tuple[Part, Floats]:
    """A part and its inputs without the samples whose inputs are not finite."""
    kept = np.flatnonzero(np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1))
    indices = tuple(part.indices[place] for place in kept)
    ids = tuple(part.ids[place] for place in kept)
    return replace(part, indices=indices, ids=ids), inputs[kept]


def as_seen(part: Part, recipe: Recipe, inputs: Floats) -> tuple[Part, Recipe]:
    """The part and recipe of crops that are cut from the inputs, which no batch makes again.

    Frames that are scaled by themselves are the same whether they are turned before or after;
    where a picture is changed otherwise, or sees anything else, part and recipe stay as they are.
    """
    names, changes = recipe.inputs.names, recipe.training.augmentation
    changed = changes.noise or changes.colour_jitter or changes.gamma or changes.desaturate
    if changed or not {*names} <= {*FRAME_FEATURES}:
        return part, recipe
    channels = tuple(f"{name} of the frame" for name in names)
    seen = replace(
        part,
        image=inputs,
        label=np.array([part.label[place] for place in part.indices], np.int8),
        known=np.broadcast_to(np.True_, (len(inputs), *part.shape)),
        channels=channels,
        indices=tuple(range(len(inputs))),
    )
    taken = recipe.inputs.model_copy(update={"features": {"picture": channels}})
    return seen, recipe.model_copy(update={"inputs": taken})

"""Whole frames of a part as a network sees them, without those in which there is nothing to see."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nephoscope.inputs import View, assemble
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part
from nephoscope.samples.store import open_samples, part_indices

Floats = npt.NDArray[np.float32]


def seen_frames(samples: str, samples_id: str, split: str, part: str, recipe: Recipe) -> Floats:
    """Inputs of every sample of a part, (sample, feature, y, x) float32; NaN: nothing to see.

    They are kept for the next trial of a study: to make them takes longer than to fit.

    Args:
        samples: the samples store.
        samples_id: its own.
        split: what tells one split of it from another.
        part: "train" or "validation".
        recipe: names the features.
    """
    return _seen_frames(samples, samples_id, split, part, recipe.inputs.names)


@lru_cache(maxsize=2)
def _seen_frames(
    samples: str, samples_id: str, split: str, part: str, names: tuple[str, ...]
) -> Floats:
    del samples_id, split  # keys
    store = open_samples(samples)
    chosen = part_indices(store, part)
    channels = tuple(str(name) for name in store["channel"].values)
    images, known = (store[name].values[chosen] for name in ("image", "known"))
    places = np.zeros(images.shape[2]), np.zeros(images.shape[3])
    views = (View(*each, *places, channels=channels) for each in zip(images, known, strict=True))
    return np.stack([assemble(view, names) for view in views])


def with_something_to_see(part: Part, inputs: Floats) -> tuple[Part, Floats]:
    """A part and its inputs without the samples whose inputs are not finite."""
    kept = np.flatnonzero(np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1))
    indices = tuple(part.indices[place] for place in kept)
    ids = tuple(part.ids[place] for place in kept)
    return replace(part, indices=indices, ids=ids), inputs[kept]

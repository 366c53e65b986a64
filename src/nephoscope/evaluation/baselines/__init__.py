"""Baselines that a model must beat: thresholds, regression and trees, without a network.

Fitted on the training samples. A baseline that is only a threshold is fitted by choosing it there;
the others choose theirs on the validation samples, as a model does. All are scored by the same
sums as a model, on a seeded draw of each sample's labelled pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.channels import PICTURES
from nephoscope.evaluation.baselines.fitted import (
    DEFAULT,
    Baseline,
    BaselineOptions,
    Kind,
    baseline_sums,
    fit_baselines,
)
from nephoscope.evaluation.baselines.frames import FRAMES
from nephoscope.evaluation.baselines.pixels import Pixels, draw_pixels
from nephoscope.evaluation.baselines.planet import MAPS
from nephoscope.evaluation.intervals import Scores
from nephoscope.evaluation.mask_sums import score_masks
from nephoscope.evaluation.sample import read_samples
from nephoscope.inputs import COLOURS
from nephoscope.tasks.mask_metrics import PROBABILITY_METRICS


def kind_of(store: xr.Dataset) -> Kind:
    """What the samples' pictures are: colour maps of a planet, frames of a camera, or any.

    Raises:
        UsageError: their truth is not a mask of each pixel.
    """
    if (store.attrs["task"], store.attrs["truth"]) != ("mask", "pixels"):
        raise UsageError("there are none but for a mask of each pixel")
    if store.attrs["unit"] == "frame":
        return FRAMES
    if store.attrs["wraps"] and {*store["channel"].values.tolist()} == {*COLOURS}:
        return MAPS
    return PICTURES


def score_baselines(
    store: xr.Dataset,
    indices: Sequence[int],
    options: BaselineOptions = DEFAULT,
    progress: Callable[[str], None] | None = None,
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the training samples and score them on the chosen ones.

    Of frames of a camera without training frames, what needs no fit is scored.

    Args:
        store: a samples store that has been split.
        indices: the samples to score.
        options: how much work.
        progress: called with the id of each sample read.

    Returns:
        name → scores, the simplest first, and name → the fitted number in words.

    Raises:
        UsageError: there is no training sample, or its labels are all of one class.
    """
    chosen, needed = _parts(store, options.maps), samples_needed(store, indices, options)
    kind = kind_of(store)
    if kind.formulas is None and not chosen["train"]:
        raise UsageError("baselines need training maps: run nephoscope split, or --no-baselines")
    pixels: dict[int, Pixels] = {}
    for index, sample in zip(needed, read_samples(store, needed), strict=True):
        pixels[index] = draw_pixels(sample, kind.features, options.pixels, options.seed, kind.reach)
        if progress:
            progress(sample.id)
    train, validation, scored = (
        [pixels[i] for i in part] for part in (chosen["train"], chosen["validation"], indices)
    )
    if train or kind.formulas is None:
        baselines = fit_baselines(kind, train, validation, options)
    else:
        baselines = kind.formulas(scored[0])
    return (
        {each.name: _scores(each, scored) for each in baselines},
        {each.name: each.detail for each in baselines},
    )


def samples_needed(
    store: xr.Dataset, indices: Sequence[int], options: BaselineOptions = DEFAULT
) -> list[int]:
    """The samples that are read to fit the baselines and score them on `indices`."""
    return sorted({*indices}.union(*_parts(store, options.maps).values()))


def _parts(store: xr.Dataset, most: int) -> dict[str, list[int]]:
    parts = [str(part) for part in store["split"].values]
    wanted = ("train", "validation")
    found = {name: [i for i, part in enumerate(parts) if part == name] for name in wanted}
    return {name: every[:: max(1, -(-len(every) // most))] for name, every in found.items()}


def _scores(baseline: Baseline, samples: Sequence[Pixels]) -> Scores:
    """Scores, without those that would take a mere ranking for a probability."""
    scores = score_masks(baseline_sums(baseline.score, samples), baseline.threshold)
    if baseline.probabilistic:
        return scores
    undefined = {
        name: replace(scores.overall[name], value=None, low=None, high=None)
        for name in PROBABILITY_METRICS
    }
    return replace(scores, overall=scores.overall | undefined)

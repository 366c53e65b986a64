"""What a model must beat: thresholds, logistic regression and boosted trees, without a network.

Fitted on the training maps. A baseline that is only a threshold is fitted by choosing it there;
the others choose theirs on the validation maps, as a model does. All are scored by the same sums
as a model, on a seeded sample of each map's labelled pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.fitted import DEFAULT, Baseline, BaselineOptions, baseline_sums
from nephoscope.evaluation.baselines.frame_features import sample_frame
from nephoscope.evaluation.baselines.frames import fit_frame_baselines, formula_baselines
from nephoscope.evaluation.baselines.pixels import Pixels
from nephoscope.evaluation.baselines.planet import fit_planet_baselines, sample_map
from nephoscope.evaluation.protocol import read_maps
from nephoscope.evaluation.scores import Scores, score_sums
from nephoscope.tasks.mask_metrics import PROBABILITY_METRICS


def score_baselines(
    store: xr.Dataset,
    indices: Sequence[int],
    options: BaselineOptions = DEFAULT,
    progress: Callable[[str], None] | None = None,
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the samples' training maps and score them on the chosen ones.

    Of frames of a camera without training frames, what needs no fit is scored.

    Args:
        store: a samples store that has been split.
        indices: the samples to score.
        options: how much work.
        progress: called with the id of each map read.

    Returns:
        name → scores, the simplest first, and name → the fitted number in words.

    Raises:
        UsageError: no map is in the training part, or its labels are all of one class.
    """
    chosen, needed = _parts(store, options.maps), maps_needed(store, indices, options)
    gridded = store.attrs["unit"] != "frame"
    if gridded and not chosen["train"]:
        raise UsageError("baselines need training maps: run nephoscope split, or --no-baselines")
    sample = sample_map if gridded else sample_frame
    fit = fit_planet_baselines if gridded else fit_frame_baselines
    pixels: dict[int, Pixels] = {}
    for index, scene in zip(needed, read_maps(store, needed), strict=True):
        pixels[index] = sample(scene, options.pixels, options.seed)
        if progress:
            progress(scene.day)
    train, validation, scored = (
        [pixels[i] for i in part] for part in (chosen["train"], chosen["validation"], indices)
    )
    baselines = fit(train, validation, options) if train else formula_baselines(scored[0])
    return (
        {each.name: _scores(each, scored) for each in baselines},
        {each.name: each.detail for each in baselines},
    )


def maps_needed(
    store: xr.Dataset, indices: Sequence[int], options: BaselineOptions = DEFAULT
) -> list[int]:
    """The samples that are read to fit the baselines and score them on `indices`."""
    return sorted({*indices}.union(*_parts(store, options.maps).values()))


def _parts(store: xr.Dataset, most: int) -> dict[str, list[int]]:
    parts = [str(part) for part in store["split"].values]
    wanted = ("train", "validation")
    found = {name: [i for i, part in enumerate(parts) if part == name] for name in wanted}
    return {name: every[:: max(1, -(-len(every) // most))] for name, every in found.items()}


def _scores(baseline: Baseline, maps: Sequence[Pixels]) -> Scores:
    """Scores, without those that would take a mere ranking for a probability."""
    scores = score_sums(baseline_sums(baseline, maps), baseline.threshold)
    if baseline.probabilistic:
        return scores
    undefined = {
        name: replace(scores.overall[name], value=None, low=None, high=None)
        for name in PROBABILITY_METRICS
    }
    return replace(scores, overall=scores.overall | undefined)

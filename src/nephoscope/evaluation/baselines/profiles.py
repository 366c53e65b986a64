"""Baselines of cloud at levels of profiles, scored as a model is.

What a baseline says of a point is brought to the numbers of a head of the task, so the task itself
chooses calibration and thresholds on the validation samples and counts what would be published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.boosted import ProfileOptions
from nephoscope.evaluation.baselines.profile_features import Profiles, profiles_of
from nephoscope.evaluation.baselines.profile_models import (
    Climatology,
    Fitted,
    Stacked,
    Trees,
)
from nephoscope.evaluation.intervals import Scores, score_sums
from nephoscope.evaluation.items import latitude_band
from nephoscope.evaluation.sample import Floats, read_samples
from nephoscope.evaluation.sums import Cell, Sums
from nephoscope.recipe import PointTruth
from nephoscope.samples.levels import altitude_of
from nephoscope.tasks import NO_COUNTS, Counts, Task

DEFAULT = ProfileOptions()
SAMPLES = "cloud_type"
"""Task of the samples that have these baselines."""


def score_profile_baselines(
    store: xr.Dataset,
    indices: Sequence[int],
    task: Task,
    truth: PointTruth,
    options: ProfileOptions = DEFAULT,
    progress: Callable[[str], None] | None = None,
    learned: xr.Dataset | None = None,
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the training samples and score them on the chosen ones.

    Args:
        store: a samples store; that has been split, where `learned` is not given.
        indices: the samples to score.
        task: that counts: of cloud types, of cloud on levels or of columns.
        truth: which levels.
        options: how much work.
        progress: called with the id of each sample read.
        learned: another store, whose training and validation parts are learned from.

    Returns:
        name → scores, the simplest first, and name → in words how it was fitted.

    Raises:
        UsageError: there is no training sample, no cloud in them, or no altitude of the levels; or
            units that are scored would be learned from.
    """
    learned = store if learned is None else learned
    parts, altitude = profile_parts(learned, options), altitude_of(store, truth)
    if not parts["train"]:
        raise UsageError("baselines need training samples: run nephoscope split")
    if learned is not store:
        _check_apart(learned, [*parts["train"], *parts["validation"]], store, indices)
    if altitude is None:
        raise UsageError("the samples do not say how high their levels are")
    train, validation = (
        list(_read(learned, parts[part], truth, altitude, progress)) for part in parts
    )
    if not any((part.types > 0).any() for part in train):
        raise UsageError("the training samples hold no cloud: no baseline can be fitted")
    fitted = _fitted(train, options)
    decisions = {
        name: _decision(each, validation or train, task, altitude) for name, each in fitted.items()
    }
    sums = {name: Sums() for name in fitted}
    for part in _read(store, indices, truth, altitude, progress):
        for name, each in fitted.items():
            sums[name] += _sums(each, part, task, decisions[name])
    return (
        {name: score_sums(each, task, decisions[name]) for name, each in sums.items()},
        {name: f"{decisions[name].threshold:.3f}" for name in fitted},
    )


def profile_parts(store: xr.Dataset, options: ProfileOptions = DEFAULT) -> dict[str, list[int]]:
    """The training and the validation samples that are read."""
    parts, found = store["split"].values, {}
    for name in ("train", "validation"):
        every = np.flatnonzero(parts == name).tolist()
        found[name] = every[:: max(1, -(-len(every) // options.samples))]
    return found


def _check_apart(
    learned: xr.Dataset, parts: Sequence[int], store: xr.Dataset, indices: Sequence[int]
) -> None:
    groups = (store["group"].values[list(indices)], learned["group"].values[list(parts)])
    both = sorted(set(groups[0].tolist()) & set(groups[1].tolist()))
    if both:
        raise UsageError(f"baselines would learn from what is scored: {', '.join(both[:3])}")


def _read(
    store: xr.Dataset,
    indices: Sequence[int],
    truth: PointTruth,
    altitude: NDArray[np.float64],
    progress: Callable[[str], None] | None,
) -> Iterator[Profiles]:
    for sample in read_samples(store, indices, truth=truth):
        yield profiles_of(sample, altitude)
        if progress:
            progress(sample.id)


def _fitted(train: Sequence[Profiles], options: ProfileOptions) -> dict[str, Fitted]:
    """The baselines, the simplest first."""
    trees = Trees(train, options, surroundings=False)
    found: dict[str, Fitted] = {"climatology": Climatology(train), "boosted trees": trees}
    if options.hidden and len({part.unit for part in train}) > 1:
        found["boosted trees + network"] = Stacked(train, options)
    return found


def _decision(
    fitted: Fitted, judge: Sequence[Profiles], task: Task, altitude: NDArray[np.float64]
) -> Any:  # noqa: ANN401 - the task's own
    counts: Counts = NO_COUNTS
    for part in judge:
        counts = counts + task.count(_raw(fitted, part, task), part.truth)
    return task.decide(counts).model_copy(update={"altitude": tuple(altitude.tolist())})


def _raw(fitted: Fitted, part: Profiles, task: Task) -> Floats:
    """Numbers of the task's head, (point, output); NaN where the picture has no data."""
    raw = fitted.say(part).raw(task.outputs(part.types.shape[1]))
    raw[~part.known] = np.nan
    return raw


def _sums(fitted: Fitted, part: Profiles, task: Task, decision: Any) -> Sums:  # noqa: ANN401
    """Sums of a sample by latitude band."""
    raw, bands, found = _raw(fitted, part, task), latitude_band(part.latitude), dict[Cell, Counts]()
    for band in np.unique(bands).tolist():
        which = bands == band
        truth = {name: value[which] for name, value in part.truth.items()}
        found[part.unit, band] = task.publish(task.count(raw[which], truth), decision)
    return Sums(found)

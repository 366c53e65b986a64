"""Baselines of profiles, cloud or ice at levels, scored as a model is.

What a baseline says of a point is brought to the numbers of a head of the task, so the task itself
chooses calibration and thresholds on the validation samples, and counts what would be published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.boosted import ProfileOptions
from nephoscope.evaluation.baselines.ice_features import ice_points_of
from nephoscope.evaluation.baselines.ice_networks import fitted_to_ice
from nephoscope.evaluation.baselines.profile_features import profiles_of
from nephoscope.evaluation.baselines.profile_models import fitted_to_types
from nephoscope.evaluation.intervals import Scores, score_sums
from nephoscope.evaluation.items import latitude_band
from nephoscope.evaluation.sample import Floats, LabelledSample, read_samples
from nephoscope.evaluation.sums import Cell, Sums
from nephoscope.recipe import PointTruth
from nephoscope.samples.levels import altitude_of
from nephoscope.tasks import NO_COUNTS, Counts, Task

Part = Any
"""Points of a sample with their truth and what is seen there, of either kind."""
Raw = Callable[[Part], Floats]
"""What a fitted baseline says of points, as numbers of the task's head: (point, output)."""


@dataclass(frozen=True)
class Kind:
    """How the baselines of one kind of profiles are made.

    Attributes:
        points: what they see of a sample, whose levels are at these altitudes.
        fitted: to points of training samples; what they lie off by is found with those that judge.
        options: how much work they do, if nobody asks for other work.
    """

    points: Callable[[LabelledSample, NDArray[np.float64]], Part]
    fitted: Callable[[Sequence[Part], Sequence[Part], Task, ProfileOptions], dict[str, Raw]]
    options: ProfileOptions


KINDS: Mapping[str, Kind] = {
    "cloud_type": Kind(profiles_of, fitted_to_types, ProfileOptions()),
    "cloud_ice": Kind(
        ice_points_of,
        fitted_to_ice,
        ProfileOptions(samples=1200, rows=300_000, iterations=150, epochs=20),
    ),
}
"""By the task of the samples that have these baselines."""


def score_profile_baselines(
    store: xr.Dataset,
    indices: Sequence[int],
    task: Task,
    truth: PointTruth,
    options: ProfileOptions | None = None,
    progress: Callable[[str], None] | None = None,
    learned: xr.Dataset | None = None,
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the training samples and score them on the chosen ones.

    Args:
        store: a samples store; that has been split, where `learned` is not given.
        indices: the samples to score.
        task: that counts: of ice, of cloud types, of cloud on levels or of columns.
        truth: which levels.
        options: how much work; by default as much as suits the kind.
        progress: called with the id of each sample read.
        learned: another store, whose training and validation parts are learned from.

    Returns:
        name → scores, the simplest first, and name → in words how it was fitted.

    Raises:
        UsageError: there is no training sample, no cloud in them, or no altitude of the levels; or
            units that are scored would be learned from.
    """
    learned = store if learned is None else learned
    kind = KINDS[task.samples]
    options = options or kind.options
    parts, altitude = profile_parts(learned, options), altitude_of(store, truth)
    if not parts["train"]:
        raise UsageError("baselines need training samples: run nephoscope split")
    if learned is not store:
        _check_apart(learned, [*parts["train"], *parts["validation"]], store, indices)
    if altitude is None:
        raise UsageError("the samples do not say how high their levels are")

    def read(held: xr.Dataset, wanted: Sequence[int]) -> Iterator[Part]:
        for sample in read_samples(held, wanted, truth=truth):
            yield kind.points(sample, altitude)
            if progress:
                progress(sample.id)

    train, validation = (list(read(learned, parts[part])) for part in parts)
    if not any((part.types > 0).any() for part in train):
        raise UsageError("the training samples hold no cloud: no baseline can be fitted")
    judge = validation or train
    fitted = kind.fitted(train, judge, task, options)
    decisions = {name: _decision(each, judge, task, altitude) for name, each in fitted.items()}
    sums = {name: Sums() for name in fitted}
    for part in read(store, indices):
        for name, each in fitted.items():
            sums[name] += _sums(each, part, task, decisions[name])
    return (
        {name: score_sums(each, task, decisions[name]) for name, each in sums.items()},
        {name: f"{decisions[name].threshold:.3f}" for name in fitted},
    )


def profile_parts(store: xr.Dataset, options: ProfileOptions | None = None) -> dict[str, list[int]]:
    """The training and the validation samples that are read."""
    options = options or KINDS[store.attrs["task"]].options
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


def _decision(raw: Raw, judge: Sequence[Part], task: Task, altitude: NDArray[np.float64]) -> Any:  # noqa: ANN401 - the task's own
    counts: Counts = NO_COUNTS
    for part in judge:
        counts = counts + task.count(raw(part), part.truth)
    return task.decide(counts).model_copy(update={"altitude": tuple(altitude.tolist())})


def _sums(raw: Raw, part: Part, task: Task, decision: Any) -> Sums:  # noqa: ANN401
    """Sums of a sample by latitude band, of what would be published."""
    said, bands, found = raw(part), latitude_band(part.latitude), dict[Cell, Counts]()
    for band in np.unique(bands).tolist():
        which = bands == band
        truth = {name: value[which] for name, value in part.truth.items()}
        published = task.variables(task.fields(said[which].T, decision), decision)
        found[part.unit, band] = task.tally(published, truth)
    return Sums(found)

"""Counting: from samples to the sums of a score, in this process or by many workers.

Every sample is predicted and counted by itself, and what is counted are whole numbers, so the sums
are the same however the samples are shared out. What is shown on the way is shown in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from nephoscope.errors import NephoscopeError, UsageError
from nephoscope.evaluation.items import published_items
from nephoscope.evaluation.predictors import Predict, predictor_of
from nephoscope.evaluation.sample import LabelledSample, read_samples
from nephoscope.evaluation.sums import Sums, sums_of_items
from nephoscope.files import sha256_of
from nephoscope.models import load_model
from nephoscope.models.lookup import FACTS, another_model, sent_as
from nephoscope.models.ways import WAYS
from nephoscope.recipe import PointTruth
from nephoscope.samples.store import open_samples, source_of
from nephoscope.tasks import Task, task_named
from nephoscope.workers import cores
from nephoscope.workers.crew import Call, Crew, named
from nephoscope.workers.orders import this_host

if TYPE_CHECKING:
    from nephoscope.models import Model

Look = Callable[[LabelledSample, xr.Dataset], None]
"""Is shown each sample with what is published of it."""
Indices = tuple[int, ...]
_AT_ONCE = 16  # samples that a worker takes at once, at most


@dataclass(frozen=True)
class Counted:
    """What came of a sample.

    Attributes:
        id: of the sample.
        sums: by way.
        strata: of the first way, by stratum.
        said: what is published of it in the first way; None where nobody looks.
    """

    id: str
    sums: dict[str, Sums]
    strata: dict[str, Sums] = field(default_factory=dict)
    said: xr.Dataset | None = None


@dataclass(frozen=True)
class Reading:
    """Which samples are read, and what of them.

    Attributes:
        indices: of the samples.
        channels: statistics of the background.
        truth: which levels.
    """

    indices: Sequence[int]
    channels: Sequence[str]
    truth: PointTruth | None = None

    def of(self, store: xr.Dataset) -> Iterator[LabelledSample]:
        """The samples, one at a time."""
        return read_samples(store, self.indices, self.channels, self.truth)


def withhold(sample: LabelledSample, way: str) -> LabelledSample:
    """The sample as the model sees it in one of `WAYS`."""
    return replace(
        sample,
        background=None if "background" in WAYS[way] else sample.background,
        position="position" not in WAYS[way],
    )


def count_sample(
    sample: LabelledSample, task: Task, ways: Sequence[str], predict: Predict
) -> Counted:
    """Predict a sample in every way, and count."""
    sums, strata, first = dict[str, Sums](), dict[str, Sums](), None
    for way in ways:
        said = predict(withhold(sample, way))
        items = published_items(said, sample)
        sums[way] = sums_of_items(sample.unit, items, task)
        if first is None:
            first = said
            strata = {name: sums_of_items(sample.unit, items, task, name) for name in items.strata}
    return Counted(sample.id, sums, strata, first)


def added(
    counted: Iterable[Counted], ways: Sequence[str], progress: Callable[[str], None] | None
) -> tuple[dict[str, Sums], dict[str, Sums]]:
    """Sums by way, and those of the first way by stratum."""
    sums, strata = {way: Sums() for way in ways}, dict[str, Sums]()
    for each in counted:
        sums = {way: sums[way] + each.sums[way] for way in ways}
        strata |= {name: strata.get(name, Sums()) + part for name, part in each.strata.items()}
        if progress:
            progress(each.id)
    return sums, strata


def counted_here(
    samples: Iterable[LabelledSample],
    task: Task,
    ways: Sequence[str],
    predict: Predict,
    look: Look | None,
) -> Iterator[Counted]:
    """What comes of each sample, by this process.

    Args:
        samples: in their order.
        task: that counts.
        ways: names of `WAYS`.
        predict: from a sample to what is published of it.
        look: is shown each sample with what is published of it in the first way.
    """
    for sample in samples:
        found = count_sample(sample, task, ways, predict)
        if look is not None and found.said is not None:
            look(sample, found.said)
        yield replace(found, said=None)


def counted_by(
    crew: Crew,
    room: Path,
    model: Model,
    store: xr.Dataset,
    reading: Reading,
    ways: Sequence[str],
    look: Look | None,
) -> Iterator[Counted]:
    """What comes of each sample, by many workers, in the order of the samples.

    Args:
        crew: the workers.
        room: folder that they share, if they are a cluster's.
        model: that is scored; they find it by its name or folder.
        store: of the samples, as `open_samples` opens it.
        reading: which samples.
        ways: names of `WAYS`.
        look: as for `counted_here`; it is shown them in this process.

    Raises:
        InputError: a sample cannot be read.
        UsageError: a worker has another model, or does not see the samples.
    """
    path = Path(source_of(store)).absolute()
    judge = Judge(
        sent_as(model.folder), sha256_of(model.folder / FACTS), path, reading, tuple(ways),
        crew.share(), shown=look is not None,
    )  # fmt: skip
    call = Call(judge, judge.paths, judge.open)
    seen = iter(reading.of(store)) if look is not None else None
    for block, found in crew.results(call, _blocks(reading.indices), room, "report"):
        if isinstance(found, NephoscopeError):
            raise named(path / str(store["id"].values[block[0]]), found)
        for each in found:
            if look is not None and seen is not None and each.said is not None:
                look(next(seen), each.said)
            yield replace(each, said=None)


def _blocks(indices: Sequence[int]) -> Iterator[Indices]:
    """Samples that are done together: many where there are many, since each block costs a look."""
    size = max(1, min(_AT_ONCE, len(indices) // _AT_ONCE))
    for start in range(0, len(indices), size):
        yield tuple(indices[start : start + size])


@dataclass(frozen=True)
class Judge:
    """From numbers of samples to what comes of each, in any process.

    Attributes:
        model: its shipped name or folder.
        facts_sha256: of the model where the run was begun.
        store: of the samples.
        reading: what of them is read.
        ways: names of `WAYS`.
        share: workers that share the processors of a machine.
        shown: whether somebody looks at what is published.
    """

    model: str
    facts_sha256: str
    store: Path
    reading: Reading
    ways: tuple[str, ...]
    share: int
    shown: bool

    def open(self) -> None:
        """Open model and samples, once in each process.

        Raises:
            UsageError: the model is another than where the run was begun, or not there; or the
                samples cannot be seen.
        """
        host = this_host()
        try:
            facts = sha256_of(self._loaded.folder / FACTS)
        except NephoscopeError as error:
            raise UsageError(f"the worker on {host} cannot open the model: {error}") from error
        if facts != self.facts_sha256:
            raise another_model(host)
        try:
            self._samples  # noqa: B018 - kept from here on
        except NephoscopeError as error:
            raise UsageError(
                f"the worker on {host} cannot open the samples: {error}: name a folder that all "
                "machines share"
            ) from error

    def paths(self, block: Indices) -> tuple[Path, ...]:
        """What a worker must see."""
        del block
        return (self.store,)

    def __call__(self, block: Indices) -> list[Counted]:
        """What comes of some samples.

        Raises:
            InputError: one cannot be read.
        """
        task, reading = task_named(self._loaded.recipe.task), replace(self.reading, indices=block)
        counted = (
            count_sample(sample, task, self.ways, self._predict)
            for sample in reading.of(self._samples)
        )
        return [each if self.shown else replace(each, said=None) for each in counted]

    @cached_property
    def _loaded(self) -> Model:
        return load_model(self.model)

    @cached_property
    def _samples(self) -> xr.Dataset:
        return open_samples(self.store)

    @cached_property
    def _predict(self) -> Predict:
        threads = max(1, cores() // self.share)
        return predictor_of(self._loaded, self._samples.attrs["truth"], threads)

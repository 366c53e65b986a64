"""Many maps: a mirrored tree of products, resumable, sharded, one bad map named and skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from nephoscope.apply.plan import Job, Options, group_of, groups, job_key, plan_jobs, shard
from nephoscope.apply.series import SeriesBackgrounds
from nephoscope.apply.work import Work
from nephoscope.apply.workers import PredictMapFactory, run_jobs
from nephoscope.errors import NephoscopeError, OutputError, UsageError
from nephoscope.files import Journal, remove_stale_parts
from nephoscope.products.mask import ModelInfo, mask_step
from nephoscope.recipe import Recipe

log = logging.getLogger(__name__)
Status = Literal["done", "skipped", "failed"]
JOURNAL = "predict-journal"


@dataclass(frozen=True)
class Event:
    """One map has ended.

    Attributes:
        job: which.
        status: "done", "skipped" (done by an earlier run) or "failed".
        error: why it failed.
        number: how many have ended, this one included.
        total: how many there are.
    """

    job: Job
    status: Status
    error: NephoscopeError | None
    number: int
    total: int


@dataclass
class Summary:
    """How a bulk run went.

    Attributes:
        done: products written now.
        skipped: products that an earlier run wrote from the same inputs.
        failed: (input, message) of each map that failed.
        left: maps not tried because the output could not be written.
    """

    done: int = 0
    skipped: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left: int = 0

    def count(self, event: Event) -> None:
        """Add one map."""
        if event.status == "failed":
            self.failed.append((event.job.scene.path, str(event.error)))
        elif event.status == "done":
            self.done += 1
        else:
            self.skipped += 1


def predict_many(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    model: ModelInfo,
    model_sha256: str,
    recipe: Recipe,
    factory: PredictMapFactory,
    options: Options | None = None,
    background: str | Path = "auto",
    workers: int = 1,
    part: tuple[int, int] = (1, 1),
    command: str = "",
    on_event: Callable[[Event], None] | None = None,
) -> Summary:
    """Predict every map below the inputs into a mirrored tree of products below `out`.

    A map is skipped if the journal in `out` says that its product was made from the same file,
    Ls tables, model, background and options, and the product is there.

    Args:
        inputs: files and folders.
        out: folder of the products; made if need be.
        model: name, weights' sha256 and threshold.
        model_sha256: of all that the model's predictions depend on, so that a change of any of
            it (calibration, threshold, recipe) makes finished maps be done again.
        recipe: of the model; names the instrument and the background.
        factory: makes the function that turns (scene, background) into (y, x) probabilities;
            called once in each worker, and pickled if there are several.
        options: how to predict and write.
        background: "auto": built for each sub-phase with enough maps among all inputs, stored
            in `out`; "none"; or the file of one.
        workers: processes; 1 works in this one.
        part: (i, n): do the i-th of n parts only; all parts agree on the backgrounds.
        command: what the user typed, for the history of the products.
        on_event: told of every map that has ended.

    Returns:
        What was done, skipped and failed. A full or read-only disk ends the run early.

    Raises:
        InputError: an input does not exist or holds no map.
        UsageError: the options contradict each other or the inputs.
        OutputError: `out` cannot be written at all.
    """
    options, out = options or Options(), Path(out)
    if workers < 1:
        raise UsageError(f"--workers {workers}: must be at least 1")
    mask_step(model.threshold if options.threshold is None else options.threshold)
    everything = plan_jobs([Path(path) for path in inputs], out, recipe.instrument, options)
    mine = shard(everything, part)
    _check_writable(out)
    for folder in {job.target.parent for job in mine} | {out}:
        remove_stale_parts(folder)
    backgrounds = SeriesBackgrounds(recipe, out, dict(groups(everything)), background)
    run = _Run(
        Work(model, recipe.instrument, options, command),
        model_sha256,
        _Journals(out, part),
        len(mine),
        on_event or (lambda event: None),
    )
    run.do(_with_backgrounds(mine, backgrounds), factory, workers)
    return run.summary


def _with_backgrounds(jobs: Iterable[Job], backgrounds: SeriesBackgrounds) -> Iterator[Job]:
    for job in jobs:
        yield job.with_background(*backgrounds.of(group_of(job)))


class _Run:
    """The state of one run: what has ended, and what is left to do."""

    def __init__(
        self,
        work: Work,
        model_sha256: str,
        journals: _Journals,
        total: int,
        on_event: Callable[[Event], None],
    ) -> None:
        self.work = work
        self.model_sha256 = model_sha256
        self.journals = journals
        self.total = total
        self.on_event = on_event
        self.summary = Summary()
        self._ended = 0
        # Taken before a map is read: if it changes meanwhile, the next run does it again.
        self._keys: dict[Path, str] = {}

    def do(self, jobs: Iterator[Job], factory: PredictMapFactory, workers: int) -> None:
        """Do the jobs; a job whose output cannot be written is the last one."""
        outcomes = run_jobs(self._unfinished(jobs), self.work, factory, workers)
        for job, error in outcomes:
            if error is None:
                self.journals.record(self._keys[job.target], job)
            self._end(job, "done" if error is None else "failed", error)
            if isinstance(error, OutputError):
                log.error("stopping: the output cannot be written")
                break
        self.summary.left = self.total - self._ended

    def _unfinished(self, jobs: Iterator[Job]) -> Iterator[Job]:
        for job in jobs:
            key = job_key(job, self.work.options, self.model_sha256)
            self._keys[job.target] = key
            if self.journals.has(key) and job.is_written:
                self._end(job, "skipped", None)
            else:
                yield job

    def _end(self, job: Job, status: Status, error: NephoscopeError | None) -> None:
        self._ended += 1
        event = Event(job, status, error, self._ended, self.total)
        self.summary.count(event)
        self.on_event(event)


class _Journals:
    """The journal of this part, and what those of all parts of earlier runs say.

    Each part writes its own file: appends of several machines to one file may be torn.
    """

    def __init__(self, out: Path, part: tuple[int, int]) -> None:
        index, parts = part
        suffix = "" if parts == 1 else f"-{index}-of-{parts}"
        self._own = Journal(out / f"{JOURNAL}{suffix}.jsonl")
        self._known = {
            key for path in out.glob(f"{JOURNAL}*.jsonl") for key in Journal(path).entries
        }

    def has(self, key: str) -> bool:
        return key in self._known

    def record(self, key: str, job: Job) -> None:
        self._own.record(key, input=str(job.scene.path), output=str(job.target))


def _check_writable(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; -o names the folder of the products")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OutputError(f"{out}: could not be written: {error.strerror}") from error

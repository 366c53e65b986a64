"""Many maps: a mirrored tree of products, resumable, sharded, one bad map named and skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from nephoscope.apply.plan import Job, Options, group_of, groups, job_key, plan_jobs, shard
from nephoscope.apply.resume import (
    Event,
    Journals,
    ResumableRun,
    Summary,
    check_writable,
)
from nephoscope.apply.series import SeriesBackgrounds
from nephoscope.apply.work import ModelInfo, Work
from nephoscope.apply.workers import PredictMapFactory, run_jobs
from nephoscope.background import channels_of
from nephoscope.errors import UsageError
from nephoscope.files import remove_stale_parts
from nephoscope.folders import LeftOut
from nephoscope.products.product import mask_step
from nephoscope.recipe import Recipe


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
    left_out, places = LeftOut(), [Path(path) for path in inputs]
    everything = plan_jobs(places, out, recipe.instrument, options, left_out)
    mine = shard(everything, part)
    check_writable(out)
    for folder in {job.target.parent for job in mine} | {out}:
        remove_stale_parts(folder)
    backgrounds = SeriesBackgrounds(recipe, out, dict(groups(everything)), background)
    work = Work(model, recipe.instrument, options, command, channels_of(recipe) or None)
    key_of = partial(job_key, options=options, model_sha256=model_sha256)
    run = ResumableRun(Journals(out, part), key_of, len(mine), on_event, left_out)
    unfinished = run.unfinished(_with_backgrounds(mine, backgrounds))
    for job, error in run_jobs(unfinished, work, factory, workers):
        if not run.end(job, error):
            break
    return run.close()


def _with_backgrounds(jobs: Iterable[Job], backgrounds: SeriesBackgrounds) -> Iterator[Job]:
    for job in jobs:
        yield job.with_background(*backgrounds.of(group_of(job)))

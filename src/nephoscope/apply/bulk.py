"""Bulk prediction of files, folders and trees into a mirrored tree of products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from nephoscope.apply.away import AwaySink, folder_of
from nephoscope.apply.chain import SkyChain
from nephoscope.apply.cube_sink import CubeSink
from nephoscope.apply.frame_models import sky_name
from nephoscope.apply.jobs import Job, Options, plan_jobs, shard
from nephoscope.apply.journal import Event, Journals, Status, Summary
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.apply.run import Draw, Maker, Sink, keys_of, run
from nephoscope.apply.sinks import FitsSink, LayoutSink, NetcdfSink, ZarrSink
from nephoscope.errors import UsageError
from nephoscope.folders import LeftOut
from nephoscope.instruments import instrument_named
from nephoscope.remote import is_url
from nephoscope.remote.copies import local_places
from nephoscope.remote.store import ObjectStore
from nephoscope.workers.cluster import ClusterPool
from nephoscope.workers.pool import Pool
from nephoscope.workers.processes import ProcessPool

if TYPE_CHECKING:
    from nephoscope.models import Model

AUTO, NONE = "auto", "none"
MOVING = "granule"
"""Unit of instruments whose scenes lie each somewhere else: no cube holds several."""
SINKS: dict[str, Callable[[Path], NetcdfSink]] = {
    "netcdf": NetcdfSink,
    "fits": FitsSink,
    "zarr": CubeSink,
}
"""Format of products → where they go."""


def predict_many(
    inputs: Sequence[str | Path],
    out: str | Path,
    maker: Maker,
    *,
    workers: int | None = None,
    scheduler: str = "",
    part: tuple[int, int] = (1, 1),
    limit: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    on_part: Callable[[Event], None] | None = None,
    draw: Draw | None = None,
    redo_failed: bool = False,
) -> Summary:
    """Predict every scene below the inputs into a mirrored tree of products below `out`.

    A scene is skipped if the journal in `out` says that its product was made from the same file,
    models, background and options, and the product is there. `frames.csv` and `blobs.csv` hold all
    frames of a camera whose products are in `out`; the journal keeps their rows, so that a kill
    loses none. The products are the same whoever makes them, and however many.

    Args:
        inputs: files and folders; or URLs, which are copied to this machine first.
        out: folder of the products; made if need be; or an URL to which they are sent.
        maker: from `maker_of`.
        workers: processes; 1 works in this one; by default what suits the maker.
        scheduler: address or scheduler file of a Dask cluster, in place of processes here; its
            workers see inputs and `out` under the same names.
        part: (i, n): do the i-th of n parts only; all parts agree on the backgrounds.
        limit: do so many of the first scenes (of the part) only.
        on_event: told of every scene that has ended.
        on_part: told how far a scene is, where this process predicts it.
        draw: draws the quick-looks; without it there are none.
        redo_failed: try inputs again that failed before and have not changed since.

    Returns:
        What was done, skipped and failed, and which files are no scenes. A full or read-only disk
        ends the run early.

    Raises:
        InputError: an input does not exist or holds no scene; a background or model cannot be read.
        UsageError: the options contradict each other or the inputs; there is no such scheduler, or
            a worker there cannot do this run.
        OutputError: `out` cannot be written at all.
    """
    pool = _pool(maker, workers, scheduler)
    try:
        if isinstance(pool, ClusterPool):
            inputs = [each if is_url(each) else Path(each).absolute() for each in inputs]
            out = out if is_url(out) else Path(out).absolute()
            maker = maker.among(max(pool.hosts().values(), default=1))
        plan = _planned(inputs, out, maker, draw is not None)
        return run(
            shard(plan.jobs, part)[:limit],
            maker,
            plan.sink,
            pool,
            part,
            _telling(on_event, plan.sink),
            on_part=on_part,
            left_out=plan.left_out,
            prepare=maker.shared(plan.jobs, plan.sink.out),
            draw=draw,
            redo_failed=redo_failed,
        )
    finally:
        if pool is not None:
            pool.close(finished=False)


def look_ahead(
    inputs: Sequence[str | Path],
    out: str | Path,
    maker: Maker,
    *,
    part: tuple[int, int] = (1, 1),
    limit: int | None = None,
    picture: bool = True,
) -> Iterator[Event]:
    """What `predict_many` would do, of each scene; nothing is written.

    Args:
        inputs: as for `predict_many`.
        out: folder of the products, which need not be there.
        maker: from `maker_of`.
        part: (i, n): of this part only.
        limit: of so many of the first scenes (of the part) only.
        picture: whether quick-looks would be drawn.

    Yields:
        each scene: "done", "failed" with why, or "not yet".

    Raises:
        InputError, UsageError: as for `predict_many`.
    """
    plan = _planned(inputs, out, maker, picture, to_write=False)
    prepare = maker.shared(plan.jobs, plan.sink.out, make=False)
    journals, key_of, jobs = (
        Journals(plan.sink.out, part),
        keys_of(maker),
        shard(plan.jobs, part)[:limit],
    )
    errors = plan.left_out.errors
    total = len(errors) + len(jobs)
    for number, error in enumerate(errors, 1):
        yield Event(None, "failed", error, number, total)
    for number, job in enumerate(map(prepare, jobs), len(errors) + 1):
        key = key_of(job)
        failure = journals.failure(key, job)
        if journals.has(key, job) and plan.sink.done(job):
            event = Event(job, "done", None, number, total)
        else:
            status: Status = "not yet" if failure is None else "failed"
            event = Event(job, status, failure, number, total)
        yield _placed(event, plan.sink)


@dataclass(frozen=True)
class _Plan:
    jobs: list[Job]
    sink: Sink
    left_out: LeftOut


def _planned(
    inputs: Sequence[str | Path],
    out: str | Path,
    maker: Maker,
    picture: bool,
    to_write: bool = True,
) -> _Plan:
    """All jobs of a run; inputs that are URLs are copied here first."""
    folder = folder_of(str(out)) if is_url(out) else Path(out)
    here, left_out, options = sink_of(maker, folder), LeftOut(), maker.options
    sink: Sink = here
    if is_url(out):
        sink = away = AwaySink(here, ObjectStore(str(out).rstrip("/")))
        away.begin(to_write)
    places, pictures = local_places(inputs), options.picture and picture
    jobs = plan_jobs(places, folder, maker.instrument, sink, pictures, left_out, options.own)
    return _Plan(jobs, sink, left_out)


def _telling(
    on_event: Callable[[Event], None] | None, sink: Sink
) -> Callable[[Event], None] | None:
    """What tells of an output where it went."""
    return None if on_event is None else lambda event: on_event(_placed(event, sink))


def _placed(event: Event, sink: Sink) -> Event:
    if event.job is None:
        return event
    place, slot = sink.place(event.job, event.facts)
    return replace(event, place=place, slot=slot)


def _pool(maker: Maker, workers: int | None, scheduler: str) -> Pool | None:
    """The workers of a run; None where this process does it."""
    if scheduler:
        if workers is not None:
            raise UsageError("--workers: those of a --scheduler are its own")
        return ClusterPool(scheduler)
    wanted = maker.default_workers if workers is None else workers
    if wanted < 1:
        raise UsageError(f"--workers {wanted}: must be at least 1")
    return ProcessPool(wanted) if wanted > 1 else None


def maker_of(
    model: Model | str | PathLike[str],
    options: Options | None = None,
    background: str | PathLike[str] = AUTO,
    command: str = "",
    workers: int | None = None,
) -> SkyChain | NetworkMaker:
    """What applies a model, a chain of models or a formula.

    Args:
        model: a model, its shipped name or its folder, "sky" or the name of a formula.
        options: how to predict and write.
        background: "auto": of maps built from all of a series, of frames none; "none"; or a file.
        command: what the user typed, for the history of the products.
        workers: processes that will be at work at once.

    Raises:
        UsageError: there is no such model, or an option makes no sense.
        InputError: a model or the background cannot be read.
    """
    options = options or Options()
    if (name := sky_name(model)) is not None:
        clear = None if str(background) in {AUTO, NONE} else Path(background)
        return SkyChain(name, options, clear)
    source = Path(model) if isinstance(model, PathLike) else model
    background = Path(background) if isinstance(background, PathLike) else background
    maker = NetworkMaker(source, options, background, command, workers or 1)
    maker.decision  # noqa: B018 - says what is wrong before anything is done
    return maker


def sink_of(maker: Maker, out: Path, tables: bool = True) -> NetcdfSink:
    """Where the products of a maker go.

    Args:
        maker: whose products.
        out: their folder.
        tables: whether frames of a camera have tables as well.

    Raises:
        UsageError: there is no such format, or not of these products.
    """
    instrument = instrument_named(maker.instrument)
    wanted = maker.options.format
    if isinstance(maker, SkyChain):
        if wanted not in {"", "fits"}:
            raise UsageError(f"--format {wanted}: judged {instrument.NOUN} are written as fits")
        return FitsSink(out, tables=tables)
    layout = instrument.layout(maker.options.own)
    if layout is not None:
        if wanted:
            raise UsageError(f"--format {wanted}: the layout has a format of its own")
        return LayoutSink(out, layout.ending, layout=layout)
    chosen = wanted or instrument.FORMAT
    if chosen not in SINKS:
        raise UsageError(f"no format '{chosen}'; there are: {', '.join(SINKS)}")
    if instrument.UNIT == MOVING and chosen != "netcdf":
        if chosen == "fits":
            raise UsageError(f"--format fits: {instrument.NOUN} are written as netcdf or zarr")
        return ZarrSink(out)
    if chosen == "zarr":
        return CubeSink(out, part=_part_of(maker.options))
    return SINKS[chosen](out)


def _part_of(options: Options) -> str:
    """What of the scenes is predicted, as part of a path; "" for all."""
    box = options.own.get("box")
    return "" if box is None else "_".join(["box", *(f"{side:.10g}" for side in box)])

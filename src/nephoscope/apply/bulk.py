"""Bulk prediction of files, folders and trees into a mirrored tree of products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from nephoscope.apply.chain import SkyChain
from nephoscope.apply.cube_sink import CubeSink
from nephoscope.apply.frame_models import sky_name
from nephoscope.apply.jobs import Options, plan_jobs, shard
from nephoscope.apply.journal import Event, Summary
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.apply.run import Draw, Maker, Sink, run
from nephoscope.apply.sinks import FitsSink, LayoutSink, NetcdfSink, ZarrSink
from nephoscope.errors import UsageError
from nephoscope.folders import LeftOut
from nephoscope.instruments import instrument_named

if TYPE_CHECKING:
    from nephoscope.models import Model

AUTO, NONE = "auto", "none"
MOVING = "granule"
"""Unit of instruments whose scenes lie each somewhere else: no cube holds several."""
SINKS: dict[str, Callable[[Path], Sink]] = {
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
    part: tuple[int, int] = (1, 1),
    on_event: Callable[[Event], None] | None = None,
    draw: Draw | None = None,
) -> Summary:
    """Predict every scene below the inputs into a mirrored tree of products below `out`.

    A scene is skipped if the journal in `out` says that its product was made from the same file,
    models, background and options, and the product is there. `frames.csv` and `blobs.csv` hold all
    frames of a camera whose products are in `out`; the journal keeps their rows, so that a kill
    loses none.

    Args:
        inputs: files and folders.
        out: folder of the products; made if need be.
        maker: from `maker_of`.
        workers: processes; 1 works in this one; by default what suits the maker.
        part: (i, n): do the i-th of n parts only; all parts agree on the backgrounds.
        on_event: told of every scene that has ended.
        draw: draws the quick-looks; without it there are none.

    Returns:
        What was done, skipped and failed, and which files are no scenes. A full or read-only disk
        ends the run early.

    Raises:
        InputError: an input does not exist or holds no scene; a background or model cannot be read.
        UsageError: the options contradict each other or the inputs.
        OutputError: `out` cannot be written at all.
    """
    out, workers = Path(out), maker.default_workers if workers is None else workers
    if workers < 1:
        raise UsageError(f"--workers {workers}: must be at least 1")
    sink, left_out, places = sink_of(maker, out), LeftOut(), [Path(path) for path in inputs]
    pictures = maker.options.picture and draw is not None
    jobs = plan_jobs(places, out, maker.instrument, sink, pictures, left_out, maker.options.own)
    return run(
        shard(jobs, part),
        maker,
        sink,
        workers,
        part,
        on_event,
        left_out=left_out,
        prepare=maker.shared(jobs, out),
        draw=draw,
    )


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


def sink_of(maker: Maker, out: Path, tables: bool = True) -> Sink:
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
    return SINKS[chosen](out)

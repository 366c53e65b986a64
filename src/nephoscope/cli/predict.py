"""`nephoscope predict MODEL INPUT... -o OUT`: cloud masks of files, folders and trees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nephoscope.cli.crew_options import DeviceOption, SchedulerOption, ThreadsOption
from nephoscope.cli.loudness import Quiet, Verbose
from nephoscope.cli.run_report import draw, print_prospect, report, run_progress
from nephoscope.cli.typed import HOW_SHARED, typed_command
from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.apply.chain import SkyChain
    from nephoscope.apply.network_maker import NetworkMaker
    from nephoscope.instruments.marci import Box

Option = typer.Option


_Model = Annotated[
    str,
    typer.Argument(
        help="A shipped model's name or a model folder; sky: state, then mask, of each frame "
        "of a sky camera; or a formula for these (zscale-log-otsu ...)."
    ),
]
_Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...", help="Maps or frames, folders or trees of them; or their URLs."
    ),
]
_Out = Annotated[
    str, Option("--output", "-o", metavar="PATH", help="Folder of the products, or its URL.")
]
_Layout = Annotated[
    Literal["cf", "legacy"],
    Option(help="Maps: cf, a CF NetCDF for each; or legacy, the original's tree and files."),
]
_Bounds = Annotated[
    Literal["data", "season", "label"],
    Option(
        help="Maps: predict wherever there is data, within the seasonal polar bounds, or "
        "within the box of the map's label."
    ),
]
_Offset = Annotated[float, Option(help="Degrees from the polar ice to the seasonal bounds.")]
_Bbox = Annotated[
    str | None, Option(metavar="WEST,SOUTH,EAST,NORTH", help="Predict in this box only.")
]
_Levels = Annotated[
    str | None,
    Option(
        metavar="LOWEST,HIGHEST",
        help="Ice: publish the levels whose middles lie between these altitudes, m, only.",
    ),
]
_Times = Annotated[
    str | None,
    Option(
        metavar="FROM,TO",
        help="Pictures of SEVIRI: predict slots that begin from the one moment on and before the "
        "other, UTC, as 2010-06-11T12:00,2010-06-12.",
    ),
]
_Ls = Annotated[
    str | None,
    Option(
        "--ls",
        metavar="FROM,TO",
        help="Maps: predict those from the one Ls on and before the other, degrees, as 340,20.",
    ),
]
_Threshold = Annotated[
    float | None, Option(help="Probability from which a pixel is cloudy [default: the model's]")
]
_Format = Annotated[
    Literal["netcdf", "fits", "zarr"] | None,
    Option("--format", help="Of the products [default: maps netcdf, frames fits]"),
]
_Background = Annotated[
    str,
    Option(help="auto: maps, built from all of a sub-phase, frames, none; none; or a file."),
]
_MinBlob = Annotated[
    int | None,
    Option(help="Frames: pixels of the smallest cloud that is listed [default: 1 in 5000]"),
]
_Flavour = Annotated[
    Literal["thermal", "colour", "grey"] | None,
    Option(help="Frames: what they are, where their headers do not say [default: the header]"),
]
_Horizon = Annotated[
    str | None,
    Option(
        metavar="MASK|DEGREES|none",
        help="Frames: where the sky ends: a mask file (0 is no sky), degrees from the zenith of a "
        "whole-sky camera, or none [default: the background's; else numbers count to 85 degrees]",
    ),
]
_Picture = Annotated[
    bool, Option("--picture/--no-picture", help="Draw a quick-look beside each product.")
]
_Workers = Annotated[
    int | None,
    Option(help="Processes [default: maps 1, which uses all processors; frames one for each]"),
]
_Shard = Annotated[str, Option(metavar="I/N", help="Do the I-th of N parts of the inputs only.")]
_Limit = Annotated[
    int | None,
    Option(min=1, metavar="N", help="Do the first N inputs only, to try a run out."),
]
_RedoFailed = Annotated[
    bool, Option("--redo-failed", help="Try inputs again that failed before and have not changed.")
]
_DryRun = Annotated[
    bool, Option("--dry-run", help="Say what is done, what failed and what is left; do nothing.")
]
_Json = Annotated[
    bool, Option("--json", help="Print a line of JSON for each input, and one of them all.")
]


def predict(
    model: _Model,
    inputs: _Inputs,
    out: _Out,
    layout: _Layout = "cf",
    bounds: _Bounds = "data",
    offset: _Offset = 3.0,
    bbox: _Bbox = None,
    levels: _Levels = None,
    times: _Times = None,
    ls: _Ls = None,
    threshold: _Threshold = None,
    format_: _Format = None,
    background: _Background = "auto",
    min_blob: _MinBlob = None,
    flavour: _Flavour = None,
    horizon: _Horizon = None,
    picture: _Picture = True,
    workers: _Workers = None,
    shard: _Shard = "1/1",
    limit: _Limit = None,
    scheduler: SchedulerOption = "",
    redo_failed: _RedoFailed = False,
    dry_run: _DryRun = False,
    json: _Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    threads: ThreadsOption = None,
    device: DeviceOption = None,
) -> None:
    """Apply a model and write products; finished ones are skipped when run again."""
    from nephoscope.apply.bulk import maker_of
    from nephoscope.apply.jobs import Options

    own = {
        "layout": layout,
        "bounds": bounds,
        "offset": offset,
        "box": None if bbox is None else _parse_box(bbox),
        **_selection(times, ls),
        "flavour": flavour,
        "horizon": _seen_from_anywhere(horizon) if scheduler else horizon,
        "min_blob": min_blob,
    }
    which = {"part": _parse_shard(shard), "limit": limit}
    span = None if levels is None else _parse_levels(levels)
    options = Options(threshold, picture, format_ or "", _given(own), span)
    maker = maker_of(model, options, background, typed_command(without=HOW_SHARED), workers)
    _check_own(model, maker.instrument, options.own)
    how = {"workers": workers, "scheduler": scheduler, "redo_failed": redo_failed}
    _run(inputs, out, maker, which, None if dry_run else how, json)


def _run(
    inputs: list[str],
    out: str,
    maker: SkyChain | NetworkMaker,
    which: Mapping[str, Any],
    how: Mapping[str, Any] | None,
    json: bool,
) -> None:
    """Predict, or without `how` say what would be done."""
    from nephoscope.apply.bulk import look_ahead, predict_many

    if how is None:
        print_prospect(look_ahead(inputs, out, maker, **which), json)
        return
    told = dict(which) | dict(how) | {"draw": draw}
    with run_progress(json, _quicker(maker)) as tell:
        summary = predict_many(inputs, out, maker, on_event=tell, on_part=tell, **told)
    report(summary, out, json)


def _quicker(maker: SkyChain | NetworkMaker) -> str:
    """What makes a run take less, where its pictures take minutes; "" where nothing does."""
    from nephoscope.instruments import instrument_named

    has_box = "box" in instrument_named(maker.instrument).OPTIONS - maker.options.own.keys()
    return "whole pictures: --bbox WEST,SOUTH,EAST,NORTH predicts a part of each" if has_box else ""


def _seen_from_anywhere(horizon: str | None) -> str | None:
    """The whole path of a mask: workers of a cluster have other working folders."""
    is_file = horizon is not None and Path(horizon).is_file()
    return str(Path(str(horizon)).absolute()) if is_file else horizon


def _given(own: dict[str, Any]) -> dict[str, Any]:
    """Without what is as usual."""
    usual = {"layout": "cf", "bounds": "data", "offset": 3.0}
    return {name: value for name, value in own.items() if value != usual.get(name)}


def _check_own(model: str, asked: str, own: Mapping[str, Any]) -> None:
    """See that options are of the instrument that is asked.

    Raises:
        UsageError: one is of another's.
    """
    from nephoscope.instruments.registry import imager, imagers

    instrument = imager(asked)
    for name in own.keys() - instrument.OPTIONS:
        owner = next(each for _, each in imagers() if name in each.OPTIONS)
        option = "--bbox" if name == "box" else f"--{name.replace('_', '-')}"
        none = f"and '{model}' is not"
        if instrument.UNIT == "frame":
            none = f"not for {instrument.NOUN}"
        raise UsageError(f"{option} is for {owner.NOUN}, {none}")


def _selection(times: str | None, ls: str | None) -> dict[str, Any]:
    """Which pictures are asked for."""
    return {
        "times": None if times is None else _parse_times(times),
        "ls": None if ls is None else _parse_ls(ls),
    }


def _two_numbers(text: str) -> tuple[float, float]:
    """Of `A,B`; NaN where it is something else."""
    first, _, second = text.partition(",")
    try:
        return float(first), float(second)
    except ValueError:
        return math.nan, math.nan


def _parse_levels(text: str) -> tuple[float, float]:
    span = _two_numbers(text)
    if not span[0] < span[1]:
        raise UsageError(f"--levels {text}: write it as LOWEST,HIGHEST in m, e.g. 4000,15000")
    return span


def _parse_times(text: str) -> tuple[datetime, datetime]:
    first, _, behind = text.partition(",")
    try:
        span = tuple(_utc(datetime.fromisoformat(moment)) for moment in (first, behind))
    except ValueError:
        span = ()
    if len(span) != 2 or not span[0] < span[1]:
        shape = "FROM,TO, e.g. 2010-06-11T12:00,2010-06-12"
        raise UsageError(f"--times {text}: write it as {shape}, the later one behind")
    return span


def _parse_box(text: str) -> Box:
    from nephoscope.instruments.marci import parse_box

    return parse_box(text)


def _parse_ls(text: str) -> tuple[float, float]:
    span = _two_numbers(text)
    if not all(0 <= end <= 360 for end in span) or span[0] == span[1]:
        raise UsageError(
            f"--ls {text}: write it as FROM,TO in degrees of Ls, 0 to 360, e.g. 340,20"
        )
    return span


def _utc(moment: datetime) -> datetime:
    """A moment that does not say of which zone it is, is of UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_shard(text: str) -> tuple[int, int]:
    index, _, parts = text.partition("/")
    if not (index.isdigit() and parts.isdigit()):
        raise UsageError(f"--shard {text}: write it as I/N, e.g. 2/8")
    return int(index), int(parts)

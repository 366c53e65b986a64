"""`nephoscope fetch SOURCE -o DIR`: raw files from where they live."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import typer

from nephoscope.cli import fetch_options as option
from nephoscope.cli.loudness import Quiet, Verbose
from nephoscope.errors import InputError, UsageError, shown

if TYPE_CHECKING:
    from nephoscope.archives.request import Request
    from nephoscope.archives.transfer import Plan, Settings


def fetch(
    source: option.Source = None,
    items: option.Items = None,
    output: option.Output = None,
    listed: option.Listed = None,
    product: option.Product = None,
    first: option.From = None,
    last: option.To = None,
    pair: option.Pair = False,
    daytime: option.Daytime = False,
    step: option.Step = None,
    bbox: option.Bbox = None,
    fresh: option.Fresh = False,
    limit: option.Limit = None,
    keep_archives: option.KeepArchives = False,
    dry_run: option.DryRun = False,
    streams: option.Streams = 4,
    rate: option.Rate = None,
    timeout: option.Timeout = 60.0,
    retries: option.Retries = 6,
    allow_plaintext: option.AllowPlaintext = False,
    host_key: option.HostKey = None,
    verify: option.Verify = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fetch raw files from an archive; what was fetched in part goes on where it stopped.

    A file has its final name only when it is complete and verified.
    """
    from nephoscope.archives.connections import Access
    from nephoscope.archives.pace import bytes_of
    from nephoscope.archives.transfer import Settings
    from nephoscope.extras import need

    if verify is not None:
        _verify(verify, source, output)
        return
    if source is None or output is None:
        raise UsageError("fetch: name a source and a folder, e.g. fetch url URL -o DIR")
    need("fetch", "fetch")
    module, request = _request(
        source,
        {"items": items, "list": listed, "product": product, "from": first, "to": last,
         "pair": pair, "daytime": daytime, "step": step, "bbox": bbox, "fresh": fresh,
         "keep-archives": keep_archives},
    )  # fmt: skip
    access = Access(module.login_of, timeout, streams, allow_plaintext, host_key=host_key or "")
    settings = Settings(access, None if rate is None else bytes_of(rate), retries)
    most = None if limit is None else bytes_of(limit)
    if not _run(module, request, settings, output, dry_run, keep_archives, most):
        raise typer.Exit(1)


def _run(
    module: ModuleType,
    request: Request,
    settings: Settings,
    output: Path,
    dry: bool,
    keep: bool,
    most: int | None,
) -> bool:
    """Plan, transfer and unpack; whether nothing failed."""
    from nephoscope.archives.room import make_room
    from nephoscope.archives.transfer import plan
    from nephoscope.cli.fetching import run_transfer, unpack_fetched

    files = module.plan(request, settings.access)
    planned = plan(files, output)
    typer.echo(_summary(planned))
    for remark in request.remarks:
        typer.echo(f"remark: {remark}", err=True)
    if not files:
        request.failed.append(
            InputError(module.__name__.rpartition(".")[2], "lists no file of what is asked for")
        )
    for error in request.failed:
        typer.echo(f"failed: {error}", err=True)
    if dry:
        return not request.failed
    if most is not None:
        make_room(output, most, planned.size, {str(file.path) for file in files})
    failed = run_transfer(planned, settings)
    if members := getattr(module, "MEMBERS", ""):
        failed += unpack_fetched(files, output, members, keep)
    typer.echo(f"{shown(output)}: {len(files) - failed} of {len(files)} files")
    return not (failed or request.failed)


def _request(source: str, options: dict[str, Any]) -> tuple[ModuleType, Request]:
    """The module of a source and what is wanted of it; options that it does not have are errors."""
    from nephoscope.archives.facts import cache_folder
    from nephoscope.archives.request import Request
    from nephoscope.archives.sources import source_named

    module = source_named(source)
    given = {name: value for name, value in options.items() if value not in (None, [], False)}
    if unused := set(given) - module.OPTIONS:
        names = ", ".join("URL" if name == "items" else f"--{name}" for name in sorted(unused))
        raise UsageError(f"fetch {source}: has no {names}")
    items = [*given.get("items", [])]
    if "list" in given:
        items += module.read_list(given["list"])
    if "items" in module.OPTIONS and not items:
        raise UsageError(f"fetch {source}: name what to fetch")
    first, last = _days(given)
    return module, Request(
        items, given.get("product", ()), first, last, given.get("step"), _bbox(given.get("bbox")),
        "pair" in given, cache_folder(), "fresh" in given, "daytime" in given,
    )  # fmt: skip


def _days(given: dict[str, Any]) -> tuple[date | None, date | None]:
    from nephoscope.archives.request import day_of

    first, last = (
        day_of(given[name], f"--{name}") if name in given else None for name in ("from", "to")
    )
    if last is not None and (first is None or last < first):
        raise UsageError(f"--to {last}: comes after --from")
    return first, last


def _bbox(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError as error:
        raise UsageError(f"--bbox {text}: write it as west,south,east,north") from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise UsageError(f"--bbox {text}: is no west,south,east,north in degrees")
    return west, south, east, north


def _summary(planned: Plan) -> str:
    from nephoscope.archives.pace import size_text

    text = f"{len(planned.wanted)} files to fetch, {size_text(planned.size)}"
    if planned.unknown:
        text += f" and {planned.unknown} of unknown size"
    return text + (f"; {planned.there} are there" if planned.there else "")


def _verify(folder: Path, source: str | None, output: Path | None) -> None:
    from nephoscope.archives.manifest import Manifest, verify
    from nephoscope.cli.progress import progress_bar

    if source is not None or output is not None:
        raise UsageError("fetch --verify DIR: takes no source and no --output")
    with progress_bar("verifying", len(Manifest(folder))) as tell:
        verdict = verify(folder, tell)
    for error in verdict.bad:
        typer.echo(f"failed: {error}", err=True)
    for part in verdict.unfinished:
        typer.echo(f"unfinished: {shown(part)}", err=True)
    total = verdict.good + len(verdict.bad)
    typer.echo(f"{shown(folder)}: {verdict.good} of {total} files are good")
    if verdict.bad:
        raise typer.Exit(1)

"""`nephoscope fetch SOURCE -o DIR`: raw files from where they live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nephoscope.cli.fetch_options import (
    AllowPlaintext,
    DryRun,
    Items,
    Listed,
    Output,
    Rate,
    Retries,
    Source,
    Streams,
    Timeout,
    Verify,
)
from nephoscope.errors import UsageError, shown

if TYPE_CHECKING:
    from nephoscope.archives.connections import Access
    from nephoscope.archives.request import Request


def fetch(
    source: Source = None,
    items: Items = None,
    output: Output = None,
    listed: Listed = None,
    dry_run: DryRun = False,
    streams: Streams = 4,
    rate: Rate = None,
    timeout: Timeout = 60.0,
    retries: Retries = 6,
    allow_plaintext: AllowPlaintext = False,
    verify: Verify = None,
) -> None:
    """Fetch raw files from an archive; what was fetched in part goes on where it stopped.

    A file has its final name only when it is complete and verified.
    """
    from nephoscope.archives.pace import bytes_of
    from nephoscope.archives.transfer import Settings, plan
    from nephoscope.cli.fetching import run_transfer
    from nephoscope.extras import need

    if verify is not None:
        _verify(verify, source, output)
        return
    if source is None or output is None:
        raise UsageError("fetch: name a source and a folder, e.g. fetch url URL -o DIR")
    need("fetch", "fetch")
    module, request = _request(source, {"items": items, "list": listed})
    access = _access(module, streams, timeout, allow_plaintext)
    planned = plan(module.plan(request, access), output)
    typer.echo(_summary(planned))
    if dry_run:
        return
    limit = None if rate is None else bytes_of(rate)
    failed = run_transfer(planned, Settings(access, limit, retries))
    typer.echo(f"{shown(output)}: {planned.there + len(planned.wanted) - failed} files")
    if failed:
        raise typer.Exit(1)


def _request(source: str, options: dict[str, Any]) -> tuple[Any, Request]:
    """The module of a source and what is wanted of it; options that it does not have are errors."""
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
    return module, Request(items=items)


def _access(module: Any, streams: int, timeout: float, plaintext: bool) -> Access:  # noqa: ANN401
    from nephoscope.archives.connections import Access

    return Access(module.login_of, timeout, streams, plaintext)


def _summary(planned: Any) -> str:  # noqa: ANN401
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
    typer.echo(
        f"{shown(folder)}: {verdict.good} of {verdict.good + len(verdict.bad)} files are good"
    )
    if verdict.bad:
        raise typer.Exit(1)

"""Transfer as the command line shows it: a bar with rate and time left, or plain lines; no verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from nephoscope.cli.loudness import Loudness, Pace, loudness, tell_plainly
from nephoscope.errors import InputError, shown

if TYPE_CHECKING:
    from pathlib import Path

    from nephoscope.archives.remote import RemoteFile
    from nephoscope.archives.transfer import Plan, Settings


def run_transfer(planned: Plan, settings: Settings) -> int:
    """Transfer what is planned and say what failed; the number of files that did."""
    from nephoscope.archives.transfer import Fetched, transfer

    failed = 0
    with _bar(planned) as (tell, received):
        settings.received = received
        for file, result in transfer(planned, settings):
            if isinstance(result, Fetched):
                if result.remark:
                    typer.echo(f"{shown(str(file.path))}: {result.remark}", err=True)
            else:
                failed += 1
                typer.echo(f"failed: {result}", err=True)
            tell(str(file.path))
    return failed


def unpack_fetched(files: Sequence[RemoteFile], folder: Path, members: str, keep: bool) -> int:
    """Unpack what was fetched packed; the number of archives that could not be.

    Args:
        files: that were asked for.
        folder: of the output.
        members: pattern of the members that are wanted.
        keep: whether the archives stay.
    """
    from nephoscope.archives.manifest import Manifest
    from nephoscope.archives.unpack import is_packed, unpack

    manifest, failed = Manifest(folder), 0
    for file in files:
        packed = folder / file.path
        if not is_packed(packed) or not packed.is_file():
            continue
        try:
            manifest.record_unpacked(str(file.path), unpack(packed, members))
        except InputError as error:
            failed += 1
            typer.echo(f"failed: {error}", err=True)
            if not file.checksum:  # what arrived may be wrong: the next run fetches it again
                packed.unlink()
            continue
        if not keep:
            packed.unlink()
    return failed


@contextmanager
def _bar(planned: Plan) -> Iterator[tuple[Callable[[str], None], Callable[[int], None]]]:
    from rich import progress
    from rich.console import Console

    console, total, pace = Console(stderr=True), len(planned.wanted), Pace()
    done: list[str] = []
    if loudness() is not Loudness.USUAL or not console.is_terminal:

        def tell(name: str) -> None:
            done.append(name)
            tell_plainly("fetching", len(done), total, shown(name), pace)

        yield tell, lambda size: None
        return
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    size = None if planned.unknown else planned.size
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task("fetching", total=size)

        def count(name: str) -> None:
            done.append(name)
            bar.update(task, description=f"fetching {len(done)}/{total} {shown(name)}")

        yield count, lambda more: bar.update(task, advance=more)

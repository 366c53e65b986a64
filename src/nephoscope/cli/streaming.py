"""`build --fetch`: granules fetched, cut and deleted one by one; no verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.recipe import Recipe
    from nephoscope.workers.crew import Crew


def build_streamed(
    recipe: Recipe,
    source: str,
    raw: Sequence[Path],
    output: Path,
    given: Mapping[str, Any],
    overwrite: bool,
    crew: Crew,
) -> bool:
    """Make samples of granules that are fetched one by one.

    Args:
        recipe: whose truth is at points.
        source: the archive.
        raw: a folder for what is needed at the time; then those of tracks, if the archive has none.
        output: the store to write.
        given: options by name, None or False where they are not given.
        overwrite: replace a store that is there.
        crew: who fetches files and makes the samples of them; no cluster.

    Returns:
        Whether all files could be used.

    Raises:
        UsageError: the source has nothing for this recipe, or more or fewer folders are wanted; or
            a cluster shall do it.
    """
    from nephoscope.archives.connections import Access
    from nephoscope.archives.facts import cache_folder
    from nephoscope.archives.request import Request, day_of
    from nephoscope.archives.sources import source_named
    from nephoscope.archives.stream import Streamed, by_place, write_names
    from nephoscope.archives.transfer import Settings
    from nephoscope.cli.point_samples import build_points
    from nephoscope.extras import need

    need("build --fetch", "fetch")
    module = source_named(source)
    if getattr(module, "PAIRS_OF", "") != recipe.instrument:
        raise UsageError(f"build {recipe.name} --fetch {source}: has nothing for this recipe")
    if crew.scheduler:
        raise UsageError("--scheduler: fetch first (nephoscope fetch), then build without --fetch")
    _check_folders(raw, source, bool(getattr(module, "PAIRED", ())))
    first, last = (day_of(given[n], f"--{n}") if given[n] else None for n in ("from", "to"))
    request = Request(first=first, last=last, pair=True, listings=cache_folder())
    settings = Settings(Access(module.login_of))
    files = module.plan(request, settings.access)
    for error in request.failed:
        typer.echo(f"failed: {error}", err=True)
    by_path = by_place(files, getattr(module, "MEMBERS", ""))
    names = write_names(by_path, raw[0])
    done = build_points(
        recipe, [names, *raw[1:]], output, given, overwrite, crew,
        lambda asked: Streamed(asked, raw[0], by_path, settings),
    )  # fmt: skip
    return done and not request.failed


def _check_folders(raw: Sequence[Path], source: str, has_tracks: bool) -> None:
    if has_tracks and len(raw) != 1:
        raise UsageError("--fetch: name one folder, for what is needed at the time")
    if not has_tracks and (len(raw) < 2 or raw[0] in raw[1:]):
        raise UsageError(
            f"--fetch {source}: name a folder for what is needed at the time, then another with "
            "the tracks, fetched before"
        )

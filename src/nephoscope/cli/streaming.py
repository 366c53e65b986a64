"""`build --fetch`: granules fetched, cut and deleted one by one; no verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.recipe import Recipe


def build_streamed(
    recipe: Recipe,
    source: str,
    raw: Sequence[Path],
    output: Path,
    given: Mapping[str, Any],
    overwrite: bool,
) -> bool:
    """Make samples of granules that are fetched one by one.

    Args:
        recipe: whose truth is at points.
        source: the archive.
        raw: one folder, for what is needed at the time.
        output: the store to write.
        given: options by name, None or False where they are not given.
        overwrite: replace a store that is there.

    Returns:
        Whether all files could be used.

    Raises:
        UsageError: the source has no such pairs, or several folders are named.
    """
    from nephoscope.archives.connections import Access
    from nephoscope.archives.facts import cache_folder
    from nephoscope.archives.request import Request, day_of
    from nephoscope.archives.sources import source_named
    from nephoscope.archives.stream import Streamed, write_names
    from nephoscope.archives.transfer import Settings
    from nephoscope.cli.point_samples import build_points
    from nephoscope.extras import need

    need("build --fetch", "fetch")
    module = source_named(source)
    if getattr(module, "PAIRS_OF", "") != recipe.instrument:
        raise UsageError(f"build {recipe.name} --fetch {source}: has no pairs for this recipe")
    if len(raw) != 1:
        raise UsageError("--fetch: name one folder, for what is needed at the time")
    first, last = (day_of(given[n], f"--{n}") if given[n] else None for n in ("from", "to"))
    request = Request(first=first, last=last, pair=True, listings=cache_folder())
    settings = Settings(Access(module.login_of))
    files = module.plan(request, settings.access)
    for error in request.failed:
        typer.echo(f"failed: {error}", err=True)
    names = write_names(files, raw[0])
    by_path = {str(file.path): file for file in files}
    done = build_points(
        recipe, [names], output, given, overwrite,
        lambda asked: Streamed(asked, raw[0], by_path, settings),
    )  # fmt: skip
    return done and not request.failed

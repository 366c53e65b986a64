"""The backgrounds of a bulk run: one for each series of maps, built once, stored, shared."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from nephoscope.apply.plan import Job
from nephoscope.background import build_background, read_background, source_list, write_background
from nephoscope.errors import InputError, UsageError
from nephoscope.recipe import Recipe

log = logging.getLogger(__name__)
Found = tuple[Path | None, str | None]
NONE: Found = (None, None)


class SeriesBackgrounds:
    """Finds or builds the background of a series when it is first asked for.

    Args:
        recipe: says whether there is one, and how it is built.
        out: folder in which backgrounds are stored as `background_<series>.nc`.
        series: all maps of each series, also those that another part of the run predicts: so
            that all parts build the same.
        choice: "auto", "none" or the file of a background for every series.

    Raises:
        InputError: `choice` is no background.
    """

    def __init__(
        self,
        recipe: Recipe,
        out: Path,
        series: Mapping[str, Sequence[Job]],
        choice: str | Path = "auto",
    ) -> None:
        self._recipe = recipe
        self._out = out
        self._series = series
        self._found: dict[str, Found] = {}
        self._given: Found | None = None
        if recipe.inputs.background is None or choice == "none":
            self._given = NONE
        elif choice != "auto":
            background = read_background(choice, recipe)
            self._given = Path(choice), str(background.attrs["sha256"])

    def of(self, name: str) -> Found:
        """File and sha256 of the background of a series; (None, None) if it has none.

        Raises:
            OutputError: a new background cannot be written.
        """
        if self._given is not None:
            return self._given
        if name not in self._found:
            self._found[name] = self._find_or_build(name)
        return self._found[name]

    def _find_or_build(self, name: str) -> Found:
        settings = self._recipe.inputs.background
        paths = [job.scene.path for job in self._series[name]]
        if settings is None or len(paths) < settings.minimum_scenes:
            return NONE
        stored = self._out / f"background_{name}.nc"
        sha256 = _reusable(stored, paths, settings.cell, settings.channels)
        if sha256 is not None:
            return stored, sha256
        log.info("building the background of %s from %d maps", name, len(paths))
        try:
            # A map that cannot be read is named when its own turn comes.
            background = build_background(
                paths, self._recipe, on_error=lambda path, error: log.debug("%s", error)
            )
        except UsageError as error:
            log.warning("no background for %s: %s", name, error)
            return NONE
        write_background(background, stored)
        return stored, str(background.attrs["sha256"])


def _reusable(
    stored: Path, paths: Sequence[Path], cell: int, channels: Sequence[str]
) -> str | None:
    """The sha256 of a stored background made of exactly these files in this way, else None."""
    if not stored.is_file():
        return None
    try:
        attributes = read_background(stored).attrs
    except InputError as error:
        log.warning("rebuilding a background: %s", error)
        return None
    same = (
        json.loads(attributes.get("sources", "[]")) == source_list(paths)
        and int(attributes["cell"]) == cell
        and json.loads(attributes.get("channels", "[]")) == list(channels)
    )
    return str(attributes["sha256"]) if same else None

"""Clear backgrounds of a bulk run: one for each series of scenes, built once, stored, shared."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nephoscope.apply.jobs import Job
from nephoscope.background import (
    build_background,
    read_background,
    sample_background,
    source_list,
    write_background,
)
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
        jobs: all of the run, also those that another part of it does: so that all parts build
            the same.
        choice: "auto", "none" or the file of a background for every series.
        make: whether one that is not there is built; else its job has one that nothing was made of.

    Raises:
        InputError: `choice` is no background.
    """

    def __init__(
        self,
        recipe: Recipe,
        out: Path,
        jobs: Sequence[Job],
        choice: str | Path = "auto",
        make: bool = True,
    ) -> None:
        self._recipe = recipe
        self._out, self._make = out, make
        self._series: dict[str, list[Path]] = {}
        for job in jobs:
            self._series.setdefault(_series_of(job), []).append(job.scene.path)
        self._found: dict[str, Found] = {}
        self._given: Found | None = None
        if recipe.inputs.background is None or choice == "none":
            self._given = NONE
        elif choice != "auto":
            background = read_background(choice, recipe)
            self._given = Path(choice).absolute(), str(background.attrs["sha256"])

    def given_to(self, job: Job) -> Job:
        """A job with the background of its series, if that has one.

        Raises:
            OutputError: a new background cannot be written.
        """
        name, found = _series_of(job), self._given
        if found is None:
            if name not in self._found:
                self._found[name] = self._find_or_build(name)
            found = self._found[name]
        return replace(job, background=found[0], background_sha256=found[1])

    def _find_or_build(self, name: str) -> Found:
        settings = self._recipe.inputs.background
        paths = self._series[name]
        if settings is None or len(paths) < settings.minimum_scenes:
            return NONE
        stored = self._out / f"background_{name}.nc"
        sha256 = _reusable(stored, paths, settings.cell, settings.channels)
        if sha256 is not None:
            return stored, sha256
        if not self._make:
            return stored, ""
        log.info("building the background of %s from %d scenes", name, len(paths))
        try:
            # A scene that cannot be read is named when its own turn comes.
            background = build_background(
                paths, self._recipe, on_error=lambda path, error: log.debug("%s", error)
            )
        except UsageError as error:
            log.warning("no background for %s: %s", name, error)
            return NONE
        write_background(background, stored)
        return stored, str(background.attrs["sha256"])


def _series_of(job: Job) -> str:
    return job.scene.series or "other"


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


@lru_cache(maxsize=1)
def background_at(
    path: Path,
    sha256: str | None,
    channels: tuple[str, ...] | None,
    latitude: bytes,
    longitude: bytes,
) -> npt.NDArray[np.float32]:
    """The background that a product will name, at the places of a scene.

    Args:
        path: its file, which may have been built again since it was chosen.
        sha256: of the background that was chosen; None takes any.
        channels: in the order wanted; None takes all, in the background's order.
        latitude: bytes of (y,) float64, degrees.
        longitude: bytes of (x,) float64, degrees.

    Returns:
        (channel, y, x) float32.

    Raises:
        InputError: it is another one now, or does not lie where the scene does.
    """
    background = read_background(path)
    if sha256 not in (None, background.attrs["sha256"]):
        problem = "is not the background that was chosen: it was built again meanwhile"
        raise InputError(path, problem, field="sha256", remedy="run again")
    north, east = (np.frombuffer(axis, np.float64) for axis in (latitude, longitude))
    return sample_background(background, north, east, channels)

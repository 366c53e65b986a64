"""Options of samples of points, and how `build` makes them of half orbits and tracks; no verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nephoscope.cli.slot_samples import OPTIONS as SLOT_OPTIONS
from nephoscope.cli.slot_samples import asked_of_slots, slot_granules
from nephoscope.errors import InputError, UsageError, shown
from nephoscope.folders import LeftOut, is_store

if TYPE_CHECKING:
    from nephoscope.instruments import SceneFile
    from nephoscope.instruments.granules import Granules
    from nephoscope.recipe import Recipe
    from nephoscope.samples.from_tracks import Asked
    from nephoscope.samples.harvest import Harvester
    from nephoscope.workers.crew import Crew

OF_POINTS = "Points:"
"""Begins the help of options that only recipes have whose truth is at points."""
DEFAULTS: Mapping[str, Any] = {
    "patch-size": 100,
    "samples-per-file": 16,
    "max-time-offset": 600.0,
    "min-views": 13,
    "nadir-padding": 0,
    "latitudes": "-90,90",
    "geometry": "native",
    "points": "track",
    "points-per-sample": 400,
    "seed": 0,
}
OPTIONS = (
    "patch-size",
    "samples-per-file",
    "files-per-day",
    "days-per-month",
    "max-time-offset",
    "min-views",
    "min-labels",
    "nadir-padding",
    "latitudes",
    "fields",
    "geometry",
    "overlap",
    "points",
    "points-per-sample",
    "from",
    "to",
    *SLOT_OPTIONS,
)
"""Names of the options that only recipes have whose truth is at points."""
HDF5 = (".h5", ".hdf5", ".hdf")
"""Endings of an output that is one file of a store of samples."""
BEYOND_DATES = "picture beyond the dates"
_TRACK_ONLY = ("max-time-offset", "min-labels", "nadir-padding")
_LOWEST_VIEWS = 1  # of random pixels: whatever was seen
_USUAL_OFFSET = 300, 1200  # seconds
_LARGEST_USUAL = 100  # pixels


def _number(text: str, least: float = 1, most: float | None = None) -> Any:  # noqa: ANN401
    return typer.Option(min=least, max=most, help=f"{OF_POINTS} {text}")


PatchSize = Annotated[
    int | None, _number("rows and columns of a sample. [default: 100; slots 128]", 8)
]
SamplesPerFile = Annotated[
    int | None, _number("samples of a half orbit, at most. [default: 16; slots all]")
]
FilesPerDay = Annotated[int | None, _number("half orbits drawn of a day. [default: all]")]
DaysPerMonth = Annotated[int | None, _number("days drawn of a month. [default: all]")]
MaxTimeOffset = Annotated[
    float | None, _number("seconds between picture and profile. [default: 600; slots 450]", 0)
]
MinViews = Annotated[
    int | None, _number("views of each pixel of a label. [default: 13; of --points truth 1]", 1, 16)
]
MinLabels = Annotated[
    int | None, _number("profiles in a sample, at least. [default: half a side; slots 10]", 0)
]
NadirPadding = Annotated[
    int | None, _number("columns between the track and a sample's sides. [default: 0]", 0)
]
Latitudes = Annotated[
    str | None, typer.Option(metavar="S,N", help=f"{OF_POINTS} degrees. [default: -90,90]")
]
Fields = Annotated[
    str | None,
    typer.Option(help=f"{OF_POINTS} scheme, or names with commas. [default: the recipe's]"),
]
GeometryOption = Annotated[
    Literal["native", "equirectangular"] | None,
    typer.Option(help=f"{OF_POINTS} rows of the grid, or equal steps. [default: native]"),
]
Overlap = Annotated[
    bool, typer.Option("--overlap", help=f"{OF_POINTS} samples of a half orbit may overlap.")
]
PointsOption = Annotated[
    Literal["track", "truth"] | None,
    typer.Option(
        help=f"{OF_POINTS} profiles of the track, or of simulated files random pixels anywhere "
        "in the swath. [default: track]"
    ),
]
PointsPerSample = Annotated[int | None, _number("random pixels of --points truth. [default: 400]")]
FromDate = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help=f"{OF_POINTS} first day, UTC.")
]
ToDate = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help=f"{OF_POINTS} last day, UTC.")
]


def build_points(
    recipe: Recipe,
    raw: Sequence[Path],
    output: Path,
    given: Mapping[str, Any],
    overwrite: bool,
    crew: Crew,
    through: Callable[[Harvester], Harvester] | None = None,
) -> bool:
    """Make samples of points; what is left out is said with its reason.

    Args:
        recipe: whose truth is at points.
        raw: folders with pictures and tracks.
        output: the store to write.
        given: options by name, None or False where they are not given.
        overwrite: replace a store that is there.
        crew: who makes the samples.
        through: what is made of the harvester, e.g. one that fetches files first.

    Returns:
        Whether all files could be used.

    Raises:
        UsageError: options that do not go together.
    """
    from nephoscope.cli.progress import print_classes, progress_bar, scenes_of
    from nephoscope.samples.from_atcs import is_atcs
    from nephoscope.samples.resumable import write_granules

    if output.suffix.lower() in HDF5 or any(map(is_store, raw)):
        return _export_samples(raw, output, given, overwrite, crew)
    if any(is_atcs(place, recipe.instrument) for place in raw):
        return _import_samples(recipe, raw, output, given, overwrite, crew)
    asked, options, granules_of = _ways(recipe, raw, given)
    asked = asked if through is None else through(asked)
    pictures, unread = scenes_of(_with_pictures(raw, recipe.instrument), recipe.instrument)
    pictures, beyond = _in_dates(pictures, given)
    crew.share()  # a cluster that is not there is told before anything is done
    granules = granules_of(pictures)
    granules.skipped.update(beyond)
    failed, tell_failure = _failures()
    for error in granules.failed:
        tell_failure(error)
    with progress_bar("cutting", len(granules.pairs)) as tell:
        skipped = write_granules(
            granules, output, recipe, asked, options, crew, tell, tell_failure, overwrite,
        )  # fmt: skip
    _print_skipped(skipped)
    print_classes(output)
    typer.echo(shown(output))
    return not (failed or unread)


def _ways(
    recipe: Recipe, raw: Sequence[Path], given: Mapping[str, Any]
) -> tuple[Harvester, dict[str, Any], Callable[[list[SceneFile]], Granules]]:
    """What is made, the options as they are remembered, and how pictures find their tracks."""
    from nephoscope.instruments import instrument_named

    if instrument_named(recipe.instrument).SLOTS is not None:
        of_slots, options = asked_of_slots(recipe, given)
        return of_slots, options, lambda pictures: slot_granules(pictures, raw, of_slots, given)
    asked, options = _asked(recipe, given)
    for remark in _unusual(asked):
        typer.echo(f"unusual: {remark}", err=True)
    return asked, options, lambda pictures: _granules(pictures, raw, asked, given)


def _with_pictures(raw: Sequence[Path], instrument: str) -> list[Path]:
    """Places without those that hold files of the profiler alone: each may have its own folder."""
    from nephoscope.instruments import instrument_named
    from nephoscope.instruments.registry import profiler

    imager = instrument_named(instrument)
    kept = []
    for place in raw:
        if len(raw) > 1 and place.exists() and not imager.recognises(place):
            try:
                profiler(str(imager.REFERENCE)).find(place, LeftOut())
                continue
            except InputError:  # holds neither: it is named
                pass
        kept.append(place)
    return kept or list(raw)


def _in_dates(
    pictures: list[SceneFile], given: Mapping[str, Any]
) -> tuple[list[SceneFile], dict[str, int]]:
    """Pictures of the days that are wanted, and how many are left out.

    Raises:
        UsageError: a date is none.
    """
    edges = []
    for name in ("from", "to"):
        try:
            day = None if given[name] is None else date.fromisoformat(given[name])
        except ValueError as error:
            raise UsageError(f"--{name} {given[name]}: write it as 2008-06-03") from error
        edges.append(day)
    if edges == [None, None]:
        return pictures, {}
    kept = []
    for picture in pictures:
        day = datetime.fromtimestamp(picture.order, UTC).date()
        if (edges[0] or day) <= day <= (edges[1] or day):
            kept.append(picture)
    return kept, {BEYOND_DATES: len(pictures) - len(kept)} if len(kept) < len(pictures) else {}


def _import_samples(
    recipe: Recipe,
    raw: Sequence[Path],
    output: Path,
    given: Mapping[str, Any],
    overwrite: bool,
    crew: Crew,
) -> bool:
    """Bring a folder of samples that other software made into a store; whether all could be."""
    from nephoscope.cli.progress import print_classes, progress_bar
    from nephoscope.samples.from_atcs import import_atcs, samples_in

    _check_made(raw, given, crew)
    failed, tell_failure = _failures()
    with progress_bar("importing", samples_in(raw[0], recipe.instrument)) as tell:
        skipped = import_atcs(
            raw[0], output, recipe, progress=tell, on_error=tell_failure, overwrite=overwrite
        )
    _print_skipped(skipped)
    print_classes(output)
    typer.echo(shown(output))
    return not failed


def _export_samples(
    raw: Sequence[Path], output: Path, given: Mapping[str, Any], overwrite: bool, crew: Crew
) -> bool:
    """Write a store of samples as one HDF5 file, in the layout of other software; True."""
    from nephoscope.cli.progress import progress_bar
    from nephoscope.samples.store import open_samples
    from nephoscope.samples.to_hdf5 import export_hdf5

    _check_made(raw, given, crew)
    if output.suffix.lower() not in HDF5:
        raise UsageError(f"{shown(raw[0])}: is a store; its export ends in {', '.join(HDF5)}")
    with progress_bar("exporting", open_samples(raw[0]).sizes["sample"]) as tell:
        export_hdf5(raw[0], output, progress=tell, overwrite=overwrite)
    typer.echo(shown(output))
    return True


def _check_made(raw: Sequence[Path], given: Mapping[str, Any], crew: Crew) -> None:
    """Samples that are there are taken as they are, one place of them.

    Raises:
        UsageError: several places, or options of how samples are made.
    """
    if len(raw) > 1:
        raise UsageError(f"{shown(raw[0])}: samples that are made are taken folder by folder")
    if not crew.is_one:
        raise UsageError(f"{shown(raw[0])}: holds samples that are made: one process takes them")
    if unused := [f"--{name}" for name, value in given.items() if value not in (None, False)]:
        raise UsageError(f"{shown(raw[0])}: holds samples that are made: no {', '.join(unused)}")


def _failures() -> tuple[set[str], Callable[[InputError], None]]:
    """Errors so far, and what is told of each: it names the file on stderr."""
    failed: set[str] = set()

    def tell(error: InputError) -> None:
        typer.echo(f"failed: {error}", err=True)
        failed.add(str(error))

    return failed, tell


def _print_skipped(skipped: Counter[str]) -> None:
    for reason, number in sorted(skipped.items(), key=lambda pair: (-pair[1], pair[0])):
        typer.echo(f"left out: {number} x {reason}")


def _asked(recipe: Recipe, given: Mapping[str, Any]) -> tuple[Asked, dict[str, Any]]:
    """What is made, and the options as they are remembered.

    Raises:
        UsageError: options that do not go together.
    """
    from nephoscope.instruments import instrument_named
    from nephoscope.samples.from_tracks import Asked, patches_of
    from nephoscope.samples.patches import Choice

    cut = patches_of(instrument_named(recipe.instrument))
    if unused := [f"--{name}" for name in SLOT_OPTIONS if given[name] not in (None, False)]:
        raise UsageError(f"build {recipe.name}: has no {', '.join(unused)}")
    given = {name: value for name, value in given.items() if name not in SLOT_OPTIONS}
    chosen = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    on_track = chosen["points"] == "track"
    wrong = _TRACK_ONLY if not on_track else ("points-per-sample",)
    if unused := [f"--{name}" for name in wrong if given[name] is not None]:
        raise UsageError(f"--points {chosen['points']} has no {', '.join(unused)}")
    if given["min-views"] is None and not on_track:
        chosen["min-views"] = _LOWEST_VIEWS
    chosen.setdefault("min-labels", chosen["patch-size"] // 2)
    if 2 * chosen["nadir-padding"] >= chosen["patch-size"]:
        raise UsageError(f"--nadir-padding {chosen['nadir-padding']}: leaves nothing of a patch")
    fields = cut.checked_fields(_fields(recipe, given["fields"]))
    choice = Choice(
        chosen["patch-size"], chosen["samples-per-file"], chosen["min-labels"],
        chosen["nadir-padding"], bool(given["overlap"]), chosen["geometry"],
    )  # fmt: skip
    asked = Asked(
        recipe.instrument, fields, choice, chosen["points"], chosen["points-per-sample"],
        chosen["max-time-offset"], chosen["min-views"], _latitudes(chosen["latitudes"]),
        chosen["seed"],
    )  # fmt: skip
    kept = {name: value for name, value in chosen.items() if name != "fields"}
    others = {
        "recipe": recipe.name,
        "fields": ",".join(fields),
        "nephoscope": version("nephoscope"),
    }
    return asked, {f"--{name}": value for name, value in sorted(kept.items())} | others


def _fields(recipe: Recipe, named: str | None) -> str | list[str]:
    if named is None:
        wanted: str | list[str] = recipe.read.get("fields", "default")
        return wanted
    return [name.strip() for name in named.split(",")] if "," in named else named


def _latitudes(text: str) -> tuple[float, float]:
    try:
        south, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--latitudes {text}: write it as -60,60") from error
    if not -90 <= south < north <= 90:
        raise UsageError(f"--latitudes {text}: south and north of -90 to 90, e.g. -60,60")
    return south, north


def _granules(
    pictures: list[SceneFile], raw: Sequence[Path], asked: Asked, given: Mapping[str, Any]
) -> Granules:
    from nephoscope.instruments.granules import Draw, pair_granules, pictures_alone

    draw = Draw(given["days-per-month"], given["files-per-day"], asked.seed)
    if asked.points == "truth":
        return pictures_alone(pictures, draw)
    return pair_granules(pictures, raw, timedelta(seconds=asked.most_offset), draw)


def _unusual(asked: Asked) -> list[str]:
    """Settings that are allowed, and seldom meant."""
    choice, (least, most) = asked.choice, _USUAL_OFFSET
    remarks = []
    if choice.size > _LARGEST_USUAL:
        remarks.append(f"--patch-size {choice.size}: half orbits are about 260 pixels wide")
    if asked.points == "track" and not choice.size / 3 <= choice.fewest <= choice.size:
        remarks.append(
            f"--min-labels {choice.fewest}: of about {1.27 * choice.size:.0f} in a patch"
        )
    if asked.points == "track" and not least <= asked.most_offset <= most:
        remarks.append(f"--max-time-offset {asked.most_offset:g}: usual are {least} to {most} s")
    return remarks

"""`nephoscope build`: raw files with their labels → training samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nephoscope.cli.crew_options import SchedulerOption, WorkersOption
from nephoscope.cli.loudness import Quiet, Verbose
from nephoscope.cli.point_samples import (
    OPTIONS,
    DaysPerMonth,
    Fields,
    FilesPerDay,
    FromDate,
    GeometryOption,
    Latitudes,
    MaxTimeOffset,
    MinLabels,
    MinViews,
    NadirPadding,
    Overlap,
    PatchSize,
    PointsOption,
    PointsPerSample,
    SamplesPerFile,
    ToDate,
    build_points,
)
from nephoscope.cli.slot_samples import (
    BoundsOption,
    LeaveOutOption,
    MaxMissing,
    OverlapShare,
    Parallax,
    SatelliteLongitude,
)
from nephoscope.errors import UsageError, shown

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.errors import InputError
    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe
    from nephoscope.workers.crew import Crew


FetchOption = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="Points: fetch each granule from here (icare, eumetsat), delete it when done.",
    ),
]


def build(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    raw: Annotated[
        list[Path], typer.Argument(readable=False, help="Folders with scenes and labels.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The samples store to write.")],
    background: Annotated[
        Path | None, typer.Option(help="Use this background instead of building one.")
    ] = None,
    choose: Annotated[
        int | None,
        typer.Option(min=1, help="Take this many scenes at random, no two of them consecutive."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random choice. [default: 0]")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a store that is there, with its split.")
    ] = False,
    patch_size: PatchSize = None,
    samples_per_file: SamplesPerFile = None,
    files_per_day: FilesPerDay = None,
    days_per_month: DaysPerMonth = None,
    max_time_offset: MaxTimeOffset = None,
    min_views: MinViews = None,
    min_labels: MinLabels = None,
    nadir_padding: NadirPadding = None,
    latitudes: Latitudes = None,
    fields: Fields = None,
    geometry: GeometryOption = None,
    overlap: Overlap = False,
    points: PointsOption = None,
    points_per_sample: PointsPerSample = None,
    from_: FromDate = None,
    to: ToDate = None,
    bounds: BoundsOption = None,
    overlap_share: OverlapShare = None,
    satellite_longitude: SatelliteLongitude = None,
    max_missing: MaxMissing = None,
    leave_out: LeaveOutOption = None,
    parallax: Parallax = False,
    fetch: FetchOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = "",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read raw files with their labels and write training samples; what cannot be read is left out.

    Maps without a label only help to build the background. Samples of points are cut along tracks;
    a build that was stopped goes on where it was. With --fetch the first folder holds files only
    while they are needed.
    """
    given = {name.rstrip("_").replace("_", "-"): each for name, each in context.params.items()}
    if not _build(recipe, raw, output, given):
        raise typer.Exit(1)


def _build(recipe: str, raw: Sequence[Path], output: Path, given: Mapping[str, Any]) -> bool:
    """Make samples in the way of the recipe; whether all files could be used."""
    from nephoscope.instruments import instrument_named
    from nephoscope.recipe import load_recipe
    from nephoscope.tasks import task_named
    from nephoscope.workers.crew import crew_of

    crew = crew_of(given["workers"], given["scheduler"])
    if crew.scheduler:  # its workers have other working folders
        raw, output = [place.absolute() for place in raw], output.absolute()
    chosen = load_recipe(recipe)
    # Truth at points comes from tracks, but where the instrument labels its own scenes so.
    tracked = instrument_named(chosen.instrument).REFERENCE is not None
    of_points, overwrite = {name: given[name] for name in OPTIONS}, given["overwrite"]
    of_scenes = {name: given[name] for name in ("background", "choose")}
    if task_named(chosen.task).truth == "points" and tracked:
        _refuse(chosen, of_scenes)
        of_points |= {"seed": given["seed"]}
        if given["fetch"] is not None:
            from nephoscope.cli.streaming import build_streamed

            return build_streamed(chosen, given["fetch"], raw, output, of_points, overwrite, crew)
        return build_points(chosen, raw, output, of_points, overwrite, crew)
    _refuse(chosen, of_points | {"fetch": given["fetch"]})
    of_scenes |= {"seed": given["seed"]}
    return _build_scenes(chosen, raw, output, of_scenes, overwrite, crew)


def _refuse(recipe: Recipe, options: Mapping[str, Any]) -> None:
    """An option that this recipe would not use is an error."""
    if unused := [f"--{name}" for name, value in options.items() if value not in (None, False)]:
        raise UsageError(f"build {recipe.name}: has no {', '.join(unused)}")


def _build_scenes(
    recipe: Recipe,
    raw: Sequence[Path],
    output: Path,
    given: Mapping[str, Any],
    overwrite: bool,
    crew: Crew,
) -> bool:
    """Make a sample of each scene; whether all files could be used."""
    from nephoscope.cli.progress import print_classes, progress_bar, scenes_of
    from nephoscope.samples.split_rules import sparse_subset
    from nephoscope.samples.writer import check_place, write_samples
    from nephoscope.tasks import task_named

    frames = task_named(recipe.task).truth == "frame"
    background, choose, seed = (given[name] for name in ("background", "choose", "seed"))
    unused = {
        "background": background if recipe.inputs.background is None else None,
        "choose": choose if frames else None,
    }
    _refuse(recipe, unused)
    if seed is not None and choose is None:
        raise UsageError("--seed: is of the random choice, which --choose asks for")
    check_place(output, overwrite)
    crew.share()  # a cluster that is not there is told before anything is done
    failed = _Failed()
    files, unread = scenes_of(raw, recipe.instrument)
    if choose is not None:
        files = sparse_subset(files, choose, seed or 0)
    clear = _background(files, recipe, background, failed, crew, output.parent)
    with progress_bar("reading", len(files)) as tell:
        write_samples(files, output, recipe, clear, tell, failed, overwrite, crew=crew)
    print_classes(output)
    typer.echo(shown(output))
    return not (failed.known or unread)


class _Failed:
    """Callback for errors of inputs: each input is named on stderr once."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def __call__(self, error: InputError) -> None:
        if error.path not in self.known:
            typer.echo(f"failed: {error}", err=True)
        self.known.add(error.path)


def _background(
    files: list[SceneFile],
    recipe: Recipe,
    given: Path | None,
    failed: _Failed,
    crew: Crew,
    room: Path,
) -> xr.Dataset | None:
    from nephoscope.background import build_background, read_background

    if given is not None:
        return read_background(given, recipe)
    wanted = recipe.inputs.background
    if wanted is None:
        return None
    if len(files) < wanted.minimum_scenes:
        typer.echo(f"no background: {len(files)} scenes, {wanted.minimum_scenes} are needed")
        return None
    typer.echo(f"building the background from {len(files)} scenes")
    return build_background(
        files, recipe, on_error=lambda _, error: failed(error), crew=crew, room=room
    )

"""`nephoscope background RECIPE SCENES... -o FILE`: what clear looks like, and where sky is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nephoscope.errors import UsageError, shown
from nephoscope.writable import check_place_writable

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from nephoscope.errors import InputError
    from nephoscope.formulas import SkyFinder
    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe

SKY = "sky"


ClearIn = Annotated[
    Path | None,
    typer.Option(help="sky: take only frames that this folder of products calls clear."),
]
Flavour = Annotated[
    Literal["thermal", "grey"] | None,
    typer.Option(help="sky: what the frames are, where their headers do not say."),
]
FromLabels = Annotated[
    bool,
    typer.Option(
        "--from-labels",
        help="sky: where the sky is from the labels beside the frames, which leave the rest "
        "undefined, not from the frames.",
    ),
]


def background(
    recipe: Annotated[
        str,
        typer.Argument(help="A shipped recipe's name or a path; sky for frames of one camera."),
    ],
    scenes: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="SCENES...",
            help="Maps, or frames of one camera, of counts clear ones; folders.",
        ),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="The background file to write.")],
    clear_in: ClearIn = None,
    flavour: Flavour = None,
    from_labels: FromLabels = False,
) -> None:
    """Build the background from a series of scenes; those that cannot be read are left out."""
    from nephoscope.background import write_background
    from nephoscope.cli.progress import scenes_of
    from nephoscope.files import sha256_of
    from nephoscope.recipe import load_recipe

    instrument = "skycam" if recipe == SKY else load_recipe(recipe).instrument
    for option, given in {"flavour": flavour, "from-labels": from_labels}.items():
        if given and instrument != "skycam":
            raise UsageError(f"--{option} is for frames of a sky camera, and '{recipe}' is not")
    check_place_writable(out)
    files, unread = scenes_of(scenes, instrument)
    if clear_in is not None:
        files = _clear_ones(files, clear_in)
    failed: list[Path] = []

    def name(path: Path, error: InputError) -> None:
        failed.append(path)
        typer.echo(f"failed: {error}", err=True)

    if instrument == "skycam":
        if from_labels:
            _sky_of_labels(files, out, name)
        else:
            _learn_camera(files, out, name, flavour)
        sha256 = sha256_of(out)
    else:
        built = of_maps(files, load_recipe(recipe), name)
        write_background(built, out)
        sha256 = str(built.attrs["sha256"])
    typer.echo(f"{shown(out)}: {len(files) - len(failed)} scenes, sha256 {sha256}")
    if failed or unread:
        raise typer.Exit(1)


def of_maps(
    files: list[SceneFile], recipe: Recipe, name: Callable[[Path, InputError], None]
) -> xr.Dataset:
    """The background of a series of maps, with progress as they are read."""
    from nephoscope.background import MAXIMUM_SCENES, build_background
    from nephoscope.cli.progress import progress_bar
    from nephoscope.instruments import open_scene

    with progress_bar("reading", min(len(files), MAXIMUM_SCENES)) as tell:

        def opened(path: Path) -> xr.Dataset:
            tell(path.name)
            return open_scene(path, recipe.instrument)

        return build_background(files, recipe, on_error=name, open_scene=opened)


def _clear_ones(files: list[SceneFile], products: Path) -> list[SceneFile]:
    """Files of frames that `predict sky` called clear when it wrote `products`."""
    from nephoscope.products.frames import read_frames_csv

    clear = {row["file"] for row in read_frames_csv(products) if row["state"] == "clear"}
    return [file for file in files if shown(file.relative / file.path.name) in clear]


def _sky_of_labels(
    files: list[SceneFile], out: Path, name: Callable[[Path, InputError], None]
) -> None:
    """Write where most labels of a camera's frames say clear or cloud."""
    from nephoscope.errors import InputError
    from nephoscope.formulas import sky_of_labels, write_camera_background
    from nephoscope.instruments.skycam import label

    def labels() -> Iterator[tuple[Path, NDArray[np.int8]]]:
        for file in files:
            try:
                found = label(file.path, "pixels")
                if found is None:
                    raise InputError(file.path, "has no label beside it", field="label")
            except InputError as error:
                name(file.path, error)
            else:
                yield file.path, found["label"].values

    sky = sky_of_labels(labels(), on_error=name)
    write_camera_background(out, sky=sky, sources=(file.path for file in files))


def _learn_camera(
    files: list[SceneFile],
    out: Path,
    name: Callable[[Path, InputError], None],
    flavour: str | None,
) -> None:
    """Write what frames of a camera show: its clear sky, if of counts, and where its sky is."""
    from nephoscope.formulas import SkyFinder, fit_clear_reference, write_camera_background
    from nephoscope.formulas.sky_mask import FEWEST

    finder, reference, sky = SkyFinder(), None, None
    scenes = _usable(files, name, flavour)
    first = next(scenes, None)
    if first is not None and first.attrs["flavour"] == "colour":
        for scene in chain([first], scenes):
            _show(finder, scene, name)
        sky = finder.found()
    else:
        counts = chain([] if first is None else [first], scenes)
        reference = fit_clear_reference(
            (_show(finder, scene) for scene in counts),
            on_error=lambda error: name(Path(error.path), error),
        )
        try:
            sky = finder.found() if finder.frames >= FEWEST else None
        except UsageError as error:
            typer.echo(f"no horizon found: {error}", err=True)
    write_camera_background(out, reference, sky, (file.path for file in files))


def _show(
    finder: SkyFinder, scene: xr.Dataset, name: Callable[[Path, InputError], None] | None = None
) -> xr.Dataset:
    """Show a frame to the finder of the sky; one of another camera is named, or left out."""
    from nephoscope.errors import InputError

    try:
        finder.add(scene)
    except InputError as error:
        if name is not None:
            name(Path(error.path), error)
    return scene


def _usable(
    files: list[SceneFile], name: Callable[[Path, InputError], None], flavour: str | None
) -> Iterator[xr.Dataset]:
    """Frames that can be used."""
    from nephoscope.apply.chain import check_usable
    from nephoscope.errors import InputError
    from nephoscope.instruments import open_scene

    for file in files:
        try:
            scene = open_scene(file.path, "skycam", flavour=flavour)
            check_usable(scene)
        except InputError as error:
            name(file.path, error)
        else:
            yield scene

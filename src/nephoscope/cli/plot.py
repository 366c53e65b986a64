"""`nephoscope plot PRODUCT... -o DIR`: quick-looks of products, or what a set of frames is like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nephoscope.errors import InputError, UsageError, shown
from nephoscope.folders import LeftOut, real_paths

if TYPE_CHECKING:
    import xarray as xr

_MANY = "holds many slots in one store, which are not drawn one by one"
_OF_MANY = (
    "their quick-looks lie in the folder `pictures` beside it; of cloud ice draw --site, --curtain "
    "or --kind animation"
)
_Drawer = Callable[[Path, Path], Iterable[Path] | None]
"""Draws a file into a picture; gives the pictures where they are others than that one alone."""
_Curtain = Annotated[
    str | None,
    typer.Option(
        metavar="TRACK",
        help="product: a profiler's file whose track crosses the product, to draw the track on "
        "its map, the vertical sections below it, over what the profiler saw, and a 3-D view; "
        "of cloud ice also LAT,LON,LAT,LON, the ends of a line.",
    ),
]
_Site = Annotated[
    str | None,
    typer.Option(metavar="LAT,LON", help="Products of cloud ice: ice over time above this place."),
]


def plot(
    products: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="PRODUCT...",
            help="Products (or frames), or folders of them; or stores of samples.",
        ),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder of the pictures.")],
    kind: Annotated[
        Literal["product", "spectrum", "neighbours", "simulated", "animation", "page", "zonal"],
        typer.Option(
            help="product: a quick-look of each product, of a store of samples where, when and "
            "what its samples are, of the folder of a training its curves. Of sky-camera frames: "
            "their power spectrum, or the pairs most alike by histogram and at the best shift. "
            "simulated: each scene of simulate seviri or polder beside its truth. animation: the "
            "ice of a series of products in three dimensions, as a GIF; page: as an HTML file in "
            "which it is turned, cut and played. zonal: how cloudy each latitude is, in one "
            "picture of all products."
        ),
    ] = "product",
    maps: Annotated[
        Path | None,
        typer.Option(help="product: what `predict` was given, to draw each product on its map."),
    ] = None,
    curtain: _Curtain = None,
    site: _Site = None,
) -> None:
    """Draw each product, on its map where that is found; or one picture of all frames."""
    for option, given in (("--curtain", curtain), ("--site", site)):
        if given is not None and kind != "product":
            raise UsageError(f"{option} is of products: --kind {kind} has none")
    if kind == "simulated":
        complete = _draw_simulated(products, out)
    elif kind == "zonal":
        complete = _draw_zonal(products, out)
    elif kind in ("animation", "page") or site is not None or _is_section(products, curtain):
        complete = _draw_ice(products, out, kind, site, curtain)
    elif kind == "product":
        complete = _draw_products(products, out, maps, None if curtain is None else Path(curtain))
    else:
        from nephoscope.cli.plot_frames import draw_frames

        complete = draw_frames(kind, products, out)
    if not complete:
        raise typer.Exit(1)


def _is_section(products: list[Path], curtain: str | None) -> bool:
    """Whether a curtain is along a line, or through cubes."""
    from nephoscope.cli.plot_ice import holds_cube, is_line

    return curtain is not None and (is_line(curtain) or any(map(holds_cube, products)))


def _draw_ice(
    products: list[Path], out: Path, kind: str, site: str | None, curtain: str | None
) -> bool:
    from nephoscope.cli import plot_ice

    if site is not None and curtain is not None:
        raise UsageError("name --site or --curtain, not both")
    if site is not None:
        plot_ice.draw_site(products, out, site)
    elif curtain is not None:
        plot_ice.draw_sections(products, out, curtain)
    elif kind == "page":
        plot_ice.draw_page(products, out)
    else:
        plot_ice.draw_animation(products, out)
    return True


def _draw_products(places: list[Path], out: Path, maps: Path | None, track: Path | None) -> bool:
    from nephoscope.cli.plot_profiles import draw_along, draw_stores, is_store
    from nephoscope.reports.training_log import is_run

    if stores := [place for place in places if is_store(place)]:
        if len(stores) < len(places) or track is not None:
            raise UsageError("stores of samples are drawn by themselves, without --curtain")
        return draw_stores(stores, out)
    if runs := [place for place in places if is_run(place)]:
        if len(runs) < len(places) or track is not None:
            raise UsageError("trainings are drawn by themselves, without --curtain")
        return _draw_runs(runs, out)
    left_out = LeftOut()
    found = _find(places, left_out)
    for unread in left_out.errors:
        typer.echo(f"failed: {unread}", err=True)
    if track is not None:
        draw: _Drawer = draw_along(track, partial(_opened, maps=maps), alone=len(found) == 1)
    else:
        draw = partial(_draw, maps=maps)
    drawn = [_drawn(out / name, path, draw) for name, path in found.items()]
    return all(drawn) and not left_out.errors


def _draw_runs(runs: list[Path], out: Path) -> bool:
    """Draw loss and score of trainings; of several each is named for its folder."""
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.plots.training import plot_training
    from nephoscope.reports.training_log import read_training_log

    def draw(run: Path, target: Path) -> None:
        log = read_training_log(run / "model")
        if log is None:
            raise InputError(run, "its log holds no loss and no score yet")
        save_picture(plot_training(log), target)

    names = ["training" if len(runs) == 1 else f"{run.resolve().name}_training" for run in runs]
    return all(
        [_drawn(out / f"{name}.png", run, draw) for name, run in zip(names, runs, strict=True)]
    )


def _draw_zonal(places: list[Path], out: Path) -> bool:
    """Draw the zonal means of all products in one picture.

    Raises:
        InputError: a place does not exist, or none holds a product; or one cannot be read.
        UsageError: they have no mask or no places, or are of several kinds.
    """
    from nephoscope.cli.plot_ice import series_of
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.plots.zonal import plot_zonal, zonal_means
    from nephoscope.products.series import open_series

    with open_series(series_of(places)) as named:
        means = zonal_means(product for _, product in named)
        title = str(named[0][1].attrs.get("title", "")).partition(",")[0]
    save_picture(plot_zonal(means, title), target := out / "zonal.png")
    typer.echo(shown(target))
    return True


def _draw_simulated(places: list[Path], out: Path) -> bool:
    """Draw each simulated scene below folders of `nephoscope simulate`, beside its truth.

    Raises:
        InputError: a place does not exist, or there is no truth.
    """
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.simulate.earth.beside_truth import picture_and_truth
    from nephoscope.simulate.earth.reading import find_truths, open_simulated

    def draw(path: Path, target: Path) -> None:
        try:
            save_picture(picture_and_truth(*open_simulated(path)), target)
        except RuntimeError as error:  # a chunk of the truth that zarr's codec cannot decode
            raise InputError(path, str(error)) from error

    for place in places:
        if not place.exists():
            raise InputError(place, "does not exist")
    truths = [path for place in places for path in find_truths(place)]
    if not truths:
        raise InputError(places[0], "holds no truth", remedy="name a folder of simulate")
    return all([_drawn(out / f"{path.stem}.png", path, draw) for path in truths])


def _drawn(target: Path, path: Path, draw: _Drawer) -> bool:
    """Whether a picture could be drawn; its name is said, or what is wrong, on stderr.

    Args:
        target: the picture.
        path: what it is of.
        draw: what draws it.
    """
    try:
        pictures = draw(path, target)
    except InputError as error:
        typer.echo(f"failed: {error}", err=True)
        return False
    for picture in [target] if pictures is None else pictures:
        typer.echo(shown(picture))
    return True


def _find(places: list[Path], left_out: LeftOut) -> dict[Path, Path]:
    """The name of each picture, and the product it is of; a folder is searched to any depth.

    Raises:
        InputError: a place does not exist, is a cube of many slots, or none holds a product.
        UsageError: two products would have one picture.
    """
    from nephoscope.cli.plot_ice import holds_cube, is_cube
    from nephoscope.cli.plot_profiles import is_product
    from nephoscope.products.places import arrays_below, no_product

    found: dict[Path, Path] = {}
    for place in places:
        if not place.exists():
            raise InputError(place, "does not exist")
        if is_cube(place):
            raise InputError(place, _MANY, remedy=_OF_MANY)
        searched = place.is_dir() and place.suffix != ".zarr"
        root = place if searched else place.parent
        for path in arrays_below(place, left_out) if searched else [place]:
            if searched and path.is_dir() and not is_product(path):
                continue
            name = path.relative_to(root).with_suffix(".png")
            other = found.setdefault(name, path)
            if len(set(real_paths([other, path]))) > 1:
                raise UsageError(
                    f"{shown(other)} and {shown(path)} would both become {shown(name)}; "
                    "name the folder above them, or draw them into different folders"
                )
    if not found:
        if cubes := [place for place in places if holds_cube(place)]:
            raise InputError(cubes[0], _MANY, remedy=_OF_MANY)
        raise no_product(places[0])
    return found


def _draw(path: Path, target: Path, maps: Path | None) -> None:
    from nephoscope.cli.run_report import picture_of
    from nephoscope.plots.quicklook import save_picture

    save_picture(picture_of(*_opened(path, maps)), target)


def _opened(path: Path, maps: Path | None) -> tuple[xr.Dataset, xr.Dataset | None]:
    """A product, packed, and the Scene that it was made from, where that is found."""
    from nephoscope.products.read import open_packed

    product = open_packed(path)
    return product, _map_of(product, [Path(), path.parent] if maps is None else [maps])


def _map_of(product: xr.Dataset, places: list[Path]) -> xr.Dataset | None:
    """The Scene that a product was made from, if its file is below one of some folders."""
    from nephoscope.errors import NephoscopeError
    from nephoscope.instruments import instrument_named, open_scene

    name = str(product.attrs.get("source_path", ""))
    wanted = [place if place.is_file() else place / name for place in places]
    source = next((path for path in wanted if name and path.is_file()), None)
    if source is None:
        return None
    try:
        instrument = str(product.attrs["instrument"])
        scene = open_scene(source, instrument, **instrument_named(instrument).reading({}))
    except NephoscopeError as error:
        typer.echo(f"drawn without its map: {error}", err=True)
        return None
    return scene if scene["image"].shape[1:] == product["quality_flag"].shape else None

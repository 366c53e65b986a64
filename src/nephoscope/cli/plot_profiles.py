"""`nephoscope plot PRODUCT --curtain TRACK` and `plot SAMPLES.zarr`; not itself a verb."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from nephoscope.errors import InputError, UsageError, shown
from nephoscope.folders import STORE

if TYPE_CHECKING:
    import xarray as xr


def is_store(place: Path) -> bool:
    """Whether a folder is a store of samples."""
    return "samples_id" in _attributes(place)


def is_product(place: Path) -> bool:
    """Whether a folder is the Zarr store of one product; a cube of many is not."""
    return "map_id" in _attributes(place)


def _attributes(place: Path) -> dict[str, Any]:
    """Of a Zarr v3 group; none where it cannot be read."""
    try:
        group = json.loads((place / STORE).read_bytes())
        return dict(group["attributes"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def draw_stores(stores: Sequence[Path], out: Path) -> bool:
    """Draw stores of samples; of several, each into a folder of its own name.

    Returns:
        whether all could be read; what is wrong with the others is said on stderr.
    """
    from nephoscope.plots.store_pictures import split_pictures

    complete = True
    for store in stores:
        try:
            made = split_pictures(store, out if len(stores) == 1 else out / store.stem)
        except InputError as error:
            typer.echo(f"failed: {error}", err=True)
            complete = False
        else:
            for path in made:
                typer.echo(shown(path))
    return complete


def draw_along(
    track: Path, opened: Callable[[Path], tuple[xr.Dataset, xr.Dataset | None]], alone: bool
) -> Callable[[Path, Path], list[Path]]:
    """What draws a product with a track: the map to its target, all else beside it.

    It gives the pictures; none where the track is beside one of several products.

    Args:
        track: a profiler's file.
        opened: reads a product and the Scene that it was made from.
        alone: whether there is one product only: that it is not below the track is then an error.

    Raises:
        InputError: the track cannot be read.
    """
    from nephoscope.instruments.tracks import open_track
    from nephoscope.plots.product_pictures import AsideError, along_track_pictures
    from nephoscope.plots.quicklook import save_picture

    flight = open_track(track)

    def draw(path: Path, target: Path) -> list[Path]:
        product, scene = opened(path)
        drawn = []
        try:
            for ending, figure in along_track_pictures(product, flight, scene):
                picture = target.with_name(f"{target.stem}{ending}.png")
                save_picture(figure, picture)
                drawn.append(picture)
        except AsideError as error:
            if alone:
                raise InputError(path, str(error)) from error
            typer.echo(f"left out: {InputError(path, str(error))}", err=True)
        except UsageError as error:
            raise InputError(path, str(error)) from error
        return drawn

    return draw

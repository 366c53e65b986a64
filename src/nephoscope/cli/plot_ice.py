"""`nephoscope plot` of cloud ice: above a place, along a line, moving; not itself a verb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nephoscope.errors import InputError, UsageError, shown
from nephoscope.folders import is_store

if TYPE_CHECKING:
    import xarray as xr


def is_cube(place: Path) -> bool:
    """Whether a folder is a cube of many slots."""
    return is_store(place / "status")


def holds_cube(place: Path) -> bool:
    """Whether a folder is a cube of many slots, or one of cubes."""
    return is_cube(place) or any(map(is_cube, place.glob("*.zarr")))


def series_of(places: Sequence[Path]) -> list[Path]:
    """NetCDF files, stores and cubes at places, or below folders.

    Raises:
        InputError: a place does not exist, or none holds a product.
    """
    from nephoscope.products.places import no_product

    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise InputError(place, "does not exist")
        found += [place] if place.is_file() or is_store(place) else _products_below(place)
    if not found:
        raise no_product(places[0])
    return found


def _products_below(folder: Path) -> Iterator[Path]:
    """Products of a folder; what else lies there as NetCDF or Zarr is named and left out."""
    from nephoscope.products.places import arrays_below
    from nephoscope.products.series import is_product

    for place in arrays_below(folder):
        if is_product(place):
            yield place
        else:
            typer.echo(f"left out: {shown(place)}: is no product", err=True)


def draw_site(places: Sequence[Path], out: Path, site: str) -> None:
    """Draw ice over time above a place: one picture.

    Raises:
        InputError: a product cannot be read.
        UsageError: the place is no place, or no product reaches it.
    """
    from nephoscope.plots.ice import column_at, plot_column
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.products.series import open_slots

    latitude, longitude = _numbers(site, 2, "--site", "LAT,LON")
    with open_slots(series_of(places)) as slots:
        column = column_at(slots, latitude, longitude)
    target = out / f"site_{latitude:g}_{longitude:g}.png"
    save_picture(plot_column(column), target)
    typer.echo(shown(target))


def draw_animation(places: Sequence[Path], out: Path) -> None:
    """Draw the ice of all slots in three dimensions: one moving picture, and the first as PNG.

    Raises:
        InputError: a product cannot be read.
    """
    from nephoscope.plots.ice_view import plot_view, write_animation
    from nephoscope.plots.quicklook import save_picture

    with _slots_at(places) as slots:
        moving, still = out / "ice.gif", out / "ice.png"
        save_picture(plot_view(slots[len(slots) // 2]), still)
        write_animation(slots, moving)
    for target in (still, moving):
        typer.echo(shown(target))


@contextmanager
def _slots_at(places: Sequence[Path]) -> Iterator[list[xr.Dataset]]:
    """The slots at places, of which there is one at least."""
    from nephoscope.products.series import open_slots

    with open_slots(series_of(places)) as slots:
        if not slots:
            raise InputError(places[0], "holds no slot that was made")
        yield slots


def draw_page(places: Sequence[Path], out: Path) -> None:
    """Write a page in which the ice of all slots is turned, cut and played.

    Raises:
        InputError: a product cannot be read.
    """
    from nephoscope.plots.ice_page import write_page

    with _slots_at(places) as slots:
        count = write_page(slots, out / "ice.html")
    if count < len(slots):
        typer.echo(f"{count} of {len(slots)} slots are in the page", err=True)
    typer.echo(shown(out / "ice.html"))


def is_line(text: str) -> bool:
    """Whether a curtain is told by the ends of a line, not by a file."""
    return text.count(",") == 3 and not Path(text).exists()


def draw_sections(places: Sequence[Path], out: Path, line: str) -> None:
    """Draw ice along a line or a profiler's track: of a line every slot, of a track the nearest.

    Raises:
        InputError: a product or the track cannot be read.
        UsageError: the line is none, or is not over any product.
    """
    from nephoscope.instruments.tracks import open_track
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.plots.sections import between, nearest_slot, plot_section
    from nephoscope.products.series import open_slots

    if is_line(line):
        track = between(*_numbers(line, 4, "--curtain", "LAT,LON,LAT,LON"))
    else:
        track = open_track(line)
    drawn = 0
    with open_slots(series_of(places)) as slots:
        for slot in slots if is_line(line) else nearest_slot(slots, track):
            if (figure := plot_section(slot, track)) is not None:
                target = out / f"{_stamp(slot)}_ice_curtain.png"
                save_picture(figure, target)
                typer.echo(shown(target))
                drawn += 1
    if not drawn:
        raise UsageError(f"--curtain {line}: is over no product")


def _stamp(slot: xr.Dataset) -> str:
    return str(slot["time"].values.astype("datetime64[m]")).replace("-", "").replace(":", "")


def _numbers(text: str, count: int, option: str, shape: str) -> list[float]:
    """Degrees, latitude and longitude in turn.

    Raises:
        UsageError: they are none.
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    latitudes_are = all(-90 <= each <= 90 for each in found[::2])
    if len(found) != count or not latitudes_are or not all(abs(e) <= 360 for e in found[1::2]):
        raise UsageError(f"{option} {text}: write it as {shape}, degrees north and east")
    return found

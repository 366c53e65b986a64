"""`nephoscope plot --kind spectrum|neighbours`: what a set of frames is like; not itself a verb."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from nephoscope.errors import InputError, UsageError, shown

if TYPE_CHECKING:
    from nephoscope.evaluation.neighbours import Neighbours

SIDE = 160  # pixels of the longer side at which frames are looked at


def draw_frames(kind: str, places: Sequence[Path], out: Path) -> bool:
    """Draw one picture of all frames in some folders, and write its numbers beside it.

    Args:
        kind: "spectrum" or "neighbours".
        places: files and folders.
        out: folder of the picture.

    Returns:
        whether every frame could be read; what is wrong with the others is said on stderr.

    Raises:
        UsageError: fewer frames than make a picture.
    """
    paths, images, failed = _read(places)
    if len(images) < (2 if kind == "neighbours" else 1):
        raise UsageError(f"{len(images)} frames can be read: too few")
    (_spectrum if kind == "spectrum" else _neighbours)(paths, np.stack(images), out)
    return not failed


def _read(places: Sequence[Path]) -> tuple[list[Path], list[np.ndarray[Any, Any]], int]:
    """Frames at a longer side of about `SIDE`, (channel, y, x) float32, all of one shape."""
    from nephoscope.cli.progress import progress_bar, scenes_of
    from nephoscope.grids.blocks import Blocks, factor_for
    from nephoscope.instruments.skycam import read as read_frame

    found, unread = scenes_of(places, "skycam")
    files = [scene.path for scene in found]
    paths: list[Path] = []
    images: list[np.ndarray[Any, Any]] = []
    with progress_bar("reading", len(files)) as tell:
        for path in files:
            try:
                image = read_frame(path)["image"].values
                factor = factor_for(image.shape[1:], SIDE)
                small = Blocks(factor, factor).mean(image)
                if images and small.shape != images[0].shape:
                    problem = f"is {small.shape}, the first frame is {images[0].shape}"
                    raise InputError(path, problem, field="image", remedy="compare one camera's")
            except InputError as error:
                typer.echo(f"failed: {error}", err=True)
            else:
                paths.append(path)
                images.append(small)
            tell(path.name)
    return paths, images, unread + len(files) - len(images)


def _spectrum(paths: Sequence[Path], images: np.ndarray[Any, Any], out: Path) -> None:
    from nephoscope.evaluation.spectrum import spectrum_of
    from nephoscope.plots.likeness import plot_spectra
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.products.frames import write_table

    states = [_state(path) for path in paths]
    spectra = [spectrum_of(image.mean(axis=0)) for image in images]
    head = ("file", "state", "slope", "frequency", "power")
    rows = [
        (shown(path), state, f"{each.slope:.4f}", f"{frequency:.4f}", f"{power:.6g}")
        for path, state, each in zip(paths, states, spectra, strict=True)
        for frequency, power in zip(each.frequency, each.power, strict=True)
        if np.isfinite(power)
    ]
    write_table(out / "spectrum.csv", head, [dict(zip(head, row, strict=True)) for row in rows])
    groups = {
        name: [each for each, state in zip(spectra, states, strict=True) if state == name]
        for name in dict.fromkeys(sorted(states))
    }
    save_picture(plot_spectra(groups), out / "spectrum.png")
    typer.echo(out / "spectrum.png")


def _neighbours(paths: Sequence[Path], images: np.ndarray[Any, Any], out: Path) -> None:
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.neighbours import find_neighbours
    from nephoscope.plots.likeness import plot_neighbours
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.products.frames import write_table

    with progress_bar("comparing", len(paths) - 1) as tell:
        found = find_neighbours(images, lambda number: tell(paths[number].name))
    head = ("file", "group", "nearest_by_shift", "by_shift", "nearest_by_histogram", "by_histogram")
    rows = [dict(zip(head, row, strict=True)) for row in _nearest(paths, found)]
    write_table(out / "neighbours.csv", head, rows)
    picture = plot_neighbours(images.mean(axis=1), [shown(path.name) for path in paths], found)
    save_picture(picture, out / "neighbours.png")
    typer.echo(out / "neighbours.png")


def _nearest(paths: Sequence[Path], found: Neighbours) -> Iterable[tuple[str, ...]]:
    by_shift, by_histogram = found.nearest(found.by_shift), found.nearest(found.by_histogram)
    for place, path in enumerate(paths):
        first, second = int(by_shift[place]), int(by_histogram[place])
        yield (
            shown(path), str(found.groups[place]),
            shown(paths[first]), f"{found.by_shift[place, first]:.4f}",
            shown(paths[second]), f"{found.by_histogram[place, second]:.4f}",
        )  # fmt: skip


def _state(path: Path) -> str:
    """What is known of a frame, by the simulator's truth or its folder."""
    from nephoscope.instruments.skycam.labels import state_of

    state, _ = state_of(path)
    return "frames of unknown state" if state is None else ("clear", "cloudy")[state]

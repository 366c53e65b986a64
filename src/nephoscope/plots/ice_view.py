"""Cloud ice in three dimensions: slots of a product seen aslant from the south, one by one.

Each level is a sheet that hides what lies below it by as much as its ice is thick; the sheets are
laid one on the other from the lowest up. Colour tells how high the ice is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from nephoscope.files import write_bytes
from nephoscope.plots.places import Places, place_in_words
from nephoscope.track import height_bounds

Reals = npt.NDArray[np.floating]

ELEVATION = 35.0
"""Degrees above the horizon from which the scene is seen."""
_TALL, _STRETCHES = 0.2, (2.0, 20.0)
"""Heights are stretched, as clouds are flat: 18 km to this share of the ground's width."""
_THICK = 25.0
"""Ice, g m-2 in a level, that hides two thirds of what lies below."""
_GROUND, _UNKNOWN, _LINES = (0.10, 0.20, 0.32), (0.5, 0.5, 0.5), (0.25, 0.37, 0.5)
_SKY = (0.80, 0.86, 0.93)
_SQUARES = 8  # along a side of the ground
_LOWEST, _HIGHEST = 0.0, 18.0
_MOST = 360  # pixels along a side; of more every second one is drawn, and so on
_COLOURS = "plasma"


def stretch_of(width: float) -> float:
    """By how much heights are stretched over ground of a width, km."""
    return float(np.clip(np.round(_TALL * width / _HIGHEST), *_STRETCHES))


def render(amount: Reals, altitude: Reals, pixel: float) -> npt.NDArray[np.float32]:
    """The picture of a slot, (row, column, 3) 0..1.

    Args:
        amount: (level, y, x) kg m-3, the highest level first, y from the north; NaN where unknown.
        altitude: (level,) m.
        pixel: side of a pixel, km.
    """
    rows, cols = amount.shape[1:]
    squash, rise = np.sin(np.radians(ELEVATION)), np.cos(np.radians(ELEVATION))
    lift = rise * stretch_of(cols * pixel) / pixel
    head = int(np.ceil(_HIGHEST * lift)) + 1
    flat = _squashed(rows, float(squash))
    canvas = np.full((len(flat) + head, cols, 3), _SKY, np.float32)
    canvas[head:] = _ground(rows, cols, np.asarray(np.isnan(amount).all(axis=0)))[flat]
    thickness = -np.diff(height_bounds(np.asarray(altitude, np.float64)), axis=1)[:, 0]
    colours = colormaps[_COLOURS](Normalize(_LOWEST, _HIGHEST)(altitude / 1000))[:, :3]
    for level in range(len(amount) - 1, -1, -1):
        ice = np.nan_to_num(amount[level]) * abs(thickness[level]) * 1000
        if not ice.any():
            continue
        cover = (1 - np.exp(-ice / _THICK)).astype(np.float32)[flat][..., None]
        top = head - round(float(altitude[level]) / 1000 * lift)
        under = canvas[top : top + len(flat)]
        under += cover * (colours[level].astype(np.float32) - under)
    return canvas


def _squashed(rows: int, share: float) -> npt.NDArray[np.int64]:
    """Rows of the ground that are seen, one for each row of the picture."""
    count = max(int(rows * share), 1)
    seen = ((np.arange(count) + 0.5) * rows / count).astype(np.int64)
    return np.asarray(np.minimum(seen, rows - 1))


def _ground(rows: int, cols: int, unknown: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    ground = np.empty((rows, cols, 3), np.float32)
    ground[:] = _GROUND
    ground[unknown] = _UNKNOWN
    for number in range(_SQUARES + 1):
        ground[min(number * rows // _SQUARES, rows - 1)] = _LINES
        ground[:, min(number * cols // _SQUARES, cols - 1)] = _LINES
    return ground


def plot_view(slot: xr.Dataset, title: str = "") -> Figure:
    """Draw the ice of a slot in three dimensions.

    Args:
        slot: a product of cloud ice, decoded; see `nephoscope.products.series`.
        title: of the picture; by default its time.
    """
    thin = -(-max(slot["iwc"].shape[-2:]) // _MOST)
    y, x = slot["quality_flag"].dims
    seen = slot[["iwc"]].isel({y: slice(None, None, thin), x: slice(None, None, thin)}).load()
    places = Places(seen["latitude"].values, seen["longitude"].values)
    picture = render(seen["iwc"].values, seen["altitude"].values, places.spacing)
    wide = picture.shape[1] / picture.shape[0]
    figure = Figure(figsize=(8.0, 8.0 / (wide * 1.12) + 1.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_subplot()
    axes.imshow(picture, interpolation="nearest")
    side = seen["iwc"].shape[-1] * places.spacing
    where = ", ".join(place_in_words(*places.centre, 1))
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(
        f"seen from the south, {ELEVATION:.0f}° above the horizon; about {where}; "
        f"{side:,.0f} km wide,\nsquares of {side / _SQUARES:,.0f} km; heights "
        f"{stretch_of(side):.0f} times as large; thick ice hides what lies below",
        fontsize=8,
    )
    moment = str(slot["time"].values.astype("datetime64[m]")).replace("T", " ")
    axes.set_title(title or f"Cloud ice, {moment} UTC", fontsize=11, loc="left")
    scale = ScalarMappable(Normalize(_LOWEST, _HIGHEST), _COLOURS)
    figure.colorbar(scale, ax=axes, label="altitude of the ice (km)", shrink=0.7, pad=0.01)
    return figure


def write_animation(
    slots: Sequence[xr.Dataset], path: str | PathLike[str], seconds: float = 0.4
) -> None:
    """Write a GIF of slots, one after the other, atomically.

    Args:
        slots: on one grid, in time.
        path: the file.
        seconds: that each is shown.

    Raises:
        OutputError: it cannot be written.
    """
    first, *others = _frames(slots)
    content = io.BytesIO()
    first.save(content, "GIF", save_all=True, append_images=others, loop=0,
               duration=round(1000 * seconds), optimize=False)  # fmt: skip
    write_bytes(path, content.getvalue())


def _frames(slots: Sequence[xr.Dataset]) -> Iterator[Image.Image]:
    """Frames of 256 colours: a tenth of what they would be else."""
    for slot in slots:
        figure = plot_view(slot)
        canvas: Any = figure.canvas
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        yield picture.quantize(256, dither=Image.Dither.NONE)

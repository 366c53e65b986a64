"""The quick-look of a cloud-mask product: map, probability, and the mask's outline on the map."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nephoscope.files import atomic_path
from nephoscope.plots import MADE_BY
from nephoscope.plots.colours import LIKELY
from nephoscope.products import cf

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colours = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 1600, 1370  # pixels
_DPI = 100
# Left, top, width, height of each part, pixels; a layout engine would take as long as the drawing.
_LEFT, _RIGHT, _WIDE = (75, 95, 690, 345), (835, 95, 690, 345), (75, 520, 1500, 750)
_BAR = (1535, 95, 14, 345)
_STEP = 2  # of the product's pixels, one in two is drawn each way; in the small parts one in four
_NO_DATA = (120, 120, 120)
_NOT_ASKED = (175, 175, 175)
_OUTLINE = (255, 0, 255)
_THRESHOLD = "red"
_COLOURS = ["red", "green", "blue"]


def quicklook(product: xr.Dataset, scene: xr.Dataset | None = None) -> Figure:
    """Draw a product; without its map, the probability and the mask alone.

    Args:
        product: packed, from `make_product` or `read_netcdf(path, decode=False)`; or decoded, from
            `nephoscope.predict`.
        scene: of the product's grid; in the colours red, green, blue, or its first channel in grey.

    Returns:
        A Figure 1600 pixels wide at its own resolution.
    """
    probability, flag, mask = (
        _packed(product[name], scale)[::_STEP, ::_STEP]
        for name, scale in (
            ("cloud_probability", cf.SCALE_FACTOR),
            ("quality_flag", 1),
            ("cloud_mask", 1),
        )
    )
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
    FigureCanvasAgg(figure)
    likely = _probability_colours(probability, flag)
    below = _mask_colours(mask, flag) if scene is None else _map_colours(scene, flag)
    small = (slice(None, None, 2), slice(None, None, 2))
    _show(_place(figure, _LEFT), product, below[small], "Cloud mask" if scene is None else "Map")
    _show(_place(figure, _RIGHT), product, likely[small], "Probability of cloud")
    wide = _place(figure, _WIDE)
    said = f"Cloud where the probability is at least {product.attrs['threshold']:.3f}"
    _show(wide, product, _outlined(below, mask), said)
    _add_scale(_place(figure, _BAR), float(product.attrs["threshold"]))
    _add_legend(wide, product, flag)
    figure.suptitle(_title(product), y=0.985, fontsize=17, fontweight="bold")
    return figure


def _packed(variable: xr.DataArray, scale: float) -> npt.NDArray[np.uint8]:
    """A variable as a product keeps it, of one that may be decoded: NaN is the fill value."""
    values = variable.values
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), cf.FILL, np.rint(values / scale))
    return values.astype(np.uint8, copy=False)


def save_picture(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as part:
        # Level 1 halves the time and costs a tenth more bytes.
        figure.savefig(part, format="png", metadata=MADE_BY, pil_kwargs={"compress_level": 1})


def _without_prediction(colours: Colours, flag: npt.NDArray[np.uint8]) -> Colours:
    colours[flag & cf.NOT_REQUESTED > 0] = _NOT_ASKED
    colours[flag & cf.MISSING > 0] = _NO_DATA
    return colours


def _probability_colours(
    probability: npt.NDArray[np.uint8], flag: npt.NDArray[np.uint8]
) -> Colours:
    steps = np.minimum(np.arange(256) * cf.SCALE_FACTOR, 1.0)
    table: Colours = (colormaps[LIKELY](steps)[:, :3] * 255).astype(np.uint8)
    return _without_prediction(table[probability], flag)


def _mask_colours(mask: npt.NDArray[np.uint8], flag: npt.NDArray[np.uint8]) -> Colours:
    colours = np.repeat(np.where(mask == 1, 255, 40).astype(np.uint8)[..., None], 3, axis=-1)
    return _without_prediction(colours, flag)


def _map_colours(scene: xr.Dataset, flag: npt.NDArray[np.uint8]) -> Colours:
    thin = _pictured(scene["image"][:, ::_STEP, ::_STEP])
    # Mars is dark in these maps: the brightest thousandth is white.
    brightest = float(np.nanpercentile(thin[::4, ::4], 99.9)) if np.isfinite(thin).any() else 255.0
    stretched = np.clip(np.nan_to_num(thin) * (255 / max(brightest, 1.0)), 0, 255)
    colours: Colours = stretched.astype(np.uint8)
    colours[flag & cf.MISSING > 0] = _NO_DATA
    return colours


def _pictured(image: xr.DataArray) -> npt.NDArray[np.float32]:
    """(y, x, colour) of (channel, y, x): its colours; or its first channel as 0..255, in grey."""
    if set(_COLOURS) <= {str(name) for name in image["channel"].values}:
        return np.moveaxis(image.sel(channel=_COLOURS).values, 0, -1)
    first: npt.NDArray[np.float32] = image.values[0]
    known = first[np.isfinite(first)]
    low, high = np.percentile(known, (0.1, 99.9)) if known.size else (0, 1)
    grey = (first - np.float32(low)) * np.float32(255 / max(high - low, 1e-9))
    return np.repeat(grey[..., None], len(_COLOURS), axis=-1)


def _outlined(colours: Colours, mask: npt.NDArray[np.uint8]) -> Colours:
    """The colours, and over them those cloudy pixels that touch a clear one."""
    clear = np.pad(mask == 0, 1)
    beside_clear = clear[:-2, 1:-1] | clear[2:, 1:-1] | clear[1:-1, :-2] | clear[1:-1, 2:]
    outlined = colours.copy()
    outlined[(mask == 1) & beside_clear] = _OUTLINE
    return outlined


def _place(figure: Figure, box: tuple[int, int, int, int]) -> Axes:
    left, top, width, height = box
    bottom = HEIGHT - top - height
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def _show(axes: Axes, product: xr.Dataset, colours: Colours, title: str) -> None:
    axes.set_title(title, fontsize=13)
    if "latitude" not in product["cloud_mask"].dims:  # a camera's frame, or a grid of its own
        axes.imshow(colours, interpolation="nearest", aspect="equal")
        axes.set_axis_off()
        return
    latitude, longitude = product["latitude"].values, product["longitude"].values
    row, column = abs(latitude[1] - latitude[0]) / 2, abs(longitude[1] - longitude[0]) / 2
    (west, east), (north, south) = longitude[[0, -1]], latitude[[0, -1]]
    extent = (west - column, east + column, south - row, north + row)
    axes.imshow(colours, extent=extent, interpolation="nearest", aspect="equal")
    axes.set_xlabel("Longitude (° east)")
    axes.set_ylabel("Latitude (° north)")
    if east - west > 180:
        axes.set_xticks(np.arange(-180, 181, 60))
        axes.set_yticks(np.arange(-90, 91, 30))
    axes.grid(color="white", linewidth=0.5, alpha=0.3)


def _add_scale(axes: Axes, threshold: float) -> None:
    bar = axes.figure.colorbar(ScalarMappable(Normalize(0, 1), LIKELY), cax=axes)
    bar.ax.axhline(threshold, color=_THRESHOLD, linewidth=2)


def _add_legend(wide: Axes, product: xr.Dataset, flag: npt.NDArray[np.uint8]) -> None:
    """Say what the colours and lines mean; mark the seasonal bounds."""
    entries = [Patch(facecolor=_hex(_NO_DATA), edgecolor="black", label="no data")]
    if (flag & cf.NOT_REQUESTED).any():
        entries.append(Patch(facecolor=_hex(_NOT_ASKED), edgecolor="black", label="not asked for"))
    entries.append(Patch(facecolor="none", edgecolor=_hex(_OUTLINE), label="edge of cloud mask"))
    entries.append(Line2D([], [], color=_THRESHOLD, label="threshold, on the scale"))  # type: ignore[arg-type]
    edges = _seasonal_edges(product)
    for edge in edges:
        line = wide.axhline(edge, color="cyan", linestyle="--", linewidth=1.2)
    if edges:
        line.set_label("seasonal bounds (beyond: polar ice may be taken for cloud)")
        entries.append(line)  # type: ignore[arg-type]
    wide.legend(
        handles=entries,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.06),
        ncols=len(entries),
        frameon=False,
        fontsize=12,
    )


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _seasonal_edges(product: xr.Dataset) -> list[float]:
    """Latitudes, degrees, at which the quality flag's seasonal bit changes."""
    if "latitude" not in product["cloud_mask"].dims:
        return []
    outside = product["quality_flag"].values[:, 0] & cf.OUTSIDE > 0
    latitude = product["latitude"].values
    return [float(latitude[row]) for row in np.flatnonzero(np.diff(outside.astype(np.int8)))]


def _season(product: xr.Dataset) -> str:
    """Numbers beside the picture, as their long names call them: counts, then angles by symbol."""
    counts, angles = [], []
    for variable in product.coords.values():
        name = str(variable.attrs.get("long_name", "")).partition(";")[0]
        if variable.ndim or not name:
            continue
        if variable.dtype.kind == "i":
            counts.append(f"{name} {int(variable)}")
        elif variable.attrs.get("units") == "degree":
            angles.append(f"{name.split()[-1]} {float(variable):.1f}°")
    return ", ".join([*counts, *angles])


def _title(product: xr.Dataset) -> str:
    attributes = product.attrs
    # Polar ice may be taken for cloud: where the season is known it does not count.
    within = "cloud_cover_within_seasonal_bounds"
    where = "within the seasonal bounds" if within in attributes else "of the area seen"
    cover = float(attributes.get(within, attributes["cloud_cover"]))
    covered = "unknown" if np.isnan(cover) else f"{cover:.1%} {where}"
    missing = f"{attributes['missing_share']:.1%} of the map missing"
    parts = str(attributes["map_id"]), _season(product), f"cloud cover {covered}", missing
    return " · ".join(part for part in parts if part)

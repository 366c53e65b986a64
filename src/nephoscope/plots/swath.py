"""Maps of a swath product on the globe: mask, cloud-top height, probability, quality; the track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from nephoscope.plots.central_views import rgb_of
from nephoscope.plots.cloud_types import MASK_COLOURS, MASK_NAMES, UNKNOWN_COLOUR
from nephoscope.plots.coast import coastline
from nephoscope.plots.colours import LIKELY
from nephoscope.plots.curtain import HIGHEST
from nephoscope.plots.places import EARTH_RADIUS, LocalMap, Places, place_in_words

Reals = npt.NDArray[np.floating]

MAPPED = ("cloud_mask", "cloud_top_height", "iwp", "column_cloud_probability", "quality_flag")
"""Variables of a product that are drawn, in this order."""
_NO_ICE = 1e-6  # g m-2, below the scale
TRACK_COLOUR = "#ff2a2a"
GOOD_COLOUR = "#d9e8d2"
QUALITY_COLOURS = (
    "#e69f00", "#56b4e9", "#cc79a7", "#0072b2", "#d55e00", "#009e73", "#f0e442", "#444444",
    "#7b3294", "#a6611a", "#80cdc1", "#1b1b8f",
)  # fmt: skip
"""Of the bits of a quality flag, the lowest first; of several set the highest is seen."""
_SIDE = 4.4  # inches
_KEY = 1.0  # inches below a map
_TALL = 8.0  # inches; taller maps stand all in one row
_NOWHERE = "#e8edf2"
_PIXELS = 700  # of a map along its longer side
_STEPS = (1, 2, 5, 10, 15, 30)  # degrees between lines of the graticule
_LINE: dict[str, Any] = {"color": "0.5", "linewidth": 0.5, "alpha": 0.6}
_COAST: dict[str, Any] = {
    "color": "black", "linewidth": 0.7, "gid": "coast",
    "path_effects": [withStroke(linewidth=1.7, foreground="white", alpha=0.8)],
}  # fmt: skip
"""Black with a white seam: to be seen on any colour."""
_BEYOND = 300.0  # km beyond the edges to which lines are followed


@dataclass(frozen=True)
class SwathMap:
    """The raster of an equal-area map about the middle of a product, north up.

    Attributes:
        local: the projection.
        extent: left, right, lower and upper edge, km.
        pixel: (row, column) from above, flat number of the product's pixel there; -1 none.
    """

    local: LocalMap
    extent: tuple[float, float, float, float]
    pixel: npt.NDArray[np.int64]

    @classmethod
    def of(cls, latitude: Reals, longitude: Reals) -> SwathMap:
        """The map of pixels (y, x) at latitudes and longitudes, degrees."""
        places = Places(latitude, longitude)
        local, margin = LocalMap(*places.centre), places.spacing
        right, up = local.to_map(latitude, longitude)
        west, east = np.nanmin(right) - margin, np.nanmax(right) + margin
        south, north = np.nanmin(up) - margin, np.nanmax(up) + margin
        size = max(east - west, north - south) / _PIXELS
        axes = np.arange(west + size / 2, east, size), np.arange(north - size / 2, south, -size)
        pixel = np.asarray(places.nearest(*local.to_globe(*np.meshgrid(*axes))), np.int64)
        return cls(local, (float(west), float(east), float(south), float(north)), pixel)

    def place(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(row, column, ...) of the map, of values (y, x, ...); anything where no pixel is."""
        return values.reshape(-1, *values.shape[2:])[self.pixel]


@dataclass(frozen=True)
class _Panel:
    """One map: values (y, x) with a scale and its words, or colours (y, x, 3) with a key."""

    title: str
    values: npt.NDArray[Any]
    colours: Colormap | None = None
    norm: Normalize | None = None
    unit: str = ""
    key: tuple[tuple[str, str], ...] = ()


def plot_swath(
    product: xr.Dataset, track: xr.Dataset | None = None, scene: xr.Dataset | None = None
) -> Figure:
    """Draw what a product says on an equal-area map about its middle.

    Args:
        product: packed or decoded, on (y, x), with `latitude`, `longitude` (y, x), degrees; of its
            variables those named in `MAPPED` are drawn.
        track: whose latitudes and longitudes are drawn as a line.
        scene: that the product was made from, drawn first where it has the colours.

    Returns:
        A Figure of one map for each; black is clear, grey not known, pale no pixel.
    """
    decoded = xr.decode_cf(product)
    panels = [_PANELS[name](decoded) for name in MAPPED if name in decoded]
    picture = None if scene is None else rgb_of(scene["image"])
    if picture is not None:
        panels.insert(0, _Panel("as seen (four central views)", picture))
    swath = SwathMap.of(product["latitude"].values, product["longitude"].values)
    left, right, lower, upper = swath.extent
    high = _SIDE * min(max((upper - lower) / (right - left), 0.5), 2.5)
    down = 1 if len(panels) < 4 or high > _TALL else 2
    across = -(-len(panels) // down)
    figure = Figure(figsize=(_SIDE * across, (high + _KEY) * down), dpi=90,
                    layout=ConstrainedLayoutEngine(w_pad=0.12))  # fmt: skip
    FigureCanvasAgg(figure)
    step = _step(max(right - left, upper - lower) / 111)
    lines, coast = _near(swath, *_graticule(step)), coastline()
    coasts = None if coast is None else _near(swath, coast[:, 1], coast[:, 0])
    grid = figure.add_gridspec(2 * down, across, height_ratios=[high, _KEY] * down)
    for number, panel in enumerate(panels):
        row, col = divmod(number, across)
        axes, key = (figure.add_subplot(grid[2 * row + below, col]) for below in (0, 1))
        _show(axes, key, panel, swath)
        axes.plot(*lines, **_LINE)
        if coasts is not None:
            axes.plot(*coasts, **_COAST)
        _name_lines(axes, swath, step)
        if track is not None:
            _draw_track(axes, track, swath)
            if not number:
                axes.legend(loc="lower left", fontsize=8)
    figure.suptitle(str(product.attrs.get("title", product.attrs.get("map_id", ""))), fontsize=12)
    return figure


def _mask_panel(product: xr.Dataset) -> _Panel:
    mask = product["cloud_mask"].values
    known = mask[np.isfinite(mask) & (mask >= 0)]
    cover = f", {known.mean():.0%} of what is known" if known.size else ""
    colours = _coloured(mask, dict(enumerate(MASK_COLOURS)))
    key = tuple(zip(MASK_NAMES, MASK_COLOURS, strict=True))
    return _Panel(f"cloud mask{cover}", colours, key=(*key, ("unknown", UNKNOWN_COLOUR)))


def _height_panel(product: xr.Dataset) -> _Panel:
    height = np.asarray(product["cloud_top_height"].values, np.float64) / 1000
    scale = colormaps["turbo"].with_extremes(bad=UNKNOWN_COLOUR, under="black")
    if "cloud_mask" in product:
        height = np.where(product["cloud_mask"].values == 0, -1.0, height)
    return _Panel("cloud-top height", height, scale, Normalize(0, HIGHEST - 2), "km (black: clear)")


def _path_panel(product: xr.Dataset) -> _Panel:
    path = np.asarray(product["iwp"].values, np.float64) * 1000
    scale = colormaps["viridis"].with_extremes(bad=UNKNOWN_COLOUR, under="black")
    if "cloud_mask" in product:
        path = np.where(product["cloud_mask"].values == 0, _NO_ICE, path)
    path = np.where(path <= 0, _NO_ICE, path)  # a logarithm of nothing is not unknown
    return _Panel("ice water path", path, scale, LogNorm(1, 3000), "g m$^{-2}$ (black: clear)")


def _probability_panel(product: xr.Dataset) -> _Panel:
    scale = colormaps[LIKELY].with_extremes(bad=UNKNOWN_COLOUR)
    values = product["column_cloud_probability"].values
    return _Panel(
        "probability of cloud in the column", values, scale, Normalize(0, 1), "probability"
    )


def _quality_panel(product: xr.Dataset) -> _Panel:
    flag = product["quality_flag"]
    values = np.nan_to_num(flag.values).astype(np.int64)
    masks = np.atleast_1d(flag.attrs.get("flag_masks", [])).astype(np.int64).tolist()
    names = str(flag.attrs.get("flag_meanings", "")).split()
    palette = np.resize(QUALITY_COLOURS, len(masks)).tolist()
    palette = [UNKNOWN_COLOUR if name == "missing" else colour
               for name, colour in zip(names, palette, strict=False)]  # fmt: skip
    seen, key = np.zeros(values.shape), [("nothing remarked", GOOD_COLOUR)]
    for number, (bit, name, colour) in enumerate(zip(masks, names, palette, strict=False), 1):
        set_here = values & bit > 0
        seen[set_here] = number
        if set_here.any():
            key.append((f"{name.replace('_', ' ')}, {set_here.mean():.1%}", colour))
    colours = _coloured(seen, dict(enumerate([GOOD_COLOUR, *palette])))
    return _Panel("quality flag", colours, key=tuple(key))


_PANELS = {
    "cloud_mask": _mask_panel,
    "cloud_top_height": _height_panel,
    "iwp": _path_panel,
    "column_cloud_probability": _probability_panel,
    "quality_flag": _quality_panel,
}


def _coloured(codes: npt.NDArray[Any], colours: dict[int, str]) -> npt.NDArray[np.uint8]:
    """(y, x, 3) uint8: the colour of each code, that of the unknown for any other."""
    hexes = [UNKNOWN_COLOUR, *colours.values()]
    palette = np.array([[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in hexes])
    place = np.zeros(codes.shape, np.int64)
    for number, code in enumerate(colours, 1):
        place[codes == code] = number
    return palette.astype(np.uint8)[place]


def _show(axes: Axes, key: Axes, panel: _Panel, swath: SwathMap) -> None:
    """The map, and below it its scale or its key."""
    placed = swath.place(panel.values)
    key.set_axis_off()
    if panel.colours is not None and panel.norm is not None:
        placed = panel.colours(panel.norm(np.ma.masked_invalid(placed)))[..., :3]
        scale, place = (
            ScalarMappable(panel.norm, panel.colours),
            key.inset_axes((0.1, 0.75, 0.8, 0.15)),
        )
        axes.figure.colorbar(scale, cax=place, orientation="horizontal", label=panel.unit)
    if placed.dtype != np.uint8:
        placed = np.rint(255 * placed).astype(np.uint8)
    opaque = np.where(swath.pixel < 0, 0, 255).astype(np.uint8)[..., None]
    picture = np.concatenate([placed, opaque], axis=-1)
    axes.set_facecolor(_NOWHERE)
    axes.imshow(picture, extent=swath.extent, interpolation="nearest")
    entries = [Patch(facecolor=colour, edgecolor="0.5", label=name) for name, colour in panel.key]
    if entries:
        key.legend(handles=entries, loc="upper center", frameon=False, fontsize=9,
                   ncols=1 + (len(entries) > 4))  # fmt: skip
    axes.set_title(panel.title, fontsize=10)


def _graticule(step: int) -> tuple[Reals, Reals]:
    """Latitudes and longitudes, degrees, of parallels and meridians; NaN between any two."""
    parallels, meridians = np.arange(-90.0 + step, 90, step), np.arange(-180.0, 180, step)
    around, upwards = np.linspace(-180, 180, 721), np.linspace(-90, 90, 361)
    pairs = [
        *((np.full(721, each), around) for each in parallels),
        *((upwards, np.full(361, each)) for each in meridians),
    ]
    latitude, longitude = (
        np.concatenate([np.append(pair[which], np.nan) for pair in pairs]) for which in (0, 1)
    )
    return latitude, longitude


def _near(swath: SwathMap, latitude: Reals, longitude: Reals) -> tuple[Reals, Reals]:
    """Where lines on the globe are on a map, km; NaN away from it, and between lines."""
    right, up = swath.local.to_map(latitude, longitude)
    west, east, south, north = swath.extent
    near = (right > west - _BEYOND) & (right < east + _BEYOND)
    near &= (up > south - _BEYOND) & (up < north + _BEYOND)
    near &= np.hypot(right, up) < EARTH_RADIUS * np.sqrt(2)  # of this side of the globe
    return np.where(near, right, np.nan), np.where(near, up, np.nan)


def _name_lines(axes: Axes, swath: SwathMap, step: int) -> None:
    """Name parallels and meridians where they leave the map at the left and below."""
    left, right, lower, upper = swath.extent
    local = swath.local
    up, across = np.linspace(lower, upper, 500), np.linspace(left, right, 500)
    latitude, _ = local.to_globe(np.full(500, left), up)
    _, longitude = local.to_globe(across, np.full(500, lower))
    east = (longitude - local.longitude + 180) % 360 - 180
    first = np.floor(local.longitude / step) * step
    parallels = _crossings(latitude, up, np.arange(-90.0 + step, 90, step))
    meridians = _crossings(east, across, np.arange(-180, 181, step) + first - local.longitude)
    axes.set_yticks([*parallels.values()],
                    [place_in_words(each, 0)[0] for each in parallels], fontsize=8)  # fmt: skip
    named = [(each + local.longitude + 180) % 360 - 180 for each in meridians]
    axes.set_xticks([*meridians.values()],
                    [place_in_words(0, each)[1] for each in named], fontsize=8)  # fmt: skip
    axes.set(xlim=(left, right), ylim=(lower, upper), aspect="equal")


def _step(degrees: float) -> int:
    """Degrees between lines, so that about five cross the map."""
    return min(_STEPS, key=lambda step: abs(degrees / step - 5))


def _crossings(values: Reals, along: Reals, wanted: Reals) -> dict[float, float]:
    """Each wanted value that is met along an edge, and where it is met first."""
    found = {}
    for each in wanted.tolist():
        below = values < each
        steps = np.flatnonzero((below[1:] != below[:-1]) & (np.abs(np.diff(values)) < 90))
        if steps.size:
            found[each] = float(along[steps[0]])
    return found


def _draw_track(axes: Axes, track: xr.Dataset, swath: SwathMap) -> None:
    right, up = swath.local.to_map(track["latitude"].values, track["longitude"].values)
    left, east, lower, upper = swath.extent
    inside = (right > left) & (right < east) & (up > lower) & (up < upper)
    axes.plot(np.where(inside, right, np.nan), np.where(inside, up, np.nan), color=TRACK_COLOUR,
              linewidth=1.4, label="track of the profiler")  # fmt: skip

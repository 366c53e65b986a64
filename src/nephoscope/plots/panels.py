"""Panels of a product: a picture of each of its variables, of any task and on any grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nephoscope.plots.colours import LIKELY

Masked = np.ma.MaskedArray[Any, np.dtype[np.float64]]

_SIDE = 4.0  # inches
_NO_DATA = "0.6"
_MOST = 1200  # pixels along a side; of more, some are drawn


def panels(product: xr.Dataset) -> Figure:
    """Draw each variable of a product as its rows and columns lie; of levels the largest value.

    Args:
        product: packed, from `make_product` or `open_packed`.

    Returns:
        A Figure with the variables from left to right; what has no value is grey.
    """
    plane = product["quality_flag"].dims
    names = [name for name, each in product.data_vars.items() if each.dims[-2:] == plane]
    decoded = xr.decode_cf(product[names])
    size = (_SIDE * len(names), _SIDE + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    colours = colormaps[LIKELY].with_extremes(bad=_NO_DATA)
    for axes, name in zip(np.ravel(figure.subplots(1, len(names))), names, strict=True):
        variable = decoded[name]
        shown = axes.imshow(_plane(variable.values), colours, interpolation="nearest")
        figure.colorbar(shown, ax=axes, shrink=0.7, label=str(variable.attrs.get("units", "")))
        axes.set_title(str(variable.attrs.get("long_name", name)), fontsize=10)
        axes.set_axis_off()
    figure.suptitle(str(product.attrs.get("title", product.attrs["map_id"])), fontsize=11)
    return figure


def _plane(values: npt.NDArray[np.generic]) -> Masked:
    """(y, x) of (..., y, x), thinned to what a picture holds; masked where nothing is known."""
    down, across = (max(1, side // _MOST) for side in values.shape[-2:])
    known = np.ma.masked_invalid(values[..., ::down, ::across].astype(np.float64))
    return known.max(axis=tuple(range(known.ndim - 2))) if known.ndim > 2 else known

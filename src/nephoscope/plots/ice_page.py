"""Page in which the ice of a series of slots is turned, cut and played, by Plotly, in a browser.

It holds all that it shows: nothing is fetched, and no server is needed. Amounts are means over
blocks of pixels and pairs of levels, as bytes on a scale of their logarithm.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from os import PathLike
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.extras import need
from nephoscope.files import write_text
from nephoscope.plots.ice_view import stretch_of
from nephoscope.plots.places import Places, place_in_words

Reals = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]

LEAST, MOST = 1e-7, 1e-3
"""Ice water content, kg m-3, at both ends of the scale; less is clear."""
_LEAST_PATH, _MOST_PATH = 1e-3, 10.0  # kg m-2
_SIDE, _FLOOR, _LEVELS = 40, 160, 32
"""Most blocks along a side of the volume, pixels along one of the floor, and levels."""
_BYTES = 9 * 2**20
"""Of pictures in a page, beside Plotly itself: of more slots some are left out."""


def write_page(slots: Sequence[xr.Dataset], path: str | PathLike[str]) -> int:
    """Write a page of slots on one grid, atomically.

    Args:
        slots: products of cloud ice in time, decoded; see `nephoscope.products.series`.
        path: of the HTML file.

    Returns:
        how many slots it holds; of a long series every second, third ... one.

    Raises:
        InputError: there is no slot, or all of one is missing.
        MissingExtraError: Plotly is not installed.
        OutputError: it cannot be written.
    """
    need("an interactive page", "view")
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    if not slots:
        raise InputError(path, "there is no slot to show")
    each = _LEVELS * _SIDE**2 + _FLOOR**2
    step = -(-len(slots) * each * 4 // 3 // _BYTES)
    shown = [slot for slot in slots[::step] if slot["iwc"].shape == slots[0]["iwc"].shape]
    template = resources.files("nephoscope.plots") / "ice_page.html"
    page = Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(str(slots[0].attrs.get("title", "Cloud ice")).split(",")[0]),
        model=escape(str(slots[0].attrs.get("source", ""))),
        # What could end the script early is not in it as such.
        data=json.dumps(_content(shown)).replace("<", "\\u003c"),
        plotly=get_plotlyjs(),
    )
    write_text(path, page)
    return len(shown)


def _content(slots: Sequence[xr.Dataset]) -> dict[str, Any]:
    """What the page's script is given."""
    first = slots[0]
    places = Places(first["latitude"].values, first["longitude"].values)
    rows, cols = first["iwc"].shape[-2:]
    wide, high = cols * places.spacing, rows * places.spacing
    block, pair = -(-max(rows, cols) // _SIDE), -(-first["iwc"].shape[0] // _LEVELS)
    thin = -(-max(rows, cols) // _FLOOR)
    altitude = _means(first["altitude"].values.astype(float), (pair,)) / 1000
    frames = []
    for slot in slots:
        amount = _means(slot["iwc"].values, (pair, block, block))
        path = _means(slot["iwp"].values, (thin, thin))
        frames.append(
            {
                "time": str(slot["time"].values.astype("datetime64[m]")).replace("T", " "),
                "volume": _packed(on_scale(amount, LEAST, MOST)),
                "floor": _packed(on_scale(path, _LEAST_PATH, _MOST_PATH)),
                "floorShape": path.shape,
            }
        )
    return {
        "shape": amount.shape,
        "altitude": np.round(altitude, 3).tolist(),
        "wide": round(wide, 1),
        "high": round(high, 1),
        "stretch": stretch_of(wide),
        "where": ", ".join(place_in_words(*places.centre, 1)),
        "scale": [LEAST, MOST],
        "frames": frames,
    }


def _means(values: Reals, sizes: tuple[int, ...]) -> Reals:
    """Means over blocks, the last of which may be smaller; NaN only where all of a block is."""
    for axis, size in enumerate(sizes):
        starts = np.arange(0, values.shape[axis], size)
        known = np.isfinite(values)
        total = np.add.reduceat(np.where(known, values, 0), starts, axis=axis)
        count = np.add.reduceat(known, starts, axis=axis, dtype=np.int64)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return values


def on_scale(values: Reals, least: float, most: float) -> Bytes:
    """Logarithm of amounts as bytes: 1 to 254 from `least` to `most`, 0 less, 255 unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(np.maximum(values, 0) / least) / np.log(most / least)
        steps = np.where(share < 0, 0, 1 + np.round(253 * np.clip(share, 0, 1)))
    return np.where(np.isfinite(values), steps, 255).astype(np.uint8)


def _packed(values: Bytes) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()

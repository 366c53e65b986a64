"""Answers of the explorer: planes, profiles and curtains of open products, read as they are asked.

Of a store larger than memory no more is held than some rows of it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.plots.cloud_types import TYPE_COLOURS

Reals = npt.NDArray[np.floating]

SIDE = 640
"""Most pixels along a side of a plane that is shown; of more every second one, and so on."""
_ROWS = 128  # of a plane that are read at once: those of a chunk
_MOST_POINTS = 400  # of a curtain
_POWERS = {"kg m-3": (-7, -3), "kg m-2": (-4, 1), "m-3": (1, 6)}
"""Unit of what spans many powers of ten → the lowest and highest that are told apart."""
_FLAGS = ("#20262c", "#d9dee3", "#e07a5f", "#3d85c6", "#81b29a", "#f2cc8f", "#9a6fb0", "#c9577b")


@dataclass(frozen=True)
class Answers:
    """What is asked of products, slot by slot.

    Attributes:
        slots: products, decoded, each with `quality_flag` (y, x).
        names: of the slots.
    """

    slots: Sequence[xr.Dataset]
    names: Sequence[str]

    def about(self) -> dict[str, Any]:
        """The slots, and the variables of the first one, those on the plane first."""
        first = self.slots[0]
        return {
            "title": str(first.attrs.get("title", "Products")),
            "slots": list(self.names),
            "variables": [_described(first[name]) for name in variables_of(first)],
        }

    def plane(self, slot: int, variable: str, level: int) -> dict[str, Any]:
        """A variable on the plane of a slot; of one on levels, at one of them.

        Returns:
            `z` (row, col) float32, each `step`-th pixel; `rows`, `cols` of the whole plane.
        """
        array = self._variable(slot, variable)
        rows, cols = array.shape[-2:]
        step = max(-(-max(rows, cols) // SIDE), 1)
        picked = array if array.ndim == 2 else array[_within(level, array.shape[0], "level")]
        parts = [
            picked[first : first + _ROWS][-first % step :: step, ::step].values
            for first in range(0, rows, _ROWS)
        ]
        plane = np.concatenate([part.astype(np.float32) for part in parts])
        return {
            "z": packed(plane),
            "step": step,
            "rows": rows,
            "cols": cols,
            **_place(array, level),
        }

    def profile(self, slot: int, row: int, col: int) -> dict[str, Any]:
        """All that a slot says of a pixel.

        Returns:
            `values`, name → number of what is on the plane; `levels`, name → numbers from the
            highest level down, with `altitude`, km.
        """
        product = self.slots[_within(slot, len(self.slots), "slot")]
        dims = product["quality_flag"].dims
        place = (
            _within(row, product.sizes[dims[0]], "row"),
            _within(col, product.sizes[dims[1]], "col"),
        )
        pixel = product.isel(dict(zip(dims, place, strict=True)))
        values, levels = {}, {}
        for name in variables_of(product):
            numbers = pixel[name].values
            if numbers.ndim:
                levels[name] = [_number(each) for each in numbers]
            else:
                values[name] = _number(numbers)
        where = {
            name: _number(pixel[name].values)
            for name in ("latitude", "longitude")
            if name in pixel.coords and not pixel[name].ndim
        }
        return {
            "row": row,
            "col": col,
            **where,
            "values": values,
            "levels": levels,
            **_heights(product),
        }

    def curtain(self, slot: int, variable: str, line: Sequence[float]) -> dict[str, Any]:
        """A variable on levels below a line over the plane.

        Args:
            slot: its number.
            variable: its name.
            line: row and column of both ends.

        Returns:
            `z` (level, point) float32, `row` and `col` of each point.
        """
        array = self._variable(slot, variable)
        if array.ndim != 3:
            raise UsageError(f"{variable} is on no levels: there is no curtain of it")
        first, last = np.array(line[:2], float), np.array(line[2:], float)
        if len(line) != 4 or not np.isfinite([*first, *last]).all():
            raise UsageError("a line is told by row and column of both ends")
        count = int(np.clip(np.hypot(*(last - first)), 1, _MOST_POINTS)) + 1
        points = np.rint(np.linspace(first, last, count)).astype(int)
        row, col = (points[:, axis].clip(0, array.shape[1 + axis] - 1) for axis in (0, 1))
        # The box around the line is read once, some columns of pixels are kept.
        box = array[:, row.min() : row.max() + 1, col.min() : col.max() + 1]
        section = _along(box, row - row.min(), col - col.min())
        return {"z": packed(section), "row": row.tolist(), "col": col.tolist(),
                **_heights(self.slots[slot])}  # fmt: skip

    def _variable(self, slot: int, name: str) -> xr.DataArray:
        product = self.slots[_within(slot, len(self.slots), "slot")]
        if name not in variables_of(product):
            known = ", ".join(variables_of(product))
            raise UsageError(f"no variable '{name}' (there are {known})")
        return product[name]


def variables_of(product: xr.Dataset) -> list[str]:
    """Names of what lies on the plane of a product, or on levels above it: the planes first."""
    plane = product["quality_flag"].dims
    on = {str(name): each for name, each in product.data_vars.items() if each.dims[-2:] == plane}
    shown = [name for name, each in on.items() if each.ndim in (2, 3)]
    return sorted(shown, key=lambda name: (on[name].ndim, name == "quality_flag"))


def _described(array: xr.DataArray) -> dict[str, Any]:
    """Name, meaning, levels and colours of a variable."""
    units = str(array.attrs.get("units", ""))
    said: dict[str, Any] = {
        "name": str(array.name),
        "title": str(array.attrs.get("long_name", array.name)),
        "units": "" if units == "1" else units,
        "levels": array.shape[0] if array.ndim == 3 else 0,
        "powers": _POWERS.get(units),
    }
    if "flag_values" in array.attrs:
        values = [int(each) for each in np.atleast_1d(array.attrs["flag_values"])]
        colours = TYPE_COLOURS if array.name == "cloud_type" else _FLAGS
        said["flags"] = {
            "values": values,
            "names": str(array.attrs["flag_meanings"]).split(),
            "colours": [colours[number % len(colours)] for number in range(len(values))],
        }
    return said


def _along(box: xr.DataArray, row: Reals, col: Reals) -> npt.NDArray[np.float32]:
    """Values (level, point) of the pixels of a box, which is read some rows at a time."""
    section = np.full((box.shape[0], len(row)), np.nan, np.float32)
    for first in range(0, box.shape[1], _ROWS):
        there = np.flatnonzero((row >= first) & (row < first + _ROWS))
        if there.size:
            left, right = int(col[there].min()), int(col[there].max()) + 1
            rows = box[:, first : first + _ROWS, left:right].values
            section[:, there] = rows[:, row[there] - first, col[there] - left]
    return section


def _heights(product: xr.Dataset) -> dict[str, Any]:
    if "altitude" not in product.variables:
        return {}
    return {"altitude": np.round(product["altitude"].values / 1000, 3).tolist()}


def _place(array: xr.DataArray, level: int) -> dict[str, Any]:
    if array.ndim < 3 or "altitude" not in array.coords:
        return {}
    return {"altitude": float(array["altitude"].values[level]) / 1000}


def _within(number: int, size: int, what: str) -> int:
    if not 0 <= number < size:
        raise UsageError(f"{what} {number}: there are {size}, from 0 on")
    return number


def _number(value: Any) -> float | None:  # noqa: ANN401 - one value of any type
    kind = np.asarray(value).dtype.kind
    return float(value) if kind in "iuf" and np.isfinite(value) else None


def packed(values: npt.NDArray[np.float32]) -> dict[str, str]:
    """Numbers as Plotly reads them."""
    content = base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
    return {"dtype": "f4", "bdata": content, "shape": ", ".join(map(str, values.shape))}

"""Patches of pictures of SEVIRI: what a file covers, and windows of it as whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.geostationary import Geostationary
from nephoscope.instruments.given import paths_given
from nephoscope.instruments.seviri.channels import (
    CHANNELS,
    GEOMETRY,
    NIGHT,
    PARALLAX,
    SOLAR,
    UNSEEN,
)
from nephoscope.instruments.seviri.overpasses import alone, pair, read_near
from nephoscope.instruments.seviri.scenes import open_slot, read

__all__ = ["BOUNDS", "OFFSET", "SIZE", "alone", "checked_fields", "covered", "lost", "pair",
           "patch", "read_near", "read_window"]  # fmt: skip

SIZE = 128
"""Rows and columns of a patch, if nobody asks for another size."""
OFFSET = 450.0
"""Seconds between profile and line, likewise: half of the time from picture to picture."""
BOUNDS = (-32.0, -32.0, 32.0, 32.0)
"""South, west, north, east, degrees, within which labels lie, likewise."""
MISSING = -32768
_HUNDREDTH = 0.01
"""Of a percent, kelvin or degree: counts of the files are at least three times as far apart."""
_KELVIN_OFFSET = 200.0
_PARALLAX_STEP = 2e-5
_HIGH = 32767


def checked_fields(wanted: str | Iterable[str]) -> tuple[str, ...]:
    """Channels and what stands beside them, of "default" all, of a list those.

    Raises:
        UsageError: no such channel.
    """
    if wanted == "default":
        return (*CHANNELS, *GEOMETRY)
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    if unknown := [name for name in names if name not in (*CHANNELS, *GEOMETRY)]:
        known = ", ".join((*CHANNELS, *GEOMETRY))
        raise UsageError(f"no channel {', '.join(unknown)}; known are: {known}")
    return names


def covered(path: Path) -> Geostationary:
    """The grid of what a file covers; only its header is read.

    Raises:
        InputError: the file cannot be used; names the field.
    """
    slot = open_slot(paths_given(path))
    return slot.header.grid.window(*slot.covered)


def read_window(path: Path, fields: Sequence[str], window: Sequence[int]) -> xr.Dataset:
    """Read a window as a Scene of whole numbers; what the file lacks is missing.

    Args:
        path: the file.
        fields: channels, as `checked_fields` gives them.
        window: first row and column, of what the file covers, rows and columns.

    Returns:
        A Scene as `read` gives it, but `image` is int16: values are count x `scale_factor` +
        `add_offset` (channel), -32768 where missing. `turns` (channel) says how a channel changes
        when the picture is turned.

    Raises:
        InputError: the file cannot be used; names the field.
    """
    slot = open_slot(paths_given(path))
    row, col = slot.covered.row + window[0], slot.covered.col + window[1]
    scene = read(path, channels=fields, window=(row, col, *window[2:]), partial=True)
    packings = np.array([_packing(name) for name in fields])
    numbers = (scene["image"].values - packings[:, 1, None, None]) / packings[:, 0, None, None]
    with np.errstate(invalid="ignore"):
        counts = np.rint(numbers).clip(-_HIGH, _HIGH).astype(np.int16)
    counts[np.isnan(numbers)] = MISSING
    turns = ["azimuth" if name.endswith("azimuth") else "" for name in fields]
    return scene.assign(image=(("channel", "y", "x"), counts)).assign_coords(
        scale_factor=("channel", packings[:, 0]),
        add_offset=("channel", packings[:, 1]),
        turns=("channel", turns),
    )


def _packing(name: str) -> tuple[float, float]:
    """Value of one count, and of count 0."""
    if name == PARALLAX[0]:
        return _PARALLAX_STEP, 0.0
    if name in GEOMETRY:
        return _HUNDREDTH, 180.0 if name.endswith("azimuth") or name == "season" else 0.0
    return _HUNDREDTH, 0.0 if name in SOLAR else _KELVIN_OFFSET


def patch(scene: xr.Dataset, row: int, col: int, size: int) -> xr.Dataset:
    """A square of a Scene, whose attributes tell of its own grid."""
    attrs = scene.attrs
    moved = {"first_row": row, "first_col": col, "centre_row": -row, "centre_col": -col}
    cut = scene.isel(y=slice(row, row + size), x=slice(col, col + size))
    return cut.assign_attrs({name: attrs[name] + by for name, by in moved.items()})


def lost(scene: xr.Dataset) -> NDArray[np.bool_]:
    """(y, x) where a channel says nothing that should; solar ones say nothing at night."""
    daylight = scene["daylight"].values
    missing = np.asarray(daylight == UNSEEN)
    for name, plane in zip(scene["channel"].values.tolist(), scene["image"].values, strict=True):
        if name in CHANNELS:
            missing |= (plane == MISSING) & ((daylight != NIGHT) | (name not in SOLAR))
    return missing

"""Packing of channels as int16 counts, and how channels change when a picture is mirrored.

A store keeps a half orbit as counts; float32 holds each exactly enough that the count comes back:
value = count * scale_factor + add_offset, -32768 for what was not measured.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.polder.datasets import Coding
from nephoscope.instruments.polder.fields import Field

MISSING = np.iinfo(np.int16).min
"""Count of what was not measured."""
_LOW, _HIGH = MISSING + 1, np.iinfo(np.int16).max
_MIDDLE = 32767
"""Count of an uint16 dataset that becomes 0."""
_DEGREES = 180 / 32000
"""Step of angles that the file has as floats: latitude and longitude."""
_COMPUTED = 1e-4
"""Step of what is computed from radiances: theirs."""
_IN_A_MIRROR = {"phi": "relative_azimuth", "phis": "azimuth", "delta_thetav.sinphi": "sign"}


class Packing(NamedTuple):
    """Linear packing of a channel.

    Attributes:
        scale_factor: physical value of one count.
        add_offset: physical value of count 0.
    """

    scale_factor: float
    add_offset: float


COMPUTED = Packing(_COMPUTED, 0.0)
"""Of degrees of polarisation: rounded, not exact."""


def packing_of(coding: Coding, dtype: np.dtype[np.generic], field: Field) -> Packing:
    """How int16 counts hold all that a dataset holds.

    Floats, and whole numbers of 32 bits and more, have no such packing: of those latitude and
    longitude are rounded to 1/178 of a degree, others to the step that the documents have.
    """
    if dtype.kind == "f":
        usual = np.dtype(field.dtype)
        if usual.kind == "f":
            return Packing(_DEGREES, 0.0)
        return _whole(field.scale, 0.0, usual)
    return _whole(coding.scale, coding.offset, dtype)


def _whole(scale: float, offset: float, dtype: np.dtype[np.generic]) -> Packing:
    return Packing(scale, offset + _MIDDLE * scale if _is_beyond(dtype) else offset)


def _is_beyond(dtype: np.dtype[np.generic]) -> bool:
    """Whether counts reach beyond what int16 holds."""
    return dtype.kind == "u" and dtype.itemsize > 1


def pack(counts: NDArray[Any], coding: Coding, packing: Packing) -> NDArray[np.int16]:
    """Counts of a dataset as int16, same shape, `MISSING` where nothing was measured.

    Args:
        counts: as stored.
        coding: of the dataset.
        packing: of the dataset, as `packing_of` gives it.
    """
    valid = coding.is_valid(counts)
    if counts.dtype == np.int16 or counts.dtype.itemsize == 1:
        packed = counts.astype(np.int16)
    elif counts.dtype.kind in "iu":
        whole = counts.astype(np.int64) - (_MIDDLE if _is_beyond(counts.dtype) else 0)
        packed = np.clip(whole, _LOW, _HIGH).astype(np.int16)
    else:
        values = np.where(valid, counts, 0) * coding.scale + coding.offset
        steps = np.rint((values - packing.add_offset) / packing.scale_factor)
        packed = np.clip(steps, _LOW, _HIGH).astype(np.int16)
    np.copyto(packed, np.int16(MISSING), where=~valid)
    return packed


def turns_of(field: str) -> str:
    """How a field changes in a mirror: "" not at all, or "sign", "relative_azimuth", "azimuth".

    Q, U and the relative azimuth refer to the plane of the view, which turns with the picture; a
    mirror changes the sign of U, and of the azimuth. `phis`, degrees clockwise from north, turns.
    """
    return "sign" if field[0] == "U" else _IN_A_MIRROR.get(field, "")


def packed_coordinates(fields: list[str], packings: dict[str, Packing]) -> dict[str, xr.Variable]:
    """`scale_factor`, `add_offset` float64 and `turns` on (channel,), a field for each channel."""
    numbers = np.array([packings.get(field, COMPUTED) for field in fields], np.float64)
    return {
        "scale_factor": xr.Variable("channel", numbers[:, 0]),
        "add_offset": xr.Variable("channel", numbers[:, 1]),
        "turns": xr.Variable("channel", [turns_of(field) for field in fields]),
    }

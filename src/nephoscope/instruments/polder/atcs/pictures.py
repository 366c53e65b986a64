"""Pictures of A-Train Cloud Segmentation: float64 arrays, with codes left in them, → counts.

Scale and offset were applied to valid values only, so that codes of what was never seen or is
missing stand between reflectances and degrees as they are stored: 32767, 65535, -32767. Of version
0, which interpolated through them, whatever no count can be is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.polder.channels import channel_coords, is_directional
from nephoscope.instruments.polder.datasets import Coding
from nephoscope.instruments.polder.fields import FIELDS, VIEWS, Field
from nephoscope.instruments.polder.packing import (
    MISSING,
    Packing,
    packed_coordinates,
    packing_of,
)

LOST = -32767.0
"""Code that the original's own loader takes for missing in every directional field."""
_MOST = np.iinfo(np.int16).max

Reals = NDArray[np.float64]


class Pictures(NamedTuple):
    """How the pictures of a folder are stored.

    Attributes:
        fields: names, in the order of the channels.
        codings: scale, offset and codes of each.
        packings: as which counts a store holds them.
    """

    fields: tuple[str, ...]
    codings: Mapping[str, Coding]
    packings: Mapping[str, Packing]

    @property
    def depth(self) -> int:
        """Channels of a picture."""
        return sum(_depth(name) for name in self.fields)

    def coords(self) -> dict[str, Any]:
        """Coordinates on (channel,), as a Scene has them."""
        coords = channel_coords(self.fields, range(VIEWS))
        return coords | packed_coordinates(coords["field"][1], dict(self.packings))

    def read(self, path: Path) -> Reals:
        """Picture (y, x, channel) float64, codes as they are.

        Raises:
            InputError: absent, damaged, or of another shape or type.
        """
        try:
            stored = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError) as error:
            raise InputError(path, f"cannot be read: {error}", remedy="fetch it again") from error
        if stored.ndim != 3 or stored.shape[2] != self.depth or 0 in stored.shape:
            wanted = f"(rows, columns, {self.depth}), as the {len(self.fields)} fields have it"
            raise InputError(path, f"has shape {stored.shape}, not {wanted}", field="input")
        if stored.dtype.kind not in "fiu":
            raise InputError(path, f"is {stored.dtype}, no numbers", field="input")
        return np.asarray(stored, np.float64)

    def pack(self, picture: Reals) -> NDArray[np.int16]:
        """Counts (channel, y, x) of a picture, -32768 where missing."""
        counts = np.empty((self.depth, *picture.shape[:2]), np.int16)
        for name, part in self._parts().items():
            values = np.moveaxis(picture[..., part], -1, 0)
            counts[part] = _packed(values, FIELDS[name], self.codings[name], self.packings[name])
        return counts

    def plane(self, picture: Reals, name: str) -> Reals | None:
        """Values (y, x) of a field without views, NaN where missing; None if it is not there."""
        if name not in self.fields:
            return None
        values = picture[..., self._parts()[name].start]
        return np.where(_is_code(values, FIELDS[name], self.codings[name]), np.nan, values)

    def _parts(self) -> dict[str, slice]:
        ends = np.cumsum([_depth(name) for name in self.fields]).tolist()
        starts = [0, *ends[:-1]]
        return {n: slice(*pair) for n, *pair in zip(self.fields, starts, ends, strict=True)}


def pictures_of(path: Path, generation: Mapping[str, Any]) -> Pictures:
    """How pictures are stored, by what the folder says of its making.

    Args:
        path: of that file, for messages.
        generation: `par_fields` and, of version 1, `par_field_attributes`.

    Raises:
        InputError: a field is unknown, or named twice.
    """
    names = [name for _, name in generation["par_fields"]]
    unknown = [name for name in names if name not in FIELDS]
    if unknown or len(set(names)) < len(names):
        problem = f"names {', '.join(unknown)}" if unknown else "names a field twice"
        raise InputError(path, problem, field="par_fields")
    attributes = generation.get("par_field_attributes", {})
    codings = {
        name: _coding(FIELDS[name], _attributes(attributes, group, name))
        for group, name in generation["par_fields"]
    }
    packings = {
        name: packing_of(coding, np.dtype(FIELDS[name].dtype), FIELDS[name])
        for name, coding in codings.items()
    }
    return Pictures(tuple(names), codings, packings)


def _depth(name: str) -> int:
    return VIEWS if is_directional(name) else 1


def _attributes(told: object, group: str, name: str) -> Mapping[str, Any]:
    for key in (group, name):
        told = told.get(key, {}) if isinstance(told, dict) else {}
    return told if isinstance(told, dict) else {}


def _coding(field: Field, attributes: Mapping[str, Any]) -> Coding:
    """By the attributes where they are numbers near the documents', else by the documents."""
    scale = _number(attributes.get("scale_factor"))
    near = scale is not None and 0.01 < scale / field.scale < 100
    offset = _number(attributes.get("add_offset"))
    told = [_number(attributes.get(name)) for name in ("_FillValue", "missing_value")]
    codes = [code for code in (*told, field.fill, field.missing) if code is not None]
    if field.dtype.startswith("float"):
        codes += [-code for code in codes]
    if field.directional:
        codes.append(LOST)
    return Coding(
        scale if scale is not None and near else field.scale,
        offset or 0.0,
        tuple(dict.fromkeys(codes)),
        codes[0],
    )


def _number(value: object) -> float | None:
    try:
        number = float(np.asarray(value, np.float64).reshape(()))
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _is_code(values: Reals, field: Field, coding: Coding) -> NDArray[np.bool_]:
    """Where a value is no measurement: a code, or beyond what the type can count."""
    missing = ~np.isfinite(values)
    for code in coding.codes:
        missing |= values == code
    if field.dtype.startswith("float"):
        return missing | (np.abs(values) > 360)
    span = np.iinfo(field.dtype)
    low, high = (edge * coding.scale + coding.offset for edge in (span.min, span.max))
    slack = coding.scale / 2
    return missing | (values < low - slack) | (values > high + slack)


def _packed(values: Reals, field: Field, coding: Coding, packing: Packing) -> NDArray[np.int16]:
    missing = _is_code(values, field, coding)
    steps = np.where(missing, 0, values) - packing.add_offset
    counts = np.rint(steps / packing.scale_factor)
    missing |= np.abs(counts) > _MOST
    return np.where(missing, MISSING, counts).astype(np.int16)

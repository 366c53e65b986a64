"""Arrays of a store that hold the truth, in each of its three forms, as they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr
from zarr.codecs import BloscCodec

from nephoscope.errors import InputError, UsageError
from nephoscope.samples.census import NOTHING, count_classes
from nephoscope.samples.split_rules import state_parts
from nephoscope.scene import Truth

_CLASSES: dict[str, Any] = {"flag_values": [-1, 0, 1], "flag_meanings": "unknown clear cloudy"}
_POINTS = 4096
"""Points in a chunk."""
_VALIDATION = 0.2
"""Share of frames with a state that validates, as long as nobody has split them otherwise."""


def picture_array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    chunk: Sequence[int],
    dtype: str,
    about: dict[str, Any],
    fill: float | None = None,
    codec: BloscCodec | None = None,
) -> zarr.Array[Any]:
    """Make the array (sample[, channel], y, x) of a shape, with chunks of so many rows, columns."""
    return group.create_array(
        name,
        shape=shape,
        chunks=(1, *shape[1:-2], *chunk),
        dtype=dtype,
        fill_value=fill,
        dimension_names=("sample", *["channel"] * (len(shape) - 3), "y", "x"),
        attributes=about,
        compressors="auto" if codec is None else codec,
    )


class TruthArrays:
    """The truth of a store, in one form.

    Args:
        group: the store.
        most: samples, at most.
        shape: rows and columns of a picture.
        chunk: rows and columns of a chunk.

    Attributes:
        rest: what is written at the end, with the columns.
        counts: of labels that are clear and cloudy, (2,); or of points, (1,).
    """

    def __init__(
        self, group: zarr.Group, most: int, shape: tuple[int, ...], chunk: Sequence[int]
    ) -> None:
        self.group, self.shape, self.chunk = group, (most, *shape), chunk
        self.rest: dict[str, Any] = {}
        self.counts = NOTHING.copy()

    def append(self, number: int, label: xr.Dataset) -> None:
        """Write the truth of sample `number`."""
        raise NotImplementedError

    def hashed(self, sample: str, image: bytes, label: xr.Dataset) -> Iterator[bytes]:
        """Bytes of one sample that enter the samples' id."""
        yield from (sample.encode(), image)
        for name in sorted(map(str, label.data_vars)):
            yield label[name].values.tobytes()

    def widen(self, sides: tuple[int, ...]) -> None:
        """Make room for pictures of so many rows and columns."""

    def flush(self) -> None:
        """Write what still waits to be written."""

    @property
    def growing(self) -> set[str]:
        """Names of the arrays that are written before the end."""
        raise NotImplementedError

    def reopen(self, sizes: Sequence[int]) -> None:
        """Take up the arrays of a store that was left when its samples had so many points."""
        raise NotImplementedError

    def finish(self, number: int) -> bytes:
        """Cut the arrays to so many samples; more bytes that enter the samples' id."""
        return b""

    def first_split(self, groups: Sequence[str]) -> list[str]:
        """The part of each sample before anybody has split them."""
        return [""] * len(groups)


class _Pixels(TruthArrays):
    def __init__(self, *store: Any) -> None:
        super().__init__(*store)
        about = {"long_name": "reference mask", **_CLASSES}
        self._array = picture_array(self.group, "label", self.shape, self.chunk, "int8", about, -1)

    def append(self, number: int, label: xr.Dataset) -> None:
        values = label["label"].values
        rows, cols = (slice(side) for side in values.shape)
        self._array[number, rows, cols] = values
        self.counts += count_classes(values)

    def widen(self, sides: tuple[int, ...]) -> None:
        self.shape = (self.shape[0], *sides)
        self._array.resize(self.shape)

    def finish(self, number: int) -> bytes:
        self._array.resize((number, *self.shape[1:]))
        return b""


class _Frame(TruthArrays):
    def __init__(self, *store: Any) -> None:
        super().__init__(*store)
        self._labels: list[int] = []

    def append(self, number: int, label: xr.Dataset) -> None:
        self._labels.append(int(label["label"]))
        self.counts += count_classes(label["label"].values)

    def hashed(self, sample: str, image: bytes, label: xr.Dataset) -> Iterator[bytes]:
        yield image

    def finish(self, number: int) -> bytes:
        if not self.counts.all():
            found = f"{number} frames with a known state, all alike"
            raise UsageError(f"clear and cloudy frames are needed, there are {found}")
        labels = np.array(self._labels, np.int8)
        self.rest["label"] = ("sample", labels, {"long_name": "reference state", **_CLASSES})
        return labels.tobytes()

    def first_split(self, groups: Sequence[str]) -> list[str]:
        return state_parts(groups, self._labels, (1 - _VALIDATION, _VALIDATION, 0), 0)


class _Points(TruthArrays):
    """A contiguous ragged array: what is along `point` grows by the points of each sample."""

    def __init__(self, *store: Any) -> None:
        super().__init__(*store)
        self.counts = np.zeros(1, np.int64)
        self._sizes: list[int] = []
        self._arrays: dict[str, zarr.Array[Any]] = {}
        self._waiting: list[Mapping[str, npt.NDArray[Any]]] = []

    def append(self, number: int, label: xr.Dataset) -> None:
        of_points = {str(n): v for n, v in label.variables.items() if "point" in v.dims}
        self.rest |= {str(n): v for n, v in label.variables.items() if str(n) not in of_points}
        if not self._arrays:
            self._arrays = {name: self._made(name, v) for name, v in of_points.items()}
        if wrong := of_points.keys() ^ self._arrays.keys():
            source = label.attrs.get("source", "label")
            raise InputError(
                source, "is not of every label, or of this one alone", field=min(wrong)
            )
        for name, variable in of_points.items():
            if variable.shape[1:] != (wanted := self._arrays[name].shape[1:]):
                problem = f"has {variable.shape[1:]} at each point, the labels before {wanted}"
                raise InputError(label.attrs.get("source", "label"), problem, field=name)
        self._waiting.append({name: variable.values for name, variable in of_points.items()})
        self._sizes.append(label.sizes["point"])
        self.counts += label.sizes["point"]
        if sum(map(_number_of, self._waiting)) >= _POINTS:
            self.flush()

    def flush(self) -> None:
        # Each append writes the last chunk anew: better of many samples at once.
        for name, array in self._arrays.items() if self._waiting else ():
            array.append(np.concatenate([values[name] for values in self._waiting]))
        self._waiting.clear()

    @property
    def growing(self) -> set[str]:
        return set(self._arrays)

    def reopen(self, sizes: Sequence[int]) -> None:
        self._sizes = list(sizes)
        self._waiting.clear()
        self.counts[:] = sum(sizes)
        for name in self.group.array_keys():
            array = self.group[name]
            dims = getattr(array.metadata, "dimension_names", None) or ()
            if isinstance(array, zarr.Array) and dims[:1] == ("point",):
                array.resize((sum(sizes), *array.shape[1:]))
                self._arrays[name] = array

    def hashed(self, sample: str, image: bytes, label: xr.Dataset) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for piece in super().hashed(sample, image, label):
            digest.update(piece)
        yield digest.digest()

    def finish(self, number: int) -> bytes:
        self.flush()
        about = {"long_name": "points of each sample", "sample_dimension": "point"}
        self.rest["row_size"] = ("sample", np.array(self._sizes, np.int64), about)
        return b""

    def _made(self, name: str, variable: xr.Variable) -> zarr.Array[Any]:
        beyond = variable.shape[1:]
        return self.group.create_array(
            name,
            shape=(0, *beyond),
            chunks=(_POINTS, *beyond),
            dtype=variable.dtype,
            dimension_names=tuple(map(str, variable.dims)),
            attributes={
                name: value.tolist() if hasattr(value, "tolist") else value
                for name, value in variable.attrs.items()
            },
        )


def _number_of(values: Mapping[str, npt.NDArray[Any]]) -> int:
    return len(values["row"])


FORMS: dict[Truth, Callable[..., TruthArrays]] = {
    "pixels": _Pixels,
    "frame": _Frame,
    "points": _Points,
}
"""Form of truth → the arrays that hold it."""

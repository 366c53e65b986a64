"""Arrays of a store that hold the truth, in each of its three forms, as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.samples.census import count_classes
from nephoscope.samples.split_rules import state_parts

if TYPE_CHECKING:
    import zarr

    from nephoscope.scene import Truth

_CLASSES: dict[str, Any] = {"flag_values": [-1, 0, 1], "flag_meanings": "unknown clear cloudy"}
_VALIDATION = 0.2
"""Share of frames with a state that validates, as long as nobody has split them otherwise."""


class TruthArrays(Protocol):
    """The truth of a store, in one form.

    Attributes:
        labelled: how many labels are clear and how many cloudy; or how many points there are.
        rest: what is written at the end, with the columns.
    """

    labelled: list[int]
    rest: dict[str, Any]

    def append(self, number: int, label: xr.Dataset) -> None:
        """Write the truth of sample `number`."""

    def named(self, sample: str, image: bytes) -> Iterator[bytes]:
        """What the samples' id is made of, of the sample just written."""

    def finish(self, number: int) -> bytes:
        """Cut the arrays to so many samples; what the samples' id is made of besides."""

    def first_split(self, groups: Sequence[str]) -> list[str]:
        """The part of each sample before anybody has split them."""


class _Unsplit:
    """Samples of which nobody has said which ones train."""

    def first_split(self, groups: Sequence[str]) -> list[str]:
        return [""] * len(groups)


class _Pixels(_Unsplit):
    def __init__(
        self, group: zarr.Group, most: int, shape: tuple[int, ...], chunk: Sequence[int]
    ) -> None:
        self.labelled, self.rest = [0, 0], dict[str, Any]()
        self._last = b""
        self._array = group.create_array(
            "label",
            shape=(most, *shape),
            chunks=(1, *chunk),
            dtype="int8",
            fill_value=-1,
            dimension_names=("sample", "y", "x"),
            attributes={"long_name": "reference mask", **_CLASSES},
        )

    def append(self, number: int, label: xr.Dataset) -> None:
        values = label["label"].values
        self._array[number], self._last = values, values.tobytes()
        self.labelled = (np.array(self.labelled) + count_classes(values)).tolist()

    def named(self, sample: str, image: bytes) -> Iterator[bytes]:
        yield from (sample.encode(), image, self._last)

    def finish(self, number: int) -> bytes:
        self._array.resize((number, *self._array.shape[1:]))
        return b""


class _Frame:
    def __init__(self) -> None:
        self._labels: list[int] = []
        self.rest: dict[str, Any] = {}

    @property
    def labelled(self) -> list[int]:
        return [int(number) for number in count_classes(np.array(self._labels, np.int8))]

    def append(self, number: int, label: xr.Dataset) -> None:
        self._labels.append(int(label["label"]))

    def named(self, sample: str, image: bytes) -> Iterator[bytes]:
        yield image

    def finish(self, number: int) -> bytes:
        if len({*self._labels} - {-1}) < 2:
            found = f"{number} frames with a known state, all alike"
            raise UsageError(f"clear and cloudy frames are needed, there are {found}")
        labels = np.array(self._labels, np.int8)
        self.rest["label"] = ("sample", labels, {"long_name": "reference state", **_CLASSES})
        return labels.tobytes()

    def first_split(self, groups: Sequence[str]) -> list[str]:
        return state_parts(groups, self._labels, (1 - _VALIDATION, _VALIDATION, 0), 0)


class _Points(_Unsplit):
    """Variables along `point` are written at the end: all of them are smaller than one picture."""

    def __init__(self) -> None:
        self._labels: list[xr.Dataset] = []
        self.rest: dict[str, Any] = {}

    @property
    def labelled(self) -> list[int]:
        return [sum(label.sizes["point"] for label in self._labels)]

    def append(self, number: int, label: xr.Dataset) -> None:
        self._labels.append(label.drop_attrs(deep=False))

    def named(self, sample: str, image: bytes) -> Iterator[bytes]:
        said = self._labels[-1]
        yield from (sample.encode(), image)
        for name in sorted(map(str, said.variables)):
            yield from (name.encode(), said[name].values.tobytes())

    def finish(self, number: int) -> bytes:
        joined = xr.concat(self._labels, "point", data_vars="minimal", coords="minimal")
        sizes = np.array([label.sizes["point"] for label in self._labels], np.int64)
        about = {"long_name": "points of each sample", "sample_dimension": "point"}
        named = {str(name): variable for name, variable in joined.variables.items()}
        self.rest = {**named, "row_size": ("sample", sizes, about)}
        return b""


def truth_arrays(
    truth: Truth, group: zarr.Group, most: int, shape: tuple[int, ...], chunk: Sequence[int]
) -> TruthArrays:
    """The arrays for truth of a form.

    Args:
        truth: "pixels", "frame" or "points".
        group: the store.
        most: samples, at most.
        shape: rows and columns of a picture.
        chunk: rows and columns of a chunk.
    """
    forms: Mapping[str, Any] = {
        "pixels": lambda: _Pixels(group, most, shape, chunk),
        "frame": _Frame,
        "points": _Points,
    }
    made: TruthArrays = forms[truth]()
    return made

"""Arrays of a samples store while it is written: they grow sample by sample."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, BloscShuffle

from nephoscope.errors import InputError
from nephoscope.inputs import quantise
from nephoscope.samples.durable_store import DurableStore
from nephoscope.samples.from_labels import Sample
from nephoscope.samples.store import SIDES
from nephoscope.samples.truth_arrays import FORMS, picture_array
from nephoscope.scene import DN_UNIT, Truth, source_of

CHUNK = (512, 720)
GROWTH = 256
"""Samples by which arrays grow whose number nobody knows."""
MISSING = -32768
"""Count of what is missing in an int16 image."""
AXES = {"latitude": "degrees_north", "longitude": "degrees_east"}
"""Coordinates of a map and their units."""
# Of 288 channels of 100 x 100 pixels: 5.8 MB become 3.8; zstd at level 1 makes 3.6 of them, and
# takes half as long again to read.
_CODEC = BloscCodec(cname="lz4", clevel=5, shuffle=BloscShuffle.bitshuffle)
_SCALES = ("scale_factor", "add_offset")


@dataclass(frozen=True)
class Kept:
    """What is remembered of a sample that is written.

    Attributes:
        id: what it is called.
        group: what it must not be parted from.
        columns: name → scalar.
        points: number of its points; 0 where the truth has another form.
        hashed: bytes that stand for it in the samples' id, where those are few.
    """

    id: str
    group: str
    columns: Mapping[str, xr.Variable]
    points: int = 0
    hashed: bytes = b""


class SampleArrays:
    """Arrays of a store that grows by one sample after the other.

    Args:
        part: the folder to make.
        first: of the samples; the others are of its kind, and of its shape but for frames with a
            mask, which lie in the upper left corner of arrays as large as the largest needs.
        truth: its form.
        most: samples, at most; None if nobody knows.
    """

    def __init__(self, part: Path, first: Sample, truth: Truth, most: int | None = None) -> None:
        self.disk = DurableStore(part)
        group = zarr.create_group(self.disk, zarr_format=3)
        sides, number = first.known.shape, GROWTH if most is None else most
        packed = first.image.dtype == np.int16
        chunk = list(sides) if packed else [min(pair) for pair in zip(CHUNK, sides, strict=True)]
        self.image = _image_array(group, first, number, chunk)
        about = {"long_name": "where there is image data"}
        self.known = picture_array(group, "known", (number, *sides), chunk, "bool", about)
        self.planes = {
            name: _plane_array(group, name, number, plane) for name, plane in first.planes.items()
        }
        self.truth = FORMS[truth](group, number, sides, chunk)
        self.first = first.scene.drop_vars(list(first.scene.data_vars))
        self.grows, self.kept, self.digest = most is None, list[Kept](), hashlib.sha256()
        self.sizes: list[tuple[int, ...]] = []

    @classmethod
    def reopened(
        cls, part: Path, first: xr.Dataset, truth: Truth, kept: Sequence[Kept]
    ) -> SampleArrays:
        """Arrays of a store that a killed process left; what it did not record is forgotten.

        Args:
            part: the folder.
            first: coordinates of the first sample's scene.
            truth: its form.
            kept: samples that were recorded.
        """
        made = cls.__new__(cls)
        made.disk = DurableStore(part)
        group = zarr.open_group(made.disk, mode="r+", use_consolidated=False)
        arrays = {name: _array(group, name) for name in group.array_keys()}
        made.image, made.known = arrays["image"], arrays["known"]
        made.planes = {
            name: array
            for name, array in arrays.items()
            if _dims(array)[:1] == ("sample",) and array.ndim > 1 and name not in ("image", "known")
        }
        made.truth = FORMS[truth](group, *made.image.shape[:1], made.known.shape[1:], ())
        made.truth.reopen([each.points for each in kept])
        growing = {"image", "known", *made.planes, *made.truth.growing}
        for name in arrays.keys() - growing:  # columns, written when all samples were
            del group[name]
        made.first, made.grows, made.kept, made.sizes = first, True, list(kept), []
        made.digest = hashlib.sha256(b"".join(each.hashed for each in kept))
        return made

    def append(self, sample: Sample) -> Kept:
        """Write a sample; its picture is not kept.

        Raises:
            InputError: its numbers mean something else than those of the first sample.
        """
        self._check(sample)
        number = len(self.kept)
        if self.grows and number >= self.image.shape[0]:
            for array in self._by_sample:
                array.resize((number + GROWTH, *array.shape[1:]))
        self._widen(sample.known.shape)
        rows, cols = (slice(side) for side in sample.known.shape)
        image: npt.NDArray[Any] = sample.image
        if self.image.dtype == np.uint8:
            image = quantise(image)
        self.image[number, :, rows, cols] = image
        self.known[number, rows, cols] = sample.known
        for name, array in self.planes.items():
            array[number] = sample.planes[name].values
        self.truth.append(number, sample.label)
        pieces = list(self.truth.hashed(sample.id, image.tobytes(), sample.label))
        for piece in pieces:
            self.digest.update(piece)
        points = sample.label.sizes.get("point", 0)
        hashed = b"".join(pieces) if self.grows else b""
        self.kept.append(Kept(sample.id, sample.group, sample.columns, points, hashed))
        return self.kept[-1]

    def _widen(self, shape: tuple[int, ...]) -> None:
        """Make room for a picture of so many rows and columns; what is added is missing."""
        self.sizes.append(shape)
        held = self.known.shape[1:]
        sides = tuple(max(pair) for pair in zip(held, shape, strict=True))
        if sides == held:
            return
        for array in (self.image, self.known):
            array.resize((*array.shape[:-2], *sides))
        self.truth.widen(sides)

    def flush(self) -> None:
        """Write what still waits to be written: after it all samples so far are on the disk."""
        self.truth.flush()
        self.disk.sync()

    def forget(self, number: int) -> None:
        """Forget the last samples, as if they had not been written."""
        if number:
            self.kept = self.kept[:-number]
            self.truth.reopen([each.points for each in self.kept])
            self.digest = hashlib.sha256(b"".join(each.hashed for each in self.kept))

    @property
    def _by_sample(self) -> list[zarr.Array[Any]]:
        return [self.image, self.known, *self.planes.values()]

    def _check(self, sample: Sample) -> None:
        for name in _SCALES:
            if name in self.first.coords and not np.allclose(
                self.first[name].values, sample.scene[name].values, rtol=1e-6, atol=1e-9
            ):
                problem, remedy = "is not that of the files before", "build a store of its own"
                raise InputError(source_of(sample.scene), problem, field=name, remedy=remedy)

    def finish(self, background: xr.Dataset | None = None) -> xr.Dataset:
        """Cut the arrays to what was written.

        Returns:
            all else that belongs into the store, with the attributes that tell its contents.
        """
        for array in self._by_sample:
            array.resize((len(self.kept), *array.shape[1:]))
        self.digest.update(self.truth.finish(len(self.kept)))
        groups = [each.group for each in self.kept]
        split = self.truth.first_split(groups)
        texts = {"id": [each.id for each in self.kept], "group": groups, "split": split}
        store = xr.Dataset({name: ("sample", _texts(values)) for name, values in texts.items()})
        for name, first in self.kept[0].columns.items():
            values = [each.columns[name].values for each in self.kept]
            column = _texts(map(str, values)) if first.dtype.kind == "U" else np.stack(values)
            store[name] = xr.Variable("sample", column, first.attrs)
        if len(set(self.sizes)) > 1:
            store = store.assign(
                {
                    name: (
                        "sample",
                        np.array(sides, np.int64),
                        {"long_name": f"{name} of a picture"},
                    )
                    for name, sides in zip(SIDES, zip(*self.sizes, strict=True), strict=True)
                }
            )
        store = store.assign(self.truth.rest).assign_coords(self._channels())
        for name, dim in zip(AXES, ("y", "x"), strict=True):
            if name in self.first.coords and self.first[name].dims == (dim,):
                degrees = self.first[name].values.astype(np.float64)
                store = store.assign_coords({name: (dim, degrees, {"units": AXES[name]})})
        if background is not None:
            store = _with_background(store, background)
        counted = {"labelled": self.truth.counts.tolist(), "samples_id": self.digest.hexdigest()}
        return store.assign_attrs(counted)

    def _channels(self) -> dict[str, Any]:
        """Names of the channels, and of packed ones all that is said of them."""
        packed = self.image.dtype == np.int16
        names = [
            str(name)
            for name, coord in self.first.coords.items()
            if coord.dims == ("channel",) and (packed or name == "channel")
        ]
        return {name: ("channel", _plain(self.first[name].values)) for name in names}


def consolidate(path: Path) -> None:
    """Put the metadata of a store in one place, where plain `xarray.open_zarr` expects it."""
    with warnings.catch_warnings():  # zarr calls that not yet final
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        zarr.consolidate_metadata(path)


def _image_array(
    group: zarr.Group, first: Sample, number: int, chunk: Sequence[int]
) -> zarr.Array[Any]:
    """Counts as they are; colours as bytes, since 1..255 is known to hold them; else floats."""
    units = first.scene["image"].attrs.get("units")
    about: dict[str, Any] = {"long_name": "image"} | (
        {} if units is None else {"units": str(units)}
    )
    shape = (number, *first.image.shape)
    if first.image.dtype == np.int16:
        about = {"_FillValue": MISSING, **about}
        return picture_array(group, "image", shape, chunk, "int16", about, MISSING, _CODEC)
    if units == DN_UNIT:
        about = {"_FillValue": 0, **about}
        return picture_array(group, "image", shape, chunk, "uint8", about, 0)
    return picture_array(group, "image", shape, chunk, "float32", about, np.nan)


def _plane_array(group: zarr.Group, name: str, number: int, plane: xr.Variable) -> zarr.Array[Any]:
    return group.create_array(
        name,
        shape=(number, *plane.shape),
        chunks=(1, *plane.shape),
        dtype=plane.dtype,
        dimension_names=("sample", *map(str, plane.dims)),
        attributes=dict(plane.attrs),
    )


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise InputError(str(group.store_path), "is no array", field=name)
    return array


def _dims(array: zarr.Array[Any]) -> tuple[str | None, ...]:
    return tuple(getattr(array.metadata, "dimension_names", None) or ())


def _with_background(store: xr.Dataset, background: xr.Dataset) -> xr.Dataset:
    for name, values in background.data_vars.items():
        if str(name).startswith("background_"):
            store[name] = (("by", "bx"), values.values.astype(np.float32), dict(values.attrs))
    for name, dim in zip(AXES, ("by", "bx"), strict=True):
        store = store.assign_coords({f"background_{name}": (dim, background[name].values)})
    plain = {
        f"background_{name}": value.tolist() if hasattr(value, "tolist") else value
        for name, value in background.attrs.items()
    }
    return store.assign_attrs(plain)


def _plain(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return _texts(map(str, values)) if values.dtype.kind in "UOT" else values


def _texts(values: Iterable[str]) -> npt.NDArray[Any]:
    return np.array(list(values), dtype=np.dtypes.StringDType())

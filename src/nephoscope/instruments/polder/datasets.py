"""Datasets of a half orbit's HDF5 file, checked before anything of them is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.fields import DIRECTIONAL, VIEWS, Field
from nephoscope.instruments.polder.names import PRODUCT, parse_name

# What h5py raises for a damaged file, and for one that lies about its own sizes: only around its
# own calls, for anywhere else these are mistakes of ours.
_DAMAGE = (
    OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    MemoryError, OverflowError, SystemError,
)  # fmt: skip
_CODING = ("scale_factor", "add_offset", "_FillValue", "missing_value")
_FETCH = "fetch it again"


@dataclass(frozen=True)
class Coding:
    """Coding of one dataset by its own attributes: from counts to physical values.

    Args:
        scale: physical value of one count.
        offset: physical value of count 0.
        codes: counts that are no measurement (fill, missing).
        fill: the first of them.
    """

    scale: float
    offset: float
    codes: tuple[float, ...]
    fill: float

    def is_valid(self, counts: NDArray[Any]) -> NDArray[np.bool_]:
        """Mask of `counts` that are measurements, same shape."""
        valid = np.isfinite(counts) if counts.dtype.kind == "f" else np.ones(counts.shape, bool)
        for code in self.codes:
            valid &= counts != counts.dtype.type(code)
        return valid

    def decode(self, counts: NDArray[Any]) -> NDArray[np.float32]:
        """Physical values, float32, same shape, NaN where nothing was measured."""
        exact: NDArray[np.float64] = np.multiply(counts, self.scale, dtype=np.float64)
        exact += self.offset
        values = exact.astype(np.float32)
        np.copyto(values, np.nan, where=~self.is_valid(counts))
        return values


@contextmanager
def opened(path: str | PathLike[str]) -> Iterator[Any]:
    """The HDF5 file of a half orbit, open for reading.

    Raises:
        InputError: absent, empty, truncated, no HDF5, or of another product; also for any failure
            of the library to open or close it.
    """
    import h5py

    path = Path(path)
    _check_file(path)
    with explained(path):
        file = h5py.File(path, "r")
    try:
        with explained(path):
            ours = DIRECTIONAL in file and "I443NP" in file[DIRECTIONAL]
        if not ours:
            raise InputError(
                path,
                "is HDF5, but no PARASOL level-1B file",
                field=f"{DIRECTIONAL}/I443NP",
                remedy=f"fetch {PRODUCT}",
            )
        yield file
    finally:
        with explained(path):
            file.close()


@contextmanager
def explained(path: str | PathLike[str], field: str | None = None) -> Iterator[None]:
    """Context for calls of h5py: what they raise for a damaged file becomes an `InputError`.

    Raises:
        InputError: any of that.
    """
    try:
        yield
    except _DAMAGE as error:
        raise InputError(path, f"cannot be read: {error}", field=field, remedy=_FETCH) from error


def dataset_of(file: Any, field: Field) -> Any:  # noqa: ANN401 - h5py has no types
    """The dataset of a field, of the right shape and type.

    Raises:
        InputError: absent, no dataset, another shape or another type.
    """
    path = file.filename
    name = f"{field.groups[0]}/{field.name}"
    with explained(path, name):
        where = next(
            (f"{group}/{field.name}" for group in field.groups if _has(file, group, field)), None
        )
        dataset: Any = None if where is None else file[where]
        whole = hasattr(dataset, "shape") and hasattr(dataset, "dtype")
        found, dtype = (dataset.shape, dataset.dtype) if whole else (None, None)
    if where is None:
        raise InputError(path, "is missing from the file", field=name, remedy=_FETCH)
    if not whole:
        raise InputError(path, "is no dataset", field=where, remedy=_FETCH)
    shape = (*POLDER.shape, VIEWS) if field.directional else POLDER.shape
    if found != shape:
        raise InputError(path, f"has shape {found}, not {shape}", field=where)
    _check_type(path, where, dtype, field)
    return dataset


def coding_of(dataset: Any, field: Field) -> Coding:  # noqa: ANN401 - h5py has no types
    """Scale, offset and codes from the dataset's own attributes.

    Raises:
        InputError: an attribute is missing, no number, or a scale of zero.
    """
    attributes = _Attributes.of(dataset)
    scale, offset, fill = (
        attributes.number(name) for name in ("scale_factor", "add_offset", "_FillValue")
    )
    if not 0.01 < scale / field.scale < 100:
        # Versions may differ a little; a wrong sign or size is damage.
        raise attributes.wrong("scale_factor", f"is {scale:g}, not near {field.scale:g}")
    codes = [fill]
    if (field.missing is not None and field.certain) or "missing_value" in attributes.values:
        codes.append(attributes.number("missing_value"))
    if attributes.dtype.kind == "f":
        # Public readers report both signs for latitude and longitude.
        both = tuple(sign * code for code in codes for sign in (1, -1))
        return Coding(scale, offset, both, fill)
    span = np.iinfo(attributes.dtype)
    if not span.min <= fill <= span.max:
        raise attributes.wrong("_FillValue", f"is {fill:g}, not of {attributes.dtype}")
    return Coding(
        scale, offset, tuple(code for code in codes if span.min <= code <= span.max), fill
    )


@dataclass(frozen=True)
class _Attributes:
    """Attributes of a dataset, read once."""

    path: str
    field: str
    dtype: np.dtype[Any]
    values: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, dataset: Any) -> _Attributes:  # noqa: ANN401 - h5py has no types
        path, field = dataset.file.filename, dataset.name.removeprefix("/")
        with explained(path, field):
            names = [name for name in _CODING if name in dataset.attrs]
            values = {name: np.asarray(dataset.attrs[name]) for name in names}
            return cls(path, field, dataset.dtype, values)

    def number(self, name: str) -> float:
        """An attribute that is one number."""
        if name not in self.values:
            raise self.wrong(name, "is missing")
        value = self.values[name]
        if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
            raise self.wrong(name, f"is {value.tolist()!r}, not one number")
        return float(value.reshape(()))

    def wrong(self, name: str, problem: str) -> InputError:
        """The error that names the attribute."""
        field = f"{self.field}: {name}"
        return InputError(self.path, f"attribute {problem}", field=field, remedy=_FETCH)


def _has(file: Any, group: str, field: Field) -> bool:  # noqa: ANN401
    # Names may hold dots but no slashes: two look-ups, so that a group that is none is seen.
    return group in file and hasattr(file[group], "keys") and field.name in file[group]


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if path.is_dir():
        raise InputError(path, "is a folder, not a file")
    if size == 0:
        raise InputError(path, "is empty (0 bytes)", remedy=_FETCH)
    if path.name.startswith("POLDER") and parse_name(path) is None:
        raise InputError(path, f"is by its name no {PRODUCT} file", remedy=f"fetch {PRODUCT}")


def _check_type(path: str, where: str, dtype: Any, field: Field) -> None:  # noqa: ANN401
    wanted = np.dtype(field.dtype)
    alike = dtype.kind == "f" if wanted.kind == "f" else dtype.kind in "iu"
    if not alike or (field.certain and dtype != wanted):
        raise InputError(path, f"is {dtype}, not {wanted}", field=where, remedy=_FETCH)

"""A NetCDF file through its library: what fails there is damage, what fails elsewhere is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError

MAGICS = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")
"""First bytes of HDF5 and of the classic forms."""

# What netCDF4 raises for a damaged file.
_DAMAGE = (OSError, RuntimeError, MemoryError, UnicodeDecodeError, AttributeError, ValueError)
_FETCH = "fetch it again"


class NetcdfFile:
    """An open file: variables and their attributes by name, values as stored.

    Args:
        path: the file.
        profiles: those that are read of what has one value for each profile, or more.

    Raises:
        InputError: it cannot be opened, is empty, no NetCDF, truncated or damaged.
        UsageError: netCDF4 is not installed.
    """

    def __init__(self, path: Path, profiles: slice = slice(None)) -> None:
        try:
            import netCDF4
        except ImportError as error:
            raise UsageError(
                f"{path}: DARDAR files need netCDF4: pip install 'nephoscope[satellites]'"
            ) from error
        self.path, self.profiles = path, profiles
        _check_start(path)
        with self._explained("is truncated or damaged"):
            self._file = netCDF4.Dataset(path)
            self._file.set_auto_maskandscale(False)
            self._variables = dict(self._file.variables)
        self.default_fills = netCDF4.default_fillvals

    def __enter__(self) -> NetcdfFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._explained("is truncated or damaged"):
            self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._variables

    def first_of(self, names: tuple[str, ...]) -> str | None:
        """The first of some names that is a variable of the file."""
        return next((name for name in names if name in self), None)

    def dims(self, name: str) -> tuple[str, ...]:
        """Names of the dimensions of a variable."""
        with self._explained("cannot be read", name):
            return tuple(self._variables[name].dimensions)

    def attributes(self, name: str) -> dict[str, Any]:
        """The attributes of a variable: numbers, arrays of numbers or text, by name."""
        with self._explained("cannot be read", name):
            variable = self._variables[name]
            return {key: variable.getncattr(key) for key in variable.ncattrs()}

    def stored(self, name: str, kinds: str, shape: tuple[int, ...] | int) -> NDArray[Any]:
        """Values as stored.

        Args:
            name: of the variable.
            kinds: kinds of dtype it may be of ("f", "fiu").
            shape: its shape, of which the profiles are the first dimension, or the number of its
                dimensions: then all is read. A plane whose dimensions lie the other way round is
                turned.

        Raises:
            InputError: absent, of another type or shape, or unreadable.
        """
        if name not in self:
            raise self.wrong(name, "is missing", "is it the right product?")
        with self._explained("cannot be read", name):
            variable = self._variables[name]
            dtype, found = variable.dtype, variable.shape
        if not isinstance(dtype, np.dtype) or dtype.kind not in kinds:
            wanted = "a float" if kinds == "f" else "a number"
            raise self.wrong(name, f"is {dtype}, not {wanted}")
        turned = isinstance(shape, tuple) and len(shape) == 2 and found == shape[::-1] != shape
        if not turned and ((found != shape) if isinstance(shape, tuple) else (len(found) != shape)):
            raise self.wrong(name, f"has shape {found}, not {shape}")
        part = self.profiles if isinstance(shape, tuple) and shape else slice(None)
        with self._explained("cannot be read", name):
            values = np.asarray(variable[..., part] if turned or not shape else variable[part])
        return values.T if turned else values

    def wrong(self, field: str | None, problem: str, remedy: str | None = None) -> InputError:
        """The error that names this file and a field of it."""
        return InputError(self.path, problem, field=field, remedy=remedy)

    @contextmanager
    def _explained(self, problem: str, field: str | None = None) -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            raise self.wrong(field, f"{problem}: {error}", _FETCH) from error


def _check_start(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not start:
        raise InputError(path, "is empty (0 bytes)", remedy=_FETCH)
    if not start.startswith(MAGICS):
        raise InputError(path, "is no NetCDF file", remedy="DARDAR in HDF4 is not read")

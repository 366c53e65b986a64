"""IRCCAM frames: MATLAB files with brightness temperature, clear-sky model and mask.

Layout: variables `BT` (brightness temperature), `TB` (modelled clear sky) and `mask` (not 0 where
the sky is seen), 640 x 640 (Aebi et al., AMT 11, 5549, 2018, and the public reader of cloudseg).
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.matlab5 import variables_in
from nephoscope.instruments.skycam.unpack import read_unpacked

IMAGE, CLEAR, MASK = "BT", "TB", "mask"
MOST_PIXELS = 2**26
"""Of a variable: a file of a few bytes can claim any shape, and room is made for all of it."""

_NAMES = (IMAGE, CLEAR, MASK)
_LARGEST = 8 * MOST_PIXELS + 4096  # bytes


def read_mat(path: Path) -> dict[str, NDArray[np.float32]]:
    """The variables BT and, where they are there, TB and mask of a MATLAB file.

    Returns:
        name → (y, x) float32; BT and TB in kelvin, NaN where missing.

    Raises:
        InputError: no MATLAB file, cut short, no BT, or variables of different or huge shapes.
    """
    try:
        content = _hdf5(path) if h5py.is_hdf5(path) else _matlab5(path)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        struct.error,
        zlib.error,
    ) as error:
        problem = f"cannot be read as MATLAB: {error}"
        raise InputError(path, problem, field=IMAGE, remedy="fetch it again") from error
    if IMAGE not in content:
        raise InputError(path, "there is no such variable", field=IMAGE)
    return content


def _matlab5(path: Path) -> dict[str, NDArray[np.float32]]:
    found = {
        variable.name: variable
        for variable in variables_in(read_unpacked(path), _LARGEST)
        if variable.name in _NAMES
    }
    _check_shapes(path, {name: variable.shape for name, variable in found.items()})
    return {name: _floats(path, name, variable.values()) for name, variable in found.items()}


def _hdf5(path: Path) -> dict[str, NDArray[np.float32]]:
    # MATLAB stores by columns: arrays come back transposed from HDF5.
    with h5py.File(path) as file:
        sets = {name: file[name] for name in _NAMES if isinstance(file.get(name), h5py.Dataset)}
        _check_shapes(path, {name: values.shape[::-1] for name, values in sets.items()})
        return {name: _floats(path, name, values[...]).T for name, values in sets.items()}


def _check_shapes(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    wanted = shapes.get(IMAGE)
    if wanted is None:
        return
    if len(wanted) != 2:
        raise InputError(path, f"has {len(wanted)} dimensions, not 2", field=IMAGE)
    if not 0 < math.prod(wanted) <= MOST_PIXELS:
        raise InputError(path, f"claims {wanted[0]} x {wanted[1]} pixels", field=IMAGE)
    for name, shape in shapes.items():
        if shape != wanted:
            raise InputError(path, f"has shape {shape}, not {wanted}", field=name)


def _floats(path: Path, name: str, values: NDArray[np.generic]) -> NDArray[np.float32]:
    if values.dtype.kind not in "biuf":
        raise InputError(path, f"holds {values.dtype}, no numbers", field=name)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values, np.float32)

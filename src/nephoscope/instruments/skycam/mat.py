"""IRCCAM frames: MATLAB files with brightness temperature, clear-sky model and mask.

Layout: variables `BT` (brightness temperature), `TB` (modelled clear sky) and `mask` (not 0 where
the sky is seen), 640 x 640 (Aebi et al., AMT 11, 5549, 2018, and the public reader of cloudseg).
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from nephoscope.errors import InputError

IMAGE, CLEAR, MASK = "BT", "TB", "mask"


def read_mat(path: Path) -> dict[str, NDArray[np.float32]]:
    """The variables BT and, where they are there, TB and mask of a MATLAB file.

    Returns:
        name → (y, x) float32; BT and TB in kelvin, NaN where missing.

    Raises:
        InputError: no MATLAB file, cut short, no BT, or variables of different shapes.
    """
    try:
        content = _hdf5(path) if h5py.is_hdf5(path) else _matlab5(path)
    except (OSError, ValueError, TypeError, KeyError, NotImplementedError, MatReadError) as error:
        problem = f"cannot be read as MATLAB: {error}"
        raise InputError(path, problem, field=IMAGE, remedy="fetch it again") from error
    if IMAGE not in content:
        raise InputError(path, "there is no such variable", field=IMAGE)
    shape = content[IMAGE].shape
    if len(shape) != 2:
        raise InputError(path, f"has {len(shape)} dimensions, not 2", field=IMAGE)
    for name, values in content.items():
        if values.shape != shape:
            raise InputError(path, f"has shape {values.shape}, not {shape}", field=name)
    return content


def _matlab5(path: Path) -> dict[str, NDArray[np.float32]]:
    found = loadmat(path, variable_names=[IMAGE, CLEAR, MASK])
    return {
        name: np.asarray(found[name], np.float32) for name in (IMAGE, CLEAR, MASK) if name in found
    }


def _hdf5(path: Path) -> dict[str, NDArray[np.float32]]:
    # MATLAB stores by columns: arrays come back transposed from HDF5.
    with h5py.File(path) as file:
        return {
            name: np.asarray(file[name][...], np.float32).T
            for name in (IMAGE, CLEAR, MASK)
            if isinstance(file.get(name), h5py.Dataset)
        }

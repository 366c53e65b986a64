"""Cloud-mask labels of Wang & González Abad (2021): NetCDF → int8 mask in map orientation."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.marci.grid import MARS
from nephoscope.instruments.marci.names import parse_map_id
from nephoscope.scene import Truth

UNKNOWN, CLEAR, CLOUD = -1, 0, 1
_VARIABLE = "cloudmask"
_TOLERANCE = 0.05  # degrees: half a pixel
_NAMES = ("cloudmask_{sub}day{day:02d}", "cloudmask_{sub}_day{day:02d}")
_FOLDERS = ("../cloudmask", "../cloudmasks", ".", "cloudmask", "cloudmasks")
_SUFFIXES = (".ncdf", ".nc")


def read_label(path: str | PathLike[str]) -> NDArray[np.int8]:
    """Read a label file.

    The file holds -999 (invalid), 0 (clear) or the adjusted blue DN (cloud) in `cloudmask`.

    Args:
        path: `cloudmask_<sub>day<NN>.ncdf`, latitude in either order (the array is turned).

    Returns:
        (y, x) int8, 1801 x 3600, row 0 = 90 N: -1 unknown, 0 clear, 1 cloud.

    Raises:
        InputError: not NetCDF, another shape or grid, or probabilities in place of a label.
    """
    path = Path(path)
    try:
        with h5py.File(path) as file:
            values = _variable(path, file, _VARIABLE, MARS.shape)
            latitude = _variable(path, file, "latitude", (MARS.rows,))
            longitude = _variable(path, file, "longitude", (MARS.cols,))
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(path, f"cannot be read as NetCDF: {error}", field=_VARIABLE) from error
    _check_axis(path, "longitude", longitude, MARS.longitude())
    if latitude[0] < latitude[-1]:
        values, latitude = values[::-1], latitude[::-1]
    _check_axis(path, "latitude", latitude, MARS.latitude())
    return _classes(path, values)


def label_path_for(map_path: str | PathLike[str]) -> Path | None:
    """The label that belongs to a map by name, if one is there.

    Looked for in `cloudmask` (label layout) and `cloudmasks` (the original's predictions) beside
    or below the map's folder, and beside the map itself.
    """
    path = Path(map_path)
    name = parse_map_id(path)
    if name is None:
        return None
    for folder in _FOLDERS:
        for pattern in _NAMES:
            for suffix in _SUFFIXES:
                file = pattern.format(sub=name.subphase, day=name.day) + suffix
                found = _beside(path, folder) / file
                if found.is_file():
                    return found
    return None


def _beside(path: Path, folder: str) -> Path:
    if folder.startswith("../"):
        return path.absolute().parent.parent / folder[3:]
    return path.parent / folder


def _variable(
    path: Path, file: h5py.File, name: str, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    variable = file.get(name)
    if not isinstance(variable, h5py.Dataset):
        raise InputError(path, "there is no such variable", field=name)
    if variable.shape != shape:
        raise InputError(path, f"has shape {variable.shape}, not {shape}", field=name)
    return np.asarray(variable[...], np.float32)


def _check_axis(
    path: Path, name: str, found: NDArray[np.float32], expected: NDArray[np.float64]
) -> None:
    if not np.abs(found - expected).max() < _TOLERANCE:
        span = f"{found[0]:g}..{found[-1]:g}"
        raise InputError(path, f"{span} is not the map grid", field=name)


def _classes(path: Path, values: NDArray[np.float32]) -> NDArray[np.int8]:
    cloud = values > 0
    if np.any(cloud & (values < 1)):
        raise InputError(
            path,
            "holds probabilities, not a label",
            field=_VARIABLE,
            remedy="read it as a predicted mask",
        )
    label = np.where(values == 0, np.int8(CLEAR), np.int8(UNKNOWN))
    label[cloud] = CLOUD
    return label


def label(path: str | PathLike[str], truth: Truth) -> xr.Dataset | None:
    """The label that lies beside a map: `label` (y, x) int8; None where there is none.

    Raises:
        InputError: it cannot be read; names the label.
    """
    found = label_path_for(path) if truth == "pixels" else None
    if found is None:
        return None
    return xr.Dataset({"label": (("y", "x"), read_label(found))}, attrs={"source": str(found)})

"""Truth of a whole picture that a simulator writes beside it: ice at each pixel and height."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError

_DIMS = ("point", "level")
_TRUE = {"iwc": "kg m-3", "ice_number": "m-3", "cloud_fraction": "1"}
_NEEDED = (*_TRUE, "altitude")
_SAME = 1.0
"""m, within which a level of the truth is one that is wanted."""

Whole = npt.NDArray[np.int64]


def read_ice_truth(
    path: Path, row: Whole, col: Whole, altitude: npt.NDArray[np.float64]
) -> xr.Dataset:
    """Ice above some pixels of a picture, on levels that its truth has.

    Args:
        path: the store, with `iwc`, `ice_number` and `cloud_fraction` (altitude, y, x), `altitude`,
            m.
        row: (point,) rows of the picture.
        col: (point,) columns.
        altitude: (level,) m, middles of the levels that are wanted.

    Returns:
        On (point, level) float32: `iwc` kg m-3, `ice_number` m-3 and `cloud_share`, means of the
        pixel and its level, NaN where the truth has no such level.

    Raises:
        InputError: the store cannot be read, or lacks a variable.
    """
    found = {}
    try:
        with xr.open_zarr(path, chunks=None, consolidated=False) as store:
            if missing := [name for name in _NEEDED if name not in store.variables]:
                raise InputError(path, "is missing from the truth", field=missing[0])
            inside = (row < store.sizes["y"]) & (col < store.sizes["x"])
            if not inside.all():
                raise InputError(path, "is smaller than its picture", field="iwc")
            away = np.abs(store["altitude"].values[:, None] - altitude)
            level = away.argmin(axis=0)
            unknown = away.min(axis=0) > _SAME
            for name, units in _TRUE.items():
                values = store[name].values[:, row, col][level].T.astype(np.float32)
                values[:, unknown] = np.nan
                found[name] = xr.Variable(_DIMS, values, {"units": units})
    except (OSError, ValueError, KeyError) as error:
        raise InputError(path, f"cannot be read as Zarr: {error}") from error
    share = found.pop("cloud_fraction")
    share = share.copy(data=np.where(found["iwc"] > 0, share, 0).astype(np.float32))
    return xr.Dataset(found | {"cloud_share": share})

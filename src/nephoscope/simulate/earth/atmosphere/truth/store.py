"""Truth store: one Zarr v3 store that opens in plain xarray."""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.files import atomic_path, remove_stale_parts

CHUNK = (12, 256, 256)
"""Levels, rows, columns: 3 MB of float32 before compression."""
KEPT_BITS = 12
"""Bits of the mantissa that are stored: a relative error of at most 1.3e-4."""


def write_truth(path: str | PathLike[str], truth: xr.Dataset) -> None:
    """Write a truth atomically: float32, of which 12 bits of mantissa, zstd, consolidated.

    Args:
        path: the final name of the folder, by habit ending in `.zarr`.
        truth: as `average` makes it, or several of them along `time`.

    Raises:
        OutputError: it cannot be written.
    """
    import zarr

    final = Path(path)
    remove_stale_parts(final.parent)
    with atomic_path(final) as part, warnings.catch_warnings():
        # zarr calls consolidated metadata not yet final; plain xarray looks for them.
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        names = list(truth.data_vars)
        truth.drop_vars(names).to_zarr(part, mode="w", zarr_format=3, consolidated=False)
        for name in names:  # one at a time, so that only one is held twice
            variable = _rounded(truth.variables[name])
            beside = _coordinates_of(truth, variable)
            if beside:
                variable.attrs["coordinates"] = beside
            xr.Dataset({name: variable}, attrs=truth.attrs).to_zarr(
                part, mode="a", consolidated=False, encoding={name: _encoding(variable)}
            )
        zarr.consolidate_metadata(part)


def _coordinates_of(truth: xr.Dataset, variable: xr.Variable) -> str:
    """Names of the coordinates on some of the variable's dimensions, as CF lists them."""
    if "y" not in variable.dims:
        return ""
    known = (str(name) for name in truth.coords if name not in truth.dims)
    return " ".join(name for name in known if set(truth[name].dims) <= set(variable.dims))


def _rounded(variable: xr.Variable) -> xr.Variable:
    if variable.dtype != np.float32:
        return variable.copy(deep=False)
    return variable.copy(deep=False, data=round_mantissa(variable.values, KEPT_BITS))


def round_mantissa(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round to the nearest float32 with `bits` bits of mantissa; NaN and 0 stay."""
    dropped = 23 - bits
    whole = np.ascontiguousarray(values).view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1)
    rounded = whole + half + ((whole >> np.uint32(dropped)) & np.uint32(1))
    rounded &= np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)
    return np.where(np.isfinite(values), rounded.view(np.float32), values)


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    from zarr.codecs import BloscCodec, BloscShuffle

    if not variable.ndim:
        return {}
    limits = (1,) * (variable.ndim - len(CHUNK)) + CHUNK[-variable.ndim :]
    return {
        "chunks": tuple(map(min, limits, variable.shape)),
        "compressors": [BloscCodec(cname="zstd", clevel=3, shuffle=BloscShuffle.bitshuffle)],
    }

"""Background of one camera, as a file: its clear sky and where its sky is, whichever is known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.background import contents_sha256, source_list
from nephoscope.errors import InputError
from nephoscope.files import write_bytes
from nephoscope.formulas.clear_reference import ClearReference
from nephoscope.instruments.skycam.horizon import Horizon

_ARRAYS = {
    "pattern": ("y", "x"),
    "centre": ("predictor",),
    "low": ("predictor",),
    "high": ("predictor",),
    "coefficients": ("term",),
    "covariance": ("term", "term_2"),
}
"""Of a clear reference: name of its attribute and variable → dims."""
_SKY = "sky"
_SKY_FLAGS = {
    "long_name": "where the camera sees the sky",
    "flag_values": np.array([0, 1], np.uint8),
    "flag_meanings": "no_sky sky",
}


@dataclass(frozen=True)
class CameraBackground:
    """What a file knows of a camera.

    Attributes:
        clear: its clear sky; None of a colour camera.
        horizon: where its sky is; None of a file that does not say so.
    """

    clear: ClearReference | None = None
    horizon: Horizon | None = None


def write_camera_background(
    path: str | PathLike[str],
    clear: ClearReference | None = None,
    sky: NDArray[np.bool_] | None = None,
    sources: Iterable[Path] = (),
) -> None:
    """Write what is known of a camera as NetCDF, atomically.

    Args:
        path: the file.
        clear: its clear sky.
        sky: (y, x) bool, where its sky is: the variable `sky`, with its sha256.
        sources: the frames that this was found in.

    Raises:
        OutputError: the file cannot be written.
    """
    content = xr.Dataset() if clear is None else _of_reference(clear)
    packed = {}
    if sky is not None:
        flags = sky.astype(np.uint8)
        content[_SKY] = (("y", "x"), flags, _SKY_FLAGS)
        content[_SKY].attrs["sources"] = json.dumps(source_list(sources))
        content[_SKY].attrs["sha256"] = contents_sha256(content[[_SKY]])
        packed[_SKY] = {"compression": "gzip", "compression_opts": 4}
    write_bytes(path, content.to_netcdf(engine="h5netcdf", encoding=packed))


def read_camera_background(path: str | PathLike[str]) -> CameraBackground:
    """Read what `write_camera_background` wrote.

    Raises:
        InputError: no such file, it holds something else, or it was changed.
    """
    if not Path(path).is_file():
        raise InputError(path, "does not exist", field="pattern")
    try:
        with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as content:
            content.load()
            if _SKY not in content:
                return CameraBackground(_reference_in(content))
            clear = _reference_in(content) if "pattern" in content else None
            return CameraBackground(clear, _horizon_in(content, Path(path)))
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        problem = f"is no clear reference: {error}"
        raise InputError(path, problem, field="pattern", remedy="fit it again") from error


def _of_reference(reference: ClearReference) -> xr.Dataset:
    content = xr.Dataset(
        {name: (dims, getattr(reference, name)) for name, dims in _ARRAYS.items()},
        coords={
            "term": ("term", ["level", *reference.predictors]),
            "predictor": ("predictor", np.array(reference.predictors, str)),
        },
        attrs={
            "title": "clear sky of one camera",
            "level_noise": reference.level_noise,
            "pixel_noise": reference.pixel_noise,
            "frames": reference.frames,
        },
    )
    content["pattern"].attrs["units"] = "adu"
    return content


def _reference_in(content: xr.Dataset) -> ClearReference:
    return ClearReference(
        predictors=tuple(map(str, content["predictor"].values)),
        level_noise=float(content.attrs["level_noise"]),
        pixel_noise=float(content.attrs["pixel_noise"]),
        frames=int(content.attrs["frames"]),
        **{name: content[name].values for name in _ARRAYS},
    )


def _horizon_in(content: xr.Dataset, path: Path) -> Horizon:
    sha256, sky = str(content[_SKY].attrs["sha256"]), content[_SKY].values
    if contents_sha256(content[[_SKY]]) != sha256:
        raise InputError(
            path, "does not match the contents", field="sha256", remedy="make it again"
        )
    if sky.ndim != 2 or not sky.any():
        raise InputError(path, "says that nothing is sky", field=_SKY, remedy="make it again")
    return Horizon(f"sky found in {path.name}", sky=sky != 0, sha256=sha256)

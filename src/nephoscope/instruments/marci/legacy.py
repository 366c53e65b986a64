"""Layout of Mengwall and Guzewich's predictions: their tree, files and copies of the inputs."""

from __future__ import annotations

import io
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from nephoscope.files import atomic_path, short_name, write_bytes
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

FILL = np.float32(-999.0)
_PACKED_FILL = 255
_COMPRESSION = {"compression": "gzip", "compression_opts": 2, "shuffle": False}


@dataclass(frozen=True)
class LegacyLayout:
    """`P/P01/cloudmasks/cloudmask_P01_day01.ncdf`, with the map and its Ls table beside it."""

    ending: str = ".ncdf"

    def name(self, scene: SceneFile) -> Path:
        """The product of a map, relative to the folder of the products."""
        folder = Path(scene.series[:1]) / scene.series / "cloudmasks"
        return folder / short_name(f"cloudmask_{scene.id}", self.ending)

    def picture(self, target: Path) -> Path:
        """The quick-look of a product, in a folder beside its own."""
        return target.parent.parent / "pictures" / short_name(target.stem, ".png")

    def write(self, product: xr.Dataset, scene: SceneFile, target: Path) -> None:
        """Copy map and Ls table to where the original's tools look for them, and write the mask.

        Raises:
            InputError: the map is gone.
            OutputError: something cannot be written.
        """
        folder, source = target.parent.parent, scene.path
        _copy(source, folder / "mdgms" / short_name(scene.id, ".jpg"))
        here, table = source.absolute().parent, f"{scene.series}_ls.txt"
        tables = [place / name for place in (here, here.parent) for name in (table, "list_ls.txt")]
        for found in [path for path in tables if path.is_file()][:1]:
            _copy(found, folder / table)
        write_legacy(product, target)


def layout(options: Mapping[str, Any]) -> LegacyLayout | None:
    """The layout of the products that the option `layout` asks for; None for the usual one."""
    return LegacyLayout() if options.get("layout") == "legacy" else None


def write_legacy(product: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the original's mask: NETCDF4_CLASSIC, dims (y, x), y from the south, -999 missing.

    Variables longitude(x), latitude(y) and cloudmask(y, x), float32, without attributes, as the
    cloudmask of Mengwall and Guzewich wrote them; `cloudmask` holds the probability, 0..1.

    Args:
        product: packed, on (latitude, longitude).
        path: the final name.

    Raises:
        OutputError: the file cannot be written.
    """
    south_first = np.argsort(product["latitude"].values, kind="stable")
    values = np.arange(256, dtype=np.float32) * np.float32(1 / PROBABILITY_STEPS)
    values[_PACKED_FILL] = FILL
    written = xr.Dataset(
        {
            "longitude": ("x", product["longitude"].values.astype(np.float32)),
            "latitude": ("y", product["latitude"].values[south_first].astype(np.float32)),
            "cloudmask": (("y", "x"), values[product["cloud_probability"].values[south_first]]),
        }
    )
    encoding: dict[Hashable, dict[str, Any]] = {
        name: {"_FillValue": None} for name in written.variables
    }
    encoding["cloudmask"] |= _COMPRESSION
    buffer = io.BytesIO(written.to_netcdf(engine="h5netcdf", encoding=encoding))
    with h5py.File(buffer, "r+") as file:
        # This attribute is what makes a NetCDF-4 file one of the classic model.
        file.attrs["_nc3_strict"] = np.int32(1)
    write_bytes(path, buffer.getbuffer())


def _copy(source: Path, final: Path) -> None:
    with atomic_path(final) as part:
        part.write_bytes(source.read_bytes())

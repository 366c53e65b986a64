"""Directional fields of a Scene as cubes of views."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Cubes = Mapping[str, NDArray[np.float32]]


def cubes_of(scene: xr.Dataset) -> dict[str, NDArray[np.float32]]:
    """Each directional field of a Scene of POLDER: name → (view, y, x) float32."""
    field, directional = scene["field"].values, scene["view_of"].values >= 0
    image = scene["image"].values
    names = dict.fromkeys(str(name) for name in field[directional])
    return {name: image[(field == name) & directional] for name in names}


def nearest_nadir(cubes: Cubes) -> dict[str, NDArray[np.float32]]:
    """Each cube in the view that looks most steeply down at the pixel: name → (y, x) float32.

    Args:
        cubes: name → (view, y, x), `thetav` (degrees) among them; NaN in all views gives the first.
    """
    zenith = np.where(np.isfinite(cubes["thetav"]), cubes["thetav"], np.inf)
    nearest = zenith.argmin(axis=0)[None]
    return {name: np.take_along_axis(cube, nearest, 0)[0] for name, cube in cubes.items()}

"""Answers of an instrument whose scenes stand alone: one file each, read whole, wanted whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from nephoscope.instruments.protocol import Condition

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import xarray as xr
    from numpy.typing import ArrayLike

    from nephoscope.folders import LeftOut
    from nephoscope.instruments.protocol import Options
    from nephoscope.instruments.scene_file import SceneFile
    from nephoscope.scene import Truth

CONDITIONS: Mapping[str, Condition] = {}
"""No number of a pixel says how far it is to be trusted."""


SEASON: tuple[str, ...] = ()
"""Nothing that a model learns of places changes with the season."""


def one_each(scenes: Sequence[SceneFile], left_out: LeftOut) -> list[SceneFile]:
    """The scenes: each is of one file."""
    return list(scenes)


def wanted(scenes: Sequence[SceneFile], options: Options, left_out: LeftOut) -> list[SceneFile]:
    """The scenes: all of them."""
    return list(scenes)


def reading(options: Options) -> Options:
    """Nothing: a scene is read whole."""
    return {}


def depends_on(path: str | PathLike[str]) -> list[Path]:
    """No file beside a scene decides what its product says."""
    return []


def label(path: str | PathLike[str], truth: Truth) -> xr.Dataset | None:
    """None: no file of labels belongs to a scene."""
    return None


def conditions(scene: xr.Dataset) -> dict[str, npt.NDArray[np.float32]]:
    """None."""
    return {}


def blank(scene: xr.Dataset, options: Options) -> None:
    """None: predictions are wanted everywhere."""


def outside(scene: xr.Dataset, options: Options) -> None:
    """None: all pixels count."""


def layout(options: Options) -> None:
    """None: products have the usual form only."""


def out_of_season(scene: xr.Dataset, learned: Mapping[str, Sequence[float]]) -> str:
    """Nothing: it is of any season."""
    return ""


def corners(scene: xr.Dataset, latitude: ArrayLike, longitude: ArrayLike) -> None:
    """None: no track is matched to its scenes."""

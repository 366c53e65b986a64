"""Patches and Slots: how samples along tracks are cut from the files of an imager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.grids.geostationary import Bounds, Geostationary
    from nephoscope.grids.patches import Patch
    from nephoscope.grids.sinusoidal import Sinusoidal
    from nephoscope.instruments.granules import Draw, Granules
    from nephoscope.instruments.scene_file import SceneFile


class Patches(Protocol):
    """How patches are cut from the files of an imager, many at once."""

    @property
    def GRID(self) -> Sinusoidal:
        """That all its files are of."""

    def checked_fields(self, wanted: str | Iterable[str], /) -> tuple[str, ...]:
        """Names of the fields of a scheme or list.

        Raises:
            UsageError: no such scheme or field.
        """

    def views_of(self, path: Path, rows: tuple[int, int], /) -> npt.NDArray[np.uint8]:
        """Number of views of each pixel (row, column) of some whole rows, the last excluded.

        Raises:
            InputError: the file cannot be used; names the field.
        """

    def read_patches(
        self, path: Path, patches: Sequence[Patch], fields: Sequence[str], /
    ) -> list[xr.Dataset]:
        """Scene of each patch, whose `image` is int16 counts; see the coords of its channels.

        Raises:
            InputError: the file cannot be used; names the field.
        """


class Slots(Protocol):
    """How samples are cut from the pictures of an imager that stands still over the Earth."""

    @property
    def SIZE(self) -> int:
        """Rows and columns of a sample, if nobody asks for another size."""

    @property
    def OFFSET(self) -> float:
        """Seconds between a profile and the line of its pixel, likewise."""

    @property
    def BOUNDS(self) -> tuple[float, float, float, float]:
        """South, west, north and east, degrees, within which labels lie, likewise."""

    def checked_fields(self, wanted: str | Iterable[str], /) -> tuple[str, ...]:
        """Names of channels, of "default" all.

        Raises:
            UsageError: no such channel.
        """

    def pair(
        self,
        pictures: Sequence[SceneFile],
        places: Iterable[Path],
        within: timedelta,
        bounds: Bounds,
        draw: Draw,
        longitude: float,
        /,
    ) -> Granules:
        """Pictures, each slot once, with the files of the profiler that passed a region then.

        The longitude is that of the satellite's service.
        """

    def alone(self, pictures: Sequence[SceneFile], draw: Draw, longitude: float, /) -> Granules:
        """Pictures without a track, each slot once."""

    def read_near(
        self, path: Path, start: float, within: timedelta, bounds: Bounds, /
    ) -> tuple[xr.Dataset, int] | None:
        """Track of the profiles of a file in a region while a slot is scanned, or None.

        The number is that of the first profile; `start`, s since 1970, is that of the slot.

        Raises:
            InputError: the file cannot be used; names the field.
        """

    def covered(self, path: Path, /) -> Geostationary:
        """The grid of what a file covers.

        Raises:
            InputError: the file cannot be used; names the field.
        """

    def read_window(
        self, path: Path, fields: Sequence[str], window: Sequence[int], /
    ) -> xr.Dataset:
        """Scene of a window (row, column, rows, columns) of what a file covers.

        Its `image` is int16 counts, see the coords of its channels; `time` (y) is of each line;
        `daylight` (y, x) is 0 night, 1 twilight, 2 day, -1 unseen.

        Raises:
            InputError: the file cannot be used; names the field.
        """

    def patch(self, scene: xr.Dataset, row: int, col: int, size: int, /) -> xr.Dataset:
        """A square of such a Scene."""

    def lost(self, scene: xr.Dataset, /) -> npt.NDArray[np.bool_]:
        """(y, x) where a channel of such a Scene says nothing that should."""

"""Instrument and Profiler: what each one's module has; the module itself is the instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.folders import LeftOut
    from nephoscope.grids.corners import Corners
    from nephoscope.grids.patches import Patch
    from nephoscope.grids.plate_carree import PlateCarree
    from nephoscope.grids.sinusoidal import Sinusoidal
    from nephoscope.instruments.scene_file import SceneFile
    from nephoscope.scene import Truth

Options = Mapping[str, Any]
"""Those of `predict` that are the instrument's own, by name; one that is absent is its default."""


class Outside(NamedTuple):
    """Bounds beyond which pixels count for nothing in a product's shares.

    Attributes:
        name: of the bounds, as the product says it: "seasonal_bounds".
        where: broadcastable to (y, x) bool.
    """

    name: str
    where: npt.NDArray[np.bool_]


class Layout(Protocol):
    """A tree and form of products that an instrument has beside the usual ones."""

    @property
    def ending(self) -> str:
        """Of the products' names."""

    def name(self, scene: SceneFile, /) -> Path:
        """The product of a scene, relative to the folder of the products."""

    def picture(self, target: Path, /) -> Path:
        """The quick-look of a product."""

    def write(self, product: xr.Dataset, scene: SceneFile, target: Path, /) -> None:
        """Write a product, and what goes with it.

        Raises:
            InputError: the scene's file is gone.
            OutputError: something cannot be written.
        """


class Profiler(Protocol):
    """A radar or lidar whose files are Tracks (see `nephoscope.track`)."""

    @property
    def read(self) -> Callable[..., xr.Dataset]:
        """Path of a file, options by name → Track. InputError names file and field."""

    def find(
        self, path: str | PathLike[str], /, left_out: LeftOut | None = None
    ) -> list[SceneFile]:
        """All its files in a file, folder or tree, sorted; see `Instrument.find`."""

    def recognises(self, path: str | PathLike[str], /) -> bool:
        """Whether a file is of this instrument."""


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


class Instrument(Protocol):
    """An imager whose files are Scenes (see `nephoscope.scene`)."""

    @property
    def UNIT(self) -> str:
        """What is independent of the next: "day", "frame", "granule", "slot"."""

    @property
    def NOUN(self) -> str:
        """What its scenes are called in messages, plural: "maps"."""

    @property
    def WRAPS(self) -> bool:
        """Whether the first column of a whole scene follows the last."""

    @property
    def GRID(self) -> PlateCarree | None:
        """Where the pixels of a bare array lie, of which each whole scene is one; None: nowhere."""

    @property
    def PATCHES(self) -> Patches | None:
        """How samples along tracks are cut; None: they are not."""

    @property
    def REFERENCE(self) -> str | None:
        """The profiler whose tracks are its truth at points; None: there is none."""

    @property
    def FORMAT(self) -> str:
        """Of its products: "netcdf", "fits" or "zarr"."""

    @property
    def OPTIONS(self) -> frozenset[str]:
        """Options of `predict` that are its own."""

    @property
    def read(self) -> Callable[..., xr.Dataset]:
        """Path of a file (or the paths of one scene), options by name → Scene."""

    def find(
        self, path: str | PathLike[str], /, left_out: LeftOut | None = None
    ) -> list[SceneFile]:
        """All scenes in a file, folder or tree, sorted.

        Without `left_out` the first thing that cannot be read is raised; with it, it is told.

        Raises:
            InputError: the path does not exist or holds no scene.
        """

    def one_each(self, scenes: Sequence[SceneFile], /, left_out: LeftOut) -> list[SceneFile]:
        """The scenes, but of several files of one only the best; the others are told."""

    def recognises(self, path: str | PathLike[str], /) -> bool:
        """Whether a file, or any file in a folder, is of this instrument."""

    def label(self, path: str | PathLike[str], /, truth: Truth) -> xr.Dataset | None:
        """What the reference says of a scene, in one form; None where there is nothing.

        "pixels": `label` (y, x) int8, 0 clear, 1 cloud, -1 unknown. "frame": `label` () int8.
        "points": `row`, `col`, `time_offset` (point) and the task's variables (point[, level]).
        The attribute `source` is the label's file.

        Raises:
            InputError: the label cannot be read; names the label's file.
        """

    def columns(self, scene: xr.Dataset, /) -> Mapping[str, xr.Variable]:
        """Scalars that a sample keeps of a scene; among them `order` float64, rising with time."""

    def corners(
        self, scene: xr.Dataset, latitude: npt.ArrayLike, longitude: npt.ArrayLike, /
    ) -> Corners | None:
        """The four pixels of a scene around places (place,), degrees; None: no track is matched.

        Raises:
            InputError: the scene does not tell where its pixels are.
        """

    def depends_on(self, path: str | PathLike[str], /) -> list[Path]:
        """Files beside a scene that decide what its product says."""

    def blank(self, scene: xr.Dataset, options: Options, /) -> npt.NDArray[np.bool_] | None:
        """Where no prediction is wanted, broadcastable to (y, x); None: it is everywhere."""

    def outside(self, scene: xr.Dataset, options: Options, /) -> Outside | None:
        """Where pixels count for nothing in the product's shares; None: all count."""

    def dress(self, product: xr.Dataset, scene: xr.Dataset, options: Options, /) -> xr.Dataset:
        """The product with coordinates, grid mapping and titles.

        What comes in is packed, on (..., y, x), and has flag, shares and the attributes that all
        products have; see `nephoscope.products.product`.
        """

    def layout(self, options: Options, /) -> Layout | None:
        """The layout of products that the options ask for; None for the usual one."""

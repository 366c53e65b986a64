"""Instrument and Profiler: what each one's module has; the module itself is the instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.folders import LeftOut
    from nephoscope.grids.corners import Corners
    from nephoscope.grids.plate_carree import PlateCarree
    from nephoscope.instruments.cutting import Patches, Slots
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


class Condition(NamedTuple):
    """A number of each pixel by which a product says how far it is to be trusted.

    Attributes:
        flag: the bit of `quality_flag` that is set where it is not as usual; several may share one.
        words: what the number is.
        unit: of it, "" if it has none.
        ends: least and greatest value that there can be.
        judged: whether it can be too low, and whether too high.
        reach: how far below and above all of a model's training a pixel is still judged, in the
            unit; None: however far. One that is farther is unknown.
        usual: span of what is usual; None: what a model's training spans.
        rare: share of the training's pixels, the lowest and as many of the highest, that its span
            leaves out: from what hardly any pixel shows nothing is learned.
    """

    flag: str
    words: str
    unit: str
    ends: tuple[float, float]
    judged: tuple[bool, bool] = (True, True)
    reach: tuple[float | None, float | None] = (None, None)
    usual: tuple[float, float] | None = None
    rare: float = 0.0


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


class ForeignSample(Protocol):
    """A sample that other software made; what `from_atcs` must know before it is read."""

    @property
    def id(self) -> str:
        """What it is called there."""

    @property
    def group(self) -> str:
        """The granule it is of."""

    @property
    def split(self) -> str:
        """Part that it is in, "" for none."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Names of the archive's files that it was made of: "picture", "track", "offsets"."""


class SampleFolder(Protocol):
    """A folder of samples that other software made."""

    @property
    def samples(self) -> Sequence[Any]:
        """Its `ForeignSample`s, in the order in which they are read."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of its pictures."""

    def read(self, sample: Any, /) -> tuple[xr.Dataset, xr.Dataset]:  # noqa: ANN401 - its own kind
        """A sample as a Scene of int16 counts, and its points as a store of samples has them.

        Raises:
            InputError: a file is absent, damaged, or refused.
        """


class ForeignSamples(Protocol):
    """Folders of samples made by other software, which can be brought into a store, and back."""

    @property
    def LOST(self) -> float:
        """What stands for missing in every channel."""

    def decoded(self, codes: npt.NDArray[np.int16], /) -> dict[str, npt.NDArray[np.int16]]:
        """Parts of the codes of clouds by the names that they have there, same shape."""

    def recognises(self, folder: str | PathLike[str], /) -> bool:
        """Whether a folder is one of them."""

    def open_folder(self, folder: str | PathLike[str], /, split: str | None = None) -> SampleFolder:
        """A folder, with its parts as the file of that name has them.

        Raises:
            InputError: its index is absent or damaged.
            UsageError: no such split.
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
    def SLOTS(self) -> Slots | None:
        """How samples are cut from slots that tracks cross; None: they are not."""

    @property
    def SAMPLES(self) -> ForeignSamples | None:
        """Folders of samples of it that other software made; None: there are none."""

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
    def CONDITIONS(self) -> Mapping[str, Condition]:
        """Numbers that say of each pixel how far its prediction is to be trusted; often none."""

    @property
    def SEASON(self) -> tuple[str, ...]:
        """Names of `columns` with which what a model learned of places changes; often none."""

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

    def reading(self, options: Options, /) -> Options:
        """Options of `read` for a Scene that is to be predicted under the options; {}: the usual.

        `image` may then be one of xarray's lazy arrays, read as it is used, whose `encoding` says
        by `preferred_chunks` how many rows are best read at once; `known` may hold pixels of which
        nothing was measured. What the file lacks may be missing from the Scene, which says so in
        its attribute `lacking`, one line for each.
        """

    def wanted(
        self, scenes: Sequence[SceneFile], options: Options, /, left_out: LeftOut
    ) -> list[SceneFile]:
        """Of all scenes of a run those that are to be predicted; the others are told."""

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

    def conditions(self, scene: xr.Dataset, /) -> Mapping[str, npt.NDArray[np.float32]]:
        """Number of each pixel by names of `CONDITIONS`, (y, x), NaN where there is none.

        Those are left out that cannot be told of the channels at hand.

        Args:
            scene: with `image` (channel, y, x) and names of channels, perhaps nothing else.
        """

    def out_of_season(self, scene: xr.Dataset, learned: Mapping[str, Sequence[float]], /) -> str:
        """Why a scene is of no season that a model learned; "" where it is of one.

        Args:
            scene: with the columns in `SEASON`, where they are known.
            learned: by names of `SEASON`, a number of each sample of the training.
        """

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

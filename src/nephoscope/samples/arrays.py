"""One part of a samples store, ready to cut windows from: in memory if it fits, else on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.grids.cells import interpolate_cells
from nephoscope.inputs import View
from nephoscope.recipe import Recipe
from nephoscope.samples.frames import axis_of
from nephoscope.samples.split import part_indices
from nephoscope.samples.store import background_of, open_samples
from nephoscope.scene import known_of

# 18 Mars maps take 0.5 GB; beyond this the chunks are read as crops need them.
MEMORY_BUDGET = 4_000_000_000


@dataclass(frozen=True)
class PartArrays:
    """The samples of one part.

    Attributes:
        image: (sample, channel, y, x) uint8, instrument unit, 0 where missing.
        label: (sample, y, x) int8, -1 unknown, 0 clear, 1 cloud.
        indices: where the part's samples are in `image` and `label`.
        latitude: (y,) degrees north.
        longitude: (x,) degrees east.
        background: (statistic, y, x) float32 at full resolution, or None.
        channels: names of the image's channels.
        statistics: names of the background's channels.
        ids: sample ids, in the order of `indices`.
        rows: first and last row with a label.
        limits: (sample, 2, cell row, cell column) float32 DN, what the training samples but this
            one say of each place, or None (see `nephoscope.limits`).
        limit_cell: side of a cell of the limits, pixels.
        limit_channel: the channel whose brightness the limits are of.
        wraps: whether the first column follows the last.
    """

    image: Any  # a numpy array, or a zarr array, which is indexed alike
    label: Any
    indices: tuple[int, ...]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    background: npt.NDArray[np.float32] | None
    channels: tuple[str, ...]
    statistics: tuple[str, ...]
    ids: tuple[str, ...]
    rows: tuple[int, int]
    limits: npt.NDArray[np.float32] | None = None
    limit_cell: int = 1
    limit_channel: str = "blue"
    wraps: bool = True

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a sample."""
        return int(self.label.shape[1]), int(self.label.shape[2])

    def label_window(
        self, sample: int, row: int, col: int, size: tuple[int, int]
    ) -> npt.NDArray[np.int8]:
        """(y, x) int8 labels of a window that may cross the last column and wrap."""
        index = self.indices[sample]
        return _wrap(self.label, (index, slice(row, row + size[0])), col, size[1])

    def view(self, sample: int, row: int, col: int, size: tuple[int, int]) -> View:
        """The window's image with its coordinates and background."""
        index, rows = self.indices[sample], slice(row, row + size[0])
        background = None
        if self.background is not None:
            background = _wrap(self.background, (slice(None), rows), col, size[1])
        image = _wrap(self.image, (index, slice(None), rows), col, size[1])
        return View(
            image=image,
            known=known_of(image),
            latitude=self.latitude[rows],
            longitude=_wrap(self.longitude, (), col, size[1]),
            background=background,
            limit=None
            if self.limits is None
            else interpolate_cells(
                self.limits[sample],
                self.limit_cell,
                np.arange(row, row + size[0]),
                np.arange(col, col + size[1]),
                self.shape[1],
            ),
            channels=self.channels,
            statistics=self.statistics,
            limit_channel=self.limit_channel,
        )


def load_part(
    path: str | Path, part: str, recipe: Recipe, budget: int = MEMORY_BUDGET
) -> PartArrays:
    """Open a part of a samples store.

    Args:
        path: the samples store.
        part: "train", "validation" or "test".
        recipe: names the background's channels.
        budget: bytes that may be held in memory; a larger part is read chunk by chunk.

    Raises:
        InputError: no store, or the part is empty.
    """
    import zarr

    from nephoscope.background import sample_background

    store = open_samples(path)
    indices = part_indices(store, part)
    wanted = recipe.inputs.background
    statistics = wanted.channels if wanted else ()
    coarse = background_of(store, statistics)
    shape = (store.sizes["y"], store.sizes["x"])
    axes = axis_of(store, "latitude", "y"), axis_of(store, "longitude", "x")
    limit = recipe.inputs.limit
    arrays = zarr.open_group(path, mode="r", use_consolidated=False)
    image: Any = arrays["image"]
    label: Any = arrays["label"]
    places = list(indices)
    if len(indices) * (image.shape[1] * image.dtype.itemsize + 1) * shape[0] * shape[1] <= budget:
        image, label = (np.stack([array[n] for n in indices]) for array in (image, label))
        places = list(range(len(indices)))
    return PartArrays(
        image=image,
        label=label,
        indices=tuple(places),
        latitude=axes[0],
        longitude=axes[1],
        background=None if coarse is None else sample_background(coarse, *axes, statistics),
        channels=tuple(str(name) for name in store["channel"].values),
        statistics=tuple(statistics),
        ids=tuple(str(store["map_id"].values[index]) for index in indices),
        rows=_labelled_rows(label, places),
        limit_channel="blue" if limit is None else limit.channel,
        wraps="longitude" in store.variables,
    )


def _labelled_rows(label: Any, places: list[int]) -> tuple[int, int]:  # noqa: ANN401 - see above
    labelled = np.zeros(label.shape[1], bool)
    for place in places:
        labelled |= (label[place] >= 0).any(axis=1)
    found = np.flatnonzero(labelled)
    return (int(found[0]), int(found[-1])) if len(found) else (0, len(labelled) - 1)


def _wrap(array: Any, lead: tuple[Any, ...], col: int, width: int) -> npt.NDArray[Any]:  # noqa: ANN401
    """Columns `col` .. `col + width` of the last axis, going on at column 0 after the last."""
    total = int(array.shape[-1])
    col %= total
    if col + width <= total:
        return np.asarray(array[(*lead, slice(col, col + width))])
    left = array[(*lead, slice(col, total))]
    right = array[(*lead, slice(0, col + width - total))]
    return np.concatenate([left, right], axis=-1)

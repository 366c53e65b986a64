"""A labelled sample as a model and its baselines see it, and how it is read from a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.inputs import COLOURS
from nephoscope.recipe import PointTruth
from nephoscope.samples.coding import coding_of
from nephoscope.samples.store import background_of, points_of, sizes_of
from nephoscope.samples.truth import Label, LabelOrPoints, Points

Floats = NDArray[np.float32]
BACKGROUND_CHANNELS = ("blue", "blue_red_ratio")
"""Statistics of the background that are read where no recipe names others."""
GROUND = "land_water_mask"
"""Variable of points that tells land from water, as a profiler has it."""


@dataclass(frozen=True)
class LabelledSample:
    """One sample with its truth.

    Attributes:
        id: its name.
        image: (channel, y, x) uint8 DN, 0 where missing; or float32, NaN where missing.
        known: (y, x) bool, where there is image data.
        truth: a label of each pixel, (y, x) int8, -1 unknown; one label, () int8; or points.
        latitude: (y,) degrees, zeros where rows have none; or of each pixel, (y, x).
        longitude: (x,) degrees, zeros where columns have none; or of each pixel, (y, x).
        background: (statistic, y, x) float32, in the order that was asked for, or None.
        position: whether the model may know the longitude.
        channels: names of the image's channels.
        wraps: whether the first column follows the last.
        columns: what else the store says of the sample, by name: numbers, e.g. temperatures.
        unit: what it is a part of that is independent of others, "" where that is itself.
        ground: (point,) code of the ground below each point, 1 land, where that is told.
    """

    id: str
    image: NDArray[np.uint8] | Floats
    known: NDArray[np.bool_]
    truth: LabelOrPoints
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    background: Floats | None = None
    position: bool = True
    channels: tuple[str, ...] = COLOURS
    wraps: bool = True
    columns: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""
    ground: NDArray[np.int16] | None = None

    @property
    def label(self) -> Label:
        """The truth, where it is a label.

        Raises:
            ValueError: it is at points.
        """
        if isinstance(self.truth, Points):
            raise ValueError(f"{self.id}: its truth is at points")
        return self.truth


def read_samples(
    store: xr.Dataset,
    indices: Sequence[int],
    channels: Sequence[str] = BACKGROUND_CHANNELS,
    truth: PointTruth | None = None,
) -> Iterator[LabelledSample]:
    """Read samples with their truth and the background, one at a time.

    Args:
        store: an open samples store.
        indices: of the samples.
        channels: statistics of the background, in the order wanted.
        truth: which levels of the truth at points; by default all that are stored.

    Raises:
        InputError: the store does not hold these levels, or does not say how it is coded.
    """
    background, coding = background_of(store, channels), coding_of(store)
    order, names = _channels(store)
    points, ground = points_of(store, indices, truth), _ground(store)
    sizes = sizes_of(store, indices)
    for number, index in enumerate(indices):
        sample = store.isel(sample=index)
        if sizes:
            rows, cols = sizes[number]
            sample = sample.isel(y=slice(rows), x=slice(cols))
        image = np.asarray(sample["image"].values)
        yield LabelledSample(
            id=str(sample["id"].values),
            image=image[order] if coding is None else coding.decode(image),
            known=sample["known"].values,
            truth=points[number] if points else np.asarray(sample["label"].values, np.int8),
            latitude=_places(sample, "latitude", "y"),
            longitude=_places(sample, "longitude", "x"),
            background=background,
            channels=names,
            wraps=bool(store.attrs["wraps"]),
            columns=_columns(sample),
            unit=unit_of(store, index),
            ground=None if ground is None else ground[index],
        )


def _ground(store: xr.Dataset) -> list[NDArray[np.int16]] | None:
    """Codes of the ground of the points of every sample, where the store has them."""
    if GROUND not in store.data_vars or store[GROUND].dims != ("point",):
        return None
    ends = np.cumsum(store["row_size"].values)
    return np.split(store[GROUND].values.astype(np.int16), ends[:-1])


def unit_of(store: xr.Dataset, index: int) -> str:
    """What a sample is a part of that is independent of others: itself, or its group.

    Pieces cut of one picture along a track (`id` is that of the picture, `group`, and a number)
    are not independent: they have the same weather. Of slots the group is the day, so their
    picture is what their id says before the number.
    """
    name = str(store["id"].values[index])
    if store.attrs["truth"] != "points" or "group" not in store.variables:
        return name
    picture, _, number = name.rpartition("_")
    if store.attrs["unit"] == "slot" and picture and number.isdigit():
        return picture
    group = str(store["group"].values[index])
    return group if group and name.startswith(f"{group}_") else name


def _places(sample: xr.Dataset, name: str, dim: str) -> NDArray[np.float64]:
    if name in sample.variables:
        return np.asarray(sample[name].values, np.float64)
    return np.zeros(sample.sizes[dim])


def _channels(store: xr.Dataset) -> tuple[slice | list[int], tuple[str, ...]]:
    """Red, green and blue in this order, whatever the store's is; others as they are."""
    names = tuple(str(name) for name in store["channel"].values)
    if set(names) == set(COLOURS) and names != COLOURS:
        return [names.index(name) for name in COLOURS], COLOURS
    return slice(None), names


def _columns(sample: xr.Dataset) -> dict[str, float]:
    return {
        str(name): float(variable.values)
        for name, variable in sample.data_vars.items()
        if not variable.dims and variable.dtype.kind in "fiu"
    }

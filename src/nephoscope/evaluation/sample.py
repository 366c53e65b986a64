"""A labelled sample as a model and its baselines see it, and how it is read from a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.inputs import COLOURS
from nephoscope.samples.store import axis_of, background_of, points_of
from nephoscope.samples.truth import Label, LabelOrPoints, Points

Floats = NDArray[np.float32]
BACKGROUND_CHANNELS = ("blue", "blue_red_ratio")
"""Statistics of the background that are read where no recipe names others."""


@dataclass(frozen=True)
class LabelledSample:
    """One sample with its truth.

    Attributes:
        id: its name.
        image: (channel, y, x) uint8 DN, 0 where missing; or float32, NaN where missing.
        known: (y, x) bool, where there is image data.
        truth: a label of each pixel, (y, x) int8, -1 unknown; one label, () int8; or points.
        latitude: (y,) degrees; zeros where rows have none.
        longitude: (x,) degrees; zeros where columns have none.
        background: (statistic, y, x) float32, in the order that was asked for, or None.
        position: whether the model may know the longitude.
        channels: names of the image's channels.
        wraps: whether the first column follows the last.
        columns: what else the store says of the sample, by name: numbers, e.g. temperatures.
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
) -> Iterator[LabelledSample]:
    """Read samples with their truth and the background, one at a time.

    Args:
        store: an open samples store.
        indices: of the samples.
        channels: statistics of the background, in the order wanted.
    """
    background = background_of(store, channels)
    order, names = _channels(store)
    for index in indices:
        sample = store.isel(sample=index)
        yield LabelledSample(
            id=str(sample["id"].values),
            image=np.asarray(sample["image"].values)[order],
            known=sample["known"].values,
            truth=_truth(store, sample, index),
            latitude=axis_of(store, "latitude", "y"),
            longitude=axis_of(store, "longitude", "x"),
            background=background,
            channels=names,
            wraps=bool(store.attrs["wraps"]),
            columns=_columns(sample),
        )


def _channels(store: xr.Dataset) -> tuple[slice | list[int], tuple[str, ...]]:
    """Red, green and blue in this order, whatever the store's is; others as they are."""
    names = tuple(str(name) for name in store["channel"].values)
    if set(names) == set(COLOURS) and names != COLOURS:
        return [names.index(name) for name in COLOURS], COLOURS
    return slice(None), names


def _truth(store: xr.Dataset, sample: xr.Dataset, index: int) -> LabelOrPoints:
    if store.attrs["truth"] == "points":
        return points_of(store, [index])[0]
    return np.asarray(sample["label"].values, np.int8)


def _columns(sample: xr.Dataset) -> dict[str, float]:
    return {
        str(name): float(variable.values)
        for name, variable in sample.data_vars.items()
        if not variable.dims and variable.dtype.kind in "fiu"
    }

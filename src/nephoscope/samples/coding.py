"""Coding of a store's pictures: whole numbers of 16 bits, with scale and offset of each channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError

MISSING = np.int16(-32768)
TURNS = frozenset({"", "sign", "relative_azimuth", "azimuth"})
"""How a channel may change when the picture is mirrored or turned: see `View.turns`."""
Counts = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Coding:
    """How some channels of a store are coded: value = count x scale + offset.

    Attributes:
        channels: names of those that are taken, in the order of the store.
        places: where they are among those of the store.
        scale: (channel,) float32, of those taken.
        offset: (channel,) float32.
        turns: how each changes when the picture is mirrored or turned: see
            `nephoscope.inputs.View`.
    """

    channels: tuple[str, ...]
    places: tuple[int, ...]
    scale: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]
    turns: tuple[str, ...]

    def decode(self, counts: Counts) -> npt.NDArray[np.float32]:
        """Values of the channels that are taken: (channel, y, x) → the same, NaN where missing."""
        values = np.multiply(counts, self.scale[:, None, None], dtype=np.float32)
        for number in np.flatnonzero(self.offset):
            values[number] += self.offset[number]
        np.copyto(values, np.float32(np.nan), where=counts == MISSING)
        return values

    def taken(self, counts: Counts) -> Counts:
        """The channels that are taken of all of a store: (channel, y, x)."""
        if self.places == tuple(range(len(counts))):
            return counts
        return np.asarray(counts[list(self.places)])


def coding_of(store: xr.Dataset, read: Collection[str] | None = None) -> Coding | None:
    """How a store is coded; None where its numbers are values.

    Args:
        store: open samples.
        read: names of the channels to take; by default all.

    Raises:
        InputError: it does not say how.
    """
    if store["image"].dtype != np.int16:
        return None
    source = str(store.encoding.get("source", "samples"))
    names = [str(name) for name in store["channel"].values]
    for name in ("scale_factor", "add_offset"):
        if name not in store.variables or store[name].dims != ("channel",):
            raise InputError(source, "is missing for its counts", field=name)
        if not np.isfinite(store[name].values).all():
            raise InputError(source, "is no number for every channel", field=name)
    turns = store["turns"].values.tolist() if "turns" in store.variables else [""] * len(names)
    if unknown := {*turns} - TURNS:
        problem = f"'{min(unknown)}' is none of {', '.join(sorted(TURNS - {''}))}"
        raise InputError(source, problem, field="turns")
    places = [place for place, name in enumerate(names) if read is None or name in read]
    scale, offset = (
        store[name].values[places].astype(np.float32) for name in ("scale_factor", "add_offset")
    )
    return Coding(
        tuple(names[place] for place in places),
        tuple(places),
        scale,
        offset,
        tuple(str(turns[place]) for place in places),
    )


class Chosen:
    """Some channels of pictures on disk, (sample, channel, y, x); read by windows, as arrays are.

    Args:
        array: all channels.
        coding: says which are taken.
    """

    def __init__(self, array: Any, coding: Coding) -> None:  # noqa: ANN401 - a zarr array
        self._array, self._coding = array, coding
        self.shape = (array.shape[0], len(coding.channels), *array.shape[2:])
        self.dtype = array.dtype

    def __getitem__(self, window: tuple[Any, ...]) -> Counts:
        """(channel, y, x) of a window: sample, channels (all), rows and columns."""
        return self._coding.taken(np.asarray(self._array[window]))

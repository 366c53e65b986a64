"""A window of a Scene before features are made of it, and what a feature is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError

Bools = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8] | FloatArray

COLOURS = ("red", "green", "blue")
CONTEXT = (slice(1, None, 4), slice(1, None, 4))
"""Of features that vary slowly a network reads one pixel of 4 x 4."""
ONLY = "(the only channel)"
"""In `Feature.reads`: the channel of a picture that has no other."""
LIMITED = "(inputs.limit.channel)"
"""In `Feature.reads`: the channel whose brightness the limit is of."""


@dataclass(frozen=True)
class View:
    """One window of a scene.

    Attributes:
        image: (channel, y, x) uint8 or float32, instrument unit; 0 or NaN where missing.
        known: (y, x) where something was seen, as the scene or the samples say it.
        latitude: (y,) degrees north, or (y, x) where rows are no parallels.
        longitude: (x,) degrees east, or (y, x).
        background: (statistic, y, x) float32, or None where there is none.
        position: whether the network may know the longitude, and what was learned of the place.
        limit: (2, y, x) float32 DN, from how bright on the place is called cloud and how certain
            that is, or None (see `nephoscope.limits`).
        channels: names of the image's channels, in its order; by default red, green, blue.
        statistics: names of the background's, in its order.
        limit_channel: the channel whose brightness the limit is of.
        turns: how each channel changes when the picture is mirrored or turned, in their order:
            "" not at all; "sign" changes sign in a mirror; "relative_azimuth" runs the other way
            round in a mirror; "azimuth", degrees clockwise from the top, goes with the picture.
            Empty where nobody says.
        per_km: (column or row, east or north, y, x) float32, columns and rows by which a kilometre
            leads on, or None (see `nephoscope.inputs.directional`).
    """

    image: Image
    known: Bools
    latitude: npt.NDArray[np.floating]
    longitude: npt.NDArray[np.floating]
    background: FloatArray | None = None
    position: bool = True
    limit: FloatArray | None = None
    channels: tuple[str, ...] = COLOURS
    statistics: tuple[str, ...] = ("blue", "blue_red_ratio")
    limit_channel: str = "blue"
    turns: tuple[str, ...] = ()
    per_km: FloatArray | None = None

    def channel(self, name: str) -> Image:
        """(y, x) of a channel: its name, or `ONLY`, or `LIMITED`.

        Raises:
            UsageError: the picture has none of that name, or several where the only one is wanted.
        """
        if name == ONLY:
            if len(self.image) != 1:
                problem = f"one channel of counts is wanted, the picture has {len(self.image)}"
                raise UsageError(problem)
            only: Image = self.image[0]
            return only
        name = self.limit_channel if name == LIMITED else name
        if len(self.image) != len(self.channels) or name not in self.channels:
            raise UsageError(
                f"the picture has no channel '{name}': it has {len(self.image)}, named "
                + ", ".join(self.channels)
            )
        plane: Image = self.image[self.channels.index(name)]
        return plane

    @property
    def colours(self) -> Image:
        """(red, green, blue; y; x)."""
        if self.channels == COLOURS and len(self.image) == len(COLOURS):
            return self.image
        for name in COLOURS:
            self.channel(name)
        picked: Image = self.image[[self.channels.index(name) for name in COLOURS]]
        return picked

    def at_context(self) -> View:
        """The pixels in `CONTEXT` alone."""
        return replace(
            self,
            image=self.image[:, *CONTEXT],
            known=self.known[CONTEXT],
            latitude=self.latitude[CONTEXT[: self.latitude.ndim]],
            longitude=self.longitude[CONTEXT[-self.longitude.ndim :]],
            background=None if self.background is None else self.background[:, *CONTEXT],
            limit=None if self.limit is None else self.limit[:, *CONTEXT],
            per_km=None if self.per_km is None else self.per_km[..., *CONTEXT],
        )


Fill = Callable[[View, Bools, FloatArray], None]
"""(window, where all that the feature reads is known, target (y, x)): fills the target."""


@dataclass(frozen=True)
class Feature:
    """A full-resolution channel of a network's input.

    Attributes:
        fill: computes it.
        reads: names of the channels that it is made of; of no channel where there are none.
        fixed: keeps its values, and is not scaled by what is measured of the samples: coordinates
            and flags, of which a zero means "absent", and frames that are scaled by themselves.
    """

    fill: Fill
    reads: tuple[str, ...] = ()
    fixed: bool = False


class Seen:
    """Where a window has all that a feature is made of; each channel is looked at once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._as_known = view.image.dtype == np.uint8
        self._of: dict[str, Bools] = {}

    def __call__(self, reads: tuple[str, ...]) -> Bools:
        """(y, x) where something was seen and none of these channels is missing."""
        if self._as_known or not reads:
            return self.view.known
        seen = self._channel(reads[0])
        for also in map(self._channel, reads[1:]):
            seen = seen if also is seen else seen & also
        return seen

    def _channel(self, name: str) -> Bools:
        name = self.view.limit_channel if name == LIMITED else name
        if name not in self._of:
            known, lost = self.view.known, np.isnan(self.view.channel(name))
            np.logical_and(lost, known, out=lost)
            self._of[name] = known & ~lost if lost.any() else known
        return self._of[name]


def quantise(image: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """What samples hold of (channel, y, x) DN with NaN: whole numbers 1..255, 0 where missing."""
    stored = np.empty(image.shape, np.uint8)
    missing = np.zeros(image.shape[1:], np.bool_)
    for plane, out in zip(image, stored, strict=True):
        missing |= np.isnan(plane)
        rounded = np.rint(plane)
        np.clip(rounded, 1, 255, out=rounded)
        np.copyto(out, np.nan_to_num(rounded, copy=False), casting="unsafe")
    if missing.any():
        stored[:, missing] = 0
    return stored

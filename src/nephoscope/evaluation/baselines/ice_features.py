"""What baselines of ice see at a point: its channels, its surroundings, and where height leads.

Channels are told apart by the wavelength in their names, in tenths of a micrometre: those below 3
um are of sunlight, those up to 5 um hold some by day, longer ones none. Air far above the ground is
seen beside the place it stands over, by `parallax` pixels for each km: where a cloud at some height
would be seen is looked up for each height.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.pixels import FRAME_EDGES, box_mean, contrast
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.evaluation.strata import SEEN_FROM, SUN
from nephoscope.samples.truth import Points
from nephoscope.tasks.ice_truth import IWC, clouds_of

HEIGHTS = np.arange(2, 17, 2.0)
"""At which the picture is looked at, km."""
WINDOWS = (3, 7, 21)
AWAY, TOWARDS = "parallax", "parallax_azimuth"
_CHANNEL = re.compile(r"[A-Z]+_?(\d{3})")
_SOLAR, _THERMAL, _WINDOW = 30, 50, 108  # tenths of a micrometre
_LOWEST_SUN = 85.0
"""Zenith angle of the Sun, degrees, beyond which its light is too weak to be told."""

Places = NDArray[np.intp]
Planes = dict[str, Floats]


@dataclass(frozen=True)
class IcePoints:
    """Points of a sample with their truth and what is seen there.

    Attributes:
        unit: what the sample is a part of.
        truth: name → (point, level).
        altitude: (level,) m.
        latitude: (point,) degrees.
        land: (point,) bool, where the ground is known to be land.
        known: (point,) bool, where the picture has data.
        names: of the features of the pixel; those of the first `thermal` do not change with light.
        pixel: (point, feature) float32, NaN where missing.
        around: (point, feature) float32, means and spreads around it.
        slant: (point, height, feature) float32, the features of the pixel where air at `HEIGHTS`
            over the point is seen.
        thermal: number of features of the pixel that the Sun has no part in.
    """

    unit: str
    truth: dict[str, Floats]
    altitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    land: NDArray[np.bool_]
    known: NDArray[np.bool_]
    names: tuple[str, ...]
    pixel: Floats
    around: Floats
    slant: Floats
    thermal: int

    @cached_property
    def types(self) -> NDArray[np.int8]:
        """(point, level) -1 unknown, 0 clear, 1 cloud."""
        return clouds_of(self.truth[IWC])

    @property
    def flat(self) -> Floats:
        """(point, feature) float32: all that is seen, and the latitude."""
        place = np.stack([self.latitude, np.abs(self.latitude)], axis=1).astype(np.float32)
        slant = self.slant.reshape(len(self.latitude), -1)
        return np.concatenate([self.pixel, self.around, slant, place], axis=1)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> IcePoints:
        """Some of the points."""
        return replace(
            self,
            truth={name: values[which] for name, values in self.truth.items()},
            latitude=self.latitude[which],
            land=self.land[which],
            known=self.known[which],
            pixel=self.pixel[which],
            around=self.around[which],
            slant=self.slant[which],
        )


def ice_points_of(sample: LabelledSample, altitude: NDArray[np.float64]) -> IcePoints:
    """Points of a sample, as the baselines see them.

    Args:
        sample: with its truth on levels.
        altitude: of the levels, (level,) m.

    Raises:
        ValueError: its truth is not at points.
    """
    points = sample.truth
    if not isinstance(points, Points):
        raise ValueError(f"{sample.id}: its truth is not at points")
    row, col = (np.floor(place + 0.5).astype(np.intp) for place in (points.row, points.col))
    planes, thermal = planes_of(sample)
    latitude = sample.latitude
    return IcePoints(
        unit=sample.unit or sample.id,
        truth={name: np.asarray(value, np.float32) for name, value in points.values.items()},
        altitude=altitude,
        latitude=latitude[row, col] if latitude.ndim > 1 else latitude[row],
        land=np.zeros(len(row), bool) if sample.ground is None else sample.ground == 1,
        known=sample.known[row, col],
        names=tuple(planes),
        pixel=np.stack([plane[row, col] for plane in planes.values()], axis=1),
        around=_around(planes, row, col),
        slant=_slant(sample, planes, row, col),
        thermal=thermal,
    )


def planes_of(sample: LabelledSample) -> tuple[Planes, int]:
    """Features of every pixel, (y, x) float32 each, NaN where missing.

    Returns:
        name → plane, and how many of the first the Sun has no part in: brightness temperatures, K,
        their differences to the window, and the angle of view; then those it has a part in, of
        sunlight the reflectance, 0..1.
    """
    image = np.asarray(sample.image, np.float32)
    held = dict(zip(sample.channels, image, strict=True))
    waves = {name: int(found[1]) for name in held if (found := _CHANNEL.fullmatch(name))}
    thermal = [name for name, wave in waves.items() if wave >= _THERMAL]
    planes = {name: held[name] for name in thermal}
    if thermal:
        window = min(thermal, key=lambda name: abs(waves[name] - _WINDOW))
        cold = held[window]
        planes |= {f"{name}-{window}": held[name] - cold for name in thermal if name != window}
    planes |= {name: held[name] for name in (SEEN_FROM,) if name in held}
    unlit = len(planes)
    if thermal:
        mixed = [name for name, wave in waves.items() if _SOLAR <= wave < _THERMAL]
        planes |= {f"{name}-{window}": held[name] - cold for name in mixed}
    if SUN in held:
        sun = held[SUN]
        share = 100 * np.where(sun < _LOWEST_SUN, np.cos(np.deg2rad(sun)), np.float32(np.nan))
        solar = [name for name, wave in waves.items() if wave < _SOLAR]
        planes |= {name: held[name] / share for name in solar} | {SUN: sun}
    if not planes:
        planes = held
    return {name: np.asarray(plane, np.float32) for name, plane in planes.items()}, unlit


def _around(planes: Planes, row: Places, col: Places) -> Floats:
    """Means and spreads in `WINDOWS` of what was measured."""
    measured = [plane for name, plane in planes.items() if _CHANNEL.fullmatch(name)]
    columns = [
        made(plane, width, FRAME_EDGES)[row, col]
        for plane in measured
        for width in WINDOWS
        for made in (box_mean, contrast)
    ]
    if not columns:
        return np.zeros((len(row), 0), np.float32)
    return np.stack(columns, axis=1).astype(np.float32)


def _slant(sample: LabelledSample, planes: Planes, row: Places, col: Places) -> Floats:
    """Features where the air over the points is seen, height by height, between four pixels."""
    names = [name for name in planes if name not in (SUN, SEEN_FROM)]
    if not {AWAY, TOWARDS} <= set(sample.channels):
        return np.zeros((len(row), len(HEIGHTS), 0), np.float32)
    away, towards = (
        np.nan_to_num(sample.image[sample.channels.index(name)][row, col])
        for name in (AWAY, TOWARDS)
    )
    angle = np.deg2rad(towards)
    down, right = -away * np.cos(angle), away * np.sin(angle)
    cube = np.stack([planes[name] for name in names], axis=-1)
    found = [between(cube, row + km * down, col + km * right) for km in HEIGHTS]
    return np.stack(found, axis=1)


def between(cube: Floats, row: NDArray[np.floating], col: NDArray[np.floating]) -> Floats:
    """Values (y, x, feature) at places between pixels: (point, feature); at an edge its own."""
    y, x = (
        np.clip(place, 0, size - 1) for place, size in zip((row, col), cube.shape, strict=False)
    )
    top, left = (np.floor(each).astype(np.intp) for each in (y, x))
    below, beside = (
        np.minimum(each + 1, size - 1) for each, size in zip((top, left), cube.shape, strict=False)
    )
    down, across = (y - top)[:, None], (x - left)[:, None]
    upper = (1 - across) * cube[top, left] + across * cube[top, beside]
    lower = (1 - across) * cube[below, left] + across * cube[below, beside]
    return np.asarray((1 - down) * upper + down * lower, np.float32)

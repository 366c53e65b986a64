"""What baselines of profiles see at a point: all views, the surroundings, and where height leads.

Views are counted from the one nearest to nadir, so that a column of the table means one direction.
A cloud at some height is displaced in each view by the parallax: where the views, each looked at
where it would see that height, agree, there is cloud at that height.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.pixels import FRAME_EDGES, box_mean, contrast
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.evaluation.strata import SURFACE, channels_by_view, surface_of
from nephoscope.inputs import View, assemble
from nephoscope.inputs.directional import pixels_per_km
from nephoscope.samples.truth import Points

EACH_WAY = 6
"""Views taken on either side of the one nearest to nadir."""
HEIGHTS = np.arange(0, 20, 2.0)
"""At which views are brought together, km."""
WINDOWS = (3, 7)
_INTENSITY = re.compile(r"I(\d+)[A-Za-z]*")
_POLARISED = re.compile(r"Q(\d+)[A-Za-z]*")
ANGLES = ("thetas", "thetav", "phi")
_PLACE = ("land_sea_flag", "surface_altitude")

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Profiles:
    """Points of a sample with their truth and what is seen there.

    Attributes:
        unit: what the sample is a part of.
        truth: name → (point, level).
        altitude: (level,) m.
        latitude: (point,) degrees.
        land: (point,) bool, where the ground is not all sea.
        known: (point,) bool, where the picture has data.
        views: (point, feature) float32 of the views, NaN where missing.
        around: (point, feature) float32 of the surroundings and the ground.
        slant: (point, height, feature) float32: mean and spread over the views at `HEIGHTS`.
    """

    unit: str
    truth: dict[str, NDArray[np.int8]]
    altitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    land: NDArray[np.bool_]
    known: NDArray[np.bool_]
    views: Floats
    around: Floats
    slant: Floats

    @property
    def types(self) -> NDArray[np.int8]:
        """(point, level) -1 unknown, 0 clear, 1..8."""
        return self.truth["cloud_type"]

    @property
    def flat(self) -> Floats:
        """(point, feature) float32: views, surroundings, means over them at half the heights."""
        slant = self.slant[:, ::2].reshape(len(self.latitude), -1)
        place = np.stack([self.latitude, np.abs(self.latitude), self.land], axis=1)
        return np.concatenate([self.views, self.around, slant, place.astype(np.float32)], axis=1)


def profiles_of(sample: LabelledSample, altitude: NDArray[np.float64]) -> Profiles:
    """Points of a sample, as the baselines see them.

    Args:
        sample: with its truth on levels.
        altitude: of the levels, (level,) m.
    """
    points = sample.truth
    if not isinstance(points, Points):
        raise ValueError(f"{sample.id}: its truth is not at points")
    row, col = (np.floor(place + 0.5).astype(np.intp) for place in (points.row, points.col))
    flag = _channel(sample, SURFACE)
    latitude = sample.latitude
    views, around, slant = _seen(sample, row, col)
    return Profiles(
        unit=sample.unit or sample.id,
        truth={name: np.asarray(value, np.int8) for name, value in points.values.items()},
        altitude=altitude,
        latitude=latitude[row, col] if latitude.ndim > 1 else latitude[row],
        land=np.zeros(len(row), bool) if flag is None else surface_of(flag[row, col]) != "sea",
        known=sample.known[row, col],
        views=views,
        around=around,
        slant=slant,
    )


def _seen(sample: LabelledSample, row: Places, col: Places) -> tuple[Floats, Floats, Floats]:
    numbers = [int(view) for view in channels_by_view(sample.channels)]
    if not numbers:
        flat = sample.image[:, row, col].T.astype(np.float32)
        return flat, flat[:, :0], np.zeros((len(row), len(HEIGHTS), 0), np.float32)
    cubes = _cubes(sample, numbers)
    nearest = _nearest(cubes, sample.known.shape)
    columns = [_aligned(cubes[name][:, row, col], nearest[row, col]) for name in cubes
               if not name.startswith("parallax")]  # fmt: skip
    views = np.concatenate(columns, axis=1)
    return views, _around(sample, cubes, nearest, row, col), _slant(cubes, row, col)


def _cubes(sample: LabelledSample, numbers: Sequence[int]) -> dict[str, Floats]:
    """Features of all views, (view, y, x) float32 each, NaN where missing."""
    fields = dict.fromkeys(name[:-3] for name in sample.channels if name[-3:-2] == "_")
    angles = [name for name in ANGLES if name in fields]
    stems = []
    if "thetas" in fields:
        stems += [f"r{m[1]}" for name in fields if (m := _INTENSITY.fullmatch(name))]
    stems += [f"dolp{m[1]}" for name in fields if (m := _POLARISED.fullmatch(name))]
    stems += [f"cos_{name}" for name in angles]
    if len(angles) == len(ANGLES):
        stems.append("cos_scattering")
        if "phis" in sample.channels:
            stems += ["parallax_x", "parallax_y"]
    image = np.asarray(sample.image, np.float32)
    placed = sample.latitude.ndim > 1
    view = View(
        image,
        sample.known,
        sample.latitude,
        sample.longitude,
        channels=sample.channels,
        per_km=pixels_per_km(sample.latitude, sample.longitude) if placed else None,
    )
    names = [f"{stem}_{number:02d}" for stem in stems for number in numbers]
    made = assemble(view, names).reshape(len(stems), len(numbers), *sample.known.shape)
    places = [sample.channels.index(f"{angles[0]}_{n:02d}") for n in numbers] if angles else []
    missing = np.isnan(image[places]) if places else False
    for stem, cube in zip(stems, made, strict=True):
        # What is missing is 0; of radiances nothing that was measured is.
        cube[missing | ((cube == 0) & (stem[0] in "rd"))] = np.nan
    return dict(zip(stems, made, strict=True))


def _nearest(cubes: dict[str, Floats], shape: tuple[int, ...]) -> Places:
    """Number of the view nearest to nadir, (y, x); the middle one where angles are not known."""
    if "cos_thetav" not in cubes:
        return np.full(shape, len(next(iter(cubes.values()))) // 2, np.intp)
    cosine = cubes["cos_thetav"]
    return np.asarray(np.where(np.isnan(cosine), -np.inf, cosine).argmax(axis=0))


def _aligned(values: Floats, nearest: Places) -> Floats:
    """(point, direction) of (view, point): counted from the view nearest to nadir, NaN beyond."""
    place = nearest + np.arange(-EACH_WAY, EACH_WAY + 1)[:, None]
    inside = (place >= 0) & (place < len(values))
    found = np.take_along_axis(values, place.clip(0, len(values) - 1), axis=0)
    return np.where(inside, found, np.float32(np.nan)).T


def _around(
    sample: LabelledSample, cubes: dict[str, Floats], nearest: Places, row: Places, col: Places
) -> Floats:
    """Means and spreads around a point of what the view nearest to nadir sees, and the ground."""
    planes = {
        name: np.take_along_axis(cube, nearest[None], axis=0)[0]
        for name, cube in cubes.items()
        if name[0] in "rd"
    }
    columns = [
        made(plane, width, FRAME_EDGES)[row, col]
        for plane in (*planes.values(), *_ratios(planes))
        for width in WINDOWS
        for made in (box_mean, contrast)
    ]
    ground = (_channel(sample, name) for name in _PLACE)
    columns += [plane[row, col] for plane in ground if plane is not None]
    if not columns:
        return np.zeros((len(row), 0), np.float32)
    return np.stack(columns, axis=1).astype(np.float32)


def _ratios(planes: dict[str, Floats]) -> list[Floats]:
    """Ratios of neighbouring bands: absorption by oxygen and by water vapour is in them."""
    bands = [plane for name, plane in planes.items() if name[0] == "r"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [first / second for first, second in pairwise(bands)]
    return [np.where(np.isfinite(each), each, np.float32(np.nan)) for each in found]


def _slant(cubes: dict[str, Floats], row: Places, col: Places) -> Floats:
    """Mean and spread over the views of each band, where they see a height above the point."""
    bands = [cube for name, cube in cubes.items() if name[0] == "r"]
    if "parallax_x" not in cubes or not bands:
        return np.zeros((len(row), len(HEIGHTS), 0), np.float32)
    right, down = cubes["parallax_x"][:, row, col], cubes["parallax_y"][:, row, col]
    view, (height, width) = np.arange(len(right))[:, None], bands[0].shape[1:]
    seen = np.isfinite(right) & np.isfinite(down)
    found = []
    for km in HEIGHTS:
        y, x = (
            np.floor(place + km * np.where(seen, shift, 0) + 0.5).astype(np.intp)
            for place, shift in ((row, down), (col, right))
        )
        inside = seen & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        places = view, y.clip(0, height - 1), x.clip(0, width - 1)
        values = [np.where(inside, band[places], np.float32(np.nan)) for band in bands]
        found.append(np.stack([part for each in values for part in _mean_and_spread(each)]))
    return np.asarray(np.moveaxis(np.stack(found), -1, 0), np.float32)


def _mean_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """Over the views that are there, (view, point) → (point,) each, NaN without any."""
    there = np.isfinite(values)
    number = np.where(there.any(axis=0), there.sum(axis=0), np.nan)
    mean = np.where(there, values, 0).sum(axis=0) / number
    off = np.where(there, values - mean, 0)
    return mean, np.sqrt((off**2).sum(axis=0) / number)


def _channel(sample: LabelledSample, name: str) -> Floats | None:
    if name not in sample.channels or len(sample.image) != len(sample.channels):
        return None
    return np.asarray(sample.image[sample.channels.index(name)], np.float32)

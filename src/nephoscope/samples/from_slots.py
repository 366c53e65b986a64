"""Samples of a slot: patches of a picture with the profiles that cross it, or with the truth.

Points are the pixels that a track crosses, each with the means of its profiles, which are matched
to the time when the line of the pixel was scanned. What is made of a slot depends on the options
and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import UsageError, shown
from nephoscope.grids.geostationary import EVERYWHERE, Bounds, Geostationary
from nephoscope.instruments import Instrument, instrument_named
from nephoscope.instruments.cutting import Slots
from nephoscope.instruments.granules import Granule
from nephoscope.instruments.ice_truth import read_ice_truth
from nephoscope.instruments.swath_truth import truth_beside
from nephoscope.instruments.tai93 import from_utc
from nephoscope.samples.from_labels import Sample
from nephoscope.samples.harvest import NO_TRUTH, Harvest, Origin, harvest_of, random_of
from nephoscope.samples.ice_columns import (
    ALTITUDE,
    Crossed,
    cloud_tops,
    heights,
    ice_of,
)
from nephoscope.samples.levels import BESIDE_TRUTH
from nephoscope.samples.slot_windows import SlotChoice, all_over, along_pixels
from nephoscope.scene import COLUMNS, MOVED, UPRIGHT
from nephoscope.track import overpasses

OTHER_SERVICE = "picture of a service at another longitude"
OUTSIDE = "overpass beside the picture or the region"
TOO_LATE = "overpass too long before or after the picture"
SMALL = "picture smaller than a sample"
DEAD = "picture with a channel that says nothing"
MISSING = "sample with missing pixels"
FEW_LABELS = "sample with too few pixels with truth"
CLEAR = "sample without any ice"
DARK = "sample not all by day"
_DAY = 2

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AskedOfSlots:
    """What samples are asked for.

    Attributes:
        instrument: name of the imager.
        fields: names of the channels that samples hold.
        choice: of windows.
        points: whether points are pixels under a track, or random ones with the simulator's truth.
        points_per_sample: of random pixels.
        most_offset: s, between a profile and the line of its pixel.
        bounds: degrees, within which points lie.
        longitude: of the satellite's service, degrees.
        most_missing: share of a sample's pixels in which a channel may say nothing.
        cloudy: leave out samples without any ice.
        daytime: leave out samples that are not all by day.
        parallax: put each profile where the picture shows its highest ice.
        seed: of all that is random.
    """

    instrument: str
    fields: tuple[str, ...]
    choice: SlotChoice = field(default_factory=SlotChoice)
    points: Origin = "track"
    points_per_sample: int = 400
    most_offset: float = 450.0
    bounds: Bounds = EVERYWHERE
    longitude: float = 0.0
    most_missing: float = 0.0
    cloudy: bool = False
    daytime: bool = False
    parallax: bool = False
    seed: int = 0

    def __call__(self, granule: Granule) -> Harvest:
        """The samples of a slot; what its files are unfit for is part of the answer."""
        return harvest_of(_of_tracks if self.points == "track" else _of_truth, self, granule)

    @property
    def attributes(self) -> dict[str, Any]:
        """What a store says of how its samples were made."""
        return {
            "points": self.points,
            "geometry": "native",
            "fields": list(self.fields),
            COLUMNS: MOVED if self.parallax else UPRIGHT,
        }


class _Piece(NamedTuple):
    """One overpass within a picture: its pixels, and what is true there."""

    row: Whole
    col: Whole
    truth: xr.Dataset
    source: str


def slots_of(instrument: Instrument) -> Slots:
    """How samples are cut from the pictures of an imager that stands still.

    Raises:
        UsageError: they cannot be.
    """
    if instrument.SLOTS is None or instrument.REFERENCE is None:
        raise UsageError(f"no samples are cut along tracks from {instrument.NOUN}")
    return instrument.SLOTS


def _of_tracks(asked: AskedOfSlots, granule: Granule, harvest: Harvest) -> None:
    cut = slots_of(instrument_named(asked.instrument))
    grid = _grid(asked, cut, granule, harvest)
    if grid is None:
        return
    found = [
        _Overpass(asked, grid, track, part, path, first)
        for path, (track, first) in _tracks(asked, cut, granule)
        for part in overpasses(track)
    ]
    near = [each for each in found if each.pixels[0].any()]
    beside = len(found) - len(near) or int(not near)
    harvest.skipped.update({OUTSIDE: beside} if beside else {})
    if not near:
        return
    window = _around(near, grid.shape, asked.choice.size)
    scene = cut.read_window(granule.picture.path, asked.fields, window)
    if cut.lost(scene).all():
        harvest.skipped[DEAD] += 1
        return
    rng = random_of(granule, asked.seed)
    for overpass in near:
        piece = overpass.within(scene, window)
        if piece is None:
            harvest.skipped[TOO_LATE] += 1
            continue
        shape = scene.sizes["y"], scene.sizes["x"]
        places = along_pixels(piece.row, piece.col, shape, asked.choice, rng)
        harvest.skipped.update({} if places else {SMALL: 1})
        for first, left in places:
            _keep(asked, granule, harvest, cut.patch(scene, first, left, asked.choice.size),
                  _cut(piece, first, left, asked.choice.size))  # fmt: skip


def _of_truth(asked: AskedOfSlots, granule: Granule, harvest: Harvest) -> None:
    cut = slots_of(instrument_named(asked.instrument))
    truth = truth_beside(granule.picture.path, granule.picture.id)
    if truth is None:
        harvest.skipped[NO_TRUTH] += 1
        return
    grid = _grid(asked, cut, granule, harvest)
    if grid is None:
        return
    size, rng = asked.choice.size, random_of(granule, asked.seed)
    scene = cut.read_window(granule.picture.path, asked.fields, (0, 0, *grid.shape))
    if cut.lost(scene).all():
        harvest.skipped[DEAD] += 1
        return
    inside = asked.bounds.hold(scene["latitude"].values, scene["longitude"].values)
    inside &= scene["known"].values
    places = all_over(grid.shape, asked.choice, rng)
    harvest.skipped.update({} if places else {SMALL: 1})
    pixels = [_random_pixels(inside, place, size, asked.points_per_sample, rng) for place in places]
    row, col = np.concatenate(pixels, axis=1) if pixels else (np.zeros(0, np.int64),) * 2
    said = read_ice_truth(truth, row, col, ALTITUDE)
    ends = np.cumsum([0, *(each.shape[1] for each in pixels)])
    for (first, left), begin, end in zip(places, ends[:-1], ends[1:], strict=True):
        label = said.isel(point=slice(begin, end))
        number, unknown = label.sizes["point"], np.full(end - begin, np.nan)
        label = label.assign(_placed(row[begin:end] - first, col[begin:end] - left)).assign(
            height=heights(number), time_offset=_offset(np.zeros(number)),
            profile_time=_times(unknown),
        )  # fmt: skip
        label["cloud_share"].attrs["role"] = BESIDE_TRUTH
        patch = cut.patch(scene, first, left, size)
        _keep(asked, granule, harvest, patch, label.assign_attrs(source=str(truth)))


def _grid(
    asked: AskedOfSlots, cut: Slots, granule: Granule, harvest: Harvest
) -> Geostationary | None:
    """The grid of what a picture covers; None where it is of another service."""
    grid = cut.covered(granule.picture.path)
    turned = (grid.longitude - asked.longitude + 180) % 360 - 180
    if abs(turned) >= 1:
        harvest.skipped[f"{OTHER_SERVICE} ({grid.longitude:g})"] += 1
        return None
    return grid


def _tracks(
    asked: AskedOfSlots, cut: Slots, granule: Granule
) -> Iterator[tuple[Path, tuple[xr.Dataset, int]]]:
    """Of each file of the profiler what lies in the region at the time, and where it begins."""
    within = timedelta(seconds=asked.most_offset)
    for path in granule.tracks:
        track = cut.read_near(path, granule.picture.order, within, asked.bounds)
        if track is not None:
            yield path, track


@dataclass(frozen=True)
class _Overpass:
    """A piece of track without a gap, over what a picture covers.

    Attributes:
        asked: what is asked for.
        grid: of what the picture covers.
        track: of the file.
        part: which of its profiles.
        path: the file.
        first: number of the track's first profile in the file.
    """

    asked: AskedOfSlots
    grid: Geostationary
    track: xr.Dataset
    part: slice
    path: Path
    first: int

    @cached_property
    def pixels(self) -> tuple[npt.NDArray[np.bool_], Whole, Whole]:
        """Of each profile of the piece whether it lies in the picture and the region, and where."""
        track = self.track.isel(profile=self.part)
        latitude, longitude = (track[name].values for name in ("latitude", "longitude"))
        row, col = self.grid.to_pixel(latitude, longitude)
        if self.asked.parallax:
            seen = np.isfinite(row)
            row, col = self.grid.raised(latitude, longitude, cloud_tops(track))
            row, col = (np.where(seen, line, np.nan) for line in (row, col))
        inside = self.asked.bounds.hold(latitude, longitude) & ~np.isnat(track["time"].values)
        with np.errstate(invalid="ignore"):
            for line, number in zip((row, col), self.grid.shape, strict=True):
                inside &= (line >= -0.5) & (line < number - 0.5)
        row, col = (np.where(inside, line, -1) for line in (row, col))
        whole = [np.floor(line + 0.5).astype(np.int64) for line in (row, col)]
        return inside, whole[0], whole[1]

    def within(self, scene: xr.Dataset, window: Sequence[int]) -> _Piece | None:
        """Its pixels in a window of the picture, and what is true there; None if it is too late."""
        inside, row, col = self.pixels
        row, col = row - window[0], col - window[1]
        lines = scene["time"].values[np.where(inside, row, 0)]
        time = self.track["time"].values[self.part]
        offset = (time - lines) / np.timedelta64(1, "s")
        chosen = np.flatnonzero(inside & (np.abs(offset) <= self.asked.most_offset))
        if not chosen.size:
            return None
        width = scene.sizes["x"]
        _, first, pixel = np.unique(
            row[chosen] * width + col[chosen], return_index=True, return_inverse=True
        )
        rank = np.argsort(np.argsort(first))  # pixels by when the track comes to them
        first, pixel = np.sort(first), rank[pixel]
        crossed = Crossed(self.track, chosen + self.part.start, pixel)
        number = crossed.of_profiles(np.ones(self.track.sizes["profile"]))
        truth = ice_of(crossed).assign(
            time_offset=_offset(_means(offset[chosen], pixel, number)),
            profile=("point", (chosen[first] + self.part.start + self.first).astype(np.int32)),
            profile_time=_times(_means(from_utc(time[chosen]), pixel, number)),
        )
        for name in ("latitude", "longitude"):
            mean = crossed.of_profiles(self.track[name].values) / number
            truth[f"profile_{name}"] = ("point", mean, {"role": BESIDE_TRUTH})
        return _Piece(row[chosen][first], col[chosen][first], truth, str(self.path))


def _means(values: Reals, pixel: Whole, number: Reals) -> Reals:
    # From the first on, so that seconds since 1993 keep their digits.
    start = values[0]
    return np.asarray(start + np.bincount(pixel, values - start) / number)


def _around(
    found: Sequence[_Overpass], shape: tuple[int, int], size: int
) -> tuple[int, int, int, int]:
    """The window of a picture that all samples of some overpasses lie in."""
    edges = []
    for axis, whole in enumerate(shape):
        lines = [each.pixels[1 + axis][each.pixels[0]] for each in found]
        low = max(min(int(line.min()) for line in lines) - size, 0)
        high = min(max(int(line.max()) for line in lines) + size + 1, whole)
        edges.append((low, high - low))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _cut(piece: _Piece, first: int, left: int, size: int) -> xr.Dataset:
    """The points of a piece that lie in a window."""
    row, col = piece.row - first, piece.col - left
    inside = (row >= 0) & (row < size) & (col >= 0) & (col < size)
    label = piece.truth.isel(point=np.flatnonzero(inside))
    return label.assign(_placed(row[inside], col[inside])).assign_attrs(source=piece.source)


def _random_pixels(
    usable: npt.NDArray[np.bool_], place: tuple[int, int], size: int, most: int,
    rng: np.random.Generator,
) -> Whole:  # fmt: skip
    """Rows and columns (2, point) of random pixels of a window of a picture."""
    first, left = place
    row, col = np.nonzero(usable[first : first + size, left : left + size])
    chosen = np.sort(rng.choice(len(row), min(most, len(row)), replace=False))
    return np.stack([row[chosen] + first, col[chosen] + left])


def _placed(row: Whole, col: Whole) -> dict[str, xr.Variable]:
    named = {"row": row, "col": col}
    return {name: xr.Variable("point", line.astype(np.float64)) for name, line in named.items()}


def _offset(seconds: Reals) -> xr.Variable:
    return xr.Variable("point", seconds, {"long_name": "track minus picture", "units": "s"})


def _times(seconds: Reals) -> xr.Variable:
    about = {"long_name": "TAI93 time of the profiles", "units": "s"}
    return xr.Variable("point", seconds, about)


def _keep(
    asked: AskedOfSlots, granule: Granule, harvest: Harvest, scene: xr.Dataset, label: xr.Dataset
) -> None:
    """Take a sample, or count why it is left out."""
    instrument = instrument_named(asked.instrument)
    if (problem := _problem(asked, slots_of(instrument), scene, label)) is not None:
        harvest.skipped[problem] += 1
        return
    columns = dict(instrument.columns(scene))
    group = str(columns.pop("group").values)
    named = {
        "picture": granule.picture.path.name,
        "track": Path(label.attrs["source"]).name if asked.points == "track" else "",
    }
    columns |= {name: xr.Variable((), shown(text)) for name, text in named.items()}
    columns |= {
        name: xr.Variable((), np.int32(scene.attrs[name])) for name in ("first_row", "first_col")
    }
    planes = {name: scene[name].variable.astype(np.float32) for name in ("latitude", "longitude")}
    harvest.samples.append(
        Sample(
            f"{granule.picture.id}_{len(harvest.samples):02d}", group, scene["image"].values,
            scene["known"].values, label, columns, scene, planes,
        )
    )  # fmt: skip


def _problem(asked: AskedOfSlots, cut: Slots, scene: xr.Dataset, label: xr.Dataset) -> str | None:
    """Why a sample is left out."""
    if cut.lost(scene).mean() > asked.most_missing:
        return MISSING
    if label.sizes["point"] < max(asked.choice.fewest, 1):
        return FEW_LABELS
    if asked.cloudy and not (label["iwc"].values > 0).any():
        return CLEAR
    if asked.daytime and not (scene["daylight"].values == _DAY).all():
        return DARK
    return None

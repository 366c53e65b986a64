"""Samples of a half orbit: patches of its picture with the profiles of a track, or with the truth.

Each half orbit is a piece of work of its own, with random numbers of its own: what is made of it
depends on the options and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.collocation import inverse_distances, time_offsets
from nephoscope.errors import UsageError, shown
from nephoscope.grids.corners import Corners
from nephoscope.grids.patches import Patch
from nephoscope.grids.sinusoidal import Reals, Sinusoidal
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments import Instrument, instrument_named
from nephoscope.instruments.cutting import Patches
from nephoscope.instruments.granules import Granule
from nephoscope.instruments.registry import profiler
from nephoscope.instruments.swath_truth import read_swath_truth, truth_beside
from nephoscope.instruments.tai93 import from_utc
from nephoscope.samples.from_labels import Sample
from nephoscope.samples.harvest import NO_TRUTH, Harvest, Origin, harvest_of, random_of
from nephoscope.samples.patches import Choice, OnGrid, along_track, in_swath

NO_CLOUD = "granule without any cloud"
FEW_VIEWS = "granule with fewer views than asked along the track"
TOO_LATE = "granule seen too long before or after the track"
BEYOND = "granule beyond the latitudes"
_CORNER = ("point", "corner")
_LEVEL = ("point", "level")


@dataclass(frozen=True)
class Asked:
    """What samples are asked for.

    Attributes:
        instrument: name of the imager.
        fields: names of what is read of the pictures.
        choice: of patches.
        points: whether points are profiles of a track, or random pixels with the simulator's truth.
        points_per_sample: of random pixels.
        most_offset: s, between track and picture, of labels.
        fewest_views: of each corner of a label, or of each random pixel.
        latitudes: degrees, south and north, within which patches lie.
        seed: of all that is random.
    """

    instrument: str
    fields: tuple[str, ...]
    choice: Choice = field(default_factory=Choice)
    points: Origin = "track"
    points_per_sample: int = 400
    most_offset: float = 600.0
    fewest_views: int = 13
    latitudes: tuple[float, float] = (-90.0, 90.0)
    seed: int = 0

    def __call__(self, granule: Granule) -> Harvest:
        """The samples of a half orbit; what its files are unfit for is part of the answer."""
        return harvest_of(_of_track if self.points == "track" else _of_swath, self, granule)

    @property
    def attributes(self) -> dict[str, Any]:
        """What a store says of how its samples were made."""
        return {
            "points": self.points,
            "geometry": self.choice.geometry,
            "fields": list(self.fields),
        }

    def random(self, granule: Granule) -> np.random.Generator:
        """Random numbers of a half orbit, by its name."""
        return random_of(granule, self.seed)


def patches_of(instrument: Instrument) -> Patches:
    """How patches are cut from the files of an imager.

    Raises:
        UsageError: they cannot be.
    """
    if instrument.PATCHES is None or instrument.REFERENCE is None:
        raise UsageError(f"no samples are cut along tracks from {instrument.NOUN}")
    return instrument.PATCHES


def _of_track(asked: Asked, granule: Granule, harvest: Harvest) -> None:
    instrument = instrument_named(asked.instrument)
    cut, path = patches_of(instrument), granule.picture.path
    options = {} if granule.offsets is None else {"offsets": granule.offsets}
    track = profiler(str(instrument.REFERENCE)).read(granule.track, **options)
    if not (track["cloud_type"].values > 0).any():
        harvest.skipped[NO_CLOUD] += 1
        return
    start = np.datetime64(round(granule.picture.order * 1e9), "ns")
    offset = time_offsets(track, start)
    rows = _rows_within(cut.GRID, asked.latitudes)
    profiles, problem = _on_grid(asked, cut, path, track, offset, rows)
    if problem:
        harvest.skipped[problem] += 1
        return
    patches, refused = along_track(profiles, asked.choice, asked.random(granule), rows)
    harvest.skipped += refused
    scenes = cut.read_patches(path, patches, asked.fields) if patches else []
    for patch, scene in zip(patches, scenes, strict=True):
        found = profiles.inside(patch)
        chosen = np.flatnonzero(found.enclosed)
        places = profiles.latitude[chosen], profiles.longitude[chosen]
        label = _places(patch, found.at(chosen), places, offset[chosen])
        label = label.assign(_said(track, chosen)).assign_attrs(source=str(granule.track))
        number = len(harvest.samples)
        harvest.samples.append(_sample(instrument, granule, patch, scene, label, number))


def _of_swath(asked: Asked, granule: Granule, harvest: Harvest) -> None:
    instrument = instrument_named(asked.instrument)
    cut, path = patches_of(instrument), granule.picture.path
    truth = truth_beside(path)
    if truth is None:
        harvest.skipped[NO_TRUTH] += 1
        return
    first, stop = _rows_within(cut.GRID, asked.latitudes)
    views, rng = cut.views_of(path, (first, stop)), asked.random(granule)
    patches, refused = in_swath(views > 0, first, asked.choice, cut.GRID, rng)
    harvest.skipped += refused
    scenes = cut.read_patches(path, patches, asked.fields) if patches else []
    for patch, scene in zip(patches, scenes, strict=True):
        row, col = _random_pixels(asked, patch, views, first, rng)
        said = read_swath_truth(truth, cut.GRID, row, col)
        known = np.flatnonzero((said["cloud_type"].values >= 0).any(axis=1))
        row, col, said = row[known], col[known], said.isel(point=known)
        places = cut.GRID.to_latitude(row), cut.GRID.to_longitude(row, col)
        found = patch.corners(*places)
        label = _places(patch, found, places, np.zeros(len(row)))
        label = label.assign(said.variables).assign(
            profile=("point", known.astype(np.int32)),
            profile_time=_times(np.full(len(row), np.nan)),
        )
        number = len(harvest.samples)
        harvest.samples.append(_sample(instrument, granule, patch, scene, label, number))


def _rows_within(grid: Sinusoidal, latitudes: tuple[float, float]) -> tuple[int, int]:
    """Rows of the grid whose centres lie between two latitudes, the last excluded."""
    south, north = latitudes
    first, stop = (int(np.ceil(grid.to_row(edge) - 1e-9)) for edge in (north, south))
    stop += bool(grid.to_latitude(stop) >= south)
    return max(first, 0), min(stop, grid.rows)


def _on_grid(
    asked: Asked,
    cut: Patches,
    path: Path,
    track: xr.Dataset,
    offset: Reals,
    rows: tuple[int, int],
) -> tuple[OnGrid, str]:
    """Profiles on the grid, and why none of them can be a label: "" where some can."""
    latitude, longitude = (track[name].values for name in ("latitude", "longitude"))
    corners = cut.GRID.corners(latitude, longitude)
    profiles = OnGrid(cut.GRID, latitude, longitude, corners, corners.enclosed)
    inside = corners.enclosed & (corners.row[:, 0] >= rows[0]) & (corners.row[:, 2] < rows[1])
    if not inside.any():
        return profiles, BEYOND
    near = inside & (np.abs(offset) <= asked.most_offset)
    if not near.any():
        return profiles, TOO_LATE
    first, stop = int(corners.row[near].min()), int(corners.row[near].max()) + 1
    views = cut.views_of(path, (first, stop))
    row, col = (np.where(near[:, None], index, first) for index in (corners.row, corners.col))
    usable = near & (views[row - first, col] >= asked.fewest_views).all(axis=1)
    return replace(profiles, usable=usable), "" if usable.any() else FEW_VIEWS


def _random_pixels(
    asked: Asked, patch: Patch, views: npt.NDArray[np.uint8], first: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of the grid of random pixels of a patch, with as many views as asked."""
    columns = patch.origin[:, None] + np.arange(patch.width)
    columns = patch.grid.wrap_col(patch.rows[:, None], columns)
    enough = views[patch.rows[:, None] - first, columns] >= asked.fewest_views
    rows = np.broadcast_to(patch.rows[:, None], columns.shape)
    places = patch.grid.to_latitude(rows), patch.grid.to_longitude(rows, columns)
    inside = patch.corners(*(place.ravel() for place in places)).enclosed
    candidates = np.flatnonzero(enough.ravel() & inside)
    number = min(asked.points_per_sample, candidates.size)
    chosen = np.sort(rng.choice(candidates, number, replace=False))
    return rows.ravel()[chosen].copy(), columns.ravel()[chosen]


def _places(patch: Patch, found: Corners, places: tuple[Reals, Reals], offset: Reals) -> xr.Dataset:
    """Where points lie in a patch, by both kinds of weights, and when they were measured."""
    latitude, longitude = patch.places()
    corner = found.row, found.col
    north, east = (degrees[:, None] for degrees in places)
    away = distance(north, east, latitude[corner], longitude[corner])
    row, col = ((index * found.weight).sum(axis=1) for index in corner)
    about = {"long_name": "track minus picture", "units": "s"}
    return xr.Dataset(
        {
            "row": ("point", row),
            "col": ("point", col),
            "time_offset": ("point", np.asarray(offset, np.float64), about),
            "corner_row": (_CORNER, found.row.astype(np.int16)),
            "corner_col": (_CORNER, found.col.astype(np.int16)),
            "weight_bilinear": (_CORNER, found.weight.astype(np.float32)),
            "weight_inverse_distance": (_CORNER, inverse_distances(away).astype(np.float32)),
        }
    )


def _said(track: xr.Dataset, chosen: npt.NDArray[np.int64]) -> dict[str, Any]:
    """What a track says at some of its profiles."""
    said: dict[str, Any] = {
        "profile": ("point", chosen.astype(np.int32)),
        "profile_time": _times(from_utc(track["time"].values[chosen])),
    }
    for name, variable in track.data_vars.items():
        if variable.dims == ("profile", "level"):
            # Codes of what is missing stay numbers in plain xarray.
            attrs = {key: value for key, value in variable.attrs.items() if key != "missing_value"}
            said[str(name)] = (_LEVEL, variable.values[chosen], attrs)
    shape = track.sizes["profile"], track.sizes["level"]
    height = np.broadcast_to(track["height"].values, shape)[chosen]
    return said | {"height": (_LEVEL, height.astype(np.float32), {"units": "m"})}


def _times(seconds: Reals) -> tuple[str, Reals, dict[str, str]]:
    return "point", seconds, {"long_name": "TAI93 time of the profile", "units": "s"}


def _sample(
    instrument: Instrument,
    granule: Granule,
    patch: Patch,
    scene: xr.Dataset,
    label: xr.Dataset,
    number: int,
) -> Sample:
    names = {
        "picture": granule.picture.path.name,
        "track": "" if granule.track is None else granule.track.name,
        "offsets": "" if granule.offsets is None else granule.offsets.name,
    }
    columns = {
        **instrument.columns(scene),
        "first_row": xr.Variable((), np.int32(patch.first_row)),
        **{name: xr.Variable((), shown(text)) for name, text in names.items()},
    }
    planes = {
        "latitude": scene["latitude"].variable.astype(np.float32),
        "longitude": scene["longitude"].variable.astype(np.float32),
        "origin": scene["origin"].variable.astype(np.int32),
    }
    group = granule.picture.id
    image, known = scene["image"].values, scene["known"].values
    return Sample(f"{group}_{number:02d}", group, image, known, label, columns, scene, planes)

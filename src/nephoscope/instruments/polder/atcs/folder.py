"""Folder of samples of A-Train Cloud Segmentation, sample by sample as packed Scene and label."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.cloudsat.names import parse_caltrack_name
from nephoscope.instruments.polder.atcs.index import (
    GENERATION,
    Instance,
    read_generation,
    read_index,
)
from nephoscope.instruments.polder.atcs.pictures import Pictures, pictures_of
from nephoscope.instruments.polder.atcs.places import Places, even_places, grid_places
from nephoscope.instruments.polder.atcs.profiles import (
    Profiles,
    far_away,
    label_of,
    read_profiles,
)
from nephoscope.instruments.polder.patches import known_of
from nephoscope.scene import missing_share

NATIVE, EVEN = "native", "equirectangular"
_FARTHEST = 30.0
"""Kilometres to a corner: pixels are 6 km wide, and beside a gap corners may be some apart."""


@dataclass(frozen=True)
class AtcsFolder:
    """Samples of a folder.

    Attributes:
        samples: what the folder names.
        pictures: how their pictures are stored.
    """

    samples: list[Instance]
    pictures: Pictures

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of the pictures."""
        return self.pictures.fields

    def read(self, sample: Instance) -> tuple[xr.Dataset, xr.Dataset]:
        """A sample as a packed Scene and its label.

        Returns:
            The Scene, `image` int16 counts, `geometry` among its attrs; and the points, as a store
            of samples has them.

        Raises:
            InputError: a file is absent, damaged, refused, or not as the index says.
        """
        picture = self.pictures.read(sample.picture)
        shape = picture.shape[0], picture.shape[1]
        profiles = read_profiles(sample.profiles, shape)
        picture, profiles, places, geometry = self._placed(sample, picture, profiles)
        scene = self._scene(sample, self.pictures.pack(picture), places)
        label = label_of(profiles, places.latitude, places.longitude, _time_offset(sample))
        label.attrs["source"] = str(sample.profiles)
        if not label.sizes["point"]:
            raise InputError(sample.profiles, "has no label inside of its picture", field="output")
        if (away := far_away(profiles, label, places.latitude, places.longitude)) > _FARTHEST:
            problem = f"lie {away:.0f} km from the pixels that they name: of another picture?"
            raise InputError(sample.profiles, problem, field="lat")
        return scene.assign_attrs(geometry=geometry), label

    def _placed(
        self, sample: Instance, picture: NDArray[np.float64], profiles: Profiles
    ) -> tuple[NDArray[np.float64], Profiles, Places, str]:
        """Picture and profiles with north up, and where the pixels are."""
        planes = [self.pictures.plane(picture, name) for name in ("Latitude", "Longitude")]
        pair = None if planes[0] is None or planes[1] is None else (planes[0], planes[1])
        shape = picture.shape[0], picture.shape[1]
        if profiles.corners is not None:
            found = grid_places(pair, profiles, shape)
            if found is None:
                raise InputError(sample.profiles, "tells of no pixel where it is", field="lat")
            return picture, profiles, found, NATIVE
        found = even_places(pair, profiles, shape)
        if found.latitude[0, 0] < found.latitude[-1, 0]:
            row, col = profiles.place or (np.empty(0), np.empty(0))
            turned = found.latitude[::-1]
            return (
                picture[::-1],
                profiles._replace(place=(shape[0] - 1 - row, col)),
                found._replace(latitude=turned),
                EVEN,
            )
        return picture, profiles, found, EVEN

    def _scene(self, sample: Instance, image: NDArray[np.int16], places: Places) -> xr.Dataset:
        coords: dict[str, Any] = self.pictures.coords()
        known, plane, name = known_of(image, coords["field"][1]), ("y", "x"), sample.half_orbit
        scene = xr.Dataset(
            {"image": (("channel", *plane), image), "known": (plane, known)},
            coords={
                **coords,
                "latitude": (plane, places.latitude, {"units": "degrees_north"}),
                "longitude": (plane, places.longitude, {"units": "degrees_east"}),
                "row": ("y", places.row),
                "origin": ("y", places.origin),
                "time": ((), np.datetime64(name.start if name else "NaT", "ns")),
            },
            attrs={
                "instrument": "polder",
                "source_files": [str(sample.picture)],
                "id": sample.id,
                "missing_share": missing_share(known),
            },
        )
        return scene.assign_attrs({"cycle": name.cycle, "orbit": name.orbit} if name else {})


def open_folder(folder: str | PathLike[str], split: str | None = None) -> AtcsFolder:
    """A folder of samples.

    Args:
        folder: that holds `instance_info.json`.
        split: name of its file of parts; by default `split_default`, or the only one.

    Raises:
        InputError: the index is absent, damaged, or names a field that is none.
        UsageError: no such split.
    """
    folder = Path(folder)
    return AtcsFolder(
        read_index(folder, split), pictures_of(folder / GENERATION, read_generation(folder))
    )


def _time_offset(sample: Instance) -> float:
    """Seconds, start of the track minus that of the picture; NaN if the names do not say."""
    track, picture = parse_caltrack_name(sample.sources["track"]), sample.half_orbit
    if track is None or picture is None:
        return float("nan")
    return (track.start - picture.start).total_seconds()

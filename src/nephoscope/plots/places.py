"""Where the pixels of a picture are on the globe: the nearest to a place, and a map around them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

Reals = npt.NDArray[np.floating]
Whole = npt.NDArray[np.integer]

EARTH_RADIUS = 6371.0
"""Of the sphere with the Earth's mean radius, km."""


@dataclass(frozen=True)
class Places:
    """Pixels of a picture on the globe, to be asked which one lies at a place.

    Attributes:
        latitude: (y, x) degrees north, NaN where a pixel is not on the globe.
        longitude: (y, x) degrees east.
    """

    latitude: Reals
    longitude: Reals
    _tree: KDTree = field(init=False, repr=False)
    _numbers: Whole = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = np.isfinite(self.latitude) & np.isfinite(self.longitude)
        object.__setattr__(self, "_numbers", np.flatnonzero(known))
        vectors = unit_vectors(self.latitude[known], self.longitude[known])
        object.__setattr__(self, "_tree", KDTree(vectors))

    @property
    def spacing(self) -> float:
        """Median distance of a pixel to the next one of its row, km."""
        first = unit_vectors(self.latitude[:, :-1], self.longitude[:, :-1])
        second = unit_vectors(self.latitude[:, 1:], self.longitude[:, 1:])
        return float(np.nanmedian(_distance(first, second)))

    @property
    def centre(self) -> tuple[float, float]:
        """Latitude and longitude of the middle of all pixels, degrees."""
        x, y, z = self._tree.data.mean(axis=0)
        return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))

    def nearest(self, latitude: Reals, longitude: Reals) -> Whole:
        """Flat number of the pixel at each place, -1 where the next pixel is too far for that.

        Args:
            latitude: any shape, degrees north.
            longitude: the same shape, degrees east.
        """
        known = np.isfinite(latitude) & np.isfinite(longitude)
        found = np.full(np.shape(latitude), -1, np.int64)
        chord, place = self._tree.query(unit_vectors(latitude[known], longitude[known]))
        near = chord * EARTH_RADIUS <= self.spacing
        found[known] = np.where(near, self._numbers[place], -1)
        return found


@dataclass(frozen=True)
class LocalMap:
    """Lambert's azimuthal equal-area map of the sphere about a place: no pole, no date line in it.

    Attributes:
        latitude: of its centre, degrees north.
        longitude: of its centre, degrees east.
    """

    latitude: float
    longitude: float

    def to_map(self, latitude: Reals, longitude: Reals) -> tuple[Reals, Reals]:
        """Kilometres to the right (east) and up (north) of the centre, of places in degrees."""
        lat, turn = np.radians(latitude), np.radians(np.asarray(longitude) - self.longitude)
        lat0 = np.radians(self.latitude)
        cosine = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(turn)
        scale = EARTH_RADIUS * np.sqrt(2 / np.maximum(1 + cosine, 1e-9))
        right = scale * np.cos(lat) * np.sin(turn)
        up = scale * (np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(turn))
        return right, up

    def to_globe(self, right: Reals, up: Reals) -> tuple[Reals, Reals]:
        """Latitude and longitude, degrees, of points of the map in km; NaN beyond the globe."""
        length = np.hypot(right, up) / EARTH_RADIUS
        angle = 2 * np.arcsin(np.where(length <= 2, length / 2, np.nan))
        share = np.divide(np.sin(angle), length, out=np.ones_like(angle), where=length > 0)
        east, north = share * right / EARTH_RADIUS, share * up / EARTH_RADIUS
        lat0 = np.radians(self.latitude)
        sine = np.cos(angle) * np.sin(lat0) + north * np.cos(lat0)
        turn = np.arctan2(east, np.cos(angle) * np.cos(lat0) - north * np.sin(lat0))
        longitude = (self.longitude + np.degrees(turn) + 180) % 360 - 180
        return np.degrees(np.arcsin(np.clip(sine, -1, 1))), longitude


def unit_vectors(latitude: Reals, longitude: Reals) -> Reals:
    """(..., 3) unit vectors from the Earth's centre, of places in degrees."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def distances_along(latitude: Reals, longitude: Reals) -> Reals:
    """(profile,) km along a track from its first profile.

    Args:
        latitude: (profile,) degrees north.
        longitude: (profile,) degrees east.
    """
    vectors = unit_vectors(latitude, longitude)
    return np.concatenate([[0.0], np.cumsum(_distance(vectors[:-1], vectors[1:]))])


def _distance(first: Reals, second: Reals) -> Reals:
    chord = np.linalg.norm(first - second, axis=-1)
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.minimum(chord / 2, 1)))


def place_in_words(
    latitude: float, longitude: float, decimals: int | None = None
) -> tuple[str, str]:
    """A latitude and a longitude as maps write them: "12.5°S", "170°E".

    Args:
        latitude: degrees north.
        longitude: degrees east.
        decimals: how many; by default one, and none of whole degrees.
    """
    return _in_words(latitude, "NS", decimals), _in_words(longitude, "EW", decimals)


def _in_words(degrees: float, sides: str, decimals: int | None) -> str:
    size = f"{round(abs(degrees), 1):g}" if decimals is None else f"{abs(degrees):.{decimals}f}"
    return f"{size}°{'' if float(size) == 0 else sides[degrees < 0]}"

"""Features of many views of one place: reflectance, polarisation, angles, parallax, validity.

A feature is named by what it is and the number of the view: `r443_03`. What it is made of are the
channels of that view at hand: `I443NP_03` or any other `I443…_03`, `thetas_03`, `thetav_03`,
`phi_03`, and `phis` of the place. All views of a feature are computed at once. 0 where a channel is
missing.

| feature | is |
|---|---|
| r443, q490, u490 | I, Q, U / cos(thetas), with their signs |
| dolp490 | sqrt(Q² + U²) / I |
| sin_phi, cos_thetav, … | sine or cosine of any angle in degrees |
| cos_scattering | -cos(thetas) cos(thetav) - sin(thetas) sin(thetav) cos(phi) |
| parallax_x, parallax_y | columns, rows by which cloud is displaced for each km of height |
| across490, depth763_765, … | see `nephoscope.inputs.scattering` |
| valid | 1 where all channels of the view that the other features read were measured |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.inputs import scattering
from nephoscope.inputs.view import FloatArray, View

PIXEL = 6.178
"""Side of a pixel where nothing says where the pixels lie: a row of 1/18 degree, km."""
EARTH = 6371.007
"""Radius, km."""
_REACH = 8
"""Rows and columns over which directions are measured: those of a grid whose rows are shifted by
whole pixels jump by up to one from row to row."""
_VIEW = re.compile(r"(.+)_(\d\d)")
_STOKES = re.compile(r"(r|q|u|dolp)(\d+)")
_KINDS = ("r<band>", "q<band>", "u<band>", "dolp<band>", "cos_scattering", "parallax_x",
          "parallax_y", "valid", "sin_<angle>", "cos_<angle>", *scattering.NAMED)  # fmt: skip
NAMED = ", ".join(f"{kind}_<view>" for kind in _KINDS)
"""What there is, for messages."""

Views = tuple[int, ...]


def split_view(name: str) -> tuple[str, int] | None:
    """What a name means, and of which view: "r443_03" → ("r443", 3); None of other names."""
    found = _VIEW.fullmatch(name)
    return None if found is None else (found[1], int(found[2]))


def is_directional(stem: str) -> bool:
    """Whether a name without its view is one of a feature that is computed for all views."""
    fixed = stem in {"cos_scattering", "parallax_x", "parallax_y", "valid"}
    return fixed or not is_fixed(stem) or stem.startswith(("sin_", "cos_"))


def is_fixed(stem: str) -> bool:
    """Whether it keeps its values: angles, parallax and flags do, radiances do not."""
    return not _STOKES.fullmatch(stem) and scattering.kind_of(stem) is None


def reads_of(stem: str, view: int, channels: Sequence[str]) -> tuple[str, ...]:
    """Channels that a feature of a view is made of; those of the place have no view.

    Args:
        stem: of the feature.
        view: its number.
        channels: names of those at hand: they tell `I443NP` from `I443P`.
    """
    return tuple(
        name if name == "phis" else f"{name}_{view:02d}" for name in _fields(stem, tuple(channels))
    )


@lru_cache(maxsize=512)
def _fields(stem: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    stokes = _STOKES.fullmatch(stem)
    if stokes:
        parts = {"dolp": ("I", "Q", "U")}.get(stokes[1], (stokes[1].upper().replace("R", "I"),))
        bands = tuple(_field_of(f"{part}{stokes[2]}", channels) for part in parts)
        return bands if stokes[1] == "dolp" else (*bands, "thetas")
    made = scattering.kind_of(stem)
    if made is not None:
        bands = tuple(_field_of(part, channels) for part in scattering.components_of(*made))
        return bands if made[0] == "ratio" else (*bands, "thetas", "thetav", "phi")
    if stem == "valid":
        return ()
    if stem == "cos_scattering":
        return ("thetas", "thetav", "phi")
    if stem in {"parallax_x", "parallax_y"}:
        return ("thetav", "phi", "phis")
    return (stem[4:],)


def _field_of(band: str, channels: tuple[str, ...]) -> str:
    """The field at hand of a component and wavelength, whatever ends its name: I443 → I443NP."""
    named = re.compile(rf"({band}[A-Za-z]*)_\d\d")
    return next((found[1] for name in channels if (found := named.fullmatch(name))), band)


class Directions:
    """Channels of a window view by view; what several features are made of is computed once.

    Args:
        view: the window.
        read: names of the channels that features of the window read: they decide what is valid.
    """

    def __init__(self, view: View, read: Iterable[str]) -> None:
        self.view = view
        self._place = {name: number for number, name in enumerate(view.channels)}
        self._read, self._at_hand = _by_view(read), _by_view(view.channels)
        self._held: dict[tuple[str, Views], FloatArray] = {}

    def fill(self, stem: str, views: Views, target: FloatArray) -> None:
        """Compute a feature of some views.

        Args:
            stem: of the feature.
            views: their numbers.
            target: (view, y, x) float32 to write into.

        Raises:
            UsageError: a channel is not there.
        """
        stokes = _STOKES.fullmatch(stem)
        if stokes and stokes[1] != "dolp":
            field = _fields(stem, self.view.channels)[0]
            per_sun = self._once("per_sun", views, self._per_sun)
            np.multiply(self.channels(field, views), per_sun, out=target)
        else:
            target[...] = self._computed(stem, views)
        np.copyto(target, np.float32(0), where=~np.isfinite(target))

    def _computed(self, stem: str, views: Views) -> FloatArray:
        if stem.startswith("dolp"):
            i, q, u = (self.channels(name, views) for name in _fields(stem, self.view.channels))
            return np.asarray(np.hypot(q, u) / np.where(i > 0, i, np.float32(np.nan)), np.float32)
        made = scattering.kind_of(stem)
        if made is not None:
            fields = _fields(stem, self.view.channels)[: len(scattering.components_of(*made))]
            planes = [self.channels(field, views) for field in fields]
            return scattering.compute(made[0], planes, lambda: self._angles(views))
        if stem == "valid":
            return self._valid(views)
        if stem == "cos_scattering":
            return self._scattering(views)
        if stem in {"parallax_x", "parallax_y"}:
            both = self._once("parallax", views, self._parallax)
            return np.asarray(both[0 if stem == "parallax_x" else 1])
        return self._once(stem, views, lambda views: self._angle(stem, views))

    def channels(self, field: str, views: Views) -> FloatArray:
        """(view, y, x) of a field, of a field of the place (1, y, x).

        Raises:
            UsageError: there is none of a view.
        """
        names = [field] if field == "phis" else [f"{field}_{view:02d}" for view in views]
        for name in names:
            if name not in self._place:
                self.view.channel(name)  # raises, and names those there are
        places = [self._place[name] for name in names]
        first = places[0]
        if places == list(range(first, first + len(places))):
            return np.asarray(self.view.image[first : first + len(places)])
        return np.asarray(self.view.image[places])

    def _once(self, what: str, views: Views, made: Callable[[Views], FloatArray]) -> FloatArray:
        if (what, views) not in self._held:
            with np.errstate(invalid="ignore"):
                self._held[what, views] = made(views)
        return self._held[what, views]

    def _angle(self, stem: str, views: Views) -> FloatArray:
        function = np.sin if stem.startswith("sin_") else np.cos
        return np.asarray(function(np.deg2rad(self.channels(stem[4:], views))))

    def _of_angle(self, stem: str, views: Views) -> FloatArray:
        return self._once(stem, views, lambda views: self._angle(stem, views))

    def _angles(self, views: Views) -> scattering.Angles:
        names = [f"{f}_{angle}" for angle in ("thetas", "thetav", "phi") for f in ("cos", "sin")]
        return scattering.Angles(*(self._of_angle(name, views) for name in names))

    def _per_sun(self, views: Views) -> FloatArray:
        cosine = self._of_angle("cos_thetas", views)
        return np.asarray(1 / np.where(cosine > 0, cosine, np.float32(np.nan)), np.float32)

    def _scattering(self, views: Views) -> FloatArray:
        sun, view = (self._of_angle(f"cos_{name}", views) for name in ("thetas", "thetav"))
        across = self._of_angle("sin_thetas", views) * self._of_angle("sin_thetav", views)
        return np.asarray(-sun * view - across * self._of_angle("cos_phi", views))

    def _parallax(self, views: Views) -> FloatArray:
        """(2, view, y, x): columns and rows for each km of height.

        A cloud appears away from the satellite, whose azimuth is phis - phi.
        """
        tangent = self._of_angle("sin_thetav", views) / self._of_angle("cos_thetav", views)
        sun = [self._of_angle(name, views) for name in ("sin_phis", "cos_phis")]
        turn = [self._of_angle(name, views) for name in ("sin_phi", "cos_phi")]
        east = tangent * (sun[1] * turn[0] - sun[0] * turn[1])
        north = -tangent * (sun[1] * turn[1] + sun[0] * turn[0])
        per_km = self.view.per_km
        if per_km is None:
            return np.asarray(np.stack([east, -north]) / np.float32(PIXEL), np.float32)
        return np.stack([along[0] * east + along[1] * north for along in per_km])

    def _valid(self, views: Views) -> FloatArray:
        valid = np.ones((len(views), *self.view.known.shape), bool)
        fields = {view: self._read.get(view) or self._at_hand.get(view, []) for view in views}
        for view, of_it in fields.items():
            if not of_it:
                raise UsageError(f"valid_{view:02d}: no channel of this view is there")
        for field in dict.fromkeys(name for of_it in fields.values() for name in of_it):
            which = [number for number, view in enumerate(views) if field in fields[view]]
            seen = np.isfinite(self.channels(field, tuple(views[number] for number in which)))
            if len(which) == len(views):
                valid &= seen
            else:
                valid[which] &= seen
        return valid.astype(np.float32)


def _by_view(channels: Iterable[str]) -> dict[int, list[str]]:
    """View → fields of which channels are."""
    found: dict[int, list[str]] = {}
    for name in channels:
        if (of_view := split_view(name)) is not None:
            found.setdefault(of_view[1], []).append(of_view[0])
    return found


def pixels_per_km(
    latitude: npt.NDArray[np.floating], longitude: npt.NDArray[np.floating]
) -> FloatArray:
    """Columns and rows by which a kilometre east and a kilometre north lead on.

    Rows and columns of a picture need not run along parallels and meridians: in a picture whose
    rows follow a satellite's track north leads aside.

    Args:
        latitude: (y, x) degrees north.
        longitude: (y, x) degrees east; may cross the date line.

    Returns:
        (column or row, east or north, y, x) float32; square pixels of `PIXEL` with north up where
        places are not known, or too few.
    """
    usual = np.zeros((2, 2, *latitude.shape), np.float32)
    usual[0, 0], usual[1, 1] = 1 / PIXEL, -1 / PIXEL
    if min(latitude.shape) < 2:
        return usual
    lat, lon = (np.asarray(degrees, np.float64) for degrees in (latitude, longitude))
    km = np.deg2rad(1) * EARTH
    north_y, north_x = (_slope(lat, axis) * km for axis in (0, 1))
    east_y, east_x = (_slope(lon, axis, 360) * km * np.cos(np.deg2rad(lat)) for axis in (0, 1))
    area = east_x * north_y - east_y * north_x
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.array([[north_y, -east_y], [-north_x, east_x]]) / area
    there = np.isfinite(found).all(axis=(0, 1))
    return np.where(there, found, usual).astype(np.float32)


def _slope(
    values: npt.NDArray[np.float64], axis: int, period: float | None = None
) -> npt.NDArray[np.float64]:
    """Change of (y, x) from one row or column to the next, over `_REACH` of them both ways."""
    number = np.arange(values.shape[axis])
    before = np.maximum(number - _REACH, 0)
    after = np.minimum(number + _REACH, number[-1])
    change = values.take(after, axis) - values.take(before, axis)
    if period is not None:
        change = np.mod(change + period / 2, period) - period / 2
    steps = (after - before).astype(np.float64)
    return np.asarray(change / (steps[:, None] if axis == 0 else steps))

"""Measurement by PARASOL: every field of its level-1B file but flags and one more.

Left out are the quality flags (four of them tell of the border of the detector, but nothing at hand
says which border or which filter each means; so all are 0) and `delta_thetav.sinphi`, of which only
the name is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.fields import BANDS, POLARISED, VIEWS, stokes_names
from nephoscope.instruments.polder.windows import Window
from nephoscope.simulate.earth.atmosphere import LAND, SEA, SNOW, Atmosphere, LocalGrid
from nephoscope.simulate.earth.optics.ground import albedo
from nephoscope.simulate.earth.polder.clouds import Angles
from nephoscope.simulate.earth.polder.geometry import Views
from nephoscope.simulate.earth.polder.indicator import cloud_indicator
from nephoscope.simulate.earth.polder.noise import add_noise
from nephoscope.simulate.earth.polder.profile import Profile, columns
from nephoscope.simulate.earth.polder.radiation import Below, radiances
from nephoscope.simulate.earth.polder.ray_marching import Layer, layers_of, march, shade
from nephoscope.simulate.earth.polder.stokes import cos_scattering, rotation
from nephoscope.simulate.earth.sight import QUARTERS, Sight

Floats = NDArray[np.float32]

DARK = 85.0
"""Zenith angle of the Sun from which on nothing is delivered, degrees."""
_BLOCK = 36
"""Rows worked on at a time: their lines of sight fit the cache."""


@dataclass(frozen=True)
class Lines:
    """Four lines of sight of each pixel, where they meet the sea: (line, y, x).

    Args:
        row: float32, fractional row of the atmosphere.
        col: float32, fractional column.
        column: int32, flat index of the column of air.
    """

    row: Floats
    col: Floats
    column: NDArray[np.int32]

    @classmethod
    def of(cls, grid: LocalGrid, window: Window) -> Self:
        """Lines at a quarter of a pixel from the centres of the pixels."""
        latitude, longitude = quarter_places(window)
        row, col = (index.astype(np.float32) for index in grid.to_index(latitude, longitude))
        inside = [
            np.clip(np.rint(index), 0, size - 1).astype(np.int32)
            for index, size in ((row, grid.rows), (col, grid.cols))
        ]
        return cls(row, col, inside[0] * np.int32(grid.cols) + inside[1])


def quarter_places(window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude of the four places in each pixel: (line, y, x) float64, degrees."""
    cols, _ = window.columns()
    rows = window.rows[:, None]
    latitude = np.stack(
        [np.broadcast_to(POLDER.to_latitude(rows + down), window.shape) for down, _ in QUARTERS]
    )
    longitude = np.stack([POLDER.to_longitude(rows, cols + right) for _, right in QUARTERS])
    return latitude, longitude


def observe(
    atmosphere: Atmosphere,
    views: Views,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.floating]]:
    """Measure a stretch of a half orbit.

    Args:
        atmosphere: the air; must hold the pixels and what stands between them and the satellite.
        views: of the pixels.
        rng: source of the noise.

    Returns:
        By name of the dataset: directional (view, y, x) float32, NaN where there is no view;
        others (y, x).
    """
    lines = Lines.of(atmosphere.grid, views.window)
    albedos = {band: albedo(atmosphere.surface, band / 1000).reshape(-1) for band in BANDS}
    layers = layers_of(atmosphere)
    lit = views.thetas < DARK
    names = [name for band in BANDS for name in stokes_names(band)]
    shape = (VIEWS, *views.window.shape)
    out = {name: np.full(shape, np.nan, np.float32) for name in names}
    cover = np.full(shape, np.nan, np.float32)
    for start in range(0, shape[1], _BLOCK):
        rows = slice(start, min(start + _BLOCK, shape[1]))
        block = _Block.of(atmosphere, views, lines, albedos, layers, rows)
        for view in range(VIEWS):
            seen = lit[view, rows]
            if seen.any():
                for name, values in block.stokes(view, seen).items():
                    (cover if name == "cover" else out[name])[view, rows][seen] = values
    add_noise(rng, out)
    angles = {"thetav": views.thetav, "thetas": views.thetas, "phi": views.phi}
    fields: dict[str, NDArray[np.floating]] = out | {
        name: np.where(lit, angle, np.float32(np.nan)) for name, angle in angles.items()
    }
    fields["CCD_row"], fields["CCD_column"] = (np.where(lit, one, np.nan) for one in views.ccd)
    return fields | _planes(atmosphere, views, lines, cover, rng)


def _planes(
    atmosphere: Atmosphere, views: Views, lines: Lines, cover: Floats, rng: np.random.Generator
) -> dict[str, NDArray[np.floating]]:
    """Fields without views: the ground, the Sun's azimuth, the operational cloud mask."""
    surface = atmosphere.surface
    altitude = surface.altitude.reshape(-1)[lines.column].mean(axis=0)
    # Frozen sea is still sea to the map behind the flag.
    sea_or_ice = (surface.kind == SEA) | ((surface.kind == SNOW) & (surface.altitude <= 0))
    sea = sea_or_ice.reshape(-1)[lines.column].mean(axis=0)
    return {
        "surface_altitude": altitude,
        "land_sea_flag": np.where(sea == 1, 0.0, np.where(sea == 0, 100.0, 50.0)),
        "phis": middle_view(views.phis),
        "cloud_indicator": cloud_indicator(rng, cover, sea, views),
    }


@dataclass(frozen=True)
class _Block:
    """Rows of the pictures, and what all views of them share: planes are (line, pixel)."""

    grid: LocalGrid
    views: Views
    rows: slice
    profile: Profile
    layers: list[Layer]
    places: tuple[Floats, ...]
    ground: dict[str, Floats]
    albedos: dict[int, Floats]

    @classmethod
    def of(
        cls,
        atmosphere: Atmosphere,
        views: Views,
        lines: Lines,
        albedos: dict[int, Floats],
        layers: dict[int, Layer],
        rows: slice,
    ) -> Self:
        surface, air = atmosphere.surface, atmosphere.air
        latitude = views.latitude[rows]
        profile = Profile.at(air, float(latitude.mean()))
        vapour, ozone = columns(air, latitude)
        column = lines.column[:, rows]
        # The profile is that of the block's mean latitude; the whole column is that of the pixel's.
        moisture = atmosphere.moisture.reshape(-1)[column] * (vapour / profile.vapour[0])
        pressure = profile.pressure_at(surface.altitude.reshape(-1)[column])
        crossed = [layers[int(level)] for level in _levels(atmosphere, lines, rows)]
        ground = {
            "sea": (surface.kind.reshape(-1)[column] == SEA).astype(np.float32),
            "bare": (surface.kind.reshape(-1)[column] == LAND).astype(np.float32),
            "vegetation": surface.vegetation.reshape(-1)[column],
            "shade": shade(crossed, _towards_sun(atmosphere.grid, views, lines, rows)),
            "wind": surface.wind.reshape(-1)[column],
            "aerosol": surface.aerosol.reshape(-1)[column],
            "pressure": pressure,
            "moisture": moisture.astype(np.float32),
            "vapour": (moisture * profile.vapour_above(pressure)).astype(np.float32),
            "ozone": np.broadcast_to(ozone, column.shape),
        }
        places = lines.row[:, rows], lines.col[:, rows]
        return cls(
            atmosphere.grid, views, rows, profile, crossed,
            tuple(_by_line(place) for place in places),
            {name: _by_line(plane) for name, plane in ground.items()},
            {band: _by_line(plane[column]) for band, plane in albedos.items()},
        )  # fmt: skip

    def stokes(self, view: int, seen: NDArray[np.bool_]) -> dict[str, Floats]:
        """All Stokes components and the share of cloud, (pixel,) of the pixels seen, float32."""
        views, rows = self.views, self.rows
        thetas, thetav, azimuth, phis = (
            angle[view, rows][seen]
            for angle in (views.thetas, views.thetav, views.azimuth, views.phis)
        )
        phi = phis - azimuth
        sun, zenith = (np.cos(np.deg2rad(angle)) for angle in (thetas, thetav))
        angles = Angles(sun, zenith, cos_scattering(thetas, thetav, phi), phi)
        place = views.latitude[rows][seen], views.longitude[rows][seen]
        middle = Sight.towards(self.grid, *place, thetav, azimuth)
        which = np.flatnonzero(seen)
        row, col = (_picked(plane, which) for plane in self.places)
        sight = replace(middle, row=row, col=col)
        crossing = march(self.layers, self.profile.of_levels, sight, angles.airmass)
        there = {name: _picked(plane, which) for name, plane in self.ground.items()}
        moisture = there.pop("moisture")
        below = Below(
            albedo={band: _picked(plane, which) for band, plane in self.albedos.items()},
            vapour_at_cloud=moisture * self.profile.vapour_above(crossing.apparent),
            **there,
        )
        light = radiances(crossing, angles, below)
        q, u = rotation(thetas, thetav, phi)
        out: dict[str, Floats] = {}
        for band in BANDS:
            parts = [light[f"I{band}"]]
            if band in POLARISED:
                parts += [light[f"P{band}"] * q, light[f"P{band}"] * u]
            out |= dict(zip(stokes_names(band), parts, strict=True))
        out["cover"] = (1 - np.exp(-crossing.depth)).mean(axis=0)
        return out


def _by_line(plane: Floats) -> Floats:
    return np.ascontiguousarray(plane).reshape(len(plane), -1)


def _picked(plane: Floats, which: NDArray[np.intp]) -> Floats:
    """Some pixels of (line, pixel); mostly all, which need no copy."""
    return plane if len(which) == plane.shape[1] else plane.take(which, axis=1)


def _towards_sun(grid: LocalGrid, views: Views, lines: Lines, rows: slice) -> Sight:
    """Lines from the ground towards the Sun as it stands in the middle view of each pixel."""
    zenith, azimuth = (middle_view(angles[:, rows]) for angles in (views.thetas, views.phis))
    there = np.isfinite(zenith)
    zenith = np.where(there, np.minimum(zenith, DARK), 0)
    azimuth = np.where(there, azimuth, 0)
    middle = Sight.towards(grid, views.latitude[rows], views.longitude[rows], zenith, azimuth)
    return replace(middle, row=lines.row[:, rows], col=lines.col[:, rows])


def middle_view(angles: Floats) -> Floats:
    """Value of (view, y, x) in the middle view of each pixel; NaN where there is no view."""
    middle = np.isfinite(angles).sum(axis=0) // 2
    return np.asarray(np.take_along_axis(angles, middle[None], axis=0)[0])


def _levels(atmosphere: Atmosphere, lines: Lines, rows: slice) -> NDArray[np.intp]:
    """Levels that hold cloud where the lines of some rows may pass."""
    margin = int(60_000 / atmosphere.grid.spacing)
    box = []
    for index, size in zip((lines.row, lines.col), atmosphere.grid.shape, strict=True):
        part = index[:, rows]
        first = max(int(part.min()) - margin, 0)
        box.append(slice(first, min(int(part.max()) + margin + 1, size)))
    return np.flatnonzero(atmosphere.cloud_type[:, box[0], box[1]].any(axis=(1, 2)))

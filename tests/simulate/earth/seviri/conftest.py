"""Atmospheres made by hand below small windows of the disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.grids.geostationary import SEVIRI_0
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.simulate.earth.atmosphere import (
    ALTITUDE,
    LEVELS,
    SEA,
    THICKNESS,
    Atmosphere,
    LocalGrid,
    Surface,
)
from nephoscope.simulate.earth.atmosphere.air import draw_air
from nephoscope.simulate.earth.seviri.picture import observe

NOON, MIDNIGHT = np.datetime64("2010-03-21T11:50"), np.datetime64("2010-03-21T23:50")


class HandMade:
    """A window of the disk, and the air below it without clouds: standard tropical."""

    def __init__(self, latitude=0.0, longitude=0.0, size=8, spacing=1500.0, margin=60_000.0):
        row, col = (round(float(one)) for one in SEVIRI_0.to_pixel(latitude, longitude))
        self.window = SEVIRI_0.window(row - size // 2, col - size // 2, size, size)
        self.grid = LocalGrid.covering(*self.window.places(), spacing, margin)
        rows = self.grid.places()[0]
        air = draw_air(
            np.random.default_rng(0), float(rows.min()), float(rows.max()), NOON, anomaly=0
        )
        plane = np.ones(self.grid.shape, np.float32)
        ground = Surface(
            np.full(self.grid.shape, SEA, np.uint8), 0 * plane, 300 * plane, 0 * plane, 6 * plane,
            0 * plane,
        )  # fmt: skip
        cubes = [np.zeros((LEVELS, *self.grid.shape), np.float32) for _ in range(5)]
        self.air = Atmosphere(
            self.grid, NOON, air, plane, ground, *cubes,
            np.zeros((LEVELS, *self.grid.shape), np.int8),
        )  # fmt: skip

    def with_ground(self, **values):
        """The window with fields of the ground set to numbers or (row, col)."""
        surface = self.air.surface
        planes = {
            name: np.broadcast_to(
                np.asarray(value, getattr(surface, name).dtype), self.grid.shape
            ).copy()
            for name, value in values.items()
        }
        return self._changed(surface=replace(surface, **planes))

    def without_gas(self, pressure=1e-3):
        """Air that absorbs nothing, as warm as before; or one that only scatters, as before."""
        air = self.air.air
        none = {
            name: np.zeros_like(getattr(air, name)) for name in ("vapour", "ozone", "column_above")
        }
        if pressure is not None:
            none["pressure"] = np.full_like(air.pressure, pressure)
        return self._changed(air=replace(air, **none))

    def with_cloud(self, phase, bottom, top, depth, radius, where=...):
        """A slab from the level at `bottom` m to that at `top`; radius in um."""
        first, last = (int(np.abs(ALTITUDE - one).argmin()) for one in (bottom, top))
        density, mass, extinction = {
            "water": (1000, "lwc", "liquid_extinction"),
            "ice": (917, "iwc", "ice_extinction"),
        }[phase]
        per_metre = depth / ((last - first + 1) * THICKNESS)
        changed = {name: getattr(self.air, name).copy() for name in (mass, extinction)}
        kinds = self.air.cloud_type.copy()
        for level in range(first, last + 1):
            changed[extinction][level][where] = per_metre
            changed[mass][level][where] = per_metre * density * radius * 1e-6 / 1.5
            kinds[level][where] = 1 if phase == "ice" else 6
        return self._changed(**changed, cloud_type=kinds)

    def temperature(self, altitude):
        """Of the air at the level nearest to an altitude, on the node nearest to the middle."""
        level = int(np.abs(ALTITUDE - altitude).argmin())
        return float(self.air.air.at(self.air.air.temperature[level], self.grid.latitude))

    def seen(self, start=MIDNIGHT, seed=None):
        """Means of the window by channel."""
        image = self.image(start, seed)
        return dict(zip(CHANNELS, image.mean(axis=(1, 2)), strict=True))

    def image(self, start=MIDNIGHT, seed=None):
        rng = None if seed is None else np.random.default_rng(seed)
        return observe(replace(self.air, time=start), self.window, start, rng)

    def _changed(self, **values):
        other = object.__new__(HandMade)
        other.window, other.grid = self.window, self.grid
        other.air = replace(self.air, **values)
        return other


@pytest.fixture(scope="session")
def tropics():
    """Below the satellite."""
    return HandMade()


@pytest.fixture(scope="session")
def aside():
    """At 30 N, 20 E, seen at 40 degrees from the zenith."""
    return HandMade(30.0, 20.0, size=24, margin=40_000.0)


@pytest.fixture(scope="session")
def noon():
    return NOON

"""Atmospheres made by hand: slabs and towers of known optical depth."""

from __future__ import annotations

import numpy as np

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

TIME = np.datetime64("2008-06-03T13:30")


def surface(grid, kind=SEA, altitude=0.0, vegetation=0.0, wind=6.0, aerosol=0.1):
    plane = np.ones(grid.shape, np.float32)
    return Surface(
        np.full(grid.shape, kind, np.uint8), altitude * plane, 290 * plane, vegetation * plane,
        wind * plane, aerosol * plane,
    )  # fmt: skip


def level_of(altitude):
    return int(np.abs(ALTITUDE - altitude).argmin())


def atmosphere(grid, liquid=(), ice=(), ground=None, radius=10e-6):
    """Slabs are (bottom, top, optical depth): m, m, number or (row, col)."""
    rng = np.random.default_rng(0)
    latitude = grid.places()[0]
    air = draw_air(rng, float(latitude.min()), float(latitude.max()), TIME, 0.0)
    cubes = {
        name: np.zeros((LEVELS, *grid.shape), np.float32)
        for name in ("liquid_extinction", "ice_extinction")
    }
    for name, slabs in (("liquid_extinction", liquid), ("ice_extinction", ice)):
        for bottom, top, depth in slabs:
            first, last = level_of(bottom), level_of(top)
            share = np.asarray(depth, np.float32) / ((last - first + 1) * THICKNESS)
            cubes[name][first : last + 1] += share
    kind = np.where(cubes["ice_extinction"] > 0, 1, np.where(cubes["liquid_extinction"] > 0, 5, 0))
    return Atmosphere(
        grid=grid,
        time=TIME,
        air=air,
        moisture=np.ones(grid.shape, np.float32),
        surface=ground or surface(grid),
        lwc=cubes["liquid_extinction"] * np.float32(1000 * radius / 1.5),
        iwc=cubes["ice_extinction"] * np.float32(917 * 30e-6 / 1.5),
        rain=np.zeros_like(cubes["liquid_extinction"]),
        cloud_type=kind.astype(np.int8),
        **cubes,
    )


def grid_over(latitude=20.0, longitude=30.0, size=200, spacing=3000.0):
    return LocalGrid(latitude, longitude, size, size, spacing)

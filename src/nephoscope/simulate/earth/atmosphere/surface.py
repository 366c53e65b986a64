"""Ground: fractal land with relief, plants and snow, sea with ice, warmed by the Sun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.air import warmth_of_season
from nephoscope.simulate.earth.atmosphere.fields import Field, Texture
from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.state import LAND, SEA, SNOW, Air, Surface
from nephoscope.simulate.earth.atmosphere.winds import Winds
from nephoscope.simulate.earth.seeds import stream
from nephoscope.simulate.fractal import sigmoid
from nephoscope.sun import solar_angles

Floats = NDArray[np.float32]

LAPSE = 6.5e-3
"""Of the temperature along the slope of mountains, K m-1."""
_AFTER_NOON = np.timedelta64(75, "m")
# Land of the Earth: 29 %. A scene is mostly one or the other, as its continent's field is wide.
_CONTINENT = Texture(2_000_000.0, inner=20_000.0, slope=2.2)
_COAST = Texture(400_000.0, slope=1.8)
_RELIEF = Texture(250_000.0, slope=1.6)
_PATCHES = Texture(300_000.0, slope=1.5)


@dataclass(frozen=True)
class Ground:
    """Ground as it stays over a day: all (row, col).

    Args:
        kind: uint8, `SEA`, `LAND` or `SNOW`.
        altitude: float32, m.
        vegetation: float32, 0 to 1.
        aerosol: float32, optical depth at 550 nm.
        gusts: float32, standard normal: where the wind is stronger.
        warmth: float32, K, the sea's or the ground's own difference from the air.
    """

    kind: NDArray[np.uint8]
    altitude: Floats
    vegetation: Floats
    aerosol: Floats
    gusts: Floats
    warmth: Floats


def draw_ground(
    grid: LocalGrid, latitude: Floats, seed: int, air: Air, time: np.datetime64
) -> Ground:
    """Draw the ground below a grid, the same for the same seed.

    Args:
        grid: of the columns.
        latitude: (row, col) float32, degrees north.
        seed: of everything that is random.
        air: what is cold enough has snow.
        time: UTC; the season counts.
    """
    noise = {
        name: Field(texture, grid.shape, grid.spacing, seed, f"surface {name}").at(0.0)
        for name, texture in (
            ("continent", _CONTINENT),
            ("coast", _COAST),
            ("relief", _RELIEF),
            ("patches", _PATCHES),
            ("dust", _CONTINENT),
        )
    }
    offset = np.float32(stream(seed, "surface height").normal(-0.75, 0.8))
    height = 0.9 * noise["continent"] + 0.45 * noise["coast"] + offset
    land = height > 0
    altitude = _altitude(height, noise["relief"])
    vegetation = _vegetation(latitude, time, noise["patches"]) * land
    cold = air.at(air.temperature[0], latitude) - np.float32(LAPSE) * altitude
    frozen = cold + 2 * noise["patches"] < np.where(land, np.float32(268.5), np.float32(252))
    frozen |= ~land & (_sea_temperature(latitude, time) + noise["patches"] < np.float32(271.8))
    dusty = np.float32(0.1) + 0.25 * np.exp(-(((np.abs(latitude) - 18) / 14) ** 2)) * land
    return Ground(
        kind=np.where(frozen, SNOW, np.where(land, LAND, SEA)).astype(np.uint8),
        altitude=altitude,
        vegetation=np.asarray(np.where(frozen, 0.3, 1) * vegetation, np.float32),
        aerosol=np.asarray(dusty * np.exp(0.5 * noise["dust"]), np.float32),
        gusts=noise["patches"],
        warmth=np.asarray(noise["dust"], np.float32),
    )


def surface_at(
    ground: Ground,
    places: tuple[Floats, Floats],
    air: Air,
    winds: Winds,
    time: np.datetime64,
    shade: NDArray[np.floating],
) -> Surface:
    """The surface at a time.

    The skin of land is warmer than the air where the Sun stood high an hour and a quarter ago,
    bare soil most, and cooler at night; cloud takes both away. Amplitudes are those of skin minus
    air in Jin and Dickinson (2010, Environ. Res. Lett. 5, 044004): about 20 K over deserts, 5 K
    over forest, 2 to 5 K of cooling in clear nights.

    Args:
        ground: what does not change.
        places: latitude and longitude of the columns, (row, col) float32, degrees.
        air: its lowest level is the air temperature at the sea.
        winds: of the scene.
        time: UTC.
        shade: (row, col) float32, how much of the sunlight clouds let through, 0 to 1.
    """
    latitude, longitude = places
    near = air.at(air.temperature[0], latitude)
    zenith = solar_angles(latitude, longitude, time - _AFTER_NOON)[0]
    sun = np.maximum(np.cos(np.deg2rad(zenith)), 0).astype(np.float32)
    bare = 1 - 0.75 * ground.vegetation
    heating = (22 * bare * sun - 4 * bare * (1 - sun)) * (0.15 + 0.85 * shade)
    relief = np.float32(LAPSE) * ground.altitude
    land = np.maximum(near, 245) - relief + heating + ground.warmth
    sea = 0.65 * _sea_temperature(latitude, time) + 0.35 * near
    water = np.maximum(sea + 1.2 * ground.warmth, np.float32(271.4))
    snow = np.minimum(near - relief + 0.25 * heating, np.float32(273.15))
    kind = ground.kind
    temperature = np.where(kind == SEA, water, np.where(kind == SNOW, snow, land))
    speed = float(np.hypot(*winds.surface)) * (1 + 0.35 * ground.gusts)
    return Surface(
        kind=kind,
        altitude=ground.altitude,
        temperature=np.asarray(temperature, np.float32),
        vegetation=ground.vegetation,
        wind=np.asarray(np.clip(speed, 0.5, 25), np.float32),
        aerosol=ground.aerosol,
    )


def _sea_temperature(latitude: Floats, time: np.datetime64) -> Floats:
    """Zonal mean of the sea's surface, K, a month and more behind the air.

    Rounded from the World Ocean Atlas (Locarnini et al. 2018): 27.5 degrees Celsius at the equator,
    15.5 at 40 degrees, 0 at 70; 3.5 K warmer and colder with the seasons at 40.
    """
    away = np.abs(latitude)
    mean = np.interp(away, (0, 20, 30, 40, 50, 60, 70, 80), (27.5, 26, 22, 15.5, 9, 4, 0, -2))
    swing = np.interp(away, (5, 25, 40, 60, 75), (0.0, 2.0, 3.5, 2.5, 0.5))
    season = warmth_of_season(time - np.timedelta64(35, "D")) * np.sign(latitude)
    return np.asarray(273.15 + mean + season * swing, np.float32)


def _altitude(height: Floats, relief: Floats) -> Floats:
    """Plains by the coast, ridges inland: m."""
    inland = np.maximum(height, 0)
    ridges = np.maximum(1.1 - np.abs(relief), 0) ** 2
    mountains = sigmoid(4 * (inland - 1.2)) * ridges * 2200
    altitude = 350 * inland**1.3 + mountains
    return np.asarray(np.where(height > 0, np.clip(altitude, 1, 5500), 0), np.float32)


def _vegetation(latitude: Floats, time: np.datetime64, patches: Floats) -> Floats:
    """Forest at the equator and in the temperate belts, desert between, tundra beyond."""
    north = latitude - 4 * np.float32(warmth_of_season(time))
    away = np.abs(latitude)
    wet = np.exp(-((north / 13) ** 2)) + 0.85 * np.exp(-(((away - 50) / 14) ** 2))
    return np.asarray(sigmoid(5 * (wet - 0.45) + 0.8 * patches), np.float32)

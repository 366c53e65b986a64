"""Simulated atmosphere: air, ground and clouds in three dimensions, and their truth."""

from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.state import (
    ALTITUDE,
    BOTTOM,
    EDGES,
    LAND,
    LEVELS,
    SEA,
    SNOW,
    THICKNESS,
    Air,
    Atmosphere,
    Surface,
)
from nephoscope.simulate.earth.atmosphere.weather import Weather

__all__ = [
    "ALTITUDE",
    "BOTTOM",
    "EDGES",
    "LAND",
    "LEVELS",
    "SEA",
    "SNOW",
    "THICKNESS",
    "Air",
    "Atmosphere",
    "LocalGrid",
    "Surface",
    "Weather",
]

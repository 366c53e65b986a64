"""A cloudy atmosphere that simulated instruments look at."""

from nephoscope.simulate.atmosphere.grid import LocalGrid
from nephoscope.simulate.atmosphere.state import (
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
from nephoscope.simulate.atmosphere.weather import Weather

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

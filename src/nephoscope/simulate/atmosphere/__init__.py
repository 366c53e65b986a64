"""A cloudy atmosphere that simulated instruments look at."""

from nephoscope.simulate.atmosphere.grid import LocalGrid
from nephoscope.simulate.atmosphere.state import (
    ALTITUDE,
    LAND,
    LEVELS,
    SEA,
    SNOW,
    THICKNESS,
    Air,
    Atmosphere,
    Surface,
)

__all__ = [
    "ALTITUDE",
    "LAND",
    "LEVELS",
    "SEA",
    "SNOW",
    "THICKNESS",
    "Air",
    "Atmosphere",
    "LocalGrid",
    "Surface",
]

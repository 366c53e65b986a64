"""Sizes of crystals, droplets and drops, and what follows from them."""

from nephoscope.simulate.atmosphere.microphysics.droplets import (
    condensation_rate,
    effective_radius,
    liquid_extinction,
)
from nephoscope.simulate.atmosphere.microphysics.ice import (
    ice_extinction,
    ice_log_n0,
    ice_number,
    ice_reflectivity,
    usual_n0,
)
from nephoscope.simulate.atmosphere.microphysics.radar import liquid_reflectivity

__all__ = [
    "condensation_rate",
    "effective_radius",
    "ice_extinction",
    "ice_log_n0",
    "ice_number",
    "ice_reflectivity",
    "liquid_extinction",
    "liquid_reflectivity",
    "usual_n0",
]

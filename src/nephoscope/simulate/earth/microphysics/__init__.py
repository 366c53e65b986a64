"""Particles of ice and water: sizes, extinction, reflectivity and Mie scattering."""

from nephoscope.simulate.earth.microphysics.droplets import (
    condensation_rate,
    droplet_radius,
    liquid_extinction,
)
from nephoscope.simulate.earth.microphysics.ice import (
    ice_extinction,
    ice_log_n0,
    ice_number,
    ice_reflectivity,
    usual_n0,
)
from nephoscope.simulate.earth.microphysics.radar import liquid_reflectivity

__all__ = [
    "condensation_rate",
    "droplet_radius",
    "ice_extinction",
    "ice_log_n0",
    "ice_number",
    "ice_reflectivity",
    "liquid_extinction",
    "liquid_reflectivity",
    "usual_n0",
]

"""Simulated half orbits of PARASOL, in the archive's own file format.

`geometry` says from where each pixel is seen, `ray_marching` follows lines of sight through the
cloud, `clouds` and `clear_air` say what cloud and air do to light, `radiation` puts them together
over the ground, `picture` does so for all views of all pixels, `stretch` chooses place and time,
and `writing` puts pictures, truth and tracks on disk.
"""

from nephoscope.simulate.earth.polder.half_orbit_file import write_half_orbit
from nephoscope.simulate.earth.polder.stretch import (
    SimulatedStretch,
    Stretch,
    choose_stretch,
    choose_stretches,
    simulate_stretch,
)
from nephoscope.simulate.earth.polder.writing import simulate_half_orbits, write_stretch

__all__ = [
    "SimulatedStretch",
    "Stretch",
    "choose_stretch",
    "choose_stretches",
    "simulate_half_orbits",
    "simulate_stretch",
    "write_half_orbit",
    "write_stretch",
]

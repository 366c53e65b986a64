"""Simulated half orbits of PARASOL, in the archive's own file format."""

from nephoscope.simulate.polder.half_orbit_file import write_half_orbit
from nephoscope.simulate.polder.scene import Scene, Stretch, choose_stretch, simulate_stretch
from nephoscope.simulate.polder.writing import simulate_half_orbits, write_scene

__all__ = [
    "Scene",
    "Stretch",
    "choose_stretch",
    "simulate_half_orbits",
    "simulate_stretch",
    "write_half_orbit",
    "write_scene",
]

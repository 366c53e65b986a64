"""Simulated half orbits of PARASOL, in the archive's own file format."""

from nephoscope.simulate.polder.half_orbit_file import write_half_orbit

__all__ = ["write_half_orbit"]

"""Simulated Mars Daily Global Maps with known truth, in the real file formats.

The look (levels, colours, seams, gores) follows real MARCI maps of northern summer; the places
of albedo features and clouds are random. Truth is where the optical depth of water ice passes
`CLOUD_OPTICAL_DEPTH`, whatever the map looks like there.
"""

from nephoscope.simulate.mars.atmosphere import CLOUD_OPTICAL_DEPTH
from nephoscope.simulate.mars.writing import simulate_maps

__all__ = ["CLOUD_OPTICAL_DEPTH", "simulate_maps"]

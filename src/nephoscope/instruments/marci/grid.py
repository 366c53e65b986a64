"""Grid of the Mars Daily Global Maps."""

from nephoscope.grids.plate_carree import PlateCarree

MARS = PlateCarree()
"""Latitude 90 - 0.1 row, longitude -180 + 0.1 col."""

"""Constants of nature that several parts of the simulator need."""

from __future__ import annotations

ICE_DENSITY, WATER_DENSITY = 917.0, 1000.0
"""kg m-3."""
GRAVITY = 9.80665
"""m s-2 (standard gravity)."""
DRY_GAS, VAPOUR_GAS = 287.05, 461.5
"""Gas constants of dry air and of water vapour, J kg-1 K-1."""
STANDARD_PRESSURE = 101_325.0
"""At the sea, Pa."""
OZONE_MOLE = 47.998e-3
"""kg."""

"""POLDER-3 on PARASOL, level 1B: 16 views, nine bands, polarisation, on a sinusoidal grid.

Product POLDER3_L1B-BG1 of AERIS/ICARE (POLDER3_L1_B-HDF, HDF5, version 1.01, 2016), made from the
CNES level-1 product (POLDER/PARASOL Level-1 product data format and user manual).
"""

from nephoscope.instruments.polder.fields import BANDS, FIELDS, Field
from nephoscope.instruments.polder.half_orbit import read_half_orbit
from nephoscope.instruments.polder.names import (
    HalfOrbit,
    find_half_orbits,
    is_half_orbit,
    label_path_for,
    parse_name,
)
from nephoscope.instruments.polder.schemes import DOLP, SCHEMES, fields_of
from nephoscope.instruments.polder.stokes import polarisation, reflectance
from nephoscope.instruments.polder.views import cubes_of, nearest_nadir
from nephoscope.instruments.polder.windows import Window, along, box, patch, swath

__all__ = [
    "BANDS",
    "DOLP",
    "FIELDS",
    "SCHEMES",
    "Field",
    "HalfOrbit",
    "Window",
    "along",
    "box",
    "cubes_of",
    "fields_of",
    "find_half_orbits",
    "is_half_orbit",
    "label_path_for",
    "nearest_nadir",
    "parse_name",
    "patch",
    "polarisation",
    "read_half_orbit",
    "reflectance",
    "swath",
]

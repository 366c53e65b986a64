"""POLDER-3 on PARASOL, level 1B: 16 views, nine bands, polarisation, on a sinusoidal grid.

Product POLDER3_L1B-BG1 of AERIS/ICARE (POLDER3_L1_B-HDF, HDF5, version 1.01, 2016), made from the
CNES level-1 product (POLDER/PARASOL Level-1 product data format and user manual).
"""

from nephoscope.instruments.alone import (
    SEASON,
    blank,
    depends_on,
    label,
    layout,
    one_each,
    out_of_season,
    outside,
    wanted,
)
from nephoscope.instruments.polder import atcs, patches
from nephoscope.instruments.polder.columns import columns
from nephoscope.instruments.polder.conditions import CONDITIONS, conditions
from nephoscope.instruments.polder.corners import corners
from nephoscope.instruments.polder.fields import BANDS, FIELDS, Field
from nephoscope.instruments.polder.half_orbit import read, reading
from nephoscope.instruments.polder.names import (
    HalfOrbit,
    find,
    parse_name,
    recognises,
)
from nephoscope.instruments.polder.product import dress
from nephoscope.instruments.polder.schemes import DOLP, SCHEMES, fields_of
from nephoscope.instruments.polder.stokes import polarisation, reflectance
from nephoscope.instruments.polder.views import cubes_of, nearest_nadir
from nephoscope.instruments.polder.windows import Window, along, box, patch, swath

UNIT = "granule"
NOUN = "half orbits"
WRAPS = False
GRID = None
REFERENCE = "cloudsat"
SAMPLES = atcs
FORMAT = "netcdf"
PATCHES = patches
SLOTS = None
OPTIONS: frozenset[str] = frozenset()

__all__ = [
    "BANDS",
    "CONDITIONS",
    "DOLP",
    "FIELDS",
    "FORMAT",
    "GRID",
    "NOUN",
    "OPTIONS",
    "PATCHES",
    "REFERENCE",
    "SAMPLES",
    "SCHEMES",
    "SEASON",
    "SLOTS",
    "UNIT",
    "WRAPS",
    "Field",
    "HalfOrbit",
    "Window",
    "along",
    "blank",
    "box",
    "columns",
    "conditions",
    "corners",
    "cubes_of",
    "depends_on",
    "dress",
    "fields_of",
    "find",
    "label",
    "layout",
    "nearest_nadir",
    "one_each",
    "out_of_season",
    "outside",
    "parse_name",
    "patch",
    "polarisation",
    "read",
    "reading",
    "recognises",
    "reflectance",
    "swath",
    "wanted",
]

"""SEVIRI of Meteosat Second Generation: Level 1.5 pictures, native and HRIT.

Formats: MSG Level 1.5 Image Data Format Description (EUM/MSG/ICD/105), MSG Level 1.5 Native Format
File Definition. Header layouts and calibration are satpy's (extra `satellites`), which is imported
when a file is read.
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
)
from nephoscope.instruments.seviri import patches
from nephoscope.instruments.seviri.channels import CHANNELS, GEOMETRY, SOLAR, THERMAL
from nephoscope.instruments.seviri.columns import columns
from nephoscope.instruments.seviri.conditions import CONDITIONS, conditions
from nephoscope.instruments.seviri.corners import corners
from nephoscope.instruments.seviri.names import find, recognises
from nephoscope.instruments.seviri.product import dress
from nephoscope.instruments.seviri.scenes import grid_of, read, reading
from nephoscope.instruments.seviri.series import wanted

UNIT = "slot"
NOUN = "pictures of SEVIRI"
WRAPS = False
GRID = None
REFERENCE = "dardar"
SAMPLES = None
FORMAT = "zarr"
PATCHES = None
SLOTS = patches
OPTIONS = frozenset({"box", "times"})

__all__ = [
    "CHANNELS",
    "CONDITIONS",
    "FORMAT",
    "GEOMETRY",
    "GRID",
    "NOUN",
    "OPTIONS",
    "PATCHES",
    "REFERENCE",
    "SAMPLES",
    "SEASON",
    "SLOTS",
    "SOLAR",
    "THERMAL",
    "UNIT",
    "WRAPS",
    "blank",
    "columns",
    "conditions",
    "corners",
    "depends_on",
    "dress",
    "find",
    "grid_of",
    "label",
    "layout",
    "one_each",
    "out_of_season",
    "outside",
    "read",
    "reading",
    "recognises",
    "wanted",
]

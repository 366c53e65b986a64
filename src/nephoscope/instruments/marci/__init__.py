"""MARCI Mars Daily Global Maps (MDGM): RGB JPEG maps, Ls tables and cloud-mask labels.

Format: Wang & Ismail MDGM, doi 10.7910/DVN/U3766S (distribution) and 10.7910/DVN/WU6VZ8 (with
labels, Wang & González Abad 2021, doi 10.3390/geosciences11080324).
"""

from nephoscope.instruments.alone import CONDITIONS, conditions, corners, reading
from nephoscope.instruments.marci.bounds import (
    black_borders,
    label_bounds,
    season_rows,
    seasonal_bounds,
)
from nephoscope.instruments.marci.columns import columns
from nephoscope.instruments.marci.grid import MARS
from nephoscope.instruments.marci.labels import label, label_path_for, read_label
from nephoscope.instruments.marci.legacy import layout, write_legacy
from nephoscope.instruments.marci.maps import missing_mask, read, read_pixels, recognises
from nephoscope.instruments.marci.names import MapName, find, one_each, parse_map_id
from nephoscope.instruments.marci.product import CRS, dress
from nephoscope.instruments.marci.regions import Bounds, Box, blank, outside, parse_box
from nephoscope.instruments.marci.seasons import SEASON, out_of_season, wanted
from nephoscope.instruments.marci.tables import (
    depends_on,
    find_season,
    image_ids_path_for,
    read_image_ids,
    read_ls_table,
    season_of,
)

UNIT = "day"
NOUN = "maps"
WRAPS = True
GRID = MARS
REFERENCE = None
SAMPLES = None
FORMAT = "netcdf"
PATCHES = None
SLOTS = None
OPTIONS = frozenset({"layout", "bounds", "offset", "box", "ls"})

__all__ = [
    "CONDITIONS",
    "CRS",
    "FORMAT",
    "GRID",
    "NOUN",
    "OPTIONS",
    "PATCHES",
    "REFERENCE",
    "SAMPLES",
    "SEASON",
    "SLOTS",
    "UNIT",
    "WRAPS",
    "Bounds",
    "Box",
    "MapName",
    "black_borders",
    "blank",
    "columns",
    "conditions",
    "corners",
    "depends_on",
    "dress",
    "find",
    "find_season",
    "image_ids_path_for",
    "label",
    "label_bounds",
    "label_path_for",
    "layout",
    "missing_mask",
    "one_each",
    "out_of_season",
    "outside",
    "parse_box",
    "parse_map_id",
    "read",
    "read_image_ids",
    "read_label",
    "read_ls_table",
    "read_pixels",
    "reading",
    "recognises",
    "season_of",
    "season_rows",
    "seasonal_bounds",
    "wanted",
    "write_legacy",
]

"""Ground-based sky cameras: thermal FITS, colour whole-sky pictures, IRCCAM .mat, and their labels.

Formats: FLIR Tau2 frames and binned frames of IRIS-CloudDeep (Sommer et al., AMT 18, 2083, 2025),
all-sky FITS of observatories, WSISEG (Xie et al., AMT 13, 1953, 2020), SWIMSEG, SWINSEG, SWINySEG
(Dev et al.), HYTA (Li et al., 2011), IRCCAM (Aebi et al., AMT 11, 5549, 2018).
"""

from nephoscope.instruments.alone import (
    CONDITIONS,
    SEASON,
    blank,
    conditions,
    corners,
    depends_on,
    layout,
    one_each,
    out_of_season,
    outside,
    reading,
    wanted,
)
from nephoscope.instruments.skycam.binning import bin_files, bin_frame, block_mean
from nephoscope.instruments.skycam.circle import Circle, find_circle
from nephoscope.instruments.skycam.columns import columns
from nephoscope.instruments.skycam.frames import read
from nephoscope.instruments.skycam.labels import label, label_path_for, read_label, state_for
from nephoscope.instruments.skycam.names import find, kind_of, recognises
from nephoscope.instruments.skycam.pictures import grey
from nephoscope.instruments.skycam.product import dress

UNIT = "frame"
NOUN = "frames of a sky camera"
WRAPS = False
GRID = None
REFERENCE = None
SAMPLES = None
FORMAT = "fits"
PATCHES = None
SLOTS = None
OPTIONS = frozenset({"flavour", "horizon", "min_blob"})

__all__ = [
    "CONDITIONS",
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
    "Circle",
    "bin_files",
    "bin_frame",
    "blank",
    "block_mean",
    "columns",
    "conditions",
    "corners",
    "depends_on",
    "dress",
    "find",
    "find_circle",
    "grey",
    "kind_of",
    "label",
    "label_path_for",
    "layout",
    "one_each",
    "out_of_season",
    "outside",
    "read",
    "read_label",
    "reading",
    "recognises",
    "state_for",
    "wanted",
]

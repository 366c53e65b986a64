"""Ground-based sky cameras: thermal FITS, colour whole-sky pictures, IRCCAM .mat, and their labels.

Formats: FLIR Tau2 frames and binned frames of IRIS-CloudDeep (Sommer et al., AMT 18, 2083, 2025),
all-sky FITS of observatories, WSISEG (Xie et al., AMT 13, 1953, 2020), SWIMSEG, SWINSEG, SWINySEG
(Dev et al.), HYTA (Li et al., 2011), IRCCAM (Aebi et al., AMT 11, 5549, 2018).
"""

from nephoscope.instruments.skycam.binning import bin_files, bin_frame, block_mean
from nephoscope.instruments.skycam.circle import Circle, find_circle
from nephoscope.instruments.skycam.frames import read_frame
from nephoscope.instruments.skycam.labels import label_path_for, read_label, state_for
from nephoscope.instruments.skycam.names import find_frames, is_frame, kind_of
from nephoscope.instruments.skycam.pictures import grey

__all__ = [
    "Circle",
    "bin_files",
    "bin_frame",
    "block_mean",
    "find_circle",
    "find_frames",
    "grey",
    "is_frame",
    "kind_of",
    "label_path_for",
    "read_frame",
    "read_label",
    "state_for",
]

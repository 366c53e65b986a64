"""SEVIRI of Meteosat Second Generation: Level 1.5 pictures, native and HRIT.

Formats: MSG Level 1.5 Image Data Format Description (EUM/MSG/ICD/105), MSG Level 1.5 Native Format
File Definition. Header layouts and calibration are satpy's (extra `satellites`), which is imported
when a file is read.
"""

from nephoscope.instruments.seviri.channels import CHANNELS, SOLAR, THERMAL
from nephoscope.instruments.seviri.names import find_slots, is_slot
from nephoscope.instruments.seviri.scenes import grid_of, read_slot

__all__ = ["CHANNELS", "SOLAR", "THERMAL", "find_slots", "grid_of", "is_slot", "read_slot"]

"""Files of profilers in their archives' own form: CloudSat, CALTRACK (HDF4), DARDAR (NetCDF)."""

from nephoscope.simulate.earth.profilers.cloudsat import (
    write_caltrack,
    write_granule,
    write_layers,
    write_time_offsets,
)
from nephoscope.simulate.earth.profilers.dardar import write_nice

__all__ = [
    "write_caltrack",
    "write_granule",
    "write_layers",
    "write_nice",
    "write_time_offsets",
]

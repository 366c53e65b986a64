"""SEVIRI pictures with known truth: Level 1.5 native files that satpy and our own reader read."""

from nephoscope.simulate.earth.seviri.native import native_name, quantised, write_native
from nephoscope.simulate.earth.seviri.picture import observe
from nephoscope.simulate.earth.seviri.writing import simulate_slots

__all__ = ["native_name", "observe", "quantised", "simulate_slots", "write_native"]

"""SEVIRI pictures with known truth: Level 1.5 native files that satpy and our own reader read."""

from nephoscope.simulate.seviri.native import native_name, quantised, write_native

__all__ = ["native_name", "quantised", "write_native"]

"""Truth beside a simulated picture, in three dimensions: averaged to its pixels, and on disk."""

from nephoscope.simulate.earth.atmosphere.truth.averaging import average
from nephoscope.simulate.earth.atmosphere.truth.columns import CLOUD_EXTINCTION
from nephoscope.simulate.earth.atmosphere.truth.store import write_truth

__all__ = ["CLOUD_EXTINCTION", "average", "write_truth"]

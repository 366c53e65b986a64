"""Cloud layers of the eight types of 2B-CLDCLASS: where each stands and what it holds.

Types and their classes of height: Wang and Sassen (2007), Level 2 Cloud Scenario Classification
Product, Process Description and Interface Control Document, CloudSat; frequencies by latitude:
Sassen and Wang (2008, Geophys. Res. Lett. 35, L04805).
"""

from nephoscope.simulate.earth.atmosphere.layers.cloud import Cloud, Cubes, add_cloud
from nephoscope.simulate.earth.atmosphere.layers.deep import convection, nimbostratus
from nephoscope.simulate.earth.atmosphere.layers.high import cirrus, veil
from nephoscope.simulate.earth.atmosphere.layers.low import cumulus, stratocumulus, stratus
from nephoscope.simulate.earth.atmosphere.layers.middle import altocumulus, altostratus

LAYERS = (
    veil,
    cirrus,
    altostratus,
    altocumulus,
    stratus,
    stratocumulus,
    cumulus,
    nimbostratus,
    convection,
)
"""In the order in which they are written: where clouds share a cell, the later one names it."""

__all__ = ["LAYERS", "Cloud", "Cubes", "add_cloud"]

"""Simulated sky-camera frames with known truth, in the real file formats.

Thermal frames are raw FLIR Tau2 FITS (int16, 640 x 512, all keywords) whose levels, gradients,
noise and pattern follow two real frames; colour frames are whole-sky pictures in the layout of
WSISEG, of one camera or (`cameras`) each of another. Truth is where the emissivity of cloud passes
`EMISSIVITY_LIMIT`, whatever the frame looks like there.
"""

from nephoscope.simulate.sky.cameras import simulate_cameras
from nephoscope.simulate.sky.clouds import EMISSIVITY_LIMIT
from nephoscope.simulate.sky.colour import simulate_colour
from nephoscope.simulate.sky.frame import Frame, simulate_frame, simulate_night
from nephoscope.simulate.sky.writing import simulate_sky

__all__ = [
    "EMISSIVITY_LIMIT",
    "Frame",
    "simulate_cameras",
    "simulate_colour",
    "simulate_frame",
    "simulate_night",
    "simulate_sky",
]

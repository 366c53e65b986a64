"""Masks by a named formula on one image: nothing is trained, everything can be followed.

A formula looks at one frame. It cannot know an overcast sky from a clear one; only `clear-excess`
with a reference or a clear-sky model does. Agreement with a formula is no measure of skill.
"""

from nephoscope.formulas.blue_red import BLUE_RED, HYBRID, blue_red, blue_red_hybrid
from nephoscope.formulas.camera_background import (
    CameraBackground,
    read_camera_background,
    write_camera_background,
)
from nephoscope.formulas.clear_reference import ClearReference, fit_clear_reference
from nephoscope.formulas.excess import clear_excess, excess
from nephoscope.formulas.result import FormulaResult
from nephoscope.formulas.sky_mask import SkyFinder, sky_of_labels
from nephoscope.formulas.thresholds import minmax, otsu, zscale_log_otsu

FORMULAS = {
    "zscale-log-otsu": zscale_log_otsu,
    "otsu": otsu,
    "minmax": minmax,
    "clear-excess": clear_excess,
    BLUE_RED: blue_red,
    HYBRID: blue_red_hybrid,
}
"""Name → function of one image (y, x) float32 and its parameters, except `clear-excess`, which
takes a Scene, because it needs the camera's temperatures, and those of `OF_COLOUR`."""
OF_COLOUR = frozenset({BLUE_RED, HYBRID})
"""Formulas that take a colour picture, (channel, y, x) red, green, blue, DN."""

__all__ = [
    "FORMULAS",
    "HYBRID",
    "OF_COLOUR",
    "CameraBackground",
    "ClearReference",
    "FormulaResult",
    "SkyFinder",
    "blue_red",
    "blue_red_hybrid",
    "clear_excess",
    "excess",
    "fit_clear_reference",
    "minmax",
    "otsu",
    "read_camera_background",
    "sky_of_labels",
    "write_camera_background",
    "zscale_log_otsu",
]

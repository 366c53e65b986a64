"""Extinction, single-scattering albedo and asymmetry of droplets and ice at SEVIRI's channels.

Computed by Mie's theory (Bohren & Huffman 1983, chapter 4) from the complex refractive indices of
water (Hale & Querry 1973, Applied Optics 12, 555; 298 K) and ice (Warren & Brandt 2008, J. Geophys.
Res. 113, D14220; 266 K) at the centre of each channel, integrated over gamma distributions (Hansen
& Travis 1974) of effective variance 0.10 (droplets) and 0.15 (ice). Ice crystals are taken as
spheres of the same volume to area, which absorb like them (Grenfell & Warren 1999, J. Geophys. Res.
104, 31697); their asymmetry in the solar channels is that of roughened aggregates (Baum et al.
2014, J. Quant. Spectrosc. Radiat. Transfer 146, 123: 0.76 in the visible).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Phase = Literal["water", "ice"]
Floats = NDArray[np.float32]

WAVELENGTH = {
    "VIS006": 0.639, "VIS008": 0.809, "IR_016": 1.634, "IR_039": 3.913, "WV_062": 6.25,
    "WV_073": 7.35, "IR_087": 8.70, "IR_097": 9.66, "IR_108": 10.75, "IR_120": 11.92,
    "IR_134": 13.29,
}  # fmt: skip
"""Centres of the channels of SEVIRI, um (EUM/MSG/TEN/06/0010, spectral response)."""
RADII = {
    "water": (3.0, 5.0, 7.5, 10.0, 14.0, 20.0, 30.0),
    "ice": (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 70.0, 100.0),
}
"""Effective radii of the tables, um; beyond them stands the last value."""
_FORWARD = (0.5, 0.3738, 0.0076, 0.1186)

# Of each channel and effective radius: half the extinction efficiency, which is the ratio to the
# extinction in the visible limit; single-scattering albedo; asymmetry.
_DROPLETS = {
    "VIS006": (
        (1.114, 1.081, 1.060, 1.050, 1.040, 1.031, 1.024),
        (1, 1, 1, 1, 0.99999, 0.99999, 0.99999),
        (0.827, 0.845, 0.857, 0.861, 0.867, 0.872, 0.876),
    ),
    "VIS008": (
        (1.135, 1.095, 1.071, 1.059, 1.045, 1.036, 1.028),
        (0.99999, 0.99999, 0.99998, 0.99998, 0.99997, 0.99996, 0.99994),
        (0.813, 0.838, 0.852, 0.856, 0.865, 0.870, 0.875),
    ),
    "IR_016": (
        (1.270, 1.156, 1.118, 1.096, 1.075, 1.058, 1.045),
        (0.99819, 0.9966, 0.99501, 0.99301, 0.99099, 0.98755, 0.98189),
        (0.777, 0.800, 0.831, 0.844, 0.856, 0.866, 0.874),
    ),
    "IR_039": (
        (1.581, 1.470, 1.218, 1.174, 1.141, 1.104, 1.080),
        (0.97457, 0.95399, 0.91937, 0.89416, 0.86219, 0.82277, 0.76844),
        (0.819, 0.784, 0.766, 0.797, 0.835, 0.865, 0.890),
    ),
    "WV_062": (
        (1.011, 1.422, 1.385, 1.267, 1.183, 1.140, 1.106),
        (0.69053, 0.69051, 0.62229, 0.55868, 0.51577, 0.50624, 0.51052),
        (0.800, 0.862, 0.879, 0.894, 0.924, 0.949, 0.960),
    ),
    "WV_073": (
        (0.635, 1.224, 1.499, 1.433, 1.254, 1.165, 1.123),
        (0.78323, 0.81814, 0.79584, 0.74271, 0.65293, 0.58263, 0.54281),
        (0.767, 0.853, 0.876, 0.874, 0.876, 0.906, 0.944),
    ),
    "IR_087": (
        (0.406, 0.882, 1.299, 1.442, 1.368, 1.212, 1.139),
        (0.6851, 0.76318, 0.77688, 0.75539, 0.68973, 0.59927, 0.54013),
        (0.724, 0.844, 0.888, 0.900, 0.902, 0.909, 0.940),
    ),
    "IR_097": (
        (0.297, 0.652, 1.041, 1.277, 1.373, 1.273, 1.156),
        (0.55498, 0.67121, 0.71603, 0.71951, 0.68716, 0.61283, 0.53707),
        (0.688, 0.834, 0.892, 0.913, 0.925, 0.930, 0.945),
    ),
    "IR_108": (
        (0.252, 0.468, 0.714, 0.905, 1.092, 1.182, 1.159),
        (0.27637, 0.40676, 0.49182, 0.53385, 0.55831, 0.55316, 0.52258),
        (0.638, 0.820, 0.894, 0.925, 0.946, 0.959, 0.968),
    ),
    "IR_120": (
        (0.381, 0.572, 0.739, 0.849, 0.953, 1.021, 1.054),
        (0.15516, 0.25003, 0.32632, 0.37398, 0.41859, 0.45169, 0.47538),
        (0.571, 0.786, 0.875, 0.912, 0.939, 0.955, 0.966),
    ),
    "IR_134": (
        (0.558, 0.780, 0.934, 1.014, 1.071, 1.094, 1.095),
        (0.18819, 0.28874, 0.36085, 0.40236, 0.43944, 0.46757, 0.49049),
        (0.506, 0.739, 0.840, 0.882, 0.913, 0.932, 0.944),
    ),
}  # fmt: skip
_CRYSTALS = {
    "VIS006": (
        (1.084, 1.051, 1.038, 1.033, 1.025, 1.019, 1.014, 1.011),
        (1, 1, 1, 1, 0.99999, 0.99999, 0.99999, 0.99998),
        (0.76, 0.76, 0.76, 0.76, 0.76, 0.76, 0.76, 0.76),
    ),
    "VIS008": (
        (1.098, 1.060, 1.046, 1.038, 1.029, 1.022, 1.017, 1.013),
        (0.99999, 0.99998, 0.99997, 0.99996, 0.99994, 0.99991, 0.99987, 0.99981),
        (0.76, 0.76, 0.76, 0.76, 0.76, 0.76, 0.76, 0.76),
    ),
    "IR_016": (
        (1.172, 1.099, 1.074, 1.061, 1.046, 1.035, 1.026, 1.021),
        (0.9913, 0.98295, 0.97521, 0.96767, 0.95332, 0.93311, 0.90187, 0.86818),
        (0.79, 0.79, 0.79, 0.79, 0.79, 0.79, 0.79, 0.79),
    ),
    "IR_039": (
        (1.431, 1.186, 1.134, 1.110, 1.084, 1.063, 1.047, 1.037),
        (0.89292, 0.78943, 0.72945, 0.68651, 0.63011, 0.58465, 0.55366, 0.54166),
        (0.792, 0.823, 0.868, 0.894, 0.923, 0.944, 0.958, 0.964),
    ),
    "WV_062": (
        (1.276, 1.297, 1.195, 1.150, 1.110, 1.083, 1.062, 1.049),
        (0.69242, 0.59625, 0.53498, 0.51495, 0.5093, 0.51371, 0.52016, 0.52444),
        (0.871, 0.903, 0.927, 0.945, 0.961, 0.968, 0.971, 0.972),
    ),
    "WV_073": (
        (1.206, 1.369, 1.239, 1.177, 1.127, 1.095, 1.070, 1.055),
        (0.75973, 0.67806, 0.5928, 0.55071, 0.52322, 0.51685, 0.51938, 0.52318),
        (0.850, 0.880, 0.897, 0.920, 0.949, 0.963, 0.969, 0.971),
    ),
    "IR_087": (
        (0.909, 1.397, 1.321, 1.228, 1.149, 1.108, 1.079, 1.062),
        (0.77576, 0.75368, 0.6772, 0.61445, 0.55338, 0.52624, 0.5181, 0.51891),
        (0.842, 0.890, 0.895, 0.905, 0.933, 0.957, 0.970, 0.974),
    ),
    "IR_097": (
        (0.612, 1.201, 1.325, 1.278, 1.177, 1.119, 1.084, 1.066),
        (0.67933, 0.72366, 0.68642, 0.63463, 0.5611, 0.52191, 0.51072, 0.5117),
        (0.840, 0.913, 0.926, 0.931, 0.943, 0.962, 0.975, 0.979),
    ),
    "IR_108": (
        (0.539, 0.797, 0.917, 0.977, 1.024, 1.041, 1.043, 1.039),
        (0.24494, 0.36328, 0.4159, 0.4434, 0.47028, 0.48775, 0.50081, 0.50851),
        (0.820, 0.923, 0.950, 0.961, 0.971, 0.976, 0.980, 0.981),
    ),
    "IR_120": (
        (0.971, 1.130, 1.145, 1.138, 1.119, 1.098, 1.078, 1.064),
        (0.35165, 0.43746, 0.46873, 0.48599, 0.50578, 0.52117, 0.5335, 0.54063),
        (0.760, 0.875, 0.905, 0.919, 0.930, 0.937, 0.941, 0.943),
    ),
    "IR_134": (
        (1.135, 1.279, 1.241, 1.205, 1.161, 1.125, 1.096, 1.077),
        (0.43063, 0.47008, 0.48049, 0.49055, 0.50709, 0.52228, 0.53517, 0.54283),
        (0.724, 0.847, 0.885, 0.902, 0.917, 0.924, 0.929, 0.931),
    ),
}  # fmt: skip
_TABLES: Mapping[str, Mapping[str, tuple[tuple[float, ...], ...]]] = {
    "water": _DROPLETS,
    "ice": _CRYSTALS,
}


class Scattering(NamedTuple):
    """Optical properties of particles, (channel, radius) or the shape of the radii, float32.

    Args:
        extinction: ratio to the extinction of large particles (twice their cross-section).
        albedo: of a single scattering.
        asymmetry: mean cosine of the scattering angle.
    """

    extinction: Floats
    albedo: Floats
    asymmetry: Floats


def scattering(channel: str, phase: Phase, radius: ArrayLike) -> Scattering:
    """Optical properties of a channel.

    Args:
        channel: of SEVIRI.
        phase: "water" or "ice".
        radius: effective, um, any shape.
    """
    rows = (np.interp(np.asarray(radius), RADII[phase], row) for row in _TABLES[phase][channel])
    return Scattering(*(np.asarray(row, np.float32) for row in rows))


def absorption_ratio(channel: str, phase: Phase, radius: ArrayLike) -> Floats:
    """Effective absorption in the infrared over extinction in the visible, the shape of `radius`.

    Scattering is scaled: light scattered forwards counts as not scattered, light scattered back as
    absorbed, depth (1 - albedo (1 - b)), b = 1 - (0.5 + 0.3738 g + 0.0076 g^2 + 0.1186 g^3): Chou
    et al. (1999, J. Climate 12, 159), equations 10 and 11. Too black for thick droplet clouds at
    3.9 um, which reflect the cold sky: see `nephoscope.simulate.earth.seviri.infrared`.

    Args:
        channel: of SEVIRI.
        phase: "water" or "ice".
        radius: effective, um, any shape.
    """
    of = scattering(channel, phase, radius)
    forward = np.polynomial.polynomial.polyval(of.asymmetry, _FORWARD)
    return np.asarray(of.extinction * (1 - of.albedo * forward), np.float32)

"""Complex refractive index of water and ice at the channels of SEVIRI.

Water: Hale & Querry (1973, Applied Optics 12, 555), 298 K. Ice: Warren & Brandt (2008, J. Geophys.
Res. 113, D14220), 266 K. Interpolated from their tables to the centre of each channel, the
imaginary part in its logarithm.
"""

from __future__ import annotations

WAVELENGTH = {
    "VIS006": 0.639, "VIS008": 0.809, "IR_016": 1.634, "IR_039": 3.913, "WV_062": 6.25,
    "WV_073": 7.35, "IR_087": 8.70, "IR_097": 9.66, "IR_108": 10.75, "IR_120": 11.92,
    "IR_134": 13.29,
}  # fmt: skip
"""Centres of the channels of SEVIRI, um (EUM/MSG/TEN/06/0010, spectral response)."""

WATER = {
    "VIS006": 1.3314 + 1.52e-8j, "VIS008": 1.329 + 1.43e-7j, "IR_016": 1.3161 + 8.99e-5j,
    "IR_039": 1.3562 + 3.9e-3j, "WV_062": 1.36 + 0.0708j, "WV_073": 1.308 + 0.0323j,
    "IR_087": 1.272 + 0.0378j, "IR_097": 1.236 + 0.0461j, "IR_108": 1.169 + 0.0801j,
    "IR_120": 1.1134 + 0.189j, "IR_134": 1.164 + 0.326j,
}  # fmt: skip
ICE = {
    "VIS006": 1.3083 + 1.2e-8j, "VIS008": 1.3047 + 1.39e-7j, "IR_016": 1.2884 + 2.49e-4j,
    "IR_039": 1.3681 + 9.69e-3j, "WV_062": 1.3152 + 0.0636j, "WV_073": 1.3218 + 0.0461j,
    "IR_087": 1.2833 + 0.0365j, "IR_097": 1.2272 + 0.0423j, "IR_108": 1.0867 + 0.168j,
    "IR_120": 1.2589 + 0.41j, "IR_134": 1.5084 + 0.359j,
}  # fmt: skip

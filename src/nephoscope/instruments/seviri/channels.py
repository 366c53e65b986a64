"""Channels of SEVIRI, its satellites, and codes of daylight."""

from __future__ import annotations

SOLAR = ("VIS006", "VIS008", "IR_016")
THERMAL = ("IR_039", "WV_062", "WV_073", "IR_087", "IR_097", "IR_108", "IR_120", "IR_134")
CHANNELS: tuple[str, ...] = (*SOLAR, *THERMAL)
"""The eleven of 3 km, in the order of their numbers 1 to 11 in the files; HRV is number 12."""
ALL_BANDS = 12
ANGLES = ("satellite_zenith", "satellite_azimuth", "solar_zenith", "solar_azimuth")
PARALLAX = ("parallax", "parallax_azimuth")
SEASON = "season"
GEOMETRY = (*ANGLES, *PARALLAX, SEASON)
"""What is computed of each pixel and can be read like a channel: degrees, but `parallax`: pixels by
which the picture shows a kilometre of height displaced, towards `parallax_azimuth`, clockwise from
the top of the picture. `season` is 360 times the share of the year that has passed."""

SATELLITES = {321: "Meteosat-8", 322: "Meteosat-9", 323: "Meteosat-10", 324: "Meteosat-11"}
"""By the identifier in the headers (EUM/MSG/ICD/105)."""

CORRECTED = 2
"""Type of Earth model since December 2017: pixels lie where the grid says. Before (type 1), data
are half a pixel north and west of it (EUM/MSG/ICD/105, section 3.1.4.2)."""
HALF_PIXEL = 0.5

NIGHT, TWILIGHT, DAY, UNSEEN = 0, 1, 2, -1
"""Values of `daylight`."""
DAY_ENDS, NIGHT_BEGINS = 80.0, 95.0
"""Solar zenith angles, degrees. Beyond 95 the tops of the highest clouds (18 km) lie in the Earth's
shadow (their horizon is 4.3 degrees lower) and no sunlight comes from a column; from 80 to 95
reflectances are there, but weak and slant."""


def units_of(channel: str) -> str:
    """The physical unit of a channel or of what is computed: "degree" or "km-1".

    Solar channels are "%", not divided by the cosine of the Sun, the others "K".
    """
    if channel in GEOMETRY:
        return "km-1" if channel == PARALLAX[0] else "degree"
    return "%" if channel in SOLAR else "K"

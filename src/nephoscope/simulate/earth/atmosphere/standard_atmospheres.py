"""Temperature, water vapour and ozone of five standard atmospheres.

Source: Anderson, Clough, Kneizys, Chetwynd and Shettle (1986), AFGL Atmospheric Constituent
Profiles (0-120 km), AFGL-TR-86-0110, tables 1a to 1e.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandardAtmosphere:
    """One table, every kilometre from the sea to 25 km.

    Args:
        pressure: at the sea, Pa.
        ozone_above: ozone above 20,130 m, kg m-2: the integral of the whole table.
        temperature: (26,) K.
        vapour: (26,) mole fraction of water vapour in moist air, parts per million.
        ozone: (26,) mole fraction, parts per million.
    """

    pressure: float
    ozone_above: float
    temperature: Reals
    vapour: Reals
    ozone: Reals

    @classmethod
    def of(cls, pressure: float, ozone_above: float, table: str) -> Self:
        """Table from lines of temperature, vapour and ozone, the lowest first."""
        rows = [
            [float(word) for word in line.split()] for line in table.split("\n") if line.strip()
        ]
        return cls(pressure, ozone_above, *np.array(rows).T)


TROPICAL = StandardAtmosphere.of(
    101300,
    4.791e-03,
    """
    299.7 25900 0.0287
    293.7 19500 0.0315
    287.7 15300 0.0334
    283.7 8600 0.035
    277 4440 0.0356
    270.3 3350 0.0377
    263.6 2100 0.0399
    257 1290 0.0422
    250.3 764 0.0447
    243.6 410 0.05
    237 191 0.0559
    230.1 73.1 0.0661
    223.6 29.1 0.0781
    217 9.9 0.0929
    210.3 6.22 0.105
    203.7 4 0.126
    197 3 0.144
    194.8 2.9 0.25
    198.8 2.75 0.5
    202.7 2.6 0.95
    206.7 2.6 1.4
    210.7 2.65 1.8
    214.6 2.8 2.4
    217 2.9 3.4
    219.2 3.2 4.3
    221.4 3.25 5.4
    """,
)

MID_LATITUDE_SUMMER = StandardAtmosphere.of(
    101300,
    4.647e-03,
    """
    294.2 18800 0.0302
    289.7 13800 0.0334
    285.2 9680 0.0369
    279.2 5980 0.0422
    273.2 3810 0.0482
    267.2 2230 0.0551
    261.2 1510 0.0641
    254.7 1020 0.0776
    248.2 646 0.0913
    241.7 413 0.111
    235.3 247 0.13
    228.8 95.6 0.179
    222.3 29.4 0.223
    215.8 8 0.3
    215.7 5 0.44
    215.7 3.4 0.5
    215.7 3.3 0.6
    215.7 3.2 0.7
    216.8 3.15 1
    217.9 3.2 1.5
    219.2 3.3 2
    220.4 3.45 2.4
    221.6 3.6 2.9
    222.8 3.85 3.4
    223.9 4 4
    225.1 4.2 4.8
    """,
)

MID_LATITUDE_WINTER = StandardAtmosphere.of(
    101800,
    4.337e-03,
    """
    272.2 4320 0.0278
    268.7 3450 0.028
    265.2 2790 0.0285
    261.7 2090 0.032
    255.7 1280 0.0357
    249.7 824 0.0472
    243.7 510 0.0584
    237.7 232 0.0789
    231.7 108 0.104
    225.7 55.7 0.157
    219.7 29.6 0.237
    219.2 10 0.362
    218.7 6 0.523
    218.2 5 0.704
    217.7 4.8 0.8
    217.2 4.7 0.9
    216.7 4.6 1.1
    216.2 4.5 1.4
    215.7 4.5 1.8
    215.2 4.5 2.3
    215.2 4.5 2.9
    215.2 4.5 3.5
    215.2 4.53 3.9
    215.2 4.55 4.3
    215.2 4.6 4.7
    215.2 4.65 5.1
    """,
)

SUBARCTIC_SUMMER = StandardAtmosphere.of(
    101000,
    4.373e-03,
    """
    287.2 11900 0.0241
    281.7 8700 0.0294
    276.3 6750 0.0338
    270.9 4820 0.0389
    265.5 3380 0.0448
    260.1 2220 0.0533
    253.1 1330 0.0656
    246.1 797 0.0774
    239.2 400 0.0911
    232.2 130 0.142
    225.2 42.4 0.189
    225.2 13.3 0.305
    225.2 6 0.41
    225.2 4.45 0.5
    225.2 4 0.6
    225.2 4 0.7
    225.2 4 0.85
    225.2 4.05 1
    225.2 4.3 1.3
    225.2 4.5 1.7
    225.2 4.6 2.1
    225.2 4.7 2.7
    225.2 4.8 3.3
    225.2 4.83 3.7
    226.6 4.85 4.2
    228.1 4.9 4.5
    """,
)

SUBARCTIC_WINTER = StandardAtmosphere.of(
    101300,
    3.904e-03,
    """
    257.2 1410 0.018
    259.1 1620 0.0207
    255.9 1430 0.0234
    252.7 1170 0.0277
    247.7 790 0.0325
    240.9 431 0.038
    234.1 237 0.0445
    227.3 147 0.0725
    220.9 33.8 0.104
    217.2 29.8 0.21
    217.2 20 0.3
    217.2 10 0.35
    217.2 6 0.4
    217.2 4.45 0.65
    217.2 4.5 0.9
    217.2 4.55 1.2
    216.6 4.6 1.5
    216 4.65 1.9
    215.4 4.7 2.45
    214.8 4.75 3.1
    214.2 4.8 3.7
    213.6 4.85 4
    213 4.9 4.2
    212.4 4.95 4.5
    211.8 5 4.6
    211.2 5 4.7
    """,
)

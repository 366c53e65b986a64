"""Stretches of half orbits: where and when, the air over them, and what PARASOL sees of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.names import HalfOrbit
from nephoscope.simulate.earth.atmosphere import Atmosphere, LocalGrid
from nephoscope.simulate.earth.atmosphere.weather import Weather
from nephoscope.simulate.earth.atrain import CYCLE, PERIOD, Revolution
from nephoscope.simulate.earth.polder.geometry import Views, swath_window, views_of
from nephoscope.simulate.earth.polder.picture import observe, quarter_places
from nephoscope.simulate.earth.seeds import stream
from nephoscope.sun import solar_angles

SPACING = 3000.0
"""Width of a column of air, m: half a pixel of POLDER."""
MARGIN = 60_000.0
"""Of air around the pixels, m: a cloud at 20 km is seen 55 km aside at 70 degrees."""
FIRST_DAY, LAST_DAY = np.datetime64("2007-11-27"), np.datetime64("2009-12-02")
"""Days of the A-Train archive that the original work used."""
HIGHEST_LATITUDE = 60.0
"""Of the middle of a scene, degrees."""
HIGHEST_SOLAR_ZENITH = 65.0
"""Of the Sun in the middle of a scene, degrees."""
MOST_ROWS = 780
"""Of a scene: with its middle at `HIGHEST_LATITUDE` it ends before the track turns back, at 81.85
degrees (geodetic)."""

_TRIES = 10_000
# Half orbit 080176 of the archive began then: it fixes the numbers of all others.
_KNOWN = (80, 176, np.datetime64("2008-06-03T01:34:54", "ms"))


@dataclass(frozen=True)
class Stretch:
    """Piece of a half orbit: where and when.

    Args:
        seed: of its air and of its noise.
        revolution: of the A-Train.
        rows: first row of POLDER's grid, and the row after the last.
    """

    seed: int
    revolution: Revolution
    rows: tuple[int, int]

    @property
    def time(self) -> np.datetime64:
        """Time when the satellite is over the middle, UTC; it sees the middle within 3 minutes."""
        middle = POLDER.to_latitude(sum(self.rows) / 2)
        time: np.datetime64 = self.revolution.time_at([middle])[0]
        return time

    @property
    def half_orbit(self) -> HalfOrbit:
        """Name of the file: it begins a quarter of a revolution before the equator."""
        start = self.revolution.half_start()
        late = round(float((start - _KNOWN[2]) / np.timedelta64(1, "s")) / PERIOD)
        cycle, orbit = divmod(_KNOWN[0] * CYCLE + _KNOWN[1] - 1 + late, CYCLE)
        return HalfOrbit(cycle, orbit + 1, start.astype("datetime64[s]").astype(datetime))


@dataclass(frozen=True)
class SimulatedStretch:
    """A stretch with its simulated air and its picture.

    Args:
        stretch: where and when.
        atmosphere: the one that was measured.
        views: from where it was seen.
        fields: by dataset, physical values of the pixels of `views.window`.
    """

    stretch: Stretch
    atmosphere: Atmosphere
    views: Views
    fields: dict[str, NDArray[np.floating]]


def choose_stretches(seed: int, count: int, rows: int = 400) -> list[Stretch]:
    """Draw place and day of scenes, no two of which overlap in time: so no two share a name.

    A scene depends on those before it alone, not on how many are asked for.

    Args:
        seed: of the simulation.
        count: of scenes.
        rows: of POLDER's grid, at most `MOST_ROWS`.

    Raises:
        UsageError: the days hold no more revolutions.
    """
    chosen: list[Stretch] = []
    for number in range(count):
        chosen.append(choose_stretch(seed, number, rows, chosen))
    return chosen


def choose_stretch(
    seed: int, number: int, rows: int = 400, others: Sequence[Stretch] = ()
) -> Stretch:
    """Draw place and day of a scene, anywhere up to `HIGHEST_LATITUDE` where the Sun is high.

    Places are drawn evenly over the area of the Earth.

    Args:
        seed: of the simulation.
        number: of the scene.
        rows: of POLDER's grid, at most `MOST_ROWS`.
        others: begins at least a whole revolution before or after each of these.

    Raises:
        UsageError: there is hardly any time left between the others.
    """
    taken = np.array([one.revolution.half_start() for one in others], "datetime64[ms]")
    revolution_time = np.timedelta64(round(PERIOD * 1000), "ms")
    drawn = _sunny_stretches(stream(seed, "stretch", number), rows)
    for _ in range(_TRIES):
        stretch = next(drawn)
        if (np.abs(taken - stretch.revolution.half_start()) > revolution_time).all():
            return stretch
    raise UsageError(f"no room for scene {number + 1} between the others: ask for fewer scenes")


def _sunny_stretches(rng: np.random.Generator, rows: int) -> Iterator[Stretch]:
    days = int((LAST_DAY - FIRST_DAY) / np.timedelta64(1, "D"))
    most = np.sin(np.deg2rad(HIGHEST_LATITUDE))
    while True:
        date = FIRST_DAY + np.timedelta64(int(rng.integers(days)), "D")
        latitude = float(np.rad2deg(np.arcsin(rng.uniform(-most, most))))
        longitude = float(rng.uniform(-180, 180))
        revolution = Revolution.over(latitude, longitude, date)
        first = round(float(POLDER.to_row(latitude)) - rows / 2)
        sun, _ = solar_angles(latitude, longitude, revolution.time_at(latitude))
        if sun < HIGHEST_SOLAR_ZENITH:
            yield Stretch(int(rng.integers(2**31)), revolution, (first, first + rows))


def simulate_stretch(stretch: Stretch) -> SimulatedStretch:
    """Simulate the air over a stretch and PARASOL's picture of it."""
    window = swath_window(stretch.revolution, stretch.rows)
    views = views_of(stretch.revolution, window)
    grid = LocalGrid.covering(*quarter_places(window), SPACING, MARGIN)
    atmosphere = Weather(grid, stretch.seed, stretch.time).at(stretch.time)
    rng = stream(stretch.seed, "polder noise")
    return SimulatedStretch(stretch, atmosphere, views, observe(atmosphere, views, rng))

"""Regions of the disk to simulate, and times at which the A-Train flies over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.geostationary import DISK, SEVIRI_0, Geostationary
from nephoscope.simulate.earth.atrain import Revolution
from nephoscope.simulate.earth.seeds import stream
from nephoscope.simulate.earth.seviri.lines import line_times

SLOT = np.timedelta64(15, "m")
"""From picture to picture."""
FIRST_DAY, LAST_DAY = np.datetime64("2007-05-01"), np.datetime64("2010-12-31")
"""Meteosat-9 stood at 0 degrees, and the A-Train's radar and lidar worked by day and night."""
REACH = 30.0
"""Degrees of latitude and longitude within which regions lie."""
LARGEST = 1792
"""Rows and columns of the largest region that lies within `REACH`."""
_SLOTS_A_DAY = 96
_WIDEST = 0.3  # distance of the track from the middle, of the width of the region
_MINUTES_A_DEGREE = 4.0  # by which local time is later, degree by degree eastwards


@dataclass(frozen=True)
class Region:
    """A window of the disk, a time, and the overpass in it.

    Args:
        first_row: of the full disk.
        first_col: of the full disk.
        size: rows and columns.
        starts: (slot,) datetime64[ms], when the scan of the disk begins, UTC.
        overpass: number of the slot that scans the middle of the region as the A-Train crosses it.
        orbit: the revolution of the A-Train.
        northwards: it flies north, by day; else south, by night.
        seed: of weather and noise.
    """

    first_row: int
    first_col: int
    size: int
    starts: NDArray[np.datetime64]
    overpass: int
    orbit: Revolution
    northwards: bool
    seed: int

    @property
    def grid(self) -> Geostationary:
        """Grid of the pictures."""
        return SEVIRI_0.window(self.first_row, self.first_col, self.size, self.size)

    def middle(self, slot: int) -> np.datetime64:
        """Time at which the middle of the region is scanned in a slot."""
        time: np.datetime64 = line_times(self.grid, self.starts[slot])[self.size // 2]
        return time


def choose_regions(seed: int, number: int, size: int, slots: int) -> list[Region]:
    """Draw regions; each has a day, or for a series days, of its own, and no slot of another's.

    A night's overpass may begin on one day and the next day's as well: the later scene is then
    drawn again. So a scene depends on those before it, not on how many are asked for.

    Args:
        seed: of the simulation.
        number: of scenes.
        size: rows and columns, a multiple of 4.
        slots: successive pictures; the overpass is in the middle one.

    Raises:
        UsageError: there are not as many days, or the region is larger than the domain.
    """
    apart = 1 if slots == 1 else 2 + slots // _SLOTS_A_DAY
    days = np.arange(FIRST_DAY, LAST_DAY + 1, np.timedelta64(apart, "D"))
    if number > len(days):
        raise UsageError(f"{number} scenes: with {slots} slots there are at most {len(days)}")
    taken: set[np.datetime64] = set()
    regions = []
    for scene, day in enumerate(stream(seed, "seviri days").permutation(days)[:number]):
        for attempt in count():
            region = _draw(stream(seed, "seviri region", scene, attempt), day, size, slots)
            if taken.isdisjoint(region.starts):
                break
        taken.update(region.starts)
        regions.append(region)
    return regions


def _draw(rng: np.random.Generator, day: np.datetime64, size: int, slots: int) -> Region:
    """A region on a day."""
    row, col = _place(rng, size)
    northwards = bool(rng.random() < 0.5)
    orbit, start = _overpass(SEVIRI_0.window(row, col, size, size), day, northwards)
    overpass = slots // 2
    return Region(
        first_row=row, first_col=col, size=size,
        starts=start + (np.arange(slots) - overpass) * SLOT,
        overpass=overpass, orbit=orbit, northwards=northwards, seed=int(rng.integers(2**31)),
    )  # fmt: skip


def _overpass(
    grid: Geostationary, day: np.datetime64, northwards: bool
) -> tuple[Revolution, np.datetime64]:
    """A revolution that crosses a window about as it is scanned, and when that scan begins.

    The A-Train passes at 13:30 or 01:30 mean local time, scans begin at quarters of an hour: the
    track runs up to two degrees beside the middle, so that it is crossed in time; in a window too
    small for that it comes some minutes early or late.
    """
    size = grid.rows
    latitude, longitude = (float(one) for one in grid.to_place(size // 2, size // 2))
    orbit = Revolution.over(latitude, longitude, day, northwards)
    passes = np.datetime64(orbit.time_at(latitude, northwards).item(), "ms")
    late = line_times(grid, passes)[size // 2] - passes
    start = _nearest_slot(passes - late)
    minutes = float((start + late - passes) / np.timedelta64(1, "m"))
    ends = grid.to_place(size // 2, [0, size - 1])[1]
    widest = float(np.ptp(ends)) * _WIDEST
    # Further west it passes later.
    west = float(np.clip(minutes / _MINUTES_A_DEGREE, -widest, widest))
    shifted = Revolution.over(latitude, longitude - west, day, northwards)
    # Further west the node may fall beyond midnight: it is the same pass all the same.
    days = np.rint((orbit.node_time - shifted.node_time) / np.timedelta64(1, "D"))
    return replace(shifted, node_time=shifted.node_time + np.timedelta64(int(days), "D")), start


def _place(rng: np.random.Generator, size: int) -> tuple[int, int]:
    """First row and column of a region whose corners lie within `REACH`."""
    if size > LARGEST:
        raise UsageError(f"a region of {size} pixels is larger than the domain ({LARGEST})")
    for _ in range(1000):
        row, col = (int(one) for one in rng.integers(DISK // 4, 3 * DISK // 4 - size, 2))
        ends = np.array([0, size - 1])
        places = SEVIRI_0.to_place(row + ends[:, None], col + ends[None])
        if all(np.abs(one).max() <= REACH for one in places):
            return row, col
    row = col = (DISK - size) // 2
    return row, col


def _nearest_slot(time: np.datetime64) -> np.datetime64:
    since = time.astype("datetime64[ms]") - time.astype("datetime64[D]")
    quarters = round(float(since / SLOT))
    start: np.datetime64 = time.astype("datetime64[D]").astype("datetime64[ms]") + quarters * SLOT
    return start

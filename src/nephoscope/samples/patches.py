"""Choice of patches of a half orbit, made before any pixel is read.

Along a track: windows of rows that the whole width of the track is usable in, as many as do not
overlap, any set of them as likely as another; each is shifted across the track at random, as in the
A-Train Cloud Segmentation data set. Anywhere: squares of the swath at random.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.grids.corners import Corners
from nephoscope.grids.patches import Geometry, Patch
from nephoscope.grids.sinusoidal import Sinusoidal

SHORT = "piece of track without room for a patch"
FEW_LABELS = "patch with too few labels"
EDGE = "patch with the track nearer to its edge than the padding"
_TRIES = 20
"""Random shifts or places until one is given up."""

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """What patches are asked for.

    Attributes:
        size: rows and columns.
        number: of a half orbit, at most.
        fewest: profiles with all four corners in the patch, at least.
        padding: columns between the track and either side of the patch, at least.
        overlap: whether patches of a half orbit may share pixels.
        geometry: of the patches.
    """

    size: int = 100
    number: int = 16
    fewest: int = 50
    padding: int = 0
    overlap: bool = False
    geometry: Geometry = "native"


@dataclass(frozen=True)
class OnGrid:
    """Profiles of a track on the grid.

    Attributes:
        grid: of the imager.
        latitude: (profile,) degrees.
        longitude: (profile,) degrees.
        corners: pixels of the grid around each.
        usable: (profile,) whether each can be a label.
    """

    grid: Sinusoidal
    latitude: Reals
    longitude: Reals
    corners: Corners
    usable: npt.NDArray[np.bool_]

    def inside(self, patch: Patch) -> Corners:
        """Corners (profile, 4) in the pixels of a patch; not enclosed where it is no label."""
        near = (self.corners.row[:, 0] >= patch.first_row - 1) & self.usable
        near &= self.corners.row[:, 0] < patch.first_row + patch.size
        row, col = (np.full(self.corners.row.shape, -1, np.int64) for _ in range(2))
        weight = np.full(row.shape, np.nan)
        row[near], col[near], weight[near] = patch.corners(
            self.latitude[near], self.longitude[near]
        )
        return Corners(row, col, weight)


def along_track(
    track: OnGrid, choice: Choice, rng: np.random.Generator, rows: tuple[int, int]
) -> tuple[list[Patch], Counter[str]]:
    """Patches along a track, in the order of their rows.

    Args:
        track: profiles of one half orbit.
        choice: what is asked for.
        rng: random numbers.
        rows: of the grid within which patches lie, the last excluded.

    Returns:
        The patches, and reason → number of those that were not to be had.
    """
    pieces = list(_pieces(track))
    windows = [_windows(track, piece, choice.size, rows) for piece in pieces]
    weight = np.sum([window >= 0 for window in windows], axis=0, dtype=float)
    refused: Counter[str] = Counter()
    patches = []
    if not weight.any():
        refused[SHORT] += 1
        return [], refused
    for first in _starts(weight, choice, rng):
        middles = [window[first] for window in windows if window[first] >= 0]
        middle = int(middles[rng.integers(len(middles))])
        patch = _shifted(track, first, middle, choice, rng)
        if isinstance(patch, str):
            refused[patch] += 1
        else:
            patches.append(patch)
    return patches, refused


def _pieces(track: OnGrid) -> Iterator[npt.NDArray[np.int64]]:
    """Runs of profiles whose rows only rise or only fall: a track turns round near the poles."""
    known = np.flatnonzero(track.corners.enclosed)
    if known.size:
        steps = np.sign(np.diff(track.grid.to_row(track.latitude[known])))
        moving = np.flatnonzero(steps)  # two profiles may lie at one latitude
        turned = steps[moving[1:]] != steps[moving[:-1]]
        yield from np.split(known, moving[1:][turned])


def _windows(
    track: OnGrid, piece: npt.NDArray[np.int64], size: int, rows: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Where patches can begin: (row of the grid,) the profile in the middle, or -1.

    A patch can where the piece leads through all its rows and can be used all the way.
    """
    north = track.corners.row[piece, 0]
    order = np.argsort(north, kind="stable")
    north, usable = north[order], track.usable[piece[order]]
    wrong = np.concatenate([[0], np.cumsum(~usable)])
    found = np.full(track.grid.rows, -1, np.int64)
    # Both rows of a profile's corners must be of the patch.
    first = np.arange(max(north[0], rows[0]), min(north[-1] + 2, rows[1]) - size + 1)
    begin, end = np.searchsorted(north, first), np.searchsorted(north, first + size - 1)
    good = (wrong[end] == wrong[begin]) & (end > begin)
    middle = np.searchsorted(north, first + size // 2).clip(begin, np.maximum(end - 1, begin))
    found[first[good]] = piece[order[middle[good]]]
    return found


def _starts(weight: Reals, choice: Choice, rng: np.random.Generator) -> list[int]:
    """First rows of so many patches, in order; every set of them is as likely as another.

    Args:
        weight: (row,) ways in which a patch can begin there.
        choice: how many, how large, and whether they may overlap.
        rng: random numbers.
    """
    if choice.overlap:
        places = np.flatnonzero(weight)
        number = min(choice.number, places.size)
        share = weight[places] / weight.sum()
        return sorted(rng.choice(places, number, replace=False, p=share).tolist())
    # ways[k][row]: of setting k patches from a row on.
    ways = [np.ones(len(weight) + choice.size)]
    for _ in range(choice.number):
        following = ways[-1][choice.size : choice.size + len(weight)]
        sums = np.cumsum((weight * following)[::-1])[::-1]
        if not sums[0]:
            break
        ways.append(np.concatenate([sums, np.zeros(choice.size)]))
    row, starts = 0, []
    for left in range(len(ways) - 1, 0, -1):
        share = weight[row:] * ways[left - 1][row + choice.size : choice.size + len(weight)]
        first = row + int(rng.choice(len(share), p=share / share.sum()))
        starts.append(first)
        row = first + choice.size
    return starts


def _shifted(
    track: OnGrid, first: int, middle: int, choice: Choice, rng: np.random.Generator
) -> Patch | str:
    """A patch around a profile, shifted across the track; or why there is none."""
    size, centre = choice.size, track.longitude[middle]
    half = track.grid.half_length(first + size // 2)
    most = (size - 1) / 2 - choice.padding if choice.padding else size / 2
    problem = FEW_LABELS
    for attempt in range(_TRIES + 1):
        shift = rng.uniform(-most, most) if attempt < _TRIES else 0.0
        longitude = float(np.mod(centre + shift * 180 / half + 180, 360) - 180)
        patch = Patch(first, longitude, size, choice.geometry, track.grid)
        if not patch.fits:
            return SHORT
        found = track.inside(patch)
        number = np.count_nonzero(found.enclosed)
        if choice.padding and not _is_padded(track, found, patch, choice.padding):
            problem = EDGE
        elif number >= max(choice.fewest, 1):
            return patch
    return problem


def _is_padded(track: OnGrid, found: Corners, patch: Patch, padding: int) -> bool:
    """Whether all profiles in the rows of a patch keep away from its sides."""
    north = track.corners.row[:, 0]
    rows = (north >= patch.first_row) & (north < patch.first_row + patch.size - 1) & track.usable
    if not found.enclosed[rows].all():
        return False
    col = (found.col[rows] * found.weight[rows]).sum(axis=1)
    return bool(((col >= padding) & (col <= patch.size - 1 - padding)).all())


def in_swath(
    seen: npt.NDArray[np.bool_],
    first_row: int,
    choice: Choice,
    grid: Sinusoidal,
    rng: np.random.Generator,
) -> tuple[list[Patch], Counter[str]]:
    """Patches anywhere in a swath, all of whose pixels were seen, in the order of their rows.

    Args:
        seen: (row, column) of whole rows of the grid.
        first_row: row of the grid that `seen` begins with.
        choice: what is asked for; of labels and padding nothing is.
        grid: of the imager.
        rng: random numbers.

    Returns:
        The patches, and reason → number of those that were not to be had.
    """
    rows, cols = np.nonzero(seen)
    refused: Counter[str] = Counter()
    patches: list[Patch] = []
    tries = _TRIES * choice.number if rows.size else 0
    for place in rng.integers(rows.size, size=tries) if tries else ():
        if len(patches) == choice.number:
            break
        row = first_row + int(rows[place])
        longitude = float(grid.to_longitude(row, cols[place]))
        patch = Patch(row - choice.size // 2, longitude, choice.size, choice.geometry, grid)
        if not _is_seen(patch, seen, first_row):
            continue
        if not choice.overlap and any(patch.meets(other) for other in patches):
            continue
        patches.append(patch)
    if not patches:
        refused[SHORT] += 1
    return sorted(patches, key=lambda patch: patch.first_row), refused


def _is_seen(patch: Patch, seen: npt.NDArray[np.bool_], first_row: int) -> bool:
    """Whether every pixel of the grid that a patch needs was seen."""
    rows = patch.rows - first_row
    if rows[0] < 0 or rows[-1] >= len(seen) or not patch.fits:
        return False
    columns = patch.origin[:, None] + np.arange(patch.width)
    columns = patch.grid.wrap_col(patch.rows[:, None], columns)
    return bool(seen[rows[:, None], columns].all())

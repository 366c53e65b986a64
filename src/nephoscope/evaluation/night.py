"""A simulated night after prediction, beside its truth: cloud fraction frame by frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.products.frames import read_frames_csv

ReadMask = Callable[[Path], NDArray[np.int8]]
"""From a file to its mask, (y, x) int8: -1 unknown, 0 clear, 1 cloud."""
_RAW, _TRUTH = "_flux", "_truth"


@dataclass(frozen=True)
class Night:
    """What was found in each frame, in the order of time, beside what was there.

    Attributes:
        file: of the frame.
        time: start of each exposure, UTC.
        state: "clear", "cloudy" or "unknown".
        found: cloud fraction, NaN where unknown.
        true: cloud fraction.
        counts: (true, found) pixels of sky (0) and cloud (1) over the frames that are known.
    """

    file: list[str]
    time: NDArray[np.datetime64]
    state: list[str]
    found: NDArray[np.float64]
    true: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def judged(self) -> int:
        """Frames that are not unknown."""
        return sum(state != "unknown" for state in self.state)

    @property
    def right(self) -> int:
        """Frames called clear that have no cloud, or cloudy that have some."""
        wanted = ("cloudy" if cover else "clear" for cover in self.true)
        return sum(state == true for state, true in zip(self.state, wanted, strict=True))

    @property
    def error(self) -> float:
        """Mean absolute error of the cloud fraction over the known frames."""
        known = np.isfinite(self.found)
        return float(np.abs(self.found - self.true)[known].mean()) if known.any() else math.nan

    @property
    def mean_iou(self) -> float:
        """Mean of the intersections over union of sky and of cloud; NaN where one is absent."""
        total = self.counts.sum()
        unions = [total - self.counts[1, 1], total - self.counts[0, 0]]
        if not all(unions):
            return math.nan
        return float(np.mean([self.counts[n, n] / union for n, union in enumerate(unions)]))


def compare_night(products: Path, truth: Path, read_mask: ReadMask) -> Night:
    """Read `frames.csv` and the masks of a folder of products, and the simulator's truth.

    Args:
        products: folder of the products.
        truth: folder of the simulator's truth.
        read_mask: reads the mask in a file of either.

    Raises:
        InputError: a table, product or truth cannot be read.
    """
    rows = read_frames_csv(products)
    counts, covers = np.zeros((2, 2), np.int64), []
    for row in rows:
        there = read_mask(truth / Path(row["file"]).name.replace(_RAW, _TRUTH))
        covers.append(float((there == 1).mean()))
        seen = read_mask(products / Path(row["file"]).with_suffix(".fits"))
        known = seen >= 0
        pairs = 2 * there[known] + seen[known]
        counts += np.bincount(pairs, minlength=4).reshape(2, 2)
    return Night(
        [row["file"] for row in rows],
        np.array([row["time"] for row in rows], "datetime64[us]"),
        [row["state"] for row in rows],
        np.array([float(row["cloud_fraction"] or "nan") for row in rows]),
        np.array(covers),
        counts,
    )

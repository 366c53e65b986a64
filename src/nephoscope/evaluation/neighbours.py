"""Neighbours: frames that are alike, by histograms and by what they show at the best shift.

Histograms know neither place nor shape: two frames with nothing in common may have the same one.
The shift-tolerant correlation (see `nephoscope.samples.alike`) is what groups near-duplicates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.samples.alike import group_numbers, prepare, similarity
from nephoscope.scene import known_of

Floats = npt.NDArray[np.float32]
BINS = 50


@dataclass(frozen=True)
class Neighbours:
    """How alike frames are.

    Attributes:
        by_histogram: (frame, frame) float32, Pearson correlation of the histograms, -1..1.
        by_shift: (frame, frame) float32, best normalised correlation over all shifts, -1..1.
        groups: (frame,) number of the group of near-duplicates.
        copies: (frame,) number of the first frame that is the same, pixel by pixel.
    """

    by_histogram: Floats
    by_shift: Floats
    groups: npt.NDArray[np.intp]
    copies: npt.NDArray[np.intp]

    def nearest(self, alike: Floats) -> npt.NDArray[np.intp]:
        """(frame,) the other frame that is most alike, by one of the two."""
        others = alike.copy()
        np.fill_diagonal(others, -np.inf)
        return np.asarray(others.argmax(axis=1), np.intp)

    def pairs(self, alike: Floats, number: int) -> list[tuple[int, int]]:
        """The pairs most alike, best first; no frame twice, and no copies."""
        first = np.flatnonzero(self.copies == np.arange(len(self.copies)))
        rows, cols = (first[place] for place in np.triu_indices(len(first), 1))
        found: list[tuple[int, int]] = []
        used: set[int] = set()
        for place in np.argsort(-alike[rows, cols], kind="stable"):
            pair = int(rows[place]), int(cols[place])
            if not used & {*pair}:
                found.append(pair)
                used |= {*pair}
            if len(found) == number:
                break
        return found


def find_neighbours(
    images: npt.NDArray[np.generic], progress: Callable[[int], None] | None = None
) -> Neighbours:
    """Compare every frame with every other.

    Args:
        images: (frame, channel, y, x) uint8, 0 in all channels where missing, or float32, NaN.
        progress: called with the number of each frame done.
    """
    alike = similarity(*prepare(images), progress)
    return Neighbours(histogram_correlation(images), alike, group_numbers(alike), _copies(images))


def histogram_correlation(images: npt.NDArray[np.generic]) -> Floats:
    """Pearson correlation of the histograms of frames, over the range that all share.

    Args:
        images: (frame, channel, y, x), missing as in `find_neighbours`; channels are averaged.

    Returns:
        (frame, frame) float32, 1 on the diagonal; 0 beside a frame whose histogram is flat.
    """
    grey = [image.astype(np.float32).mean(axis=0)[known_of(image)] for image in images]
    everything = np.concatenate(grey)
    low, high = np.percentile(everything, [0.1, 99.9]) if everything.size else (0.0, 1.0)
    edges = np.linspace(low, max(high, low + 1e-6), BINS + 1)
    counts = np.stack([np.histogram(values.clip(edges[0], edges[-1]), edges)[0] for values in grey])
    centred = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) - 1 / BINS
    norm = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    unit = np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-12)
    alike = np.asarray((unit @ unit.T).clip(-1, 1), np.float32)
    np.fill_diagonal(alike, 1)
    return alike


def _copies(images: npt.NDArray[np.generic]) -> npt.NDArray[np.intp]:
    every = [image.tobytes() for image in images]
    return np.array([every.index(each) for each in every], np.intp)

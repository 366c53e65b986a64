"""Near-duplicate frames: likeness of samples, and groups that must never be in two parts.

A camera that points at one piece of sky, or is dithered over it, sees the same cloud again and
again, shifted. Frames are compared by what varies over short distances, at the shift at which
they agree best; whatever is alike, directly or through others, is one group.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nephoscope.grids.blocks import Blocks, factor_for
from nephoscope.scene import known_of

Floats = npt.NDArray[np.float32]

SIDE = 80  # pixels of the longer side at which frames are compared
SMOOTH = 6.0  # pixels of that size: what varies more slowly is light, not cloud
OVERLAP = 0.35  # least share of a frame that two frames must share
ALIKE = 0.65  # correlation from which frames are one group; mirrored, unrelated frames reach 0.58
NEAR = 0.60  # correlation from which frames of two parts are too near
PATTERN_FRAMES = 8  # fewest frames whose median is the camera's pattern, not cloud


def prepare(images: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Detail of each frame, as frames are compared.

    Args:
        images: (sample, channel, y, x) uint8, 0 in all channels where missing, or float32, NaN.

    Returns:
        (sample, y, x) float32 detail, 0 where missing, and (sample, y, x) float32, 1 where known.
    """
    grey = np.stack([_grey(image) for image in images])
    known = np.isfinite(grey)
    detail = np.stack([_high_pass(frame) for frame in grey])
    if len(detail) >= PATTERN_FRAMES:
        detail -= np.median(detail, axis=0)
    detail[~known] = 0
    return detail.astype(np.float32), known.astype(np.float32)


def similarity(
    detail: Floats, known: Floats, progress: Callable[[int], None] | None = None
) -> Floats:
    """Best normalised correlation over all shifts that leave enough overlap.

    Args:
        detail: (sample, y, x) float32, 0 where missing.
        known: (sample, y, x) float32, 1 where known.
        progress: called with the number of each sample done.

    Returns:
        (sample, sample) float32, symmetric, 1 on the diagonal.
    """
    from scipy import fft

    count, rows, cols = detail.shape
    size = [fft.next_fast_len(2 * side, real=True) for side in (rows, cols)]
    spectra = [
        fft.rfft2(part, size, axes=(-2, -1)).astype(np.complex64)
        for part in (detail, detail**2, known)
    ]
    alike = np.eye(count, dtype=np.float32)
    for first in range(count - 1):
        rest = slice(first + 1, count)
        value, energy, mask = (spectrum[first] for spectrum in spectra)
        others = [spectrum[rest].conj() for spectrum in spectra]
        product = fft.irfft2(value * others[0], size)
        mine = fft.irfft2(energy * others[2], size)
        theirs = fft.irfft2(mask * others[1], size)
        shared = fft.irfft2(mask * others[2], size)
        enough = shared >= OVERLAP * known[first].sum()
        norm = np.sqrt(np.maximum(mine, 0) * np.maximum(theirs, 0))
        # Transforms leave dust where there is nothing to compare.
        usable = enough & (norm > 1e-4 * norm.max())
        ratio = np.where(usable, product / np.where(usable, norm, 1), 0)
        alike[first, rest] = alike[rest, first] = ratio.max(axis=(-2, -1)).clip(-1, 1)
        if progress:
            progress(first)
    return alike


def group_numbers(alike: Floats, threshold: float = ALIKE) -> npt.NDArray[np.intp]:
    """The group of each sample: connected components of what is alike, numbered by first member."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, found = connected_components(csr_array(alike >= threshold), directed=False)
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(first.argsort().argsort()[numbers], np.intp)


def _grey(image: npt.NDArray[np.generic]) -> Floats:
    plane = image.astype(np.float32)
    plane[:, ~known_of(image)] = np.nan
    mean = plane.mean(axis=0, keepdims=True)
    factor = factor_for(mean.shape[1:], SIDE)
    grey: Floats = Blocks(factor, factor).mean(mean)[0]
    return grey


def _high_pass(frame: Floats) -> Floats:
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(frame)
    share = gaussian_filter(known.astype(np.float32), SMOOTH)
    mean = gaussian_filter(np.where(known, frame, 0).astype(np.float32), SMOOTH)
    detail = np.where(known, frame - mean / np.maximum(share, 1e-3), 0)
    return np.asarray(detail, np.float32)

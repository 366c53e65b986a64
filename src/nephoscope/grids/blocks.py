"""Means over blocks of whole pixels, and back: the size at which a network looks at a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

_STRIP = 2**21  # pixels that are worked on at once: a frame of 61 megapixels is in memory once

Floats = npt.NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)


def factor_for(shape: tuple[int, int], side: int | None) -> int:
    """How many pixels make a block's side, so that a frame's longer side comes to about `side`.

    Args:
        shape: rows and columns of the frame.
        side: the side wanted, pixels; None: the frame as it is.
    """
    return 1 if side is None else max(1, round(max(shape) / side))


@dataclass(frozen=True)
class Blocks:
    """The blocks of pixels of one picture that become the pixels of a smaller one.

    Attributes:
        rows: pixels along a block's upright side.
        cols: pixels along its level side.
        area: the rows and columns of the picture that the blocks cover.
    """

    rows: int
    cols: int
    area: tuple[slice, slice] = (slice(None), slice(None))

    @property
    def are_pixels(self) -> bool:
        """Whether the picture stays as it is."""
        return self.rows == self.cols == 1 and self.area == (slice(None), slice(None))

    def mean(self, image: npt.NDArray[np.floating]) -> Floats:
        """Block means of the known pixels.

        Args:
            image: (channel, y, x), NaN where missing; blocks at the far edges may be smaller.

        Returns:
            (channel, y / rows, x / cols) float32, rounded up; NaN where a block holds nothing.
        """
        image, rows, cols = image[..., *self.area], self.rows, self.cols
        if rows == cols == 1:
            return image.astype(np.float32, copy=False)
        whole = not (image.shape[-2] % rows or image.shape[-1] % cols)
        whole = whole and not any(np.isnan(channel).any() for channel in image)
        high = max(_STRIP // image.shape[-1] // rows, 1) * rows
        strips = (image[:, first : first + high] for first in range(0, image.shape[1], high))
        return np.concatenate([_reduced(strip, rows, cols, whole) for strip in strips], 1)

    def any(self, flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(y, x) whether anything in a block is set."""
        return np.asarray(_blocks(flags[self.area], self.rows, self.cols, False).any((-3, -1)))

    def label(self, label: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """The label of most known pixels; a tie is cloud, a block mostly unknown is unknown.

        Args:
            label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        """
        label = label[self.area]
        if self.rows == self.cols == 1:
            return label
        blocks = _blocks(label, self.rows, self.cols, -1)
        clear, cloud = ((blocks == state).sum(axis=(-3, -1)) for state in (0, 1))
        reduced = np.where(cloud >= clear, np.int8(1), np.int8(0))
        reduced[2 * (clear + cloud) < self.rows * self.cols] = -1
        return reduced

    def place(
        self, row: npt.NDArray[np.floating], col: npt.NDArray[np.floating]
    ) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Rows and columns of the smaller picture at those of the picture, whole or not."""
        first = (area.start or 0 for area in self.area)
        row, col = (each - start + 0.5 for each, start in zip((row, col), first, strict=True))
        return row / self.rows - 0.5, col / self.cols - 0.5


def blocks_to(shape: tuple[int, ...], wanted: tuple[int, int]) -> Blocks:
    """The blocks that make a picture of exactly so many rows and columns.

    Rows and columns that are left over after a whole number of pixels per block are cut off at
    both ends alike.

    Args:
        shape: rows and columns of the picture.
        wanted: rows and columns of the smaller one.

    Raises:
        ValueError: the picture is smaller than that.
    """
    if tuple(shape) == tuple(wanted):
        return Blocks(1, 1)
    sides = [size // number for size, number in zip(shape, wanted, strict=True)]
    if not all(sides):
        raise ValueError(f"the frame is {shape}: at least {wanted} is needed")
    spans = [side * number for side, number in zip(sides, wanted, strict=True)]
    first = [(size - span) // 2 for size, span in zip(shape, spans, strict=True)]
    area = tuple(slice(start, start + span) for start, span in zip(first, spans, strict=True))
    return Blocks(sides[0], sides[1], (area[0], area[1]))


def _reduced(image: npt.NDArray[np.floating], rows: int, cols: int, whole: bool) -> Floats:
    if whole:
        return (_block_sum(image, rows, cols) / (rows * cols)).astype(np.float32)
    blocks = _blocks(image, rows, cols, np.nan)
    known = np.isfinite(blocks)
    number = known.sum(axis=(-3, -1))
    total = np.where(known, blocks, 0).sum(axis=(-3, -1), dtype=np.float64)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)


def _block_sum(image: npt.NDArray[np.floating], rows: int, cols: int) -> npt.NDArray[np.float64]:
    """Sums over whole blocks; several times faster than numpy's own over two short axes."""
    tall = image[..., ::rows, :].astype(np.float64)
    for place in range(1, rows):
        tall += image[..., place::rows, :]
    total = tall[..., ::cols].copy()
    for place in range(1, cols):
        total += tall[..., place::cols]
    return total


def enlarge(values: Floats, factor: int, shape: tuple[int, int]) -> Floats:
    """Bilinear between block centres, held at the edges.

    Args:
        values: (y, x) float32 at the reduced size, without NaN.
        factor: as it was reduced.
        shape: rows and columns wanted.
    """
    if factor == 1:
        return values[: shape[0], : shape[1]]
    low, high, share = _between(shape[0], factor, values.shape[0])
    share = share[:, None]
    values = values.take(low, 0) * (1 - share) + values.take(high, 0) * share
    low, high, share = _between(shape[1], factor, values.shape[1])
    wide = np.empty(shape, np.float32)
    tall = max(_STRIP // shape[1], 1)
    for first in range(0, shape[0], tall):
        strip = values[first : first + tall]
        wide[first : first + tall] = strip.take(low, 1) * (1 - share) + strip.take(high, 1) * share
    return wide


def _between(
    length: int, factor: int, size: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Of each pixel along an axis, the blocks before and behind it and the share of the latter."""
    place = ((np.arange(length) + 0.5) / factor - 0.5).clip(0, size - 1)
    low = np.minimum(place.astype(np.intp), max(size - 2, 0))
    return low, np.minimum(low + 1, size - 1), (place - low).astype(np.float32)


def pad_to(
    image: npt.NDArray[Kind], divisor: int, fill: float | None = None, across: int | None = None
) -> npt.NDArray[Kind]:
    """(…, y, x) grown at the far edges to multiples of `divisor`.

    Args:
        image: (…, y, x).
        divisor: of the new number of rows.
        fill: value of the new pixels; None: that of the nearest pixel.
        across: divisor of the new number of columns; by default the same.
    """
    sides = zip(image.shape[-2:], (divisor, across or divisor), strict=True)
    spare = [(0, -side % wanted) for side, wanted in sides]
    widths = [(0, 0)] * (image.ndim - 2) + spare
    if fill is None:
        return np.pad(image, widths, mode="edge")
    return np.pad(image, widths, constant_values=fill)


def _blocks(
    array: npt.NDArray[np.generic], high: int, wide: int, fill: float
) -> npt.NDArray[np.generic]:
    """(…, y, x) → (…, y / high, high, x / wide, wide)."""
    padded = pad_to(array, high, fill, wide)
    rows, cols = padded.shape[-2:]
    return padded.reshape(*array.shape[:-2], rows // high, high, cols // wide, wide)

"""Choice of windows of a picture: along the pixels that a track crosses, or all over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SlotChoice:
    """What windows are asked for.

    Attributes:
        size: rows and columns.
        number: of a picture, at most; None for as many as there are.
        fewest: pixels with truth in a window, at least.
        padding: columns between the track and either side, at least.
        overlap: share of its pixels on the track that a window has in common with the one before.
    """

    size: int = 128
    number: int | None = None
    fewest: int = 1
    padding: int = 0
    overlap: float = 0.2


def along_pixels(
    row: Whole, col: Whole, shape: tuple[int, int], choice: SlotChoice, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """First row and column of windows along a track, in its order.

    Each holds as many of the pixels as lie in a row of its size, from where the one before has the
    wanted share of its own in common with it; the last ends where the track does. Where there is
    room across the track, a window is shifted at random.

    Args:
        row: (pixel,) rows of the pixels that a track crosses, in its order.
        col: (pixel,) their columns.
        shape: rows and columns of the picture.
        choice: what is asked for.
        rng: random numbers.

    Returns:
        None where the picture is smaller than a window.
    """
    if min(shape) < choice.size or not len(row):
        return []
    spans: list[tuple[int, int]] = []
    start = 0
    while True:
        stop = _reach(row, col, start, choice.size)
        if stop == len(row) and spans:  # end where the track ends, rather than hold a few pixels
            back = _reach(row[::-1], col[::-1], 0, choice.size)
            start = min(start, len(row) - back)
        spans.append((start, stop))
        if stop == len(row):
            break
        start += max(1, round((1 - choice.overlap) * (stop - start)))
    if choice.number is not None and len(spans) > choice.number:
        kept = rng.choice(len(spans), choice.number, replace=False)
        spans = [spans[place] for place in sorted(kept.tolist())]
    return [
        (
            _first(row[start:stop], shape[0], choice.size, 0, None),
            _first(col[start:stop], shape[1], choice.size, choice.padding, rng),
        )
        for start, stop in spans
    ]


def _reach(row: Whole, col: Whole, start: int, size: int) -> int:
    """The first pixel from a start on that no window of a size holds together with those before."""
    fits = np.ones(len(row) - start, bool)
    for line in (row[start:], col[start:]):
        extent = np.maximum.accumulate(line) - np.minimum.accumulate(line)
        fits &= extent < size
    return start + int(np.argmin(fits)) if not fits.all() else len(row)


def _first(
    line: Whole, whole: int, size: int, padding: int, rng: np.random.Generator | None
) -> int:
    """Where a window begins along an axis: around pixels, or at random if it still holds them."""
    low, high = int(line.min()), int(line.max())
    centred = (low + high + 1) // 2 - size // 2
    if rng is not None:
        slack = (size - 1 - (high - low)) // 2 - padding
        centred += int(rng.integers(-slack, slack + 1)) if slack > 0 else 0
    return int(np.clip(centred, 0, whole - size))


def all_over(
    shape: tuple[int, int], choice: SlotChoice, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """First row and column of windows side by side, some at random of all that the picture holds.

    Args:
        shape: rows and columns of the picture.
        choice: what is asked for.
        rng: random numbers, which also set where the first window begins.
    """
    starts = []
    for whole in shape:
        begin = int(rng.integers(whole % choice.size + 1)) if whole >= choice.size else 0
        starts.append(np.arange(begin, whole - choice.size + 1, choice.size))
    places = [(int(first), int(left)) for first in starts[0] for left in starts[1]]
    if choice.number is not None and len(places) > choice.number:
        kept = rng.choice(len(places), choice.number, replace=False)
        places = [places[place] for place in sorted(kept.tolist())]
    return places

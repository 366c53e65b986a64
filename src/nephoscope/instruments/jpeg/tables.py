"""Checks of the tables of a JPEG file, and of long runs in its coded data."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.jpeg.structure import BASELINE, DamagedError, Scan, Structure

_LONGEST_RUN = 10
"""Bytes of zero in a row that no picture codes, where a zero bit begins no end of block."""

# Example tables of T.81, annex K, which nearly every encoder scales, in zigzag order.
_LUMA = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
    26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
    56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
    95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip
_COLOUR = (17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, *(99,) * 50)
_ALMOST = 48
"""Of 64 divisors, so many that agree with a known table make the others damage."""


def check_tables(structure: Structure) -> None:
    """Raise if a table can only be damaged, or a plane uses one that is not there.

    Raises:
        DamagedError: such a table.
    """
    for part in structure.frame.components:
        if part.quantisation not in structure.quantisation:
            raise DamagedError("a quantisation table is missing")
    for table in structure.quantisation.values():
        _check_quantisation(table)
    for scan in structure.scans:
        for number, (counts, symbols) in scan.huffman.items():
            _check_huffman(number, counts, symbols, structure.frame.marker in BASELINE)


def check_runs(content: bytes, structure: Structure) -> None:
    """Raise if the coded data hold a long run of zero bytes that can be no picture.

    Raises:
        DamagedError: there is such a run.
    """
    for scan in structure.scans:
        if (
            _zeros_code_texture(scan)
            and content.find(bytes(_LONGEST_RUN), scan.start, scan.end) > 0
        ):
            raise DamagedError("bytes of the picture are zero")


def _zeros_code_texture(scan: Scan) -> bool:
    if not scan.spectrum[1] or scan.spectrum[2] >> 4:
        return False  # means only, or bits that refine
    others = {16 | number for _, number in scan.selectors.values()}
    tables = [scan.huffman[number] for number in others if number in scan.huffman]
    # The first symbol has the code of zeros; with size 0 it ends a block or many.
    return bool(tables) and all(symbols[:1] and symbols[0] & 15 for _, symbols in tables)


def _check_quantisation(table: tuple[int, ...]) -> None:
    if not all(table):
        raise DamagedError("a quantisation table holds a zero")
    if _is_almost_known(table):
        raise DamagedError("a quantisation table is not what was written")


@lru_cache(maxsize=64)
def _is_almost_known(table: tuple[int, ...]) -> bool:
    values = np.asarray(table)
    scaled = np.concatenate([_scaled(known, values) for known in (_LUMA, _COLOUR)])
    best = scaled[(scaled == values).sum(1).argmax()]
    others = best != values
    far = np.abs(best - values) > np.maximum(4, best // 2)
    return bool(others.sum() <= 64 - _ALMOST and far.any())


def _scaled(known: tuple[int, ...], values: NDArray[np.int_]) -> NDArray[np.int_]:
    """The known table at each of libjpeg's qualities 1..100."""
    quality = np.arange(1, 101)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    highest = 255 if values.max() <= 255 else 32767
    return ((np.asarray(known) * percent + 50) // 100).clip(1, highest)


def _check_huffman(number: int, counts: bytes, symbols: bytes, baseline: bool) -> None:
    if len(set(symbols)) < len(symbols):
        raise DamagedError("a Huffman table names a symbol twice")
    room = 1 << 16
    for length, count in enumerate(counts, start=1):
        room -= count << (16 - length)
    if room < 0:
        raise DamagedError("a Huffman table has more codes than there can be")
    means = number < 16
    if means and any(symbol > 11 for symbol in symbols):
        raise DamagedError("a Huffman table holds symbols that cannot be")
    if (
        not means
        and baseline
        and any(
            symbol & 15 > 10 or (not symbol & 15 and symbol not in (0, 0xF0)) for symbol in symbols
        )
    ):
        raise DamagedError("a Huffman table holds symbols that cannot be")

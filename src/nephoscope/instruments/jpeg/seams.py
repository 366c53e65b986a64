"""Seams in a decoded JPEG: traces of damage in a file whose codes are all valid.

The mean of a block is coded as its difference from the block before. So one wrong difference shifts
all later blocks, to the end or to the next restart marker: along one whole row of units, in coded
order, the picture steps by the same amount; and black may become darker than black.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.jpeg.probe import coarseness
from nephoscope.instruments.jpeg.structure import DamagedError, Frame, Structure

STEP = 1.6
"""Mean step along a row of units, in units of what is usual in the picture (each step counts up to
3). The highest in whole pictures was 1.7, in real maps 1.4."""

_MOST = 3.0
_LEAST_NOISE = 0.5  # DN
_FEWEST = 8  # units that make a row worth judging
_FEWEST_BESIDE = 1
_SHARE = 0.3  # least part of a row
_LOOSE = 0.4  # most spread of steps for their size: large shifts are clipped here and there
_USUAL = 0.04  # least share of units that step by the quantum of an earlier compression
_ALIKE = 2.0  # most ratio of steps that are the same but for noise and clipping
_BLACK, _WHITE, _FLAT = 2, 253, 8  # DN
# A colour shifted by less than noise leaves no seam, but tints what is black: in 25 real maps none
# of thousands of black units has a tint.
_NO_LIGHT, _TINT, _FEWEST_TINTED = 1.0, 2.0, 20
_STRICT = 4.0  # slack, DN: no camera's own
_LINES = (-4, -2, -1, 0, 1, 3)
_NEAR, _FAR = [1, 2, 3, 4], [0, 1, 4, 5]
_SAMPLES = 4
_Number = TypeVar("_Number", bound=np.generic)
_LUMA = np.asarray([0.299, 0.587, 0.114], np.float32)
_LEAST_LUMA, _LEAST_COLOUR = 4.0, 2.0  # DN: a shift of 4.5 in blue difference is 8 DN of blue


def check_range(structure: Structure, means: NDArray[np.float32], slack: float) -> None:
    """Raise if the coded data hold means of units that no picture of 8 bits has.

    Args:
        structure: the file's markers.
        means: (y, x, plane), from `block_means`.
        slack: DN beyond 0..255 that red, green and blue may have besides what coding explains.

    Raises:
        DamagedError: darker than black, brighter than white, or, with a slack of 4 DN or less,
            black with a colour.
    """
    frame = structure.frame
    units = _unit_means(frame, means)
    coarse = np.asarray(coarseness(structure), np.float32)
    firsts = [structure.quantisation[part.quantisation][0] for part in frame.components]
    error = np.asarray(firsts, np.float32) / 16 + coarse / 2 + 1
    if (units < -error).any() or (units > 255 + error).any():
        raise DamagedError("means of blocks beyond black or white")
    if structure.colour_differences:
        luma, blue, red = (units[..., plane] for plane in range(3))
        blue, red = blue - 128, red - 128
        colours = (luma + 1.402 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.772 * blue)
        bound = slack + float(error[0] + 1.772 * error[1:].max())
        if any((colour < -bound).any() or (colour > 255 + bound).any() for colour in colours):
            raise DamagedError("colours of blocks that cannot be")
        if slack <= _STRICT:
            tinted = (luma < _NO_LIGHT) & (np.maximum(abs(blue), abs(red)) > _TINT)
            if int(tinted.sum()) >= _FEWEST_TINTED:
                raise DamagedError("black that has a colour")


def check_seams(structure: Structure, pixels: NDArray[np.uint8]) -> None:
    """Raise if the picture steps along a whole row of units in coded order.

    Args:
        structure: the file's markers.
        pixels: (y, x) or (y, x, channel) uint8, DN.

    Raises:
        DamagedError: there is such a seam.
    """
    frame = structure.frame
    if frame.units[0] < 2 or frame.width // frame.unit[1] < _FEWEST:
        return
    planes = list(_steps(structure, pixels))
    informative = np.ones_like(planes[0].step)
    informative[[0, -1]] = 0
    ends = _ends(frame, structure.restart, *informative.shape)
    number = np.maximum(_sums(informative, ends), max(_FEWEST, _SHARE * informative.shape[1]))
    for steps in planes:
        found = _seam(steps, ends, number)
        if found is not None:
            row, column = (place * size for place, size in zip(found, frame.unit, strict=True))
            raise DamagedError(
                f"all is shifted in brightness or colour from y {row}, x {column} on"
            )


@dataclass(frozen=True)
class _Steps:
    """Steps from each unit to the one above, of one plane; the first row and the last are blank.

    Attributes:
        step: (row, column) float32, DN, beyond what the slopes on either side explain; 0 where both
            sides are black or white.
        above: (row, column) float32, DN, level of the last line above.
        informative: (row, column) bool: where the two units are not both black or white.
        least: the least step, DN, that matters in red, green or blue and is none of coding.
        noise: DN, what is usual in the picture.
    """

    step: NDArray[np.float32]
    above: NDArray[np.float32]
    informative: NDArray[np.bool_]
    least: float
    noise: float


def _steps(structure: Structure, pixels: NDArray[np.uint8]) -> Iterator[_Steps]:
    frame = structure.frame
    # DN of one step of the coded means, plane by plane.
    quanta = [structure.quantisation[part.quantisation][0] / 8 for part in frame.components]
    sums = _line_sums(frame, pixels)
    informative = _between_blanks(_informative(sums[:, _NEAR]))
    levels = sums.astype(np.float32) / _SAMPLES
    if len(levels) != 3:
        for plane in levels[:, _NEAR]:
            yield _plane(plane, 1, informative, _LEAST_LUMA, max(quanta))
        return
    luma = np.asarray(np.tensordot(_LUMA, levels, 1), np.float32)
    yield _plane(luma[_NEAR], 1, informative, _LEAST_LUMA, quanta[0])
    # Colours are often coded at half of the size and smoothed over the seam: look beyond that.
    for plane, share in ((2, 0.564), (0, 0.713)):
        difference = ((levels[plane] - luma)[_FAR] * share).astype(np.float32)
        yield _plane(difference, 1.5, informative, _LEAST_COLOUR, max(quanta[1:]))


def _line_sums(frame: Frame, pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(plane, line, row, column): sums over four pixels of each unit, of the lines at seams."""
    high, wide = frame.unit
    columns = frame.width // wide
    below = np.arange(high, frame.height - _LINES[-1], high)
    lines = pixels[below + np.asarray(_LINES)[:, None]]
    lines = lines.reshape(*lines.shape[:3], -1)[:, :, 1 : columns * wide : wide // _SAMPLES]
    planes = np.ascontiguousarray(np.moveaxis(lines, -1, 0))
    sums = planes[..., ::_SAMPLES].astype(np.uint16)
    for sample in range(1, _SAMPLES):
        sums += planes[..., sample::_SAMPLES]
    return sums


def _informative(near: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Steps between units that are not black or white, nor one of them beside texture."""
    black = np.asarray((near <= _BLACK * _SAMPLES).all(0))
    white = np.asarray((near >= _WHITE * _SAMPLES).all(0))
    unlike = np.abs(near[:, ::3].astype(np.int16) - near[:, 1:3]).max(0)
    rough = [side > _FLAT * _SAMPLES for side in unlike]
    above, below = (black[:2].all(0) | white[:2].all(0)), (black[2:].all(0) | white[2:].all(0))
    alike = black.all(0) | white.all(0)
    return np.asarray(~(alike | above & rough[1] | below & rough[0]))


def _plane(
    levels: NDArray[np.float32],
    gap: float,
    informative: NDArray[np.bool_],
    least: float,
    quantum: float,
) -> _Steps:
    slopes = levels[1] - levels[0], levels[3] - levels[2]
    # The lesser of both: an edge near by is no slope that goes on over the seam.
    slope = np.where(np.abs(slopes[0]) < np.abs(slopes[1]), *slopes)
    step = _between_blanks(levels[2] - levels[1] - gap * slope)
    above = _between_blanks(levels[1])
    usual = 1.48 * float(np.median(np.abs(step[informative]))) if informative.any() else 0.0
    noise = max(usual, _LEAST_NOISE, 0.4 * quantum)
    least = max(least, 1.6 * quantum, 2.5 * noise)
    return _Steps(np.where(informative, step, 0), above, informative, least, noise)


def _between_blanks(values: NDArray[_Number]) -> NDArray[_Number]:
    padded = np.zeros((len(values) + 2, values.shape[1]), values.dtype)
    padded[1:-1] = values
    return padded


def _ends(frame: Frame, restart: int, rows: int, columns: int) -> NDArray[np.intp]:
    """Behind which unit, in coded order, a seam that begins at each unit has come to its end.

    That is one row further, or at a restart marker, behind which all is right again.
    """
    starts = np.arange((rows - 1) * columns)
    ends = starts + columns
    if restart:
        in_row = frame.units[1]
        units = starts // columns * in_row + starts % columns
        row, column = np.divmod((units // restart + 1) * restart, in_row)
        ends = np.minimum(ends, row * columns + np.minimum(column, columns))
    return ends


def _seam(
    steps: _Steps, ends: NDArray[np.intp], number: NDArray[np.float64]
) -> tuple[int, int] | None:
    """Row and column of units where a seam begins, if there is one in this plane."""
    columns = steps.step.shape[1]
    levels = np.clip(steps.step / steps.noise, -_MOST, _MOST)
    means = np.abs(_sums(levels, ends) / number)
    for start in _peaks(means, columns):
        if _is_seam(steps, start, int(ends[start])):
            return start // columns, start % columns
    return None


def _sums(values: NDArray[np.floating], ends: NDArray[np.intp]) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(sums[ends] - sums[: len(ends)])


def _peaks(means: NDArray[np.float64], columns: int) -> list[int]:
    """The best start in each run of starts above the bound."""
    above = np.flatnonzero(means >= STEP)
    runs = np.split(above, np.flatnonzero(np.diff(above) > columns // 4) + 1)
    return [int(run[means[run].argmax()]) for run in runs if len(run)]


def _is_seam(steps: _Steps, start: int, end: int) -> bool:
    """Whether a step along a row is none of nature.

    In nature and in captions an edge along a row has other things on its two sides. In damage the
    same texture goes on; or the seam keeps to coded order: it steps by the same in all columns of
    two rows, from one column on in the first and up to that column in the second.
    """
    rows, columns = steps.step.shape
    informative = steps.informative.ravel()[start:end]
    step, above = (part.ravel()[start:end][informative] for part in (steps.step, steps.above))
    if len(step) < _FEWEST:
        return False
    middle, spread = _middle(step)
    if abs(middle) < steps.least or _is_quantum(steps, start, end, abs(middle)):
        return False
    if spread < min(3 * steps.noise, abs(middle) / 3.5, _middle(above)[1] / 2.5):
        return True
    row, column = divmod(start, columns)
    whole = end - start == columns and 0 < row < rows - 2
    return (
        whole
        and spread < _LOOSE * abs(middle) + steps.noise
        and _keeps_to_order(steps.step[row : row + 2] / middle, column)
    )


def _is_quantum(steps: _Steps, start: int, end: int, size: float) -> bool:
    """Whether units elsewhere step by that much, and seldom by half of it.

    So they do where a picture was compressed before, and coarser: its levels are apart by quanta.
    """
    elsewhere = steps.informative.ravel().copy()
    elsewhere[start:end] = False
    others = np.abs(steps.step.ravel()[elsewhere])
    if not len(others):
        return False
    alike = float((np.abs(others / size - 0.975) < 0.325).mean())
    halves = float((np.abs(others / size - 0.4) < 0.15).mean())
    return alike > max(_USUAL, 1.5 * halves)


def _keeps_to_order(shares: NDArray[np.float32], column: int) -> bool:
    """Whether two rows step by 1 where a seam from `column` on would, and by 0 elsewhere."""
    inside = shares[0, column:], shares[1, :column]
    beside = shares[0, : max(column - 1, 0)], shares[1, column + 1 :]
    return min(map(len, beside)) >= _FEWEST_BESIDE and all(
        1 / _ALIKE < np.median(within) < _ALIKE and abs(np.median(without)) < 1 / _ALIKE
        for within, without in zip(inside, beside, strict=True)
    )


def _middle(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median, and the spread about it as a standard deviation."""
    middle = float(np.median(values))
    return middle, 1.48 * float(np.median(np.abs(values - middle)))


def _unit_means(frame: Frame, means: NDArray[np.float32]) -> NDArray[np.float32]:
    high, wide = (size // 8 for size in frame.unit)
    rows, columns = means.shape[0] // high, means.shape[1] // wide
    if not rows or not columns:
        return means
    whole = means[: rows * high, : columns * wide]
    units: NDArray[np.float32] = whole.reshape(rows, high, columns, wide, -1).mean((1, 3))
    return units

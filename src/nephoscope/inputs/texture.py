"""Numbers of a whole thermal frame that neither scale nor offset of the camera can change.

Every length is a ratio: to the frame's own noise floor, or to its own spread. A constant added to
all counts, or a factor on them, cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from nephoscope.grids.blocks import blocks_to
from nephoscope.inputs.sky import MAD_OF_GAUSSIAN
from nephoscope.inputs.view import ONLY, Bools, Feature, Fill, FloatArray, View

SHAPE = (128, 160)
"""Rows and columns of a binned frame: what the features are defined on."""
SCALES = (1, 2, 4, 8, 16, 32)
_POLISHES = 2
_TINY = 1e-12

Floats = npt.NDArray[np.float64]

NAMES = (
    *(f"rough_{scale}" for scale in SCALES),
    *(f"slope_{scale}" for scale in SCALES[1:]),
    "cells_8",
    "cells_16",
    "largest_cell",
    "anisotropy_2",
    "anisotropy_16",
    "curvature",
    "tilt",
    "skewness",
    "kurtosis",
    "spectrum_slope",
    "spread",
)


def to_binned(image: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Block means of a frame on `SHAPE`, (y, x) float32; NaN where a block holds nothing.

    Args:
        image: (y, x), any unit; NaN where missing; what is left over is cut off at its ends.

    Raises:
        ValueError: the frame is smaller than `SHAPE`.
    """
    frame = np.asarray(image, np.float32)
    binned: npt.NDArray[np.float32] = blocks_to(frame.shape, SHAPE).mean(frame[None])[0]
    return binned


def normalise(image: npt.ArrayLike, how: str) -> npt.NDArray[np.float32]:
    """Scale a frame by itself; NaN stays NaN, a constant frame is 0.

    Args:
        image: (y, x), any unit.
        how: "min_max", to 0..1, or "mean_std", to mean 0 and deviation 1.

    Raises:
        ValueError: `how` is neither.
    """
    frame = np.asarray(image, np.float64)
    if how not in {"min_max", "mean_std"}:
        raise ValueError(f"normalisation '{how}' is neither min_max nor mean_std")
    if not np.isfinite(frame).any():
        return frame.astype(np.float32)
    if how == "min_max":
        low, spread = float(np.nanmin(frame)), float(np.nanmax(frame) - np.nanmin(frame))
    else:
        low, spread = float(np.nanmean(frame)), float(np.nanstd(frame))
    if spread <= _rounding(frame):
        return np.asarray(frame * 0, np.float32)
    return np.asarray((frame - low) / spread, np.float32)


def texture(image: npt.ArrayLike) -> npt.NDArray[np.float32] | None:
    """Features of one frame, in the order of `NAMES`, float32; None of a frame without any noise.

    Rows and columns of the sensor's pattern and a smooth quadratic (gradient of the clear sky,
    narcissus, vignetting) are removed before the structure is measured, and the noise floor is
    that of the finest diagonal differences.

    Args:
        image: (y, x) of `SHAPE`, any unit; NaN where missing.
    """
    counts = np.asarray(image, np.float64)
    frame = _filled(counts)
    if frame is None:
        return None
    rest, coefficients = _without_quadratic(frame)
    rest = _without_lines(rest)
    noise = _noise(rest)
    if noise <= _rounding(counts):
        return None
    rough = [_step(rest, scale) / noise for scale in SCALES]
    cells, wide = _cells(rest, 8) / noise, _cells(rest, 16) / noise
    spread = rest.std() / noise
    logs = np.log(np.maximum(rough, _TINY))
    standard = (rest - rest.mean()) / max(float(rest.std()), _TINY)
    values = [
        *logs,
        *np.diff(logs),
        np.log(cells.std() + _TINY),
        np.log(wide.std() + _TINY),
        np.log(np.abs(wide).max() + _TINY),
        _anisotropy(rest, 2),
        _anisotropy(rest, 16),
        np.log(np.hypot(*coefficients[3:5]) / noise + 1),
        np.log(np.hypot(*coefficients[1:3]) / noise + 1),
        np.tanh((standard**3).mean()),
        np.log((standard**4).mean()),
        _spectrum_slope(rest),
        np.log(spread),
    ]
    return np.asarray(values, np.float32)


def _filled(frame: Floats) -> Floats | None:
    missing = ~np.isfinite(frame)
    if not missing.any():
        return np.asarray(frame - frame.mean())
    if missing.mean() > 0.5:
        return None
    # The median of the whole frame would be an edge of its own: take the row's.
    known = np.where(missing, np.nan, frame)
    whole = float(np.nanmedian(known))
    rows = np.array([np.nanmedian(row) if np.isfinite(row).any() else whole for row in known])
    filled = np.where(missing, rows[:, None], frame)
    return np.asarray(filled - filled.mean())


def _rounding(frame: Floats) -> float:
    """What float32 counts of this level cannot tell apart, and no less than nothing."""
    return float(np.finfo(np.float32).eps * np.nanmax(np.abs(frame)) + _TINY)


@cache
def _quadratic(shape: tuple[int, int]) -> tuple[Floats, npt.NDArray[np.floating]]:
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    terms = [np.ones(shape), x, y, x**2 - 1 / 3, y**2 - 1 / 3, x * y]
    design = np.stack([term.ravel() for term in terms], axis=1)
    return design, np.linalg.pinv(design)


def _without_quadratic(frame: Floats) -> tuple[Floats, npt.NDArray[np.floating]]:
    design, inverse = _quadratic((frame.shape[0], frame.shape[1]))
    coefficients = inverse @ frame.ravel()
    rest: Floats = np.asarray(frame - (design @ coefficients).reshape(frame.shape), np.float64)
    return rest, coefficients


def _without_lines(rest: Floats) -> Floats:
    """Without the sensor's pattern of columns and of rows (median polish: Tukey 1977).

    Turn by turn: the median of a row in which the columns still differ is the noisier for it.
    """
    for _ in range(_POLISHES):
        rest = rest - np.median(rest, axis=0)
        rest = rest - np.median(rest, axis=1)[:, None]
    return rest


def _noise(rest: Floats) -> float:
    """Robust deviation of the finest diagonal differences, per pixel."""
    diagonal = rest[1:, 1:] - rest[1:, :-1] - rest[:-1, 1:] + rest[:-1, :-1]
    return float(np.median(np.abs(diagonal)) / MAD_OF_GAUSSIAN / 2)


def _squares(rest: Floats, scale: int) -> tuple[float, float]:
    """Mean square differences at a distance, across and down."""
    across = ((rest[:, scale:] - rest[:, :-scale]) ** 2).mean()
    return across, ((rest[scale:] - rest[:-scale]) ** 2).mean()


def _step(rest: Floats, scale: int) -> float:
    """Root mean square difference at a distance, of both directions."""
    return float(np.sqrt(sum(_squares(rest, scale)) / 4))


def _anisotropy(rest: Floats, scale: int) -> float:
    across, down = _squares(rest, scale)
    return float(abs(np.log((across + _TINY) / (down + _TINY))))


def _cells(rest: Floats, side: int) -> Floats:
    rows, cols = rest.shape[0] // side, rest.shape[1] // side
    cut = rest[: rows * side, : cols * side]
    return np.asarray(cut.reshape(rows, side, cols, side).mean(axis=(1, 3)))


def _spectrum_slope(rest: Floats) -> float:
    """Slope of the logarithm of the isotropic power spectrum from 4 to 64 cycles a frame."""
    window = np.hanning(rest.shape[0])[:, None] * np.hanning(rest.shape[1])
    power = np.abs(np.fft.rfft2(rest * window)) ** 2
    ring = _rings((rest.shape[0], rest.shape[1]))
    total = np.bincount(ring, power.ravel(), minlength=7)[1:6]
    count = np.bincount(ring, minlength=7)[1:6]
    logs = np.log(total / count + _TINY)
    octaves = np.arange(5) - 2.0
    return float((octaves * (logs - logs.mean())).sum() / (octaves**2).sum())


@cache
def _rings(shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Octave of each frequency: 0 below 2 cycles a frame, 1 from 2 to 4, ... 5 from 32 to 64."""
    ky = np.fft.fftfreq(shape[0])[:, None] * shape[0]
    kx = np.fft.rfftfreq(shape[1])[None, :] * shape[0]
    octave = np.floor(np.log2(np.maximum(np.hypot(ky, kx), 0.5)))
    return np.asarray(np.clip(octave, 0, 6), np.intp).ravel()


def numbers_of(view: View, names: Sequence[str], out: FloatArray | None = None) -> FloatArray:
    """Numbers of a view's only channel, (number, 1, 1) float32; NaN where there is nothing to see.

    Args:
        view: a whole frame of `SHAPE`.
        names: from `NAMES`.
        out: (number, 1, 1) to write into; made when not given.
    """
    if out is None:
        out = np.empty((len(names), 1, 1), np.float32)
    found = texture(_frame(view, view.known))
    out[...] = np.nan
    if found is not None:
        out[:, 0, 0] = found[[NAMES.index(name) for name in names]]
    return out


def _frame(view: View, known: Bools) -> Floats:
    return np.where(known, view.channel(ONLY).astype(np.float64), np.nan)


def _number(name: str) -> Fill:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = numbers_of(view, (name,))[0]

    return fill


def _by_itself(how: str) -> Fill:
    def fill(view: View, known: Bools, target: FloatArray) -> None:
        frame = _frame(view, known)
        target[...] = np.nan
        if texture(frame) is not None:
            target[...] = np.nan_to_num(normalise(frame, how))

    return fill


FRAME_FEATURES: dict[str, Feature] = {
    **{how: Feature(_by_itself(how), (ONLY,), fixed=True) for how in ("mean_std", "min_max")},
    **{name: Feature(_number(name), (ONLY,)) for name in NAMES},
}

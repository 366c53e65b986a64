"""Features of a ground-based camera's frames: colour of the sky, and counts of a thermal camera.

Colour: haze and cloud scatter all colours alike, clear sky scatters blue (Long et al. 2006, doi
10.1175/JTECH1875.1; the normalised difference is of Li et al. 2011, doi
10.1175/JTECH-D-11-00009.1). Thermal: the counts of an uncooled camera drift with its own
temperature, so only what is left after taking out the frame's offset and scale is used.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.view import COLOURS, ONLY, Bools, Feature, FloatArray, View

# Median absolute deviation of a Gaussian, in standard deviations.
MAD_OF_GAUSSIAN = 0.6745
PERCENTILES = (1.0, 99.0)
# Structure of some noise deviations is told apart best; the clear sky varies by ten or twenty.
NOISE_UNIT = 8.0
# Frames that vary less than this hold only quantisation: counts are whole numbers, so are bytes.
SMALLEST_SPREAD = 1e-6


def _blue_red_difference(view: View, known: Bools, target: FloatArray) -> None:
    """(B - R) / (B + R), -1..1."""
    red, blue = (view.channel(name).astype(np.float32) for name in ("red", "blue"))
    np.divide(blue - red, np.maximum(blue + red, 1), out=target)
    target[~known] = 0.0


def _saturation(view: View, known: Bools, target: FloatArray) -> None:
    """1 - smallest / largest colour, 0..1."""
    image = view.colours.astype(np.float32)
    np.divide(image.min(axis=0), np.maximum(image.max(axis=0), 1), out=target)
    np.subtract(1, target, out=target)
    target[~known] = 0.0


def _blue_excess(view: View, known: Bools, target: FloatArray) -> None:
    """-1 (white or grey) … 1 (blue): how much more blue than red, for this much blue.

    The line 0.855 B - R = 13 DN is the best straight one between clear and cloud in the training
    frames of WSISEG.
    """
    red, blue = (view.channel(name).astype(np.float32) for name in ("red", "blue"))
    np.tanh((np.float32(0.855) * blue - red - 13) / 12, out=target)
    target[~known] = 0.0


def mean_light(image: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """(y, x) mean of the three colours of (channel, y, x), whose own mean is slow with NaN."""
    red, green, blue = image
    total = np.add(red, green, dtype=np.float32)
    total += blue
    return np.asarray(total / np.float32(3))


def _brightness(view: View, known: Bools, target: FloatArray) -> None:
    """Mean of the three colours, of order one."""
    np.divide(mean_light(view.colours) - 110, 60, out=target)
    target[~known] = 0.0


def _robust(view: View, known: Bools, target: FloatArray) -> None:
    """Counts above the frame's median, in robust standard deviations, softened beyond ±3."""
    _squash(_standardise(_counts(view, known)), known, target)


def _range(view: View, known: Bools, target: FloatArray) -> None:
    """Where counts lie between the frame's 1st and 99th percentile, 0..1 (and a little beyond)."""
    counts = _counts(view, known)
    target[...] = 0.0
    if known.any():
        low, high = (float(np.percentile(counts[known], share)) for share in PERCENTILES)
        if high - low > _smallest(counts, known):
            scaled = (counts[known] - low) / (high - low)
            target[known] = scaled.clip(-0.5, 1.5)


def _detrended(view: View, known: Bools, target: FloatArray) -> None:
    """As `_robust`, after a plane was taken out: sky brightens from the zenith down."""
    counts = _counts(view, known)
    subtract_plane(counts, known)
    _squash(_standardise(counts), known, target)


def subtract_plane(counts: npt.NDArray[np.float64], known: Bools) -> None:
    """Take the best plane out of a frame, in place; nothing where fewer than 4 pixels are known.

    Args:
        counts: (y, x) float64, any unit.
        known: (y, x) where to fit and to subtract it.
    """
    if known.sum() <= 3:
        return
    design, inverse = _plane((counts.shape[0], counts.shape[1]))
    if known.all():
        counts -= (design @ (inverse @ counts.ravel())).reshape(counts.shape)
    else:
        seen = design[known.ravel()]
        counts[known] -= seen @ np.linalg.lstsq(seen, counts[known], rcond=None)[0]


@lru_cache(maxsize=4)
def _plane(shape: tuple[int, int]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.floating]]:
    """What a plane over a frame is made of, (pixel, term), and its pseudo-inverse."""
    rows, cols = (place.ravel() / max(shape) for place in np.indices(shape))
    design = np.stack([rows, cols, np.ones(rows.size)], axis=1)
    return design, np.linalg.pinv(design)


def _in_noise(view: View, known: Bools, target: FloatArray) -> None:
    """Counts above the frame's median, in units of `NOISE_UNIT` of the noise of one pixel.

    The noise is the yardstick that scale and offset of the camera cannot change: clear sky, stray
    light and the flat field vary by little of it, cloud by much.
    """
    target[...] = 0.0
    counts = _counts(view, known)
    noise = pixel_noise(counts)
    if known.any() and noise > _smallest(counts, known):
        _squash((counts - np.median(counts[known])) / (NOISE_UNIT * noise), known, target)


def pixel_noise(counts: npt.NDArray[np.floating]) -> float:
    """Robust deviation of a pixel from its neighbours, blind to patterns of rows and columns.

    Second differences both ways (Immerkaer 1996, doi 10.1006/cviu.1996.0060), by their median.

    Args:
        counts: (y, x), any unit, NaN where missing.
    """
    across = counts[:, 2:] - 2 * counts[:, 1:-1] + counts[:, :-2]
    both = across[2:] - 2 * across[1:-1] + across[:-2]
    both = np.abs(both[np.isfinite(both)])
    return float(np.median(both)) / MAD_OF_GAUSSIAN / 6 if both.size else 0.0


def _counts(view: View, known: Bools) -> npt.NDArray[np.float64]:
    counts: npt.NDArray[np.float64] = view.channel(ONLY).astype(np.float64)
    counts[~known] = np.nan
    return counts


def _standardise(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = np.isfinite(counts)
    if not known.any():
        return np.zeros(counts.shape)
    centre = float(np.median(counts[known]))
    spread = float(np.median(np.abs(counts[known] - centre))) / MAD_OF_GAUSSIAN
    if spread <= _smallest(counts, known):
        spread = float(np.std(counts[known]))
    if spread <= _smallest(counts, known):
        return np.zeros(counts.shape)
    return np.asarray((counts - centre) / spread)


def _smallest(counts: npt.NDArray[np.float64], known: Bools) -> float:
    return float(SMALLEST_SPREAD * (1 + np.abs(counts[known]).max()))


def _squash(values: npt.NDArray[np.float64], known: Bools, target: FloatArray) -> None:
    """Logarithmic far from zero: a few hot pixels must not fill the range."""
    with np.errstate(invalid="ignore"):
        target[...] = np.arcsinh(values)
    target[~known] = 0.0


SKY_FEATURES: dict[str, Feature] = {
    "blue_red_difference": Feature(_blue_red_difference, ("red", "blue")),
    "saturation": Feature(_saturation, COLOURS),
    "blue_excess": Feature(_blue_excess, ("red", "blue")),
    "brightness": Feature(_brightness, COLOURS),
    "counts_robust": Feature(_robust, (ONLY,)),
    "counts_range": Feature(_range, (ONLY,)),
    "counts_detrended": Feature(_detrended, (ONLY,)),
    "counts_in_noise": Feature(_in_noise, (ONLY,)),
}

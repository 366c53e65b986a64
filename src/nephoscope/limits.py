"""Limits of brightness, one for each cell: from how bright on labels call a place cloud.

Labels that were made with a threshold over a reference map follow a limit that differs from place
to place and stays from day to day. Each labelled pixel says that the limit of its cell lies below
its brightness (cloud) or above it (clear); together they leave a narrow range. A training sample
is always given the limits that the *other* samples leave, as a new map will be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter1d, uniform_filter
from scipy.special import ndtr

from nephoscope.background import PREFIX, contents_sha256, grid_of, on_cells
from nephoscope.errors import UsageError
from nephoscope.grids.cells import CellGrid
from nephoscope.recipe import Limit

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
Sample = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]
STATISTICS = ("limit", "limit_spread")
_BYTE = np.arange(256, dtype=np.float32)


def evidence(
    brightness: npt.NDArray[np.uint8], label: npt.NDArray[np.int8], settings: Limit
) -> FloatArray:
    """What one sample says about the limit of every cell.

    Args:
        brightness: (y, x) uint8 DN of the channel that the labels look at; 0 where missing.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        settings: cell, levels, noise.

    Returns:
        (cell row, cell column, level) float32: logarithm of the likelihood that the limit is at
        that level; 0 everywhere in cells without a label.
    """
    above, below = _likelihoods(settings)
    smooth = _mean_of_known(brightness)
    value = np.rint((brightness + smooth) / 2).astype(np.uint8)
    rows, cols = np.nonzero((label >= 0) & (brightness > 0))
    shape = tuple(-(-side // settings.cell) for side in label.shape)
    place = (rows // settings.cell) * shape[1] + cols // settings.cell
    # A count of each (cell, brightness, label) would not fit; levels are few, so go level by level.
    cloudy, value = label[rows, cols] == 1, value[rows, cols]
    out = np.empty((shape[0] * shape[1], above.shape[1]), np.float32)
    for level in range(above.shape[1]):
        said = np.where(cloudy, above[value, level], below[value, level])
        out[:, level] = np.bincount(place, said, minlength=len(out))
    return out.reshape(*shape, -1)


def limits_from(total: FloatArray, settings: Limit) -> FloatArray:
    """The limit that summed evidence leaves: (2, cell row, cell column) float32, DN.

    The first is the mean over the levels weighted by their likelihood, the second the standard
    deviation, wide where nothing was ever near the limit. Neighbouring cells share evidence.
    """
    levels = _levels(settings)
    joined = total
    for axis, mode in ((0, "nearest"), (1, "wrap")):
        joined = gaussian_filter1d(joined, settings.smoothing, axis=axis, mode=mode, truncate=3)
    weight = np.exp(joined - joined.max(axis=2, keepdims=True))
    weight /= weight.sum(axis=2, keepdims=True)
    middle = levels.mean()
    offset = weight @ (levels - middle)
    variance = np.maximum(weight @ (levels - middle) ** 2 - offset**2, 0)
    return np.stack([middle + offset, np.sqrt(variance)]).astype(np.float32)


def learn_limits(
    read: Callable[[int], Sample], count: int, settings: Limit
) -> tuple[FloatArray, FloatArray]:
    """Limits of a set of samples, and those that each of them gets from the others.

    Args:
        read: gives sample 0, 1 … as brightness and label, the form that `evidence` takes; each
            is read twice, so that memory does not grow with their number.
        count: how many samples there are.
        settings: cell, levels, noise.

    Returns:
        (2, cell row, cell column) float32 of all samples, and (sample, 2, cell row, cell column)
        float32, each without the sample itself.

    Raises:
        UsageError: there are fewer than two samples.
    """
    if count < 2:
        raise UsageError("inputs.limit: limits are learned from two samples or more")
    total = evidence(*read(0), settings).astype(np.float64)
    for number in range(1, count):
        total += evidence(*read(number), settings)
    without = [
        limits_from((total - evidence(*read(number), settings)).astype(np.float32), settings)
        for number in range(count)
    ]
    # As much evidence as a sample of the training had: one less than there are.
    share = (count - 1) / count
    return limits_from((total * share).astype(np.float32), settings), np.stack(without)


def as_dataset(
    limits: FloatArray,
    settings: Limit,
    latitude: npt.NDArray[np.floating],
    longitude: npt.NDArray[np.floating],
) -> xr.Dataset:
    """Limits in the form of a background file, to be written, read and checked like one.

    Args:
        limits: (2, cell row, cell column) float32, DN.
        settings: cell and channel.
        latitude: (y,) degrees of the samples.
        longitude: (x,) degrees of the samples.
    """
    found = on_cells(
        dict(zip(STATISTICS, np.rint(limits * 16) / np.float32(16), strict=True)),
        settings.cell,
        latitude,
        longitude,
        title="brightness from which the training labels call a place cloud",
        units="DN",
        channel=settings.channel,
    )
    found.attrs["sha256"] = contents_sha256(found)
    return found


def _mean_of_known(brightness: npt.NDArray[np.uint8]) -> FloatArray:
    """Mean over 3 x 3 pixels, of those that are not missing; 0 where none is."""
    mode = ("nearest", "wrap")
    mean: FloatArray = uniform_filter(brightness.astype(np.float32), 3, mode=mode)
    share: FloatArray = uniform_filter((brightness > 0).astype(np.float32), 3, mode=mode)
    return np.divide(mean, share, out=mean, where=share > 0)


def _levels(settings: Limit) -> FloatArray:
    first, last, step = settings.levels
    return np.arange(first, last + step / 2, step, dtype=np.float32)


def _likelihoods(settings: Limit) -> tuple[FloatArray, FloatArray]:
    """(256, level) log likelihood of a cloudy and of a clear pixel of each brightness."""
    over = ndtr((_BYTE[:, None] - _levels(settings)) / settings.noise)
    wrong = settings.wrong
    above = np.log(wrong + (1 - wrong) * over)
    below = np.log(wrong + (1 - wrong) * (1 - over))
    return above.astype(np.float32), below.astype(np.float32)


_COARSEST = 4.0
"""Times the pixel that a model learned on, and its inverse: of others it knows nothing."""


_KEPT = 1 << 25
"""Numbers that are kept between the scenes of one grid: 128 MB."""


class Limits:
    """What a model learned of each place.

    Args:
        cells: (2, cell row, cell column) float32, DN: the limit and its spread.
        grid: where the cells lie among the pixels of a scene.
    """

    def __init__(self, cells: FloatArray, grid: CellGrid) -> None:
        self.cells, self.grid = cells, grid
        self._kept: dict[tuple[bytes, bytes], FloatArray] = {}

    def at(self, latitude: Floats, longitude: Floats) -> FloatArray:
        """(2, y, x) float32, DN, at (y,) and (x,) degrees; kept, since maps lie on one grid."""
        key = latitude.tobytes(), longitude.tobytes()
        if (found := self._kept.get(key)) is None:
            found = self.grid.sample(self.cells, latitude, longitude)
            if found.size + sum(each.size for each in [*self._kept.values()]) <= _KEPT:
                self._kept[key] = found
        return found


def limits_at(
    limits: xr.Dataset | None, latitude: Floats, longitude: Floats
) -> tuple[Limits | None, str]:
    """What a model learned of a scene's places, and why that cannot be used or trusted as usual.

    Raises:
        UsageError: the pixels are of quite another size than those that the model learned on.
    """
    if limits is None:
        return None, ""
    grid = grid_of(limits, latitude, longitude)
    if grid is None or not grid.covers(latitude, longitude):
        return None, "what the model learned of each place does not cover this scene: not used"
    cells = np.stack([limits[f"{PREFIX}{name}"].values for name in STATISTICS])
    doubt = ""
    for degrees, axis in ((latitude, grid.latitude), (longitude, grid.longitude)):
        here, learned = abs(float(degrees[1] - degrees[0])), abs(axis.step)
        if not 1 / _COARSEST <= here / learned <= _COARSEST:
            raise UsageError(
                f"the scene has pixels of {here:g} degrees, the model learned on {learned:g}: it "
                "knows nothing of such (latitude and longitude are in degrees)"
            )
        if abs(here - learned) >= 0.01 * learned and not doubt:  # more than rounding
            doubt = f"pixels of {here:g}, not {learned:g} degrees: the model learned on others"
    return Limits(cells, grid), doubt

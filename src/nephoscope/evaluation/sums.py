"""Mergeable sums: everything a score needs, so that any cutting of the work gives the same score.

For each (day, latitude band) the sums hold two histograms of the predicted probability, one over
the clear and one over the cloudy pixels. The bins are the 251 levels that the product stores
(multiples of 1/250), so a score of the sums is exactly the score of the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.files import atomic_path
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import count_published
from nephoscope.tasks.mask_metrics import BINS

BAND_DEGREES = 10

Cell = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Sums:
    """Pixel counts by (day, southern edge of the latitude band).

    Attributes:
        cells: for each (day, band) a (truth, bin) int64 array, shape (2, BINS): truth 0 is clear,
            1 cloud; bin 0 counts pixels without a prediction, bin 1 + k the probability k / 250.
    """

    cells: dict[Cell, Counts] = field(default_factory=dict)

    def __add__(self, other: Sums) -> Sums:
        """Merge; associative and commutative, and exact, for all counts are integers."""
        merged = dict(self.cells)
        for key, counts in other.cells.items():
            merged[key] = merged[key] + counts if key in merged else counts
        return Sums(merged)

    def __eq__(self, other: object) -> bool:
        """Equal when every cell counts the same; an absent cell counts nothing."""
        if not isinstance(other, Sums):
            return NotImplemented
        keys = self.cells.keys() | other.cells.keys()
        return all(np.array_equal(self._cell(key), other._cell(key)) for key in keys)

    def _cell(self, key: Cell) -> Counts:
        return self.cells.get(key, np.zeros((2, BINS), np.int64))

    @property
    def days(self) -> list[str]:
        """The days, sorted."""
        return sorted({day for day, _ in self.cells})

    @property
    def bands(self) -> list[int]:
        """Southern edges of the latitude bands, degrees, from south to north."""
        return sorted({band for _, band in self.cells})

    def by_day(self, band: int | None = None) -> Counts:
        """Counts (day, truth, bin) in the order of `days`, of one band or of all."""
        bands = self.bands if band is None else [band]
        if not self.cells:
            return np.zeros((0, 2, BINS), np.int64)
        counts = [[self._cell((day, each)) for each in bands] for day in self.days]
        stacked = np.array(counts, np.int64).reshape(-1, len(bands), 2, BINS)
        return np.asarray(stacked.sum(axis=1), np.int64)

    def total(self) -> Counts:
        """Counts (truth, bin) over everything."""
        return np.asarray(self.by_day().sum(axis=0), np.int64)


def merge(parts: Iterable[Sums]) -> Sums:
    """Merge any number of sums."""
    return sum(parts, Sums())


def latitude_band(latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """Southern edge of the 10° band that each latitude (any shape, degrees) lies in."""
    return (np.floor(latitude / BAND_DEGREES + 1e-9) * BAND_DEGREES).astype(np.int64)


def sums_of_map(
    day: str,
    probability: NDArray[np.float32],
    label: NDArray[np.int8],
    latitude: NDArray[np.float64],
) -> Sums:
    """Sums of one map.

    Args:
        day: what the bootstrap resamples, e.g. the map's id.
        probability: (y, x) float32, 0..1, NaN where there is no prediction.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud; only known pixels are counted.
        latitude: (y,) degrees.

    Raises:
        ValueError: the shapes do not fit.
    """
    if probability.shape != label.shape or label.shape[:1] != latitude.shape:
        raise ValueError(f"{day}: {probability.shape=}, {label.shape=}, {latitude.shape=} differ")
    rows = np.broadcast_to(latitude[:, None], label.shape)
    known = label >= 0
    return sums_of_pixels(day, probability[known], label[known], rows[known])


def sums_of_pixels(
    day: str,
    probability: NDArray[np.float32],
    label: NDArray[np.int8],
    latitude: NDArray[np.float64],
) -> Sums:
    """Sums of loose pixels, all (pixel,): probability 0..1 or NaN, label 0 or 1, latitude."""
    bands = latitude_band(latitude)
    chosen = {int(band): bands == band for band in np.unique(bands)}
    return Sums({(day, b): count_published(probability[at], label[at]) for b, at in chosen.items()})


def write_sums(sums: Sums, path: Path) -> None:
    """Write sums to `path` (.npz), atomically."""
    keys = sorted(sums.cells)
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            day=np.array([day for day, _ in keys], dtype="U"),
            band=np.array([band for _, band in keys], dtype=np.int64),
            counts=np.array([sums.cells[key] for key in keys], np.int64).reshape(-1, 2, BINS),
        )


def read_sums(path: Path) -> Sums:
    """Read what `write_sums` wrote.

    Raises:
        InputError: the file is missing, damaged or of another form.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            keys = zip(file["day"].tolist(), file["band"].tolist(), strict=True)
            sums = Sums(dict(zip(keys, file["counts"], strict=True)))
    except Exception as error:  # numpy raises half a dozen kinds on a damaged archive
        raise InputError(path, f"does not hold sums: {error}") from error
    if any(counts.shape != (2, BINS) for counts in sums.cells.values()):
        raise InputError(path, f"has not {BINS} bins", field="counts")
    return sums

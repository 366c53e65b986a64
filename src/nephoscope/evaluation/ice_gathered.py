"""What is said of ice beside what is true, gathered point by point for tables and figures.

Scores are the task's; here are the distributions behind them: histograms, means of levels, zones
and regions, the share of each overpass that is cloud, and its curtain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.evaluation.items import published_items
from nephoscope.evaluation.overpass import LEAST_CLOUD, is_along_a_track, pixels_along
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.samples.truth import Points
from nephoscope.tasks.ice_mixture import PUBLISHED, clear_share_inside
from nephoscope.tasks.ice_truth import IWC, clouds_of, number_of, scaled
from nephoscope.tasks.mask import FILL
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

EDGES = np.arange(-7.5, -1.4, 0.125)
"""Of bins of log10 of IWC, kg m-3."""
ZONE, REGION = 2, 4
"""Width of zones of latitude, and sides of regions, degrees."""
HIGH = (10_000.0, 12_000.0)
"""Layer of which crystals are mapped, m."""
TENTHS = 10
COMPARED = ("linear", "log")
GRAMS = 1e3

Reals = NDArray[np.float64]
Chosen = NDArray[np.bool_]
Said = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Curtain:
    """What is said along an overpass, and what is true.

    Attributes:
        name: of the sample.
        f1: of cloud on levels.
        latitude: (point,) degrees; and so `longitude`.
        longitude: (point,).
        true: (point, level) IWC, kg m-3, NaN unknown.
        said: (point, level) its median, whether or not there is cloud.
        probability: (point, level) of cloud.
    """

    name: str
    f1: float
    latitude: Reals
    longitude: Reals
    true: Reals
    said: Reals
    probability: Reals


@dataclass
class IceGathered:
    """Sums over samples; see `add`.

    Attributes:
        altitude: (level,) m.
        joint: (true, said) voxels by log10 of IWC, where cloud is true and said; said the median.
        amounts: (true, mean, median; bin) voxels by log10 of IWC.
        in_cloud: (true, said; level, bin) voxels that are cloud by log10 of IWC.
        moments: (linear, log; level, 6) number, sums of said, true, said², true², both; g m-3, and
            the scaled logarithm of the median.
        errors: (level, 4) voxels and sum of errors of the mean, g m-3; those in cloud, and theirs.
        zones: (said, true; zone, level) sums of IWC, g m-3, and last how many.
        regions: (kind, zone of latitude, of longitude): columns, true and said path, voxels of
            `HIGH`, and their true and said crystals.
        held: (level, probability; 2) of voxels, by tenths of the probability of cloud, where more
            than clear is possible: number, and sum of shares that the 90 % interval holds.
        cover: of each overpass the share of cloud that is true and that is said, (2, level).
        best: overpass of the best F1; and the `worst`. Points all over a picture are none.
    """

    altitude: Reals
    joint: Reals = field(init=False)
    amounts: Reals = field(init=False)
    in_cloud: Reals = field(init=False)
    moments: Reals = field(init=False)
    errors: Reals = field(init=False)
    zones: Reals = field(init=False)
    regions: Reals = field(init=False)
    held: Reals = field(init=False)
    cover: list[Reals] = field(default_factory=list)
    best: Curtain | None = None
    worst: Curtain | None = None

    def __post_init__(self) -> None:
        """Begin with nothing."""
        levels, bins = len(self.altitude), len(EDGES) - 1
        self.joint = np.zeros((bins, bins))
        self.amounts = np.zeros((3, bins))
        self.in_cloud = np.zeros((2, levels, bins))
        self.moments = np.zeros((len(COMPARED), levels, 6))
        self.errors = np.zeros((levels, 4))
        self.zones = np.zeros((3, 180 // ZONE, levels))
        self.held = np.zeros((levels, TENTHS, 2))
        self.regions = np.zeros((6, 180 // REGION, 360 // REGION))

    def add(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Add the points of a sample, of which something is said.

        Args:
            sample: with its truth on levels.
            variables: as the task publishes them, on (level, y, x).
        """
        items, points = published_items(variables, sample), sample.truth
        if not isinstance(points, Points) or not len(points):
            return
        row, col, order = pixels_along(points, sample.known.shape)
        said = {str(n): v.values[order] for n, v in items.variables.items()}
        true = np.asarray(items.truth[IWC], np.float64)[order]
        crystals = np.asarray(number_of(items.truth), np.float64)[order]
        places = [
            axis[row, col] if axis.ndim > 1 else axis[number]
            for axis, number in ((sample.latitude, row), (sample.longitude, col))
        ]
        limit = round(variables["cloud_mask"].attrs["threshold"] * PROBABILITY_STEPS)
        steps = said["cloud_probability"]
        seen = np.isfinite(true) & (steps != FILL)
        cloud, told = seen & (clouds_of(true) > 0), seen & (steps >= limit)
        self._histograms(said, true, cloud, told)
        self._levels(said, true, seen, cloud)
        self._intervals(said, true, seen, cloud)
        self._places(said, (true, crystals), seen, places)
        self._cover(seen, cloud, told)
        if is_along_a_track(col):
            self._overpass(sample.id, said, true, (seen, cloud, told), places)

    def _histograms(self, said: Said, true: Reals, cloud: Chosen, told: Chosen) -> None:
        both, median = cloud & told, said["iwc_in_cloud_p50"]
        self.joint += np.histogram2d(_log(true[both]), _log(median[both]), [EDGES, EDGES])[0]
        for place, values in enumerate((true, said["iwc"], said["iwc_p50"])):
            logarithm = np.log10(values[values > 0], dtype=np.float64)
            self.amounts[place] += np.histogram(logarithm, EDGES)[0]
        for place, (values, chosen) in enumerate(((true, cloud), (median, told))):
            level = np.broadcast_to(np.arange(true.shape[1]), true.shape)[chosen]
            bins = [np.arange(true.shape[1] + 1) - 0.5, EDGES]
            self.in_cloud[place] += np.histogram2d(level, _log(values[chosen]), bins)[0]

    def _levels(self, said: Said, true: Reals, seen: Chosen, cloud: Chosen) -> None:
        pairs = (said["iwc"] * GRAMS, true * GRAMS), (scaled(said["iwc_p50"]), scaled(true))
        for place, (one, two) in enumerate(pairs):
            one, two = (np.where(seen, each, 0).astype(np.float64) for each in (one, two))
            sums = (seen, one, two, one**2, two**2, one * two)
            self.moments[place] += np.stack([each.sum(axis=0) for each in sums], axis=1)
        off = np.where(seen, np.abs(said["iwc"] - true) * GRAMS, 0)
        in_cloud = np.where(cloud, off, 0)
        self.errors += np.stack([each.sum(axis=0) for each in (seen, off, cloud, in_cloud)], axis=1)

    def _intervals(self, said: Said, true: Reals, seen: Chosen, cloud: Chosen) -> None:
        """As `coverage` of the task has it, by level and probability."""
        low, high = said["iwc_p05"], said["iwc_p95"]
        possible = seen & (high > 0)
        likely = np.where(seen, said["cloud_probability"] / PROBABILITY_STEPS, 0)
        inside = np.where(cloud, (low <= true) & (true <= high), _clear_inside(likely))
        tenth = np.minimum(likely * TENTHS, TENTHS - 1).astype(np.int64)
        level = np.broadcast_to(np.arange(true.shape[1]), true.shape)
        place = level[possible], tenth[possible]
        np.add.at(self.held[..., 0], place, 1)
        np.add.at(self.held[..., 1], place, inside[possible])

    def _places(
        self,
        said: Said,
        true: tuple[Reals, Reals],
        seen: Chosen,
        places: list[Reals],
    ) -> None:
        latitude, longitude = places
        iwc, crystals = true
        zone = np.clip((latitude + 90) // ZONE, 0, 180 // ZONE - 1).astype(np.int64)
        for place, values in enumerate((said["iwc"] * GRAMS, iwc * GRAMS, seen)):
            np.add.at(self.zones[place], zone, np.where(seen, values, 0))
        row = np.clip((latitude + 90) // REGION, 0, 180 // REGION - 1).astype(np.int64)
        col = ((longitude + 180) % 360 // REGION).astype(np.int64)
        whole = seen.all(axis=1)
        step = float(self.altitude[0] - self.altitude[-1]) / max(len(self.altitude) - 1, 1)
        path = np.where(whole, np.nan_to_num(iwc).sum(axis=1) * step, 0)
        high = (self.altitude >= HIGH[0]) & (self.altitude < HIGH[1])
        there = (seen & np.isfinite(crystals))[:, high]
        number = said["ice_number_concentration"][:, high]
        sums = (
            whole, path, np.where(whole, said["iwp"], 0), there.sum(axis=1),
            np.where(there, crystals[:, high], 0).sum(axis=1), np.where(there, number, 0).sum(1),
        )  # fmt: skip
        for place, values in enumerate(sums):
            np.add.at(self.regions[place], (row, col), values)

    def _cover(self, seen: Chosen, cloud: Chosen, told: Chosen) -> None:
        if seen.any():
            number = np.maximum(seen.sum(axis=0), 1)
            self.cover.append(np.stack([each.sum(axis=0) / number for each in (cloud, told)]))

    def _overpass(
        self,
        name: str,
        said: Said,
        true: Reals,
        which: tuple[Chosen, Chosen, Chosen],
        places: list[Reals],
    ) -> None:
        seen, cloud, told = which
        if cloud.sum() <= LEAST_CLOUD * seen.sum():
            return
        f1 = 2 * float((cloud & told).sum()) / float(cloud.sum() + told.sum())
        likely = np.where(seen, said["cloud_probability"] / PROBABILITY_STEPS, np.nan)
        median = np.where(seen, said["iwc_p50"], np.nan)
        curtain = Curtain(name, f1, places[0], places[1], true, median, likely)
        if self.best is None or f1 > self.best.f1:
            self.best = curtain
        if self.worst is None or f1 < self.worst.f1:
            self.worst = curtain

    def by_level(self) -> dict[str, Reals]:
        """Errors and correlations of each level, (level,), NaN where they are not defined."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = {
                "mae": self.errors[:, 1] / self.errors[:, 0],
                "mae_in_cloud": self.errors[:, 3] / self.errors[:, 2],
                "coverage": np.divide(*self.held.sum(axis=1).T[::-1]),
            }
            for name, sums in zip(COMPARED, self.moments, strict=True):
                said, true, said_2, true_2, both = (sums[:, 1:] / sums[:, :1]).T
                spread = true_2 - true**2
                found[f"r2_{name}"] = 1 - (said_2 - 2 * both + true_2) / spread
                product = np.sqrt(np.maximum((said_2 - said**2) * spread, 0))
                found[f"r_{name}"] = (both - said * true) / product
        return {name: np.where(np.isfinite(each), each, np.nan) for name, each in found.items()}

    def quantiles(self, shares: tuple[float, ...]) -> Reals:
        """Quantiles of log10 of IWC in cloud, (true and said, share, level), NaN of too few."""
        rising = self.in_cloud.cumsum(axis=2)
        total = rising[..., -1:]
        found = np.full((2, len(shares), len(self.altitude)), np.nan)
        for kind, level in zip(*np.nonzero(total[..., 0] >= 20), strict=True):
            share = np.concatenate([[0], rising[kind, level] / total[kind, level]])
            found[kind, :, level] = np.interp(shares, share, EDGES)
        return found


def _clear_inside(likely: Reals) -> Reals:
    return clear_share_inside(likely, PUBLISHED[0], PUBLISHED[-1])


def _log(values: NDArray[Any]) -> Reals:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(values, np.float64)).clip(EDGES[0] + 1e-6, EDGES[-1] - 1e-6)

"""Baselines of ice: frequencies, neighbours in channel space, and boosted trees level by level.

Each says of a point how likely cloud is on each level and how much ice there then is, at the
median. How far the truth lies from that is taken from units that were not learned from, level by
level: from it come quantiles, means, numbers of crystals and ice water paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from nephoscope.evaluation.baselines.boosted import (
    Drawing,
    Odds,
    ProfileOptions,
    Regression,
    Scale,
    leaning_share,
    zone_of,
    zones,
)
from nephoscope.evaluation.baselines.ice_features import HEIGHTS, IcePoints
from nephoscope.evaluation.sample import Floats
from nephoscope.tasks.ice_head import IceHead, IceNumbers
from nephoscope.tasks.ice_mixture import SHARES
from nephoscope.tasks.ice_truth import IWC, number_of
from nephoscope.tasks.profile_truth import columns_of

NEIGHBOURS = 15
_FEWEST = 200
"""Clouds from which quantiles of a level are taken: where it has fewer, its neighbours' too."""
_USUAL, _WIDTH = -5.0, 0.8
"""log10 of kg m-3 of clouds, and its standard deviation, where nothing is known."""
_USUAL_NUMBER = 9.3
"""log10 of crystals in a kilogramme of ice, where nothing is known."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Said:
    """What a baseline says of points.

    Attributes:
        cloud: (point, level) probability of cloud.
        ice: (point, level) median of log10 of IWC, kg m-3, if there is cloud.
    """

    cloud: Floats
    ice: Floats


class Fitted(Protocol):
    """A fitted baseline that says a median."""

    def say(self, part: IcePoints) -> Said:
        """What it says of points."""


class Climatology:
    """How often there is cloud on a level in a zone of latitude, and how much ice a level has.

    Args:
        train: points of the training.
    """

    def __init__(self, train: Sequence[IcePoints]) -> None:
        levels = train[0].types.shape[1]
        seen, cloud = np.zeros((2, zones(), 2, levels))
        for part in train:
            np.add.at(seen, zone_of(part), part.types >= 0)
            np.add.at(cloud, zone_of(part), part.types > 0)
        self._cloud = leaning_share(cloud, seen)
        ice = [logarithm(part) for part in train]
        self._ice = Levels.of(ice, [part.types > 0 for part in train]).quantiles((0.5,), _USUAL)[0]

    def say(self, part: IcePoints) -> Said:
        """The frequencies of each point's zone, and the usual ice of each level."""
        cloud = self._cloud[zone_of(part)].astype(np.float32)
        return Said(cloud, np.broadcast_to(self._ice.astype(np.float32), cloud.shape))


class Neighbours:
    """What the points of the training had whose channels are the most alike.

    Args:
        train: points of the training.
        options: how many of these are kept.
    """

    def __init__(self, train: Sequence[IcePoints], options: ProfileOptions) -> None:
        from sklearn.neighbors import NearestNeighbors

        some = drawn_points(train, options)
        self._scale = Scale(np.concatenate([part.pixel for part in some]))
        self._types = np.concatenate([part.types for part in some])
        self._ice = np.concatenate([logarithm(part) for part in some])
        self._usual = Climatology(train)
        self._near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(self._types)))
        self._near.fit(np.concatenate([self._scale.of(part.pixel) for part in some]))

    def say(self, part: IcePoints) -> Said:
        """How many of the neighbours are cloud on a level, and their mean of log10 of the ice."""
        usual = self._usual.say(part)
        if not len(part.latitude):
            return usual
        near = self._near.kneighbors(self._scale.of(part.pixel), return_distance=False)
        cloud = np.zeros(usual.cloud.shape, np.float32)
        seen, ice = cloud.copy(), cloud.copy()
        for place in near.T:
            types = self._types[place]
            seen += types >= 0
            cloud += types > 0
            ice += np.where(types > 0, self._ice[place], 0)
        # As if each had one more neighbour, which is like all.
        likely = (cloud + usual.cloud) / (seen + 1)
        return Said(likely, (ice + usual.ice) / (cloud + 1))


class Trees:
    """Boosted trees of cloud on a level, and of log10 of its ice; height is a column of the table.

    Args:
        train: points of the training.
        options: how much work.
        surroundings: whether they see more than the pixel: what is around it, and what is seen
            where air at the height of the level would be.
    """

    def __init__(
        self, train: Sequence[IcePoints], options: ProfileOptions, surroundings: bool = True
    ) -> None:
        self._table = partial(_table, surroundings=surroundings)
        drawn = Drawing(train, self._table, np.random.default_rng(options.seed)).rows
        types, ice = [part.types for part in train], [logarithm(part) for part in train]
        cloudy = [each > 0 for each in types]
        self._cloud = Odds(*drawn([each >= 0 for each in types], cloudy, options.rows), options)
        table, values, _ = drawn(cloudy, cloudy, options.rows, ice)
        self._ice = Regression(table, values, options)

    def say(self, part: IcePoints) -> Said:
        """What the trees say, level by level."""
        number, levels = part.types.shape
        item, level = (each.ravel() for each in np.mgrid[:number, :levels])
        table = self._table(part, item, level)
        cloud, ice = (trees.of(table).reshape(number, levels) for trees in (self._cloud, self._ice))
        return Said(cloud, ice)


def _table(part: IcePoints, item: Array, level: Array, surroundings: bool) -> Floats:
    """Rows of levels of points: (row, feature) float32."""
    km = (part.altitude / 1000).astype(np.float32)
    columns = [part.pixel[item], km[level, None]]
    if surroundings:
        near = np.abs(HEIGHTS - km[:, None]).argmin(axis=1)[level]
        latitude = part.latitude[item, None].astype(np.float32)
        columns += [part.around[item], part.slant[item, near], latitude]
    return np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class Levels:
    """Numbers of levels, and of a level with few those of its neighbours too.

    Attributes:
        held: (level,) arrays.
    """

    held: list[NDArray[np.float64]]

    @classmethod
    def of(cls, values: Sequence[Array], chosen: Sequence[NDArray[np.bool_]]) -> Levels:
        """Of (point, level) arrays, those that are chosen."""
        levels = chosen[0].shape[1]
        return cls([
            np.concatenate([
                each[which[:, level], level] for each, which in zip(values, chosen, strict=True)
            ]).astype(np.float64)
            for level in range(levels)
        ])  # fmt: skip

    def quantiles(
        self, shares: Sequence[float], usual: float, width: float = 0.0
    ) -> NDArray[np.float64]:
        """(share, level); where nothing is held those of a normal distribution."""
        found = np.repeat(usual + width * ndtri(shares)[:, None], len(self.held), axis=1)
        for level in range(len(self.held)):
            if (near := self._near(level)).size:
                found[:, level] = np.quantile(near, shares)
        return found

    def _near(self, level: int) -> NDArray[np.float64]:
        found = self.held[level]
        for reach in range(1, len(self.held)):
            if found.size >= _FEWEST:
                break
            found = np.concatenate(self.held[max(level - reach, 0) : level + reach + 1])
        return found

    def over(self, other: Levels, usual: float) -> NDArray[np.float64]:
        """(level,) log10 of the sum of 10 to the power of these over that of others."""
        found = np.full(len(self.held), usual)
        for level in range(len(self.held)):
            mine, less = self._near(level), other._near(level)
            if mine.size:
                found[level] = np.log10((10.0**mine).sum() / (10.0**less).sum())
        return found


@dataclass(frozen=True)
class Dressed:
    """A baseline with how far the truth lies from it, which makes it a head of the task.

    Attributes:
        fitted: that says probabilities and medians.
        away: (share, level) quantiles of log10 of the true IWC in cloud, less what is said.
        mean: (level,) log10 of the sum of the true IWC in cloud over the sum of what is said.
        number: (level,) median of log10 of the true number of crystals over the IWC that is said.
        mean_number: (level,) log10 of the sum of one over the sum of the other.
        column: (share,) quantiles of log10 of the true path over what is expected.
    """

    fitted: Fitted
    away: NDArray[np.float64]
    mean: NDArray[np.float64]
    number: NDArray[np.float64]
    mean_number: NDArray[np.float64]
    column: NDArray[np.float64]

    @classmethod
    def of(cls, fitted: Fitted, judge: Sequence[IcePoints]) -> Dressed:
        """Fitted to what it was not fitted to.

        Args:
            fitted: the baseline.
            judge: points of other units.
        """
        judge = [part.chosen(part.known) for part in judge]
        said = [fitted.say(part) for part in judge]
        cloudy = [part.types > 0 for part in judge]
        told, ice = [each.ice for each in said], [logarithm(part) for part in judge]
        crystals = [_log10(number_of(part.truth)) for part in judge]
        peopled = [one & np.isfinite(two) for one, two in zip(cloudy, crystals, strict=True)]
        off, ratio = (
            Levels.of([one - two for one, two in zip(true, told, strict=True)], chosen)
            for true, chosen in ((ice, cloudy), (crystals, peopled))
        )
        mean = Levels.of(ice, cloudy).over(Levels.of(told, cloudy), 0.0)
        pairs = zip(judge, said, strict=True)
        paths = np.concatenate([_paths(part, each, mean) for part, each in pairs])
        return cls(
            fitted,
            away=off.quantiles(SHARES, 0.0, _WIDTH),
            mean=mean,
            number=ratio.quantiles((0.5,), _USUAL_NUMBER)[0],
            mean_number=Levels.of(crystals, peopled).over(Levels.of(told, peopled), _USUAL_NUMBER),
            column=np.quantile(paths, SHARES) if paths.size else _WIDTH * ndtri(SHARES),
        )

    def raw(self, part: IcePoints) -> Floats:
        """Numbers of the head (point, output) float32; NaN where the picture has no data."""
        said = self.fitted.say(part)
        cloud = np.clip(said.cloud, 1e-6, 1 - 1e-6).T.astype(np.float64)
        logit, ice = np.log(cloud) - np.log1p(-cloud), said.ice.T.astype(np.float64)
        head = IceHead(len(cloud))
        raw = head.raw(
            IceNumbers(
                cloud=logit,
                iwc=ice + self.away[:, :, None],
                mean_iwc=ice + self.mean[:, None],
                number=ice + self.number[:, None],
                mean_number=ice + self.mean_number[:, None],
                column=logit.max(axis=0),
                ice=_expected(said, self.mean) + self.column[:, None],
            )
        ).T
        raw[~part.known] = np.nan
        return raw


def logarithm(part: IcePoints) -> Floats:
    """log10 of the true IWC, kg m-3, (point, level); NaN where there is no cloud."""
    return _log10(np.where(part.types > 0, part.truth[IWC], np.float32(np.nan)))


def drawn_points(parts: Sequence[IcePoints], options: ProfileOptions) -> list[IcePoints]:
    """Known points, about `options.points` of them, drawn at random."""
    rng = np.random.default_rng(options.seed)
    share = options.points / max(sum(int(part.known.sum()) for part in parts), 1)
    return [part.chosen(part.known & (rng.random(len(part.known)) < share)) for part in parts]


def _paths(part: IcePoints, said: Said, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """log10 of the true ice of cloudy columns over what is expected, (column,)."""
    cloudy = columns_of(part.types.T) > 0
    cloudy &= (part.types >= 0).all(axis=1)
    true = part.truth[IWC][cloudy].sum(axis=1, dtype=np.float64)
    return np.asarray(np.log10(true) - _expected(said, mean)[cloudy])


def _expected(said: Said, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """log10 of the sum over the levels of what is expected, (point,)."""
    ice = said.cloud * 10.0 ** (said.ice.astype(np.float64) + mean)
    return np.asarray(np.log10(np.maximum(ice.sum(axis=1), 1e-12)))


def _log10(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values)

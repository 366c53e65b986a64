"""Boosted trees of levels of columns, and what goes with them: drawing of rows, zones, scales.

Height is one more column of a table that has a row for each level of each point. There are far too
many rows to learn from all, and cloud is rare, so it is drawn more often, which is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sample import Floats

ZONE = 15.0
"""Width of the zones of latitude, both hemispheres together, degrees."""
_PRIOR = 20.0
"""Points by which a zone leans on all of them."""
_RARE = 1e-3
"""Probability of cloud where the training has none at all."""


@dataclass(frozen=True)
class ProfileOptions:
    """How much work the baselines of profiles may do.

    Attributes:
        samples: training samples, and validation samples, that are read: more are thinned out.
        rows: levels of profiles that trees learn from.
        iterations: trees.
        leaves: of a tree.
        points: that networks and neighbours of ice learn from.
        hidden: neurons of the small network; 0: there is none.
        epochs: of the small network.
        seed: of draws, trees and the network.
    """

    samples: int = 400
    rows: int = 120_000
    iterations: int = 120
    leaves: int = 31
    points: int = 40_000
    hidden: int = 128
    epochs: int = 25
    seed: int = 0


class Seen(Protocol):
    """Points of a sample with what is seen there."""

    @property
    def unit(self) -> str:
        """What the sample is a part of."""

    @property
    def latitude(self) -> NDArray[np.float64]:
        """(point,) degrees."""

    @property
    def land(self) -> NDArray[np.bool_]:
        """(point,) where the ground is not all sea."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """(point,) where the picture has data."""

    @property
    def flat(self) -> Floats:
        """(point, feature) float32: all that is seen, NaN where missing."""


Part = TypeVar("Part", bound=Seen)
Table = Callable[[Part, NDArray[Any], NDArray[Any]], Floats]
"""From a sample, numbers of points and of levels (row,) to (row, feature) float32."""


@dataclass(frozen=True)
class Drawing(Generic[Part]):
    """Rows of levels of points, drawn at random.

    Attributes:
        parts: of the training.
        table: of rows.
        rng: of the draws.
    """

    parts: Sequence[Part]
    table: Table[Part]
    rng: np.random.Generator

    def rows(
        self,
        masks: Sequence[NDArray[np.bool_]],
        labels: Sequence[NDArray[Any]],
        most: int,
        values: Sequence[NDArray[Any]] | None = None,
    ) -> tuple[Floats, NDArray[Any], float]:
        """About `most` of the levels that a mask allows: half are cloud, if there are so many.

        Args:
            masks: (point, level) of each part.
            labels: likewise; above 0 is cloud.
            most: rows.
            values: likewise, which are returned in place of the labels.

        Returns:
            a table, the labels or values, and the log of how many times likelier cloud is drawn
            than clear sky.
        """
        held = np.array([
            [(mask & (label > 0)).sum(), (mask & (label == 0)).sum()]
            for mask, label in zip(masks, labels, strict=True)
        ]).sum(axis=0)  # fmt: skip
        share = np.minimum(1, most / 2 / np.maximum(held, 1))
        tables, found = [], []
        rows = zip(self.parts, masks, labels, values or labels, strict=True)
        for part, mask, label, value in rows:
            chance = np.where(label > 0, share[0], share[1])
            usable = mask & part.known[:, None]
            item, level = np.nonzero(usable & (self.rng.random(mask.shape) < chance))
            tables.append(self.table(part, item, level))
            found.append(value[item, level])
        return np.concatenate(tables), np.concatenate(found), float(np.log(share[0] / share[1]))


class Odds:
    """Trees of cloud against clear sky, which undo that one was drawn more often.

    Weights would do so too, but scikit-learn then takes a hundred times as long to bin the table.
    """

    def __init__(
        self, table: Floats, labels: NDArray[Any], drawn: float, options: ProfileOptions
    ) -> None:
        self._forest, self._drawn = Forest(table, labels, options), drawn

    def of(self, table: Floats) -> Floats:
        """Probability of cloud (row,)."""
        if len(self._forest.labels) < 2:
            return np.full(len(table), _RARE, np.float32)
        likely = np.clip(self._forest.likely(table)[:, 1], 1e-9, 1 - 1e-9)
        odds = np.log(likely) - np.log1p(-likely) - self._drawn
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


class Forest:
    """Boosted trees of scikit-learn; none where all labels are the same.

    Attributes:
        labels: those there are, rising.
    """

    def __init__(self, table: Floats, labels: NDArray[Any], options: ProfileOptions) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.labels = np.unique(labels).astype(int)
        # Trees cannot be grown on what no row has.
        self._told = np.isfinite(table).any(axis=0)
        if len(self.labels) < 2:
            return
        self._trees = HistGradientBoostingClassifier(**_settings(options)).fit(
            table[:, self._told], labels.astype(int)
        )

    def likely(self, table: Floats) -> NDArray[np.float64]:
        """Probability of each label, (row, label)."""
        if not len(table):
            return np.zeros((0, len(self.labels)))
        return np.asarray(self._trees.predict_proba(table[:, self._told]), np.float64)


class Regression:
    """Boosted trees of a number."""

    def __init__(self, table: Floats, values: NDArray[Any], options: ProfileOptions) -> None:
        from sklearn.ensemble import HistGradientBoostingRegressor

        self._told = np.isfinite(table).any(axis=0)
        self._trees = HistGradientBoostingRegressor(**_settings(options)).fit(
            table[:, self._told], values
        )

    def of(self, table: Floats) -> Floats:
        """The number expected (row,)."""
        if not len(table):
            return np.zeros(0, np.float32)
        return np.asarray(self._trees.predict(table[:, self._told]), np.float32)


def _settings(options: ProfileOptions) -> dict[str, Any]:
    return {
        "max_iter": max(options.iterations, 1),
        "max_leaf_nodes": options.leaves,
        "learning_rate": 0.15,
        "l2_regularization": 1.0,
        "max_features": 0.3,
        "early_stopping": False,
        "random_state": options.seed,
    }


class Scale:
    """Features of points brought to mean 0 and spread 1; 0 where missing.

    Args:
        every: (point, feature) of the training, NaN where missing.
    """

    def __init__(self, every: Floats) -> None:
        there = np.isfinite(every)
        number = np.maximum(there.sum(axis=0), 1)
        self._mean = np.where(there, every, 0).sum(axis=0) / number
        off = np.where(there, every - self._mean, 0)
        self._spread = np.sqrt((off**2).sum(axis=0) / number) + 1e-6

    def of(self, features: Floats) -> Floats:
        """(point, feature) float32."""
        scaled = (features - self._mean) / self._spread
        return np.asarray(np.clip(np.nan_to_num(scaled), -5, 5), np.float32)


def other_half(parts: Sequence[Part]) -> list[tuple[list[Part], list[Part]]]:
    """Both halves of the units, each with the other: what was fitted to one has not seen it."""
    units = {part.unit for part in parts}
    half = {unit: place % 2 for place, unit in enumerate(sorted(units))}
    sides = [[part for part in parts if half[part.unit] == side] for side in (0, 1)]
    return [(sides[0], sides[1]), (sides[1], sides[0])]


def zones() -> int:
    """Number of zones of latitude."""
    return int(np.ceil(90 / ZONE))


def zone_of(part: Seen) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Zone of latitude and ground (0 sea, 1 other) of each point."""
    zone = np.minimum(np.abs(part.latitude) // ZONE, zones() - 1)
    return zone.astype(np.int64), part.land.astype(np.int64)


def leaning_share(
    above: NDArray[np.float64], below: NDArray[np.float64], prior: float | None = None
) -> NDArray[np.float64]:
    """Shares of zones, drawn towards that of all, which is drawn towards `prior`."""
    total, of = above.sum(axis=(0, 1)), below.sum(axis=(0, 1))
    whole = (total + (0.0 if prior is None else prior)) / np.maximum(of + 1, 1)
    return np.asarray((above + _PRIOR * whole) / (below + _PRIOR))

"""Baselines of profiles: frequencies of cloud, boosted trees level by level, and a small network.

Each says of a point how likely cloud is on each level, of which type it then is, and where the top
lies. The top is told from above, as one looks for it: how likely a level is cloud, given that none
above it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.boosted import (
    Drawing,
    Forest,
    Odds,
    ProfileOptions,
    Scale,
    leaning_share,
    other_half,
    zone_of,
    zones,
)
from nephoscope.evaluation.baselines.profile_features import HEIGHTS, Profiles
from nephoscope.evaluation.sample import Floats
from nephoscope.tasks import Task
from nephoscope.track import CLOUD_TYPES

KINDS = len(CLOUD_TYPES) - 1
_LIKELY = 0.05
"""Probability of cloud from which on its type is asked for."""


@dataclass(frozen=True)
class Said:
    """What a baseline says of points.

    Attributes:
        cloud: (point, level) probability of cloud.
        kinds: (point, type, level) share of the types 1..8, if there is cloud.
        first: (point, level) probability of cloud given that there is none above.
    """

    cloud: Floats
    kinds: Floats
    first: Floats

    def raw(self, outputs: int) -> Floats:
        """The numbers of the head of a task on as many levels: (point, output) float32.

        Args:
            outputs: of the head: with types, without, or one of the column alone.
        """
        levels = self.cloud.shape[1]
        cloud, first = (np.clip(each, 1e-6, 1 - 1e-6) for each in (self.cloud, self.first))
        clear_above = np.cumsum(np.log1p(-first), axis=1)
        if outputs == 1:
            clear = clear_above[:, -1:]
            return np.asarray(np.log(-np.expm1(clear)) - clear, np.float32)
        before = np.concatenate([np.zeros_like(clear_above[:, :1]), clear_above[:, :-1]], axis=1)
        tops = np.concatenate([np.log(first) + before, clear_above[:, -1:]], axis=1)
        if outputs == 2 * levels + 1:
            volume = np.log(cloud) - np.log1p(-cloud)
        else:
            types = np.log(cloud)[:, None] + np.log(np.clip(self.kinds, 1e-6, 1))
            classes = np.concatenate([np.log1p(-cloud)[:, None], types], axis=1)
            volume = classes.reshape(len(cloud), -1)
        return np.concatenate([volume, tops], axis=1).astype(np.float32)


class Fitted(Protocol):
    """A fitted baseline."""

    def say(self, profiles: Profiles) -> Said:
        """What it says of points."""


def fitted_to_types(
    train: Sequence[Profiles], judge: Sequence[Profiles], task: Task, options: ProfileOptions
) -> dict[str, Callable[[Profiles], Floats]]:
    """The baselines, the simplest first: name → from points to numbers of the task's head.

    Args:
        train: points of the training.
        judge: of no use to these.
        task: of cloud types, of cloud on levels or of columns.
        options: how much work.
    """
    del judge
    trees = Trees(train, options, surroundings=False)
    found: dict[str, Fitted] = {"climatology": Climatology(train), "boosted trees": trees}
    if options.hidden and len({part.unit for part in train}) > 1:
        found["boosted trees + network"] = Stacked(train, options)
    return {name: partial(_raw, each, task) for name, each in found.items()}


def _raw(fitted: Fitted, task: Task, part: Profiles) -> Floats:
    """Numbers of the task's head, (point, output); NaN where the picture has no data."""
    raw = fitted.say(part).raw(task.outputs(part.types.shape[1]))
    raw[~part.known] = np.nan
    return raw


class Climatology:
    """How often there is cloud on a level in a zone of latitude, over land and over sea.

    Args:
        train: profiles of the training.
    """

    def __init__(self, train: Sequence[Profiles]) -> None:
        levels = train[0].types.shape[1]
        many = zones()
        seen, cloud, asked, first = np.zeros((4, many, 2, levels))
        kinds = np.zeros((many, 2, KINDS, levels))
        for part in train:
            types, place = part.types, zone_of(part)
            open_ = _open(types)
            for target, values in (
                (seen, types >= 0), (cloud, types > 0), (asked, open_), (first, open_ & (types > 0))
            ):  # fmt: skip
                np.add.at(target, place, values)
            for kind in range(KINDS):
                np.add.at(kinds[:, :, kind], place, types == kind + 1)
        self._cloud, self._first = leaning_share(cloud, seen), leaning_share(first, asked)
        self._kinds = leaning_share(kinds, cloud[:, :, None], 1 / KINDS)

    def say(self, profiles: Profiles) -> Said:
        """The frequencies of each point's zone and ground."""
        place = zone_of(profiles)
        said = (each[place].astype(np.float32) for each in (self._cloud, self._kinds, self._first))
        return Said(*said)


class Trees:
    """Boosted trees of cloud on a level, of its type, and of the first cloud from above.

    Height is one more column of the table.

    Args:
        train: profiles of the training.
        options: how much work.
        surroundings: whether they see more than the views of the point: what is around it, and
            what each view sees of the heights above it.
    """

    def __init__(
        self, train: Sequence[Profiles], options: ProfileOptions, surroundings: bool = True
    ) -> None:
        self._surroundings = surroundings
        rows, table = options.rows, partial(_table, surroundings=surroundings)
        drawn = Drawing(train, table, np.random.default_rng(options.seed)).rows
        types = [part.types for part in train]
        cloudy = [each > 0 for each in types]
        self._cloud = Odds(*drawn([each >= 0 for each in types], cloudy, rows), options)
        self._first = Odds(*drawn([_open(each) for each in types], cloudy, rows // 2), options)
        seen, labels, _ = drawn(cloudy, types, rows // 4)
        self._kinds = Forest(seen, labels, replace(options, iterations=options.iterations // 4))

    def say(self, profiles: Profiles) -> Said:
        """What the trees say, level by level."""
        number, levels = profiles.types.shape
        item, level = (each.ravel() for each in np.mgrid[:number, :levels])
        table = _table(profiles, item, level, self._surroundings)
        cloud, first = (
            trees.of(table).reshape(number, levels) for trees in (self._cloud, self._first)
        )
        kinds = np.full((number * levels, KINDS), 1 / KINDS, np.float32)
        asked = np.flatnonzero(cloud.ravel() >= _LIKELY)
        if len(self._kinds.labels) > 1:
            kinds[asked] = 0
            kinds[asked[:, None], self._kinds.labels - 1] = self._kinds.likely(table[asked])
        return Said(cloud, kinds.reshape(number, levels, KINDS).swapaxes(1, 2), first)


class Stacked:
    """A small network that sees a point's features and what trees say of all its levels.

    Trees that were fitted to a point know it by heart, so the network learns from what those say
    that were fitted to the other half of the units. It gives cloud and the first cloud from above;
    the types are those of the trees.

    Args:
        train: profiles of the training.
        options: how much work.
    """

    def __init__(self, train: Sequence[Profiles], options: ProfileOptions) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        self._trees = Trees(train, options)
        self._scale = Scale(np.concatenate([part.flat for part in train]))
        table, labels = [], []
        for mine, others in other_half(train):
            trees = Trees(others, options)
            for part in mine:
                known = (part.types >= 0).all(axis=1) & part.known
                table.append(self._inputs(part, trees.say(part))[known])
                labels.append(_labels(part.types[known]))
        self._network = MLPClassifier(
            (options.hidden,), alpha=1e-3, max_iter=options.epochs, random_state=options.seed
        )
        with warnings.catch_warnings():  # the number of epochs is an option
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._network.fit(np.concatenate(table), np.concatenate(labels))

    def say(self, profiles: Profiles) -> Said:
        """What the network says; the types are those of the trees."""
        said = self._trees.say(profiles)
        if not len(profiles.types):
            return said
        found = np.asarray(self._network.predict_proba(self._inputs(profiles, said)), np.float32)
        cloud, above = np.split(found, 2, axis=1)
        above = np.maximum.accumulate(above, axis=1)
        before = np.concatenate([np.zeros_like(above[:, :1]), above[:, :-1]], axis=1)
        first = (above - before) / np.maximum(1 - before, 1e-6)
        return Said(cloud, said.kinds, first)

    def _inputs(self, part: Profiles, said: Said) -> Floats:
        cloud = np.clip(said.cloud, 1e-3, 1 - 1e-3)
        return np.concatenate([self._scale.of(part.flat), np.log(cloud / (1 - cloud)) / 3], axis=1)


def _labels(types: NDArray[np.int8]) -> NDArray[np.int64]:
    """Cloud on each level, and cloud on it or above: (point, 2 level) 0 or 1.

    scikit-learn numbers the columns in the labels' own type: in int8 those after the 127th would
    be put before the first.
    """
    cloud = types > 0
    return np.concatenate([cloud, np.logical_or.accumulate(cloud, axis=1)], axis=1).astype(np.int64)


def _open(types: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Levels above which all is known to be clear, and which are known themselves."""
    clear = np.logical_and.accumulate(types == 0, axis=1)
    above = np.concatenate([np.ones_like(clear[:, :1]), clear[:, :-1]], axis=1)
    return np.asarray(above & (types >= 0))


def _table(part: Profiles, item: NDArray[Any], level: NDArray[Any], surroundings: bool) -> Floats:
    """Rows of levels of points: (row, feature) float32."""
    km = part.altitude / 1000
    if not surroundings:
        return np.concatenate([part.views[item], km[level, None].astype(np.float32)], axis=1)
    near = np.abs(HEIGHTS - km[:, None]).argmin(axis=1)[level]
    place = np.stack([km[level], part.latitude[item], part.land[item]], axis=1).astype(np.float32)
    spread = part.slant[:, :, 1::2].reshape(len(part.types), -1)[item]
    columns = [part.views[item], part.around[item], part.slant[item, near], spread, place]
    return np.concatenate(columns, axis=1)

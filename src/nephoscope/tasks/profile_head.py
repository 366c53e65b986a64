"""Head of tasks on levels: which of its raw numbers say what.

First come the logits of the classes, class by class and within a class level by level, then those
of where the top is: one of each level, the highest first, and one of a clear column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.track import CLOUD_TYPES

Floats = npt.NDArray[np.float32]


_LEAST = np.float32(1e-30)  # instead of 0, to divide by


@dataclass(frozen=True)
class Head:
    """Places of a head's raw numbers.

    Attributes:
        levels: of the profiles.
        typed: whether there is a logit of clear and of each cloud type, or one of cloud alone.
    """

    levels: int
    typed: bool

    @classmethod
    def of(cls, outputs: int, typed: bool) -> Head:
        """The head of so many raw numbers."""
        return cls((outputs - 1) // (_classes(typed) + 1), typed)

    @property
    def outputs(self) -> int:
        """Raw numbers of an item."""
        return self.volume + self.levels + 1

    @property
    def volume(self) -> int:
        """Raw numbers that speak of classes; the others speak of the top."""
        return _classes(self.typed) * self.levels

    def cloud(self, raw: Floats) -> tuple[Floats, Floats | None]:
        """Cloud against clear, and of which type the cloud is.

        Args:
            raw: (output, ...) float32.

        Returns:
            logit of cloud (level, ...), and the probabilities of the types 1..8 of a cloud
            (type, level, ...), which add up to one; None of a head without types. float32.
        """
        volume = raw[: self.volume]
        if not self.typed:
            return np.asarray(volume, np.float32), None
        classes = volume.reshape(_classes(True), self.levels, *raw.shape[1:])
        logit = np.empty(classes.shape[1:], np.float32)
        kinds = np.empty((len(classes) - 1, *logit.shape), np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            for level in range(self.levels):  # a level at a time stays in the processor's cache
                odds, kinds[:, level] = _softmax(classes[1:, level])
                logit[level] = odds - classes[0, level]
        return logit, kinds

    def top(self, raw: Floats) -> tuple[Floats, Floats]:
        """A cloudy against a clear column, and where its top is if it is cloudy.

        Args:
            raw: (output, ...) float32.

        Returns:
            logit of a cloudy column (...,), and the probabilities of its top (level, ...).
        """
        tops = raw[self.volume :]
        with np.errstate(invalid="ignore", over="ignore"):
            odds, share = _softmax(tops[:-1])
            return odds - tops[-1], share


def reached_by(share: Floats) -> Floats:
    """Share (level, ...) of probabilities (level, ...) that the levels down to each one hold."""
    reached = share.cumsum(axis=0)
    reached /= np.maximum(reached[-1:], _LEAST)
    return reached


def median_level(reached: Floats) -> npt.NDArray[np.int64]:
    """Level (...,) at which a half is reached; see `reached_by`."""
    below: npt.NDArray[np.int64] = (reached < 0.5).sum(axis=0)
    return np.minimum(below, len(reached) - 1)


def ranks_of(reached: Floats, level: npt.NDArray[np.int64]) -> Floats:
    """Share (...) of a distribution that lies below the middle of a level (...)."""
    here: Floats = np.take_along_axis(reached, level[None], axis=0)[0]
    above = np.take_along_axis(reached, np.maximum(level - 1, 0)[None], axis=0)[0]
    above[level == 0] = 0
    middle: Floats = (here + above) / 2
    return 1 - middle


def depths_at(reached: Floats, quantiles: tuple[float, ...]) -> list[Floats]:
    """Depths of quantiles of a height that lies anywhere within its level.

    Args:
        reached: (level, ...), see `reached_by`; the highest level first.
        quantiles: 0..1, of the height.

    Returns:
        of each quantile (...,) float32, levels below the upper edge of the highest one.
    """
    found = []
    for quantile in quantiles:
        wanted = np.float32(1 - quantile)  # counted downwards
        level = np.minimum((reached < wanted).sum(axis=0), len(reached) - 1)
        above = np.take_along_axis(reached, np.maximum(level - 1, 0)[None], axis=0)[0]
        above[level == 0] = 0
        inside = np.take_along_axis(reached, level[None], axis=0)[0] - above
        part = (wanted - above) / np.maximum(inside, _LEAST)
        found.append((level + part.clip(0, 1)).astype(np.float32))
    return found


def _classes(typed: bool) -> int:
    return len(CLOUD_TYPES) if typed else 1


def _softmax(logits: Floats) -> tuple[Floats, Floats]:
    """Log of the summed exponentials over the first axis, and each one's share of the sum."""
    highest = logits.max(axis=0)
    share = np.exp(logits - highest)
    total = share.sum(axis=0)
    share /= total
    return highest + np.log(total), share

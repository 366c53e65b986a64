"""Head of cloud ice: which of its raw numbers say what, and in which scale.

First come kinds of numbers of levels, kind by kind and within a kind the highest level first; then
those of the column. Quantiles are told as a median and distances, so that they rise whatever the
network says. All amounts are log10.

| numbers | of each | what |
|---|---|---|
| 1 | level | logit of cloud |
| 5 | level | quantiles of IWC if there is cloud: median, and distances of the others |
| 1 | level | mean of IWC if there is cloud |
| 1 | level | median of the number concentration if there is cloud |
| 1 | level | mean of the number concentration if there is cloud |
| 1 | column | logit of a column with cloud |
| 5 | column | quantiles of the column's ice if there is cloud, as the sum of IWC over its levels |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks.ice_mixture import MEDIAN, SHARES

if TYPE_CHECKING:
    from torch import Tensor

Numbers = Any
"""Raw numbers: an array of numpy or of torch, for which the head does the same."""
KINDS, COLUMN = 4 + len(SHARES), 1 + len(SHARES)
TYPICAL_IWC, TYPICAL_MEAN_IWC = -5.0, -4.5
"""log10 of kg m-3 of clouds, where a network that knows nothing starts."""
TYPICAL_NUMBER, TYPICAL_MEAN_NUMBER = 4.3, 4.7
"""log10 of m-3."""
TYPICAL_COLUMN = -4.0
"""log10 of the sum of IWC over levels, kg m-3."""
_LEAST_DISTANCE = 1e-3


@dataclass(frozen=True)
class IceHead:
    """Places of a head's raw numbers.

    Attributes:
        levels: of the columns.
    """

    levels: int

    @classmethod
    def of(cls, outputs: int) -> IceHead:
        """The head of so many raw numbers."""
        return cls((outputs - COLUMN) // KINDS)

    @property
    def outputs(self) -> int:
        """Raw numbers of an item."""
        return KINDS * self.levels + COLUMN

    def parts(self, raw: npt.NDArray[np.float32]) -> IceNumbers:
        """What raw numbers (output, ...) say; numpy."""
        volume = raw[: KINDS * self.levels].reshape(KINDS, self.levels, *raw.shape[1:])
        return _parts(volume, raw[KINDS * self.levels :], np.stack)

    def raw(self, said: IceNumbers) -> npt.NDArray[np.float32]:
        """Raw numbers (output, ...) that say this: the inverse of `parts`; numpy.

        Distances between quantiles are a thousandth at least.
        """
        volume = [
            said.cloud[None],
            _distances(said.iwc, TYPICAL_IWC),
            (said.mean_iwc - TYPICAL_MEAN_IWC)[None],
            (said.number - TYPICAL_NUMBER)[None],
            (said.mean_number - TYPICAL_MEAN_NUMBER)[None],
        ]
        levels = np.concatenate(volume).reshape(KINDS * self.levels, *said.column.shape)
        column = said.column[None], _distances(said.ice, TYPICAL_COLUMN)
        return np.concatenate([levels, *column]).astype(np.float32)

    def tensors(self, raw: Tensor) -> IceNumbers:
        """What raw numbers (item, output) say, as (share, item, level) and (item, level); torch."""
        import torch

        turned = raw.movedim(1, 0)
        volume = turned[: KINDS * self.levels].reshape(KINDS, self.levels, -1).movedim(1, 2)
        return _parts(volume, turned[KINDS * self.levels :], torch.stack)


@dataclass(frozen=True)
class IceNumbers:
    """What a head says.

    Attributes:
        cloud: logit of cloud on a level (level, ...).
        iwc: (share, level, ...) quantiles of log10 IWC, kg m-3, if there is cloud.
        mean_iwc: log10 of its mean.
        number: median of log10 of the number concentration, m-3, if there is cloud.
        mean_number: log10 of its mean.
        column: logit of a column with cloud (...).
        ice: (share, ...) quantiles of log10 of the sum of IWC over the levels, if there is cloud.
    """

    cloud: Numbers
    iwc: Numbers
    mean_iwc: Numbers
    number: Numbers
    mean_number: Numbers
    column: Numbers
    ice: Numbers


def _parts(volume: Numbers, column: Numbers, stack: Any) -> IceNumbers:  # noqa: ANN401
    many = len(SHARES)
    return IceNumbers(
        cloud=volume[0],
        iwc=_rising(volume[1 : 1 + many], TYPICAL_IWC, stack),
        mean_iwc=volume[1 + many] + TYPICAL_MEAN_IWC,
        number=volume[2 + many] + TYPICAL_NUMBER,
        mean_number=volume[3 + many] + TYPICAL_MEAN_NUMBER,
        column=column[0],
        ice=_rising(column[1:], TYPICAL_COLUMN, stack),
    )


def _rising(numbers: Numbers, typical: float, stack: Any) -> Numbers:  # noqa: ANN401
    """Quantiles of a median and distances, each in its own place."""
    found = [numbers[MEDIAN] + typical] * len(SHARES)
    for place in range(MEDIAN - 1, -1, -1):
        found[place] = found[place + 1] - positive(numbers[place])
    for place in range(MEDIAN + 1, len(SHARES)):
        found[place] = found[place - 1] + positive(numbers[place])
    return stack(found)


def positive(numbers: Numbers) -> Numbers:
    """Positive numbers of any: (x + sqrt(x^2 + 1)) / 2, a softplus without exponentials.

    (Barron 2021, arXiv 2112.11687.)
    """
    return (numbers + (numbers * numbers + 1) ** 0.5) / 2


def _distances(quantiles: npt.NDArray[np.floating], typical: float) -> npt.NDArray[np.floating]:
    """A median and distances whose `_rising` are the quantiles (share, ...)."""
    step = np.maximum(np.diff(quantiles, axis=0), _LEAST_DISTANCE)
    away = step - 1 / (4 * step)  # the inverse of `positive`
    median = quantiles[MEDIAN : MEDIAN + 1] - typical
    return np.concatenate([away[:MEDIAN], median, away[MEDIAN:]])

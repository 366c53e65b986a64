"""Adaptor of networks that tell amounts in one stage to the numbers of a head of cloud ice.

Such a network says y = log10(1 + amount / least) of ice and of its number, at least 0, and leaves
open how likely there is cloud. What the task makes of it is the amount alone: its probability of
cloud times the scaled logarithm of its median in cloud is y, so that a loss of the task's on that
product is the network's own.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.tasks.ice_head import (
    TYPICAL_COLUMN,
    TYPICAL_IWC,
    TYPICAL_MEAN_IWC,
    TYPICAL_MEAN_NUMBER,
    TYPICAL_NUMBER,
    IceHead,
)
from nephoscope.tasks.ice_mixture import MEDIAN, SHARES
from nephoscope.tasks.ice_truth import LEAST_IWC, LEAST_NUMBER

_STEEP = 8.0
"""Slope of the logit of cloud: a y from which cloud is likely is soon far from where it is not."""
_EDGE = math.log10(2)
"""y of the least ice that is called cloud."""
_FAINT = 0.02
"""y below which amounts are no longer told apart."""
_MOST = 7.0
"""y beyond all that there is; a number without ice would have no bound."""


class OneStage(nn.Module):
    """(batch, 2, level, y, x) scaled logarithms of ice and number → (batch, output, y, x).

    Args:
        levels: on which the network speaks.
        outputs: numbers that are wanted.

    Raises:
        UsageError: these are not those of a head of cloud ice on so many levels.
    """

    def __init__(self, levels: int, outputs: int) -> None:
        super().__init__()
        if IceHead(levels).outputs != outputs:
            raise UsageError(
                f"a network that tells ice in one stage gives {IceHead(levels).outputs} numbers on "
                f"{levels} levels, {outputs} are wanted: it is for the task cloud_ice alone"
            )

    def forward(self, scaled: Tensor) -> Tensor:
        """Numbers of a head; the task calibrates what they say of cloud and of spread."""
        ice, number = scaled.unbind(1)
        logit = _STEEP * (ice - _EDGE)
        inside = logit.sigmoid()
        amount, crystals = (
            _unscaled(each / inside, least)
            for each, least in ((ice, LEAST_IWC), (number, LEAST_NUMBER))
        )
        summed = torch.log10(((10**ice - 1).sum(dim=1, keepdim=True) + 1) * LEAST_IWC)
        numbers = [logit, *_quantiles(amount - TYPICAL_IWC)]
        numbers += [amount - TYPICAL_MEAN_IWC, crystals - TYPICAL_NUMBER]
        numbers += [crystals - TYPICAL_MEAN_NUMBER, logit.amax(dim=1, keepdim=True)]
        return torch.cat([*numbers, *_quantiles(summed - TYPICAL_COLUMN)], dim=1)


def _quantiles(median: Tensor) -> list[Tensor]:
    """The median, in its place, and distances that nobody told."""
    numbers = [torch.zeros_like(median)] * len(SHARES)
    numbers[MEDIAN] = median
    return numbers


def _unscaled(scaled: Tensor, least: float) -> Tensor:
    """log10 of the amount whose scaled logarithm is given."""
    scaled = scaled.clamp(max=_MOST)
    whole = functional.softplus(scaled - _FAINT, beta=1 / _FAINT) + _FAINT
    below = torch.log1p(-torch.exp(-math.log(10) * whole)) / math.log(10)
    return whole + below + math.log10(least)

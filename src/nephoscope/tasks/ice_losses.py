"""Losses of cloud ice: of cloud, of quantiles, of means, and of the logarithm in one stage.

Unknown truth enters none of them. Each is averaged over the items that it speaks of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from nephoscope.tasks.ice_mixture import MEDIAN, SHARES
from nephoscope.tasks.ice_truth import LEAST_IWC, LEAST_NUMBER
from nephoscope.tasks.profile_losses import ColumnLosses, class_losses

if TYPE_CHECKING:
    from torch import Tensor

    from nephoscope.tasks.ice_head import IceNumbers

_UNIT_IWC, _UNIT_NUMBER = 1e-4, 1e5  # in which deviances are told, so that they are about 1


class IceLosses(ColumnLosses):
    """Weights of the losses.

    `cross_entropy`, `focal` and `soft_jaccard` are of cloud on levels. The quantiles, means and the
    number are of truly cloudy voxels alone: the second of two stages.

    Attributes:
        quantiles: of the quantile loss of log10 IWC; its minimisers are the quantiles.
        mean: of the deviance of IWC, whose minimiser is the mean.
        mean_power: 1..2 of that deviance (Tweedie's): near 1 thick clouds weigh more, near 2 all
            clouds alike.
        number: of the absolute error of log10 of the number concentration.
        mean_number: of its deviance.
        column: of the cross-entropy of a column with cloud.
        ice: of the quantile loss of log10 of a cloudy column's ice.
        l1: of the absolute error of log10(1 + IWC / 1e-7) and of log10(1 + number / 100), that of
            a prediction being its probability of cloud times the value of its median in cloud.
        huber: of the Huber loss of the same.
        huber_delta: where it turns from a square to a line.
        regime_edges: log10 IWC at which regimes of cloud part.
        regime_weights: of l1 and Huber losses in clear voxels, and in each regime from the thinnest
            on; all 1 if there are none. Not of the other losses: their minimisers would change.
    """

    quantiles: float = Field(1.0, ge=0)
    mean: float = Field(0.1, ge=0)
    mean_power: float = Field(1.5, gt=1, lt=2)
    number: float = Field(0.25, ge=0)
    mean_number: float = Field(0.05, ge=0)
    column: float = Field(0.1, ge=0)
    ice: float = Field(0.1, ge=0)
    l1: float = Field(0.0, ge=0)
    huber: float = Field(0.0, ge=0)
    huber_delta: float = Field(1.0, gt=0)
    regime_edges: tuple[float, ...] = ()
    regime_weights: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _each_regime_has_its_weight(self) -> IceLosses:
        edges, weights = self.regime_edges, self.regime_weights
        if any(weight < 0 for weight in weights) or list(edges) != sorted(set(edges)):
            raise ValueError("regime_edges rise, and no weight is below 0")
        if (edges or weights) and len(weights) != len(edges) + 2:
            raise ValueError("regime_weights are those of clear and of one regime more than edges")
        return self


def ice_loss(said: IceNumbers, iwc: Tensor, number: Tensor, losses: IceLosses) -> Tensor:
    """The recipe's mix.

    Args:
        said: of the head, (item, level) and (item,).
        iwc: (item, level) kg m-3, NaN unknown.
        number: (item, level) m-3, NaN unknown.
        losses: their weights.
    """
    known, counted = iwc.isfinite(), number.isfinite() & iwc.isfinite()
    amount, crystals = iwc.nan_to_num(), number.nan_to_num()
    target = (amount > LEAST_IWC).long().masked_fill(~known, -1)
    cloudy, peopled = target == 1, (target == 1) & counted & (crystals > 0)
    total = class_losses(_two(said.cloud), target, losses)
    inside, power = amount[cloudy], losses.mean_power
    if losses.quantiles:
        off = quantile_loss(said.iwc[:, cloudy], inside.log10())
        total = total + losses.quantiles * _average(off)
    if losses.mean:
        off = deviance(said.mean_iwc[cloudy], inside, power, _UNIT_IWC)
        total = total + losses.mean * _average(off)
    if losses.number:
        off = (said.number[peopled] - crystals[peopled].log10()).abs()
        total = total + losses.number * _average(off)
    if losses.mean_number:
        there = cloudy & counted
        off = deviance(said.mean_number[there], crystals[there], power, _UNIT_NUMBER)
        total = total + losses.mean_number * _average(off)
    total = total + _column_losses(said, amount, target, losses)
    if losses.l1 or losses.huber:
        total = total + _one_stage(said, amount, crystals, (known, counted), losses)
    return total


def quantile_loss(quantiles: Tensor, value: Tensor) -> Tensor:
    """Mean (...) over `SHARES` of twice the quantile loss, which approximates the CRPS.

    Args:
        quantiles: (share, ...).
        value: (...), what is true.
    """
    total = 0 * value
    for share, each in zip(SHARES, quantiles, strict=True):
        off = value - each
        total = total + (share * off).maximum((share - 1) * off)
    return total * (2 / len(SHARES))


def deviance(logarithm: Tensor, value: Tensor, power: float, unit: float) -> Tensor:
    """Half of Tweedie's deviance (...), least where the prediction is the mean of the values.

    Args:
        logarithm: (...) log10 of the prediction.
        value: (...), what is true, at least 0.
        power: 1..2.
        unit: in which both are measured.
    """
    said, true = 10**logarithm / unit, value / unit
    first = said ** (2 - power) / (2 - power) + true * said ** (1 - power) / (power - 1)
    found: Tensor = first - true ** (2 - power) / ((2 - power) * (power - 1))
    return found


def _column_losses(said: IceNumbers, amount: Tensor, target: Tensor, losses: IceLosses) -> Tensor:
    cloudy, whole = (target == 1).any(dim=1), (target >= 0).all(dim=1)
    column = cloudy.long().masked_fill(~cloudy & ~whole, -1)
    total = losses.column * class_losses(_two(said.column), column, _PLAIN)
    if losses.ice:
        there = cloudy & whole
        off = quantile_loss(said.ice[:, there], amount[there].sum(dim=1).log10())
        total = total + losses.ice * _average(off)
    return total


def _one_stage(
    said: IceNumbers,
    amount: Tensor,
    crystals: Tensor,
    known: tuple[Tensor, Tensor],
    losses: IceLosses,
) -> Tensor:
    """L1 and Huber losses of the scaled logarithms of both amounts."""
    from torch.nn.functional import huber_loss

    weight = _regimes(amount, losses)
    total: Tensor = said.cloud.sum() * 0.0
    for (given, true), there in zip(scaled_amounts(said, amount, crystals), known, strict=True):
        if losses.l1:
            total = total + losses.l1 * _average(((given - true).abs() * weight)[there])
        if losses.huber:
            off = huber_loss(given, true, reduction="none", delta=losses.huber_delta)
            total = total + losses.huber * _average((off * weight)[there])
    return total


def scaled_amounts(
    said: IceNumbers, amount: Tensor, crystals: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Scaled logarithms of ice and of its number, said and true, (item, level) each."""
    from torch.nn.functional import softplus

    likely = said.cloud.sigmoid()
    pairs = (said.iwc[MEDIAN], amount, LEAST_IWC), (said.number, crystals, LEAST_NUMBER)
    for logarithm, value, least in pairs:
        # log10(1 + 10^x) is a softplus.
        inside = softplus(_LN10 * (logarithm - math.log10(least))) / _LN10
        yield likely * inside, (1 + value / least).log10()


def _regimes(amount: Tensor, losses: IceLosses) -> Tensor:
    """Weight of each voxel, by what is true of it."""
    import torch

    if not losses.regime_weights:
        return torch.ones_like(amount)
    edges = amount.new_tensor([LEAST_IWC, *(10**edge for edge in losses.regime_edges)])
    return amount.new_tensor(losses.regime_weights)[torch.bucketize(amount, edges)]


def _two(logit: Tensor) -> Tensor:
    """Logits (item, 2, ...) of clear and cloud."""
    import torch

    return torch.stack([torch.zeros_like(logit), logit], dim=1)


def _average(values: Tensor) -> Tensor:
    """Mean of some values; 0, with a gradient of 0, of none."""
    found: Tensor = values.sum() / max(values.numel(), 1)
    return found


_LN10 = math.log(10)
_PLAIN = ColumnLosses()

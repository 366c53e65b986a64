"""Losses of tasks on levels: of classes, of overlap, of smoothness and of the cloud's top.

Unknown truth enters none of them. A task of cloud alone is one of two classes, the logit of clear
being 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


class ColumnLosses(BaseModel):
    """Weights of the losses of columns.

    Attributes:
        cross_entropy: of the cross-entropy of the classes.
        focal: of the focal loss (Lin et al. 2017, arXiv 1708.02002).
        focal_gamma: its exponent.
        soft_jaccard: of one less the soft IoU of cloud, pooled over the batch.
        class_weights: of classes in cross-entropy and focal loss: none, or by their effective
            number (Cui et al. 2019, arXiv 1901.05555), which sum to the number of classes.
        effective_beta: 0..1 of the effective number; by default (N - 1) / N of N counted.
        class_counts: how often each class is true in training; a fit fills them in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cross_entropy: float = Field(1.0, ge=0)
    focal: float = Field(0.0, ge=0)
    focal_gamma: float = Field(2.0, ge=0)
    soft_jaccard: float = Field(0.0, ge=0)
    class_weights: Literal["none", "effective"] = "none"
    effective_beta: float | None = Field(None, ge=0, lt=1)
    class_counts: tuple[int, ...] | None = None

    @property
    def lacks_counts(self) -> bool:
        """Whether classes are to be weighted by counts that are not there."""
        return self.class_weights == "effective" and self.class_counts is None


class ProfileLosses(ColumnLosses):
    """Weights of the losses of profiles.

    Attributes:
        smoothness: of the mean change of the class probabilities from a level to the next.
        top: of the cross-entropy of the level of the top, a clear column being one more; without
            it nothing would be known of the column.
        top_distance: of the ranked probability score, in levels, of the top of cloudy columns.
    """

    smoothness: float = Field(0.0, ge=0)
    top: float = Field(0.1, gt=0)
    top_distance: float = Field(0.0, ge=0)


def effective_weights(
    counts: Sequence[int] | npt.NDArray[np.integer], beta: float | None = None
) -> npt.NDArray[np.float64]:
    """Weights of classes by the inverse of their effective number, (1 - b^n) / (1 - b).

    Args:
        counts: of each class; one that is nowhere weighs nothing.
        beta: b; by default (N - 1) / N of the N counted.

    Returns:
        (class,) float64, whose sum is the number of classes.

    Raises:
        UsageError: nothing is counted.
    """
    number = np.asarray(counts, np.float64)
    if not number.sum() > 0:
        raise UsageError("losses.class_weights: no class is known in the training samples")
    rest = 1 / number.sum() if beta is None else 1 - beta  # 1 - b
    if rest >= 1:  # then each class that is there counts as one
        effective = (number > 0).astype(np.float64)
    else:
        effective = -np.expm1(number * np.log1p(-rest)) / rest
    weights = np.divide(1, effective, out=np.zeros_like(number), where=effective > 0)
    return np.asarray(weights * (len(number) / weights.sum()))


def class_losses(logits: Tensor, target: Tensor, losses: ColumnLosses) -> Tensor:
    """Cross-entropy, focal loss and soft Jaccard, each with its weight.

    Args:
        logits: (item, class, ...) float; class 0 is clear.
        target: (item, ...) int64, -1 unknown.
        losses: their weights.

    Raises:
        UsageError: the weights of the classes are wanted, and their counts are not known.
    """
    shares = logits.log_softmax(dim=1)
    known = (target >= 0).to(logits.dtype)
    total = logits.sum() * 0.0
    if losses.cross_entropy or losses.focal:
        true = target.clamp(min=0)
        given = shares.gather(1, true[:, None])[:, 0]
        weight = known * _class_weights(logits, losses)[true]
        norm = weight.sum().clamp(min=1e-12)
        total = total - losses.cross_entropy * (weight * given).sum() / norm
        if losses.focal:
            doubt = (1 - given.exp()).clamp(min=0) ** losses.focal_gamma
            total = total - losses.focal * (weight * doubt * given).sum() / norm
    if losses.soft_jaccard:
        cloud = 1 - shares[:, 0].exp()
        total = total + losses.soft_jaccard * soft_jaccard(cloud, target, known)
    return total


def soft_jaccard(cloud: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """One less the soft IoU of cloud over all known items; 0 where both are empty.

    Args:
        cloud: any shape, probability of cloud.
        target: same shape, cloud above 0.
        known: same shape, 1 where it is.
    """
    true = (target > 0).to(cloud.dtype)
    both = (cloud * true * known).sum()
    either = ((cloud + true - cloud * true) * known).sum()
    return 1 - (both + _SOFT) / (either + _SOFT)


def smoothness(logits: Tensor, target: Tensor) -> Tensor:
    """Mean change of the class probabilities between neighbouring levels that are both known.

    Args:
        logits: (item, class, level) float.
        target: (item, level) int64, -1 unknown.

    Returns:
        scalar, 0..1: half the sum of the absolute changes, the total variation distance.
    """
    change = logits.softmax(dim=1).diff(dim=2).abs().sum(dim=1) / 2
    known = (target >= 0).to(logits.dtype)
    both = known[:, 1:] * known[:, :-1]
    return (change * both).sum() / both.sum().clamp(min=1)


def top_losses(logits: Tensor, target: Tensor, losses: ProfileLosses) -> Tensor:
    """Cross-entropy and ranked probability score of the cloud's top.

    Args:
        logits: (item, level + 1) float, the highest level first and a clear column last.
        target: (item, level) int64 cloud types, -1 unknown.
        losses: the weights of both.
    """
    top = tops_of(target)
    total, clear = logits.sum() * 0.0, logits.shape[1] - 1
    if losses.top:
        known = (top >= 0).to(logits.dtype)
        given = logits.log_softmax(dim=1).gather(1, top.clamp(min=0)[:, None])[:, 0]
        total = total - losses.top * (given * known).sum() / known.sum().clamp(min=1)
    if losses.top_distance:
        cloudy = ((top >= 0) & (top < clear)).to(logits.dtype)
        reached = logits[:, :-1].softmax(dim=1).cumsum(dim=1)
        level = top.new_tensor(range(clear))
        off = reached - (level >= top[:, None]).to(logits.dtype)
        distance = (off**2).sum(dim=1)
        total = total + losses.top_distance * (distance * cloudy).sum() / cloudy.sum().clamp(min=1)
    return total


def tops_of(target: Tensor) -> Tensor:
    """(item,) level of the highest cloud of (item, level) types; see `profile_truth.tops_of`."""
    import torch

    said = torch.cat([target != 0, torch.ones_like(target[:, :1], dtype=torch.bool)], dim=1)
    first = said.to(torch.int8).argmax(dim=1)
    there = target.gather(1, first.clamp(max=target.shape[1] - 1)[:, None])[:, 0]
    return torch.where((first < target.shape[1]) & (there < 0), -1, first)


def _class_weights(logits: Tensor, losses: ColumnLosses) -> Tensor:
    if losses.class_weights == "none":
        return logits.new_ones(logits.shape[1])
    if losses.class_counts is None or len(losses.class_counts) != logits.shape[1]:
        raise UsageError(
            f"losses.class_weights: counts of {logits.shape[1]} classes are wanted, "
            f"class_counts are {losses.class_counts}"
        )
    return logits.new_tensor(effective_weights(losses.class_counts, losses.effective_beta))


_SOFT = 1.0  # voxels by which both sides of the soft IoU are larger: it is smooth where both are 0

"""Losses of tasks with two labels; items without a label never enter them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor


class BinaryLosses(BaseModel):
    """Weights of the losses.

    Attributes:
        bce: of the binary cross-entropy.
        dice: of one less the soft dice of cloud.
        weight_zero: weight of clear items in the cross-entropy; cloudy ones weigh the rest to 1.
        label_smoothing: share of the labels that is taken to be wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bce: float = 1.0
    dice: float = 0.0
    weight_zero: float | None = Field(None, gt=0, lt=1)
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)


def binary_loss(logits: Tensor, label: Tensor, settings: BinaryLosses) -> Tensor:
    """The recipe's loss of some items.

    Args:
        logits: (item,) float32.
        label: (item,) int8, -1 unknown, 0 clear, 1 cloud.
        settings: weights of the parts.

    Returns:
        scalar float32; 0 (with a gradient of 0) where no item has a label.
    """
    known = (label >= 0).to(logits.dtype)
    target = label.clamp(min=0).to(logits.dtype)
    total = logits.sum() * 0.0
    if settings.bce:
        # Label smoothing: this share of the labels is taken to be wrong.
        smooth = target * (1 - 2 * settings.label_smoothing) + settings.label_smoothing
        total = total + settings.bce * masked_bce(logits, smooth, known, settings.weight_zero)
    if settings.dice:
        total = total + settings.dice * soft_dice(logits, target, known)
    return total


def masked_bce(
    logits: Tensor, target: Tensor, known: Tensor, weight_zero: float | None = None
) -> Tensor:
    """Binary cross-entropy, averaged over known items.

    Args:
        logits: any shape, float32.
        target: same shape, 0..1.
        known: same shape, 1 where the label is known, else 0.
        weight_zero: weight of clear items; cloudy ones weigh 1 - weight_zero, as in the loss of
            Mengwall & Guzewich (2023), which has 0.03688. None: all weigh 1.
    """
    import torch
    from torch.nn import functional

    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if weight_zero is not None:
        loss = loss * torch.where(target > 0.5, 1 - weight_zero, weight_zero)
    return (loss * known).sum() / known.sum().clamp(min=1)


def soft_dice(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """1 - soft F1 over all known items; see `masked_bce` for the arguments."""
    import torch

    probability = torch.sigmoid(logits) * known
    cloudy = target * known
    both = (probability * cloudy).sum()
    return 1 - (2 * both + 1) / (probability.sum() + cloudy.sum() + 1)

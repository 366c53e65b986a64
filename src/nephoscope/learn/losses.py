"""Losses of the mask task; pixels without a label never enter them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from nephoscope.recipe import Losses


def mask_loss(logits: Tensor, label: Tensor, settings: Losses) -> Tensor:
    """The recipe's loss of a batch.

    Args:
        logits: (batch, 1, y, x) or (batch, y, x) float32.
        label: (batch, y, x) int8, -1 unknown, 0 clear, 1 cloud.
        settings: weights of the parts.

    Returns:
        scalar float32; 0 (with a gradient of 0) where no pixel has a label.
    """
    logits = logits.reshape(label.shape)
    known = (label >= 0).to(logits.dtype)
    target = label.clamp(min=0).to(logits.dtype)
    total = logits.sum() * 0.0
    if settings.bce:
        smooth = smoothed(target, settings.label_smoothing)
        total = total + settings.bce * masked_bce(logits, smooth, known, settings.weight_zero)
    if settings.dice:
        total = total + settings.dice * soft_dice(logits, target, known)
    return total


def smoothed(target: Tensor, share: float) -> Tensor:
    """Targets when a `share` of the labels is taken to be wrong: t (1 - 2 share) + share."""
    return target * (1 - 2 * share) + share


def masked_bce(
    logits: Tensor, target: Tensor, known: Tensor, weight_zero: float | None = None
) -> Tensor:
    """Binary cross-entropy, averaged over known pixels.

    Args:
        logits: any shape, float32.
        target: same shape, 0..1.
        known: same shape, 1 where the label is known, else 0.
        weight_zero: weight of clear pixels; cloudy ones weigh 1 - weight_zero, as in the loss of
            Mengwall & Guzewich (2023), which has 0.03688. None: all weigh 1.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if weight_zero is not None:
        loss = loss * torch.where(target > 0.5, 1 - weight_zero, weight_zero)
    return (loss * known).sum() / known.sum().clamp(min=1)


def soft_dice(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """1 - soft F1 over all known pixels of the batch; see `masked_bce` for the arguments."""
    probability = torch.sigmoid(logits) * known
    cloudy = target * known
    both = (probability * cloudy).sum()
    return 1 - (2 * both + 1) / (probability.sum() + cloudy.sum() + 1)

"""A network behind the scaling of its inputs: trained, saved and exported as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nephoscope.networks.blocks import without_margin

Normalisation = Mapping[str, tuple[float, float]]


class NormalisedNetwork(nn.Module):
    """(batch, feature, y, x) float32 features as assembled → (batch, output, y, x) logits.

    Args:
        network: what sees the scaled features.
        normalisation: mean and standard deviation of each feature, in the features' order.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        mean, std = zip(*normalisation.values(), strict=True)
        self.register_buffer("mean", torch.tensor(mean)[None, :, None, None])
        self.register_buffer("std", torch.tensor(std)[None, :, None, None])
        self.normalisation = normalisation
        self.centred = all(centre == 0 for centre in mean)
        self.as_made = set(normalisation.values()) == {(0.0, 1.0)}

    @property
    def divisor(self) -> int:
        """Sides of the input are multiples of this."""
        divisor: Any = getattr(self.network, "divisor", 1)
        return int(divisor)

    @property
    def tells_pixels(self) -> bool:
        """Whether it can be asked for some pixels alone."""
        return bool(getattr(self.network, "tells_pixels", False))

    def forward(self, inputs: Tensor, pixels: Tensor | None = None, margin: int = 0) -> Tensor:
        """Logits of every pixel, float32; or (pixel, output) of some, if it `tells_pixels`.

        Args:
            inputs: (batch, feature, y, x).
            pixels: (pixel, 3) int64, sample, row and column.
            margin: pixels at each edge of which nothing is said; the result is smaller by them.
        """
        scaled = inputs
        if not self.as_made:
            scaled = (inputs if self.centred else inputs - self.mean) / self.std
        if pixels is not None:
            logits: Tensor = self.network(scaled, pixels)
        elif margin and self.tells_pixels:
            logits = self.network(scaled, margin=margin)
        else:
            logits = without_margin(self.network(scaled), margin)
        return logits

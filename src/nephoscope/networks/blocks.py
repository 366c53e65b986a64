"""The small parts that the networks are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, ReLU: (batch, inner, y, x) → (batch, outer, y/stride, x/stride)."""

    def __init__(self, inner: int, outer: int, kernel: int = 3, stride: int = 1) -> None:
        padding = (kernel - stride + 1) // 2
        super().__init__(
            nn.Conv2d(inner, outer, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outer),
            nn.ReLU(inplace=True),
        )


class PositionGrid(nn.Module):
    """What is special about each place, learned on a coarse latitude/longitude grid.

    Args:
        channels: numbers learned per grid cell.
        rows: cells from pole to pole.
        cols: cells around the planet; the grid wraps in longitude.
    """

    def __init__(self, channels: int, rows: int, cols: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(1, channels, rows, cols))

    def forward(self, latitude: Tensor, sine: Tensor, cosine: Tensor) -> Tensor:
        """Sample the grid bilinearly.

        Args:
            latitude: (batch, y, x), degrees / 90.
            sine: (batch, y, x), sine of the longitude; 0 with `cosine` 0 where withheld.
            cosine: (batch, y, x), cosine of the longitude.

        Returns:
            (batch, channel, y, x); zero where the position is withheld.
        """
        known = (sine.abs() + cosine.abs() > 0.1).to(sine.dtype)
        # atan2(0, 0) has no gradient worth having; the flag takes the place out.
        x = torch.atan2(sine, cosine + (1 - known)) / torch.pi
        cols = self.values.shape[-1]
        wrapped = functional.pad(self.values, (1, 1, 0, 0), mode="circular")
        # One extra column on each side: cell centres stay where they were.
        places = torch.stack([x * (cols / (cols + 2)), -latitude], dim=-1)
        sampled = functional.grid_sample(
            wrapped.expand(latitude.shape[0], -1, -1, -1),
            places,
            padding_mode="border",
            align_corners=False,
        )
        return sampled * known[:, None]

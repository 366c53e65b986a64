"""A U-Net that never computes at full resolution, for masks that must be right to the pixel.

Blocks of 2 x 2 pixels are folded into channels first, and each cell of the head answers for its
four pixels at once. Every pixel still has its own neighbourhood of 10 x 10 in the head, at a
quarter of the cost of a plain U-Net of the same width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.inputs import CONTEXT
from nephoscope.networks.blocks import ConvReLU, FoldedConvReLU, Logits, PositionGrid


class UNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        features: input features; the first `image_features` of them vary from pixel to pixel, the
            rest (context) slowly, and enter at a quarter of the resolution.
        outputs: logits per pixel.
        image_features: how many features are seen at full resolution.
        widths: channels at 1/2, 1/4, 1/8 … of the resolution.
        depth: 3x3 convolutions per encoder level below the first.
        head: channels of the head's hidden layer.
        position: (channels, rows, cols) of the learned place grid, or None.
        position_features: where latitude, sine and cosine of the longitude are among the features.
    """

    def __init__(
        self,
        features: int,
        outputs: int = 1,
        *,
        image_features: int,
        widths: Sequence[int] = (32, 32, 64, 96, 128),
        depth: int = 1,
        head: int = 32,
        position: tuple[int, int, int] | None = None,
        position_features: tuple[int, int, int] = (5, 6, 7),
    ) -> None:
        super().__init__()
        self.image_features = image_features
        self.position_features = list(position_features)
        self.divisor = 2 ** len(widths)
        self.place = PositionGrid(*position) if position else None
        context = features - image_features + (position[0] if position else 0)
        self.stem = FoldedConvReLU(image_features, widths[0])
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, (inner, outer) in enumerate(pairwise(widths)):
            self.down.append(_Down(inner, outer, context if level == 0 else 0, depth))
            self.up.insert(0, _Up(outer, inner, mix=level > 0))
        self.head = nn.Sequential(
            ConvReLU(widths[0], head, kernel=1),
            Logits(head, outputs * 4),
            nn.PixelShuffle(2),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        state = self.stem(inputs[:, : self.image_features])
        skips = []
        extra: Tensor | None = self._context(inputs)
        for down in self.down:
            skips.append(state)
            state = down(state, extra)
            extra = None
        for up in self.up:
            state = up(state, skips.pop())
        logits: Tensor = self.head(state)
        return logits

    def _context(self, inputs: Tensor) -> Tensor:
        # Context varies slowly: one pixel of 4 x 4 stands for all, and costs nothing to take.
        coarse = inputs[:, :, *CONTEXT]
        context = coarse[:, self.image_features :]
        if self.place is None:
            return context
        chosen = coarse[:, self.position_features, ::2, ::2].unbind(1)
        place = functional.interpolate(
            self.place(*chosen), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return torch.cat([context, place], dim=1)


class _Down(nn.Module):
    def __init__(self, inner: int, outer: int, extra: int, depth: int) -> None:
        super().__init__()
        self.halve = ConvReLU(inner, outer, stride=2)
        self.mix = nn.Sequential(
            *(ConvReLU(outer + (extra if i == 0 else 0), outer) for i in range(depth))
        )

    def forward(self, state: Tensor, extra: Tensor | None) -> Tensor:
        state = self.halve(state)
        if extra is not None:
            state = torch.cat([state, extra], dim=1)
        mixed: Tensor = self.mix(state)
        return mixed


class _Up(nn.Module):
    def __init__(self, inner: int, outer: int, mix: bool) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inner, outer, 1)
        self.mix = ConvReLU(outer, outer) if mix else nn.ReLU()

    def forward(self, state: Tensor, skip: Tensor) -> Tensor:
        wide = functional.interpolate(
            self.narrow(state), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        mixed: Tensor = self.mix(wide + skip)
        return mixed

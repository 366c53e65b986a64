"""A U-Net that never computes at full resolution, for masks that must be right to the pixel.

The full-resolution features enter through strided convolutions that keep what each pixel needs,
and each half-resolution cell of the head answers for its four pixels at once. That costs a
quarter of what a plain U-Net of the same width does.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.networks.blocks import ConvNorm, PositionGrid


class UNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        features: input features; the first `image_features` of them vary from pixel to pixel, the
            rest (context) slowly, and enter at a quarter of the resolution.
        outputs: logits per pixel.
        image_features: how many features are seen at full resolution.
        widths: channels at 1/2, 1/4, 1/8 … of the resolution.
        depth: 3x3 convolutions per encoder level below the first.
        detail: channels that carry each pixel's own neighbourhood straight to the head.
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
        widths: Sequence[int] = (16, 32, 64, 96, 128),
        depth: int = 1,
        detail: int = 32,
        head: int = 32,
        position: tuple[int, int, int] | None = None,
        position_features: tuple[int, int, int] = (5, 6, 7),
    ) -> None:
        super().__init__()
        self.image_features = image_features
        self.position_features = tuple(position_features)
        self.divisor = 2 ** len(widths)
        self.place = PositionGrid(*position) if position else None
        context = features - image_features + (position[0] if position else 0)
        self.stem = ConvNorm(image_features, widths[0], kernel=4, stride=2)
        self.detail = ConvNorm(image_features, detail, kernel=6, stride=2)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, (inner, outer) in enumerate(zip(widths, widths[1:], strict=False)):
            extra = context if level == 0 else 0
            self.down.append(_Down(inner, outer, extra, depth))
            self.up.insert(0, _Up(outer, inner, mix=True))
        self.head = nn.Sequential(
            ConvNorm(widths[0] + detail, head, kernel=1),
            nn.Conv2d(head, outputs * 4, 1),
            nn.PixelShuffle(2),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        image = inputs[:, : self.image_features]
        state = self.stem(image)
        skips = []
        extra: Tensor | None = self._context(inputs)
        for down in self.down:
            skips.append(state)
            state = down(state, extra)
            extra = None
        for up in self.up:
            state = up(state, skips.pop())
        logits: Tensor = self.head(torch.cat([state, self.detail(image)], dim=1))
        return logits

    def _context(self, inputs: Tensor) -> Tensor:
        coarse = functional.avg_pool2d(inputs[:, self.image_features :], 4)
        if self.place is None:
            return coarse
        chosen = [coarse[:, index - self.image_features] for index in self.position_features]
        return torch.cat([coarse, self.place(*chosen)], dim=1)


class _Down(nn.Module):
    def __init__(self, inner: int, outer: int, extra: int, depth: int) -> None:
        super().__init__()
        self.halve = ConvNorm(inner, outer, kernel=2, stride=2)
        self.mix = nn.Sequential(
            *(ConvNorm(outer + (extra if i == 0 else 0), outer) for i in range(depth))
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
        self.mix = ConvNorm(outer, outer) if mix else nn.Identity()

    def forward(self, state: Tensor, skip: Tensor) -> Tensor:
        wide = functional.interpolate(self.narrow(state), scale_factor=2.0, mode="nearest")
        mixed: Tensor = self.mix(wide + skip)
        return mixed

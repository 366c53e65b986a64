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

from nephoscope.inputs.view import CONTEXT
from nephoscope.networks.blocks import (
    PLACE,
    ConvReLU,
    FoldedConvReLU,
    Groups,
    Logits,
    PositionGrid,
    enlarge,
    group_of,
    pick,
)


class UNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        groups: `picture` is seen at full resolution; `context` varies slowly, and enters at a
            quarter of it; `position` is latitude, sine and cosine of the longitude, for the place
            grid.
        outputs: logits per pixel.
        widths: channels at 1/2, 1/4, 1/8 … of the resolution.
        depth: 3x3 convolutions per encoder level below the first.
        head: channels of the head's hidden layer.
        position: (channels, rows, cols) of the learned place grid, or None.
    """

    def __init__(
        self,
        groups: Groups,
        outputs: int = 1,
        *,
        widths: Sequence[int] = (32, 32, 64, 96, 128),
        depth: int = 1,
        head: int = 32,
        position: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__()
        self.reads = ("picture", "context", *(["position"] if position else []))
        self.picture = group_of(groups, "picture", "what it sees at full resolution")
        self.context = list(groups.get("context", ()))
        self.position = group_of(groups, "position", PLACE, 3) if position else []
        self.divisor = 2 ** len(widths)
        self.place = PositionGrid(*position) if position else None
        context = len(self.context) + (position[0] if position else 0)
        self.stem = FoldedConvReLU(len(self.picture), widths[0])
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
        state = self.stem(pick(inputs, self.picture))
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
        context = pick(coarse, self.context)
        if self.place is None:
            return context
        chosen = pick(coarse, self.position)[:, :, ::2, ::2].unbind(1)
        return torch.cat([context, enlarge(self.place(*chosen))], dim=1)


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
        mixed: Tensor = self.mix(enlarge(self.narrow(state)) + skip)
        return mixed

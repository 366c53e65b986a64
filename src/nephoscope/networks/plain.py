"""Plain networks of all channels at once: one pixel alone, and small stacks of convolutions.

Structures and widths of Foley et al. 2024 (doi 10.5194/amt-17-7027-2024) and of the code published
with it, so that they can be compared with: defaults give the same numbers of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from nephoscope.errors import UsageError
from nephoscope.networks.blocks import Groups


class Mlp(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits: each pixel by itself.

    Args:
        groups: all of them are read, as one list of features.
        features: channels of the input.
        outputs: logits per pixel.
        hidden: widths of the hidden layers; by default two as wide as the input or the output,
            whichever is wider.
    """

    divisor = 1

    def __init__(
        self, groups: Groups, features: int, outputs: int, hidden: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.reads = tuple(groups)
        widths = [features, *(hidden or [max(features, outputs)] * 2)]
        layers = [ConvNormReLU(*pair, 1) for pair in pairwise(widths)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], outputs, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        logits: Tensor = self.layers(inputs)
        return logits


class SimpleConv(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits: what is within five pixels.

    Args:
        groups: all of them are read, as one list of features.
        features: channels of the input.
        outputs: logits per pixel.
        entry: width of the 1 x 1 convolution at the start.
        widths: of the 3 x 3 convolutions; each widens the field of view by one pixel to all sides.
    """

    divisor = 1

    def __init__(
        self,
        groups: Groups,
        features: int,
        outputs: int,
        *,
        entry: int = 64,
        widths: Sequence[int] = (128, 128, 128, 128, 128),
    ) -> None:
        super().__init__()
        self.reads = tuple(groups)
        layers = [ConvNormReLU(features, entry, 1)]
        layers += [ConvNormReLU(*pair) for pair in pairwise([entry, *widths])]
        self.layers = nn.Sequential(*layers, nn.Conv2d([entry, *widths][-1], outputs, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        logits: Tensor = self.layers(inputs)
        return logits


class SimpleConv3d(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits: the column grows in height.

    Each stage doubles the levels and looks at 3 x 3 x 3 neighbours. The published form keeps 64
    channels up to 128 levels, 8,192 numbers a pixel and layer, tens of gigabytes for a batch of its
    patches; here the channels fall as the levels rise. `widths=[64, 64, 64, 64, 64, 64, 1]` is the
    published form.

    Args:
        groups: all of them are read, as one list of features.
        features: channels of the input.
        outputs: logits per pixel.
        entry: width of the 1 x 1 convolution at the start.
        widths: channels after each doubling of the levels.
    """

    divisor = 1

    def __init__(
        self,
        groups: Groups,
        features: int,
        outputs: int,
        *,
        entry: int = 64,
        widths: Sequence[int] = (64, 64, 32, 16, 8, 4, 1),
    ) -> None:
        super().__init__()
        if not widths:
            raise UsageError("network 'conv3d': widths names no stage")
        self.reads = tuple(groups)
        self.entry = ConvNormReLU(features, entry, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv3d(*pair, 3, padding=1), nn.BatchNorm3d(pair[1]), nn.ReLU())
            for pair in pairwise([entry, *widths])
        )
        self.last = nn.Conv2d(widths[-1] * 2 ** len(widths), outputs, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        state = self.entry(inputs)[:, :, None]
        for stage in self.stages:
            state = stage(doubled(state))
        logits: Tensor = self.last(state.flatten(1, 2))
        return logits


class ConvNormReLU(nn.Sequential):
    """Convolution of odd size, batch norm and ReLU: (batch, inner, y, x) → (batch, outer, y, x)."""

    def __init__(self, inner: int, outer: int, size: int = 3) -> None:
        norm = nn.BatchNorm2d(outer)
        super().__init__(nn.Conv2d(inner, outer, size, padding=size // 2), norm, nn.ReLU())


def doubled(state: Tensor) -> Tensor:
    """Twice as many levels, linear between their centres: (b, c, z, y, x) → (b, c, 2 z, y, x)."""
    below = torch.cat([state[:, :, :1], state[:, :, :-1]], dim=2)
    above = torch.cat([state[:, :, 1:], state[:, :, -1:]], dim=2)
    pairs = torch.stack([below.lerp(state, 0.75), above.lerp(state, 0.75)], dim=3)
    return pairs.flatten(2, 3)

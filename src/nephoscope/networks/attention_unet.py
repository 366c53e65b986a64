"""A U-Net of wide convolutions and linear attention, in the published form of IceCloudNet.

Structure and widths of Jeggle et al. 2024 (arXiv 2410.04135), so that it can be compared with: the
defaults give the published number of parameters, 14,361,318 for eleven channels. Written from the
published facts, with what they are: what is dropped at random is the short cut of a block, the
state at full resolution is made and not used, and attention looks at the whole tile, so that what
is said of a pixel depends on where tiles fall.

It says, of two amounts on levels, log10(1 + amount / least), from 0 where it is clear. `OneStage`
turns these into the numbers that a head of cloud ice has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.networks.blocks import Groups, group_of
from nephoscope.networks.one_stage import OneStage

_HEADS, _OF_HEAD = 4, 32


class AttentionUNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) numbers; y and x multiples of `divisor`.

    Args:
        groups: `picture`, the channels.
        outputs: numbers per pixel of a head of cloud ice.
        levels: on which it speaks.
        widths: at full resolution, at half and at a quarter.
        drop: probability of dropping the short cuts of a block, of a whole batch at once.
    """

    def __init__(
        self,
        groups: Groups,
        outputs: int,
        *,
        levels: int = 64,
        widths: Sequence[int] = (64, 128, 256),
        drop: float = 0.25,
    ) -> None:
        super().__init__()
        if len(widths) < 2:
            raise UsageError("network 'attention_unet': widths are two or more")
        self.picture = group_of(groups, "picture", "the channels")
        self.reads = ("picture",)
        self.divisor = 2 ** (len(widths) - 1)
        self.one_stage = OneStage(levels, outputs)
        steps = list(pairwise([len(self.picture), *widths]))
        self.down = nn.ModuleList(_Stage(*step, drop, norm=at > 0) for at, step in enumerate(steps))
        self.smaller = nn.ModuleList(nn.Conv2d(wide, wide, 4, 2, 1) for wide in widths[:-1])
        deep = widths[-1]
        self.middle = nn.Sequential(
            _Block(deep, deep, drop), _Attention(deep), _Block(deep, deep, drop)
        )
        narrowing = list(pairwise(widths))[::-1]
        self.up = nn.ModuleList(_Stage(2 * wide, narrow, drop) for narrow, wide in narrowing)
        self.larger = nn.ModuleList(
            nn.ConvTranspose2d(narrow, narrow, 4, 2, 1) for narrow, _ in narrowing
        )
        first = widths[0]
        self.heads = nn.ModuleList(
            nn.Sequential(_Block(first, first, drop), nn.Conv2d(first, levels, 1), nn.ReLU())
            for _ in range(2)
        )

    @property
    def last(self) -> nn.Parameter:
        """Weight of the last layer of ice, at which gradients of losses are compared."""
        weight: nn.Parameter = self.heads[0].get_submodule("1").get_parameter("weight")
        return weight

    def forward(self, inputs: Tensor) -> Tensor:
        """Numbers of every pixel, float32."""
        state, skips = inputs[:, self.picture], []
        for number, down in enumerate(self.down):
            state = down(state)
            skips.append(state)
            if number < len(self.smaller):
                state = self.smaller[number](state)
        state = self.middle(state)
        for up, larger in zip(self.up, self.larger, strict=True):
            state = larger(up(torch.cat([state, skips.pop()], dim=1)))
        numbers: Tensor = self.one_stage(torch.stack([head(state) for head in self.heads], dim=1))
        return numbers


class _Stage(nn.Sequential):
    """Two blocks and attention: (batch, inner, y, x) → (batch, outer, y, x)."""

    def __init__(self, inner: int, outer: int, drop: float, norm: bool = True) -> None:
        blocks = _Block(inner, outer, drop, norm), _Block(outer, outer, drop)
        super().__init__(*blocks, _Attention(outer))


class _Block(nn.Module):
    """Convolutions of 7 x 7 by channel and twice 3 x 3, beside a short cut."""

    def __init__(self, inner: int, outer: int, drop: float, norm: bool = True) -> None:
        super().__init__()
        self.drop = drop
        self.layers = nn.Sequential(
            nn.Conv2d(inner, inner, 7, padding=3, groups=inner),
            _ChannelNorm(inner) if norm else nn.Identity(),
            nn.Conv2d(inner, 2 * outer, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(2 * outer, outer, 3, padding=1),
        )
        self.aside = nn.Conv2d(inner, outer, 1) if inner != outer else nn.Identity()

    def forward(self, state: Tensor) -> Tensor:
        """(batch, inner, y, x) → (batch, outer, y, x)."""
        found: Tensor = self.layers(state)
        aside: Tensor = self.aside(state)
        if self.training and self.drop:
            kept = (torch.rand((), device=state.device) >= self.drop).to(aside.dtype)
            aside = aside * (kept / (1 - self.drop))
        return found + aside


class _ChannelNorm(nn.Module):
    """The channels of each pixel at mean 0 and variance 1, then scaled and shifted."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, width, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, width, 1, 1))

    def forward(self, state: Tensor) -> Tensor:
        """(batch, width, y, x), same shape."""
        variance, mean = torch.var_mean(state, dim=1, keepdim=True, correction=0)
        scaled: Tensor = (state - mean) * torch.rsqrt(variance + 1e-5) * self.scale + self.shift
        return scaled


class _Attention(nn.Module):
    """Linear attention over all pixels of a tile, beside a short cut: same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = _HEADS * _OF_HEAD
        self.norm = _ChannelNorm(width)
        self.ask = nn.Conv2d(width, 3 * hidden, 1, bias=False)
        self.answer = nn.Conv2d(hidden, width, 1)

    def forward(self, state: Tensor) -> Tensor:
        """(batch, width, y, x), same shape."""
        batch, _, height, width = state.shape
        asked = self.ask(self.norm(state)).reshape(batch, 3, _HEADS, _OF_HEAD, height * width)
        query, key, value = asked.unbind(1)
        kept = functional.softmax(key, dim=-1) @ value.transpose(-1, -2)
        found = kept.transpose(-1, -2) @ (query / math.sqrt(_OF_HEAD))
        answer: Tensor = self.answer(found.reshape(batch, -1, height, width))
        return state + answer

"""U-Nets over all channels of many views, with decoders in two dimensions or three.

The plain form with `base=64, depth=6` has the published structure and number of parameters (Foley
et al. 2024, doi 10.5194/amt-17-7027-2024, `unet_2d`), but for one thing: it interpolated features
to the profiles before the last two layers, here these are 1 x 1 convolutions and logits are
interpolated. The published transposed form did not enlarge anything (stride 1), and those in three
dimensions did not run; here they do what their names say.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from nephoscope.errors import UsageError
from nephoscope.networks.blocks import Groups, enlarge
from nephoscope.networks.plain import ConvNormReLU, doubled

WIDEST = 32
"""Widest level of the encoder, in base widths."""


class UNetViews(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        groups: all of them are read, as one list of features.
        features: channels of the input.
        outputs: logits per pixel.
        base: channels at full resolution, doubled at each level down to `WIDEST` times as many.
        depth: how often the resolution is halved.
        decoder: `bilinear` or `transposed` (2 x 2, stride 2), in two dimensions; `2+1d` or `3d`: a
            column of levels grows as the picture does, by 3 x 3 and then 3 convolutions or by
            3 x 3 x 3 ones.
    """

    def __init__(
        self,
        groups: Groups,
        features: int,
        outputs: int,
        *,
        base: int = 16,
        depth: int = 4,
        decoder: str = "bilinear",
    ) -> None:
        super().__init__()
        if decoder not in _DECODERS:
            known = ", ".join(_DECODERS)
            raise UsageError(f"network 'unet_views': no decoder '{decoder}'; there are: {known}")
        if depth < 1:
            raise UsageError("network 'unet_views': depth is 1 or more")
        self.reads = tuple(groups)
        self.divisor = 2**depth
        self.trunk = nn.Conv2d(features, base, 1)
        self.beside = nn.Conv2d(features, base // 2, 1)
        widths = [base * min(2**level, WIDEST) for level in range(depth + 1)]
        self.down = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2), *_twice(*pair)) for pair in pairwise(widths)
        )
        up, found = _DECODERS[decoder](widths)
        self.up = nn.ModuleList(up)
        self.last = nn.Sequential(
            nn.Conv2d(found + base // 2, base, 1),
            nn.Conv2d(base, base, 1),
            nn.ReLU(),
            nn.Conv2d(base, outputs, 1),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        state = self.trunk(inputs)
        skips = []
        for down in self.down:
            skips.append(state)
            state = down(state)
        for up in self.up:
            state = up(state, skips.pop())
        if state.ndim == 5:
            state = state.flatten(1, 2)
        logits: Tensor = self.last(torch.cat([state, self.beside(inputs)], dim=1))
        return logits


def _twice(inner: int, outer: int, middle: int | None = None) -> list[nn.Module]:
    middle = middle or outer
    return [ConvNormReLU(inner, middle), ConvNormReLU(middle, outer)]


class _Up(nn.Module):
    """Twice the resolution, beside the encoder's state there: (b, outer, 2 y, 2 x)."""

    def __init__(self, inner: int, skip: int, outer: int, transposed: bool) -> None:
        super().__init__()
        self.larger: Callable[[Tensor], Tensor] = enlarge
        if transposed:
            self.larger = nn.ConvTranspose2d(inner, inner, 2, 2)
        self.mix = nn.Sequential(*_twice(inner + skip, outer, (inner + skip) // 2))

    def forward(self, state: Tensor, skip: Tensor) -> Tensor:
        """Enlarge (b, inner, y, x) and mix it with (b, skip, 2 y, 2 x)."""
        mixed: Tensor = self.mix(torch.cat([self.larger(state), skip], dim=1))
        return mixed


class _UpColumn(nn.Module):
    """Twice the resolution and twice the levels: (b, outer, 2 z, 2 y, 2 x)."""

    def __init__(self, inner: int, skip: int, outer: int, apart: bool) -> None:
        super().__init__()
        conv = _conv_apart if apart else _conv_3d
        layers = [*conv(inner + skip, outer), *conv(outer, outer)]
        self.mix = nn.Sequential(*layers)

    def forward(self, state: Tensor, skip: Tensor) -> Tensor:
        """Enlarge (b, inner, z, y, x), or (b, inner, y, x), and mix with (b, skip, 2 y, 2 x)."""
        if state.ndim == 4:
            state = state[:, :, None]
        larger = doubled(enlarge(state.flatten(1, 2)).reshape(*state.shape[:3], *skip.shape[2:]))
        beside = skip[:, :, None].expand(-1, -1, larger.shape[2], -1, -1)
        mixed: Tensor = self.mix(torch.cat([larger, beside], dim=1))
        return mixed


def _conv_3d(inner: int, outer: int) -> list[nn.Module]:
    return [nn.Conv3d(inner, outer, 3, padding=1), nn.BatchNorm3d(outer), nn.ReLU()]


def _conv_apart(inner: int, outer: int) -> list[nn.Module]:
    flat = nn.Conv3d(inner, outer, (1, 3, 3), padding=(0, 1, 1))
    upright = nn.Conv3d(outer, outer, (3, 1, 1), padding=(1, 0, 0))
    return [flat, nn.ReLU(), upright, nn.BatchNorm3d(outer), nn.ReLU()]


Decoder = tuple[list[nn.Module], int]


def _flat_decoder(widths: list[int], transposed: bool) -> Decoder:
    outer = [*[width // 2 for width in widths[1:-1][::-1]], widths[0] // 2]
    inner = [widths[-1], *outer[:-1]]
    steps = zip(inner, widths[-2::-1], outer, strict=True)
    return [_Up(*step, transposed) for step in steps], outer[-1]


def _deep_decoder(widths: list[int], apart: bool) -> Decoder:
    # Each doubling of the levels halves the channels twice over: they fall as the pixels grow.
    outer = [max(width // 2 ** (level + 1), 4) for level, width in enumerate(widths[-2::-1])]
    inner = [widths[-1], *outer[:-1]]
    steps = zip(inner, widths[-2::-1], outer, strict=True)
    return [_UpColumn(*step, apart) for step in steps], outer[-1] * 2 ** len(outer)


_DECODERS: dict[str, Callable[[list[int]], Decoder]] = {
    "bilinear": lambda widths: _flat_decoder(widths, transposed=False),
    "transposed": lambda widths: _flat_decoder(widths, transposed=True),
    "2+1d": lambda widths: _deep_decoder(widths, apart=True),
    "3d": lambda widths: _deep_decoder(widths, apart=False),
}

"""Discriminator of columns on a track: a 3-D PatchGAN that sees the picture as its condition.

Structure and widths of Jeggle et al. 2024 (arXiv 2410.04135). It looks at amounts on levels, which
are hidden but for the columns whose truth is known, and tells of each patch of the picture whether
what it sees there is true. Only patches with such a column count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError

HIDDEN = -9.0
"""Amount where nothing is shown: no scaled logarithm is below 0."""
_SLOPE = 0.2


class PatchJudge(nn.Module):
    """(batch, kind, level, y, x) amounts and (batch, feature, y, x) → (batch, level', y', x').

    Args:
        features: of the picture.
        kinds: of amounts.
        widths: of the layers; all but the last halve level, y and x.

    Raises:
        UsageError: there are fewer than two widths.
    """

    def __init__(
        self, features: int, kinds: int = 2, widths: Sequence[int] = (64, 128, 256, 512)
    ) -> None:
        super().__init__()
        if len(widths) < 2:
            raise UsageError("training.adversarial.widths: are two or more")
        steps, seen = list(pairwise([kinds, *widths])), list(pairwise([features, *widths[:-1]]))
        self.layers = nn.ModuleList(
            _layer(*step, stride=2 if at < len(seen) else 1, norm=at > 0)
            for at, step in enumerate(steps)
        )
        self.last = nn.Conv3d(widths[-1], 1, 4, padding=1)
        self.looks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(*step, 4, stride=2, padding=1, bias=at == 0),
                nn.LeakyReLU(_SLOPE),
            )
            for at, step in enumerate(seen)
        )
        self.bridges = nn.ModuleList(
            nn.Conv2d(width, width, 1, bias=at == 0) for at, (_, width) in enumerate(seen)
        )
        self.apply(_begin)

    def forward(self, amounts: Tensor, picture: Tensor) -> Tensor:
        """Positive where the columns of a patch look true."""
        state = amounts
        for number, layer in enumerate(self.layers):
            state = layer(state)
            if number < len(self.looks):
                picture = self.looks[number](picture)
                aside = functional.leaky_relu(self.bridges[number](picture), _SLOPE)
                state = (state + aside[:, :, None]) / 2
        judged: Tensor = self.last(state)
        return judged


def least_side(widths: Sequence[int]) -> int:
    """Fewest levels, rows or columns of which a judge of such widths says anything."""
    return int(3 * 2 ** (len(widths) - 1))


def patches_with(shown: Tensor, judged: Tensor) -> Tensor:
    """Which patches have a column that is shown, bool in the shape of `judged`.

    Args:
        shown: (batch, y, x) bool.
        judged: (batch, level', y', x').
    """
    found = functional.adaptive_max_pool2d(shown[:, None].float(), judged.shape[-2:]) > 0
    return found[:, :, None].expand_as(judged)


def _layer(inner: int, outer: int, stride: int, norm: bool) -> nn.Sequential:
    convolution = nn.Conv3d(inner, outer, 4, stride=stride, padding=1, bias=not norm)
    normed = nn.BatchNorm3d(outer) if norm else nn.Identity()
    return nn.Sequential(convolution, normed, nn.LeakyReLU(_SLOPE))


def _begin(layer: nn.Module) -> None:
    """Small weights at first."""
    if isinstance(layer, nn.Conv2d | nn.Conv3d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm3d):
        nn.init.normal_(layer.weight, 1.0, 0.02)

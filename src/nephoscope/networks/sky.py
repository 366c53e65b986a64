"""A U-Net for pictures of the sky, which knows of each what kind of picture it is.

What tells cloud from clear sky differs from picture to picture: the camera's colours, how many
kinds of pixel there are and how far apart. So numbers of the picture as a whole, and what is seen
at the coarsest levels on average, scale what the coarsest level says and shift what is made of each
pixel. Labels are sharp to the pixel: the head sees the pixels themselves, four to a cell, beside
what the levels say of their surroundings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.networks.blocks import ConvReLU, Groups, enlarge, fold, group_of, pick

_TOLD = 64  # numbers between what is known of a picture and what comes of it
_APART = 8  # pixels: numbers of the picture are the same at all, one of 8 x 8 is enough


class SkyNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        groups: `picture` is seen at full resolution; `frame` are numbers of the picture as a
            whole, the same at every known pixel; `known` is the flag for pixels with data.
        outputs: logits per pixel.
        widths: channels at 1/2, 1/4, 1/8 … of the resolution.
        head: channels of the head's hidden layers.
    """

    reads = ("picture", "frame", "known")

    def __init__(
        self,
        groups: Groups,
        outputs: int = 1,
        *,
        widths: Sequence[int] = (24, 48, 64, 96, 128),
        head: int = 32,
    ) -> None:
        super().__init__()
        self.flag = group_of(groups, "known", "the feature known", 1)
        picture = group_of(groups, "picture", "what it sees at each pixel")
        self.picture = [*picture, *self.flag]
        self.frame = group_of(groups, "frame", "numbers of the picture as a whole")
        self.divisor = 2 ** len(widths)
        cell, deep = 4 * len(self.picture), widths[-1]
        self.stem = ConvReLU(cell, widths[0])
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(
            nn.Sequential(ConvReLU(inner, outer, stride=2), ConvReLU(outer, outer))
            for inner, outer in steps
        )
        self.narrow = nn.ModuleList(nn.Conv2d(outer, inner, 1) for inner, outer in steps[::-1])
        self.mix = nn.ModuleList(ConvReLU(inner, inner) for inner, _ in steps[::-1])
        self.ask = nn.Linear(len(self.frame) + sum(widths[-2:]), _TOLD)
        self.tell = nn.Linear(_TOLD, 2 * deep + head)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)
        self.join = nn.Conv2d(widths[0] + cell, head, 1)
        self.head = nn.Sequential(
            ConvReLU(head, head, kernel=1), nn.Conv2d(head, 4 * outputs, 1), nn.PixelShuffle(2)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        cells = fold(pick(inputs, self.picture), self.training)
        state, skips = self.stem(cells), []
        for down in self.down:
            skips.append(state)
            state = down(state)
        seen = [self._numbers(inputs), _mean(state), _mean(skips[-1])]
        told = self.tell(functional.relu(self.ask(torch.cat(seen, dim=1))))[:, :, None, None]
        deep = state.shape[1]
        state = state * (1 + told[:, :deep]) + told[:, deep : 2 * deep]
        for narrow, mix in zip(self.narrow, self.mix, strict=True):
            state = mix(functional.relu(enlarge(narrow(state)) + skips.pop()))
        joined = self.join(torch.cat([state, cells], dim=1)) + told[:, 2 * deep :]
        logits: Tensor = self.head(functional.relu(joined)).float()
        return logits

    def _numbers(self, inputs: Tensor) -> Tensor:
        """Numbers of the picture: (batch, number)."""
        sampled = inputs[:, :, ::_APART, ::_APART]
        known = pick(sampled, self.flag).sum((2, 3)).clamp(min=1)
        return pick(sampled, self.frame).sum((2, 3)) / known


def _mean(state: Tensor) -> Tensor:
    """(batch, channel) mean over all pixels."""
    return state.mean((2, 3))

"""A network that looks at each pixel through fixed windows: local means, extremes and contrast.

Labels made by thresholds are noisy to the pixel and leave little for learned filters to find; what
tells is a pixel's brightness beside its surroundings of several sizes and beside what is usual
there. A small perceptron on those few numbers learns faster than a U-Net and carries over to
other days better. Cells of 2 x 2 pixels share their windows; each answers for its four pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.inputs.view import CONTEXT
from nephoscope.networks.blocks import (
    PLACE,
    FoldedConvReLU,
    Groups,
    Logits,
    PositionGrid,
    enlarge,
    fold,
    group_of,
    pick,
    window_extremes,
    window_mean,
)

FOLD, COARSE = 2, 4  # pixels to the side of a cell, and of a block of `CONTEXT`


class PixelNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        groups: `picture` varies from pixel to pixel, and is averaged over the windows; of
            `brightness`, one of these, extremes and contrast are taken; `known` is the flag for
            pixels with data; `context` varies slowly; `position` is latitude, sine and cosine of
            the longitude, for the place grid.
        outputs: logits per pixel.
        windows: sides of the windows around a cell, in cells, odd.
        wide: sides of the windows around a block, in blocks, odd.
        learned: filters learned over the 6 x 6 pixels around a cell.
        hidden: channels of the perceptron's hidden layers.
        position: (channels, rows, cols) of the learned place grid, or None.
        first: hidden channels of a first stage that judges whole blocks (see
            `nephoscope.networks.cascade`); 0 for none.
        sure: blocks of which that says a probability below it, or above 1 less it, are left at
            that.
    """

    def __init__(
        self,
        groups: Groups,
        outputs: int = 1,
        *,
        windows: Sequence[int] = (1, 3, 5),
        wide: Sequence[int] = (5, 11),
        learned: int = 16,
        hidden: Sequence[int] = (64, 48, 32),
        position: tuple[int, int, int] | None = None,
        first: int = 0,
        sure: float = 0.004,
    ) -> None:
        super().__init__()
        self.reads = ("picture", "known", "context", *(["position"] if position else []))
        self.flag = group_of(groups, "known", "the feature known", 1)
        picture = group_of(groups, "picture", "what varies from pixel to pixel")
        self.picture = [place for place in picture if place not in self.flag]
        self.context = list(groups.get("context", ()))
        self.position = group_of(groups, "position", PLACE, 3) if position else []
        (brightest,) = group_of(groups, "brightness", "one feature of the group picture", 1)
        if brightest not in self.picture:
            raise UsageError("inputs.features.brightness: is not in the group picture")
        self.brightness = self.picture.index(brightest)
        self.windows, self.wide = tuple(windows), tuple(wide)
        self.divisor = COARSE
        self.place = PositionGrid(*position) if position else None
        planes = len(self.picture) + len(self.flag)
        self.filters = FoldedConvReLU(planes, learned)
        near = planes * FOLD**2 + learned
        near += (planes - 1) * len(self.windows) + 3
        far = len(self.context) + (position[0] if position else 0)
        far += (planes + 2) * len(self.wide)
        self.near = nn.Conv2d(near, hidden[0], 1)
        self.far = nn.Conv2d(far, hidden[0], 1, bias=False)
        layers: list[nn.Module] = []
        for inner, outer in pairwise(hidden):
            layers += [nn.ReLU(), nn.Conv2d(inner, outer, 1)]
        layers += [nn.ReLU(), Logits(hidden[-1], outputs * FOLD**2)]
        self.mix = nn.Sequential(*layers, nn.PixelShuffle(FOLD))
        if not 0 < sure < 0.5:
            raise UsageError("network.options.sure: must be within 0 and 0.5")
        self.first = _first_stage(far + planes + 2 * (planes - 1), first) if first else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        image, cells = self.image_of(inputs)
        far = enlarge(self.far_of(inputs[:, :, *CONTEXT], cells))
        seen = [fold(image, self.training), *self.near_of(image, cells), far]
        logits: Tensor = self.mix(self._join(seen))
        return logits

    def image_of(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The picture and the known flag, of pixels and as means of cells."""
        known = pick(inputs, self.flag)
        image = torch.cat([pick(inputs, self.picture) * known, known], dim=1)
        return image, functional.avg_pool2d(image, FOLD)

    def first_of(self, image: Tensor, cells: Tensor, far: Tensor) -> Tensor:
        """What the first stage says of each block of 4 x 4 pixels: (batch, 1, y/4, x/4) logits.

        Raises:
            UsageError: the network has none.
        """
        if self.first is None:
            raise UsageError("network.options.first: the network has no first stage")
        logits: Tensor = self.first(self.seen_first(image, cells, far))
        return logits

    def seen_first(self, image: Tensor, cells: Tensor, far: Tensor) -> Tensor:
        """What the first stage sees of each block: its surroundings, means and extremes."""
        blocks = functional.avg_pool2d(cells, COARSE // FOLD)
        # The known flag goes along: to leave it out before is to copy the picture.
        ends = [sign * functional.max_pool2d(sign * image, COARSE) for sign in (1.0, -1.0)]
        ends = [each[:, :-1] for each in ends]
        return torch.cat([far, blocks, *ends], dim=1)

    def judging(self) -> list[tuple[Tensor, Any]]:
        """Weights and biases of the perceptron's layers: the last is 3 x 3, the others 1 x 1."""
        first = torch.cat([self.near.weight, self.far.weight], dim=1), self.near.bias
        return [first, *((m.weight, m.bias) for m in self.mix if isinstance(m, nn.Conv2d))]

    def _join(self, found: list[Tensor]) -> Tensor:
        """The first layer, of what is seen near and far: (batch, hidden, y/2, x/2)."""
        # Both parts in one: adding two wide results costs more than it takes to compute them.
        # Filled up to a multiple of eight channels, ONNX Runtime is a third faster here.
        weight = torch.cat([self.near.weight, self.far.weight], dim=1)
        spare = -weight.shape[1] % 8
        seen = torch.cat([*found, *[torch.zeros_like(found[-1][:, :1])] * spare], dim=1)
        weight = functional.pad(weight, (0, 0, 0, 0, 0, spare))
        return functional.conv2d(seen, weight, self.near.bias)

    def near_of(self, image: Tensor, cells: Tensor) -> list[Tensor]:
        """What is seen around each cell of 2 x 2 pixels, but for the pixels themselves."""
        value = image[:, self.brightness : self.brightness + 1]
        found = [self.filters(image)]
        found += [_known_mean(cells, side)[:, :-1] for side in self.windows]
        share = cells[:, -1:]
        brightness = _known_mean(cells, 1)[:, self.brightness, None]
        found.append(window_extremes(brightness, (share > 0).to(share.dtype), 5))
        squares = functional.avg_pool2d(value * value, FOLD)
        mean = _known_mean(torch.cat([squares, cells[:, self.brightness, None], share], 1), 5)
        variance = mean[:, :1] - mean[:, 1:2] ** 2
        return [*found, torch.sqrt(variance.clamp(min=1e-4))]

    def far_of(self, coarse: Tensor, cells: Tensor) -> Tensor:
        """What is seen around each block of 4 x 4 pixels, and what is known of the place.

        Args:
            coarse: (batch, feature, y/4, x/4), of each block the pixel in `CONTEXT`.
            cells: (batch, plane, y/2, x/2), from `image_of`.
        """
        found = [pick(coarse, self.context)]
        if self.place is not None:
            found.append(self.place(*pick(coarse, self.position).unbind(1)))
        blocks = functional.avg_pool2d(cells, COARSE // FOLD)
        own = _known_mean(blocks, 1)[:, self.brightness, None]
        known = (blocks[:, -1:] > 0).to(blocks.dtype)
        for side in self.wide:
            found += [_known_mean(blocks, side), window_extremes(own, known, side)]
        return torch.cat(found, dim=1)


def _first_stage(seen: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(seen, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, 1, 1))


def _known_mean(state: Tensor, side: int) -> Tensor:
    """Means over windows of `side` cells where something is known; the last channel says how much.

    Args:
        state: (batch, channel, y, x), zero where unknown; the last channel is the known share.
        side: odd; beyond the edge nothing is known.
    """
    mean = window_mean(state, side) if side > 1 else state
    share = mean[:, -1:]
    return torch.cat([mean[:, :-1] / share.clamp(min=1e-3), share], dim=1)

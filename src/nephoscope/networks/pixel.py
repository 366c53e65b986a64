"""A network that looks at each pixel through fixed windows: local means, extremes and contrast.

Labels made by thresholds are noisy to the pixel and leave little for learned filters to find; what
tells is a pixel's brightness beside its surroundings of several sizes and beside what is usual
there. A small perceptron on those few numbers learns faster than a U-Net and carries over to
other days better. Cells of 2 x 2 pixels share their windows; each answers for its four pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.inputs import CONTEXT
from nephoscope.networks.blocks import FoldedConvReLU, Logits, PositionGrid, fold

FOLD, COARSE = 2, 4  # pixels to the side of a cell, and of a block of `inputs.CONTEXT`
FAR = 1e3  # beyond any scaled feature


class PixelNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        features: input features; the first `image_features` of them vary from pixel to pixel, and
            the last of these is the flag for pixels with data; the rest (context) vary slowly.
        outputs: logits per pixel.
        image_features: how many features are averaged over the windows.
        brightness: which image feature has its extremes and contrast taken.
        windows: sides of the windows around a cell, in cells, odd.
        wide: sides of the windows around a block, in blocks, odd.
        learned: filters learned over the 6 x 6 pixels around a cell.
        hidden: channels of the perceptron's hidden layers.
        position: (channels, rows, cols) of the learned place grid, or None.
        position_features: where latitude, sine and cosine of the longitude are among the features.
    """

    def __init__(
        self,
        features: int,
        outputs: int = 1,
        *,
        image_features: int,
        brightness: int = 2,
        windows: Sequence[int] = (1, 3, 5),
        wide: Sequence[int] = (5, 11),
        learned: int = 16,
        hidden: Sequence[int] = (64, 48, 32),
        position: tuple[int, int, int] | None = None,
        position_features: tuple[int, int, int] = (6, 7, 8),
    ) -> None:
        super().__init__()
        self.image_features, self.brightness = image_features, brightness
        self.windows, self.wide = tuple(windows), tuple(wide)
        self.position_features = list(position_features)
        self.divisor = COARSE
        self.place = PositionGrid(*position) if position else None
        self.filters = FoldedConvReLU(image_features, learned)
        near = image_features * FOLD**2 + learned
        near += (image_features - 1) * len(self.windows) + 3
        far = (features - image_features) + (position[0] if position else 0)
        far += (image_features + 2) * len(self.wide)
        self.near = nn.Conv2d(near, hidden[0], 1)
        self.far = nn.Conv2d(far, hidden[0], 1, bias=False)
        layers: list[nn.Module] = []
        for inner, outer in pairwise(hidden):
            layers += [nn.ReLU(), nn.Conv2d(inner, outer, 1)]
        layers += [nn.ReLU(), Logits(hidden[-1], outputs * FOLD**2)]
        self.mix = nn.Sequential(*layers, nn.PixelShuffle(FOLD))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        flag = self.image_features - 1
        known = inputs[:, flag : flag + 1]
        image = torch.cat([inputs[:, :flag] * known, known], dim=1)
        cells = functional.avg_pool2d(image, FOLD)
        far = functional.interpolate(
            self._far(inputs, cells), scale_factor=COARSE / FOLD, mode="bilinear"
        )
        logits: Tensor = self.mix(self._join([*self._near(image, cells), far]))
        return logits

    def _join(self, found: list[Tensor]) -> Tensor:
        """The first layer, of what is seen near and far: (batch, hidden, y/2, x/2)."""
        # Both parts in one: adding two wide results costs more than it takes to compute them.
        # Filled up to a multiple of eight channels, ONNX Runtime is a third faster here.
        weight = torch.cat([self.near.weight, self.far.weight], dim=1)
        spare = -weight.shape[1] % 8
        seen = torch.cat([*found, *[torch.zeros_like(found[-1][:, :1])] * spare], dim=1)
        weight = functional.pad(weight, (0, 0, 0, 0, 0, spare))
        return functional.conv2d(seen, weight, self.near.bias)

    def _near(self, image: Tensor, cells: Tensor) -> list[Tensor]:
        """What is seen around each cell of 2 x 2 pixels."""
        value = image[:, self.brightness : self.brightness + 1]
        found = [fold(image, self.training), self.filters(image)]
        found += [_known_mean(cells, side)[:, :-1] for side in self.windows]
        share = cells[:, -1:]
        found += _extremes(_known_mean(cells, 1)[:, self.brightness, None], share, 5)
        squares = functional.avg_pool2d(value * value, FOLD)
        mean = _known_mean(torch.cat([squares, cells[:, self.brightness, None], share], 1), 5)
        variance = mean[:, :1] - mean[:, 1:2] ** 2
        return [*found, torch.sqrt(variance.clamp(min=1e-4))]

    def _far(self, inputs: Tensor, cells: Tensor) -> Tensor:
        """What is seen around each block of 4 x 4 pixels, and what is known of the place."""
        coarse = inputs[:, :, *CONTEXT]
        found = [coarse[:, self.image_features :]]
        if self.place is not None:
            found.append(self.place(*coarse[:, self.position_features].unbind(1)))
        blocks = functional.avg_pool2d(cells, COARSE // FOLD)
        own = _known_mean(blocks, 1)[:, self.brightness, None]
        for side in self.wide:
            found += [_known_mean(blocks, side), *_extremes(own, blocks[:, -1:], side)]
        return torch.cat(found, dim=1)


def _known_mean(state: Tensor, side: int) -> Tensor:
    """Means over windows of `side` cells where something is known; the last channel says how much.

    Args:
        state: (batch, channel, y, x), zero where unknown; the last channel is the known share.
        side: odd; beyond the edge nothing is known.
    """
    mean = state
    if side > 1:
        half = side // 2
        mean = functional.avg_pool2d(mean, (side, 1), 1, (half, 0))
        mean = functional.avg_pool2d(mean, (1, side), 1, (0, half))
    share = mean[:, -1:]
    return torch.cat([mean[:, :-1] / share.clamp(min=1e-3), share], dim=1)


def _extremes(value: Tensor, share: Tensor, side: int) -> list[Tensor]:
    """Maximum and minimum over windows of `side` cells; 0 where nothing is known."""
    known, half = (share > 0).to(value.dtype), side // 2
    found = []
    for sign in (1.0, -1.0):
        hidden = sign * value * known - FAR * (1 - known)
        most = functional.max_pool2d(hidden, (side, 1), 1, (half, 0))
        most = functional.max_pool2d(most, (1, side), 1, (0, half))
        found.append(sign * most * (most > -FAR / 2).to(value.dtype))
    return found

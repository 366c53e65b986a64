"""A network that judges each pixel by its colour and by what the sky around it looks like.

Labels of colour frames are sharp to the pixel: what tells is a pixel's own colour beside means,
contrast and extremes of its surroundings of many sizes, and beside the clear and the cloudy colour
that a fixed rule finds there. All of these are fixed numbers (`look`); only a small perceptron that
judges them (`judge`) is learned. So it can be trained on single pixels from many frames at once,
which teaches more in a step than a few whole crops do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL, BLOCK = 2, 4  # pixels to the side of a cell and of a block
FAR = 1e3  # beyond any feature
TINY = 1e-3
Looked = tuple[Tensor, Tensor, Tensor]


class LocalNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Args:
        features: input features; the last is the flag for pixels with data.
        outputs: logits per pixel.
        windowed: features of which surroundings are seen: a colour, a sign (-1 cloud … 1 clear)
            and a brightness, in this order.
        near: sides of the windows around a pixel, pixels, odd.
        middle: sides of the windows around a cell of 2 x 2 pixels, cells, odd.
        wide: sides of the windows around a block of 4 x 4 pixels, blocks, odd.
        classes: the same, of windows in which clear and cloud are told apart.
        extremes: the same, of windows of which lowest and highest are taken.
        hidden: widths of the perceptron's hidden layers.
        whole: whether the frame as a whole is seen.
    """

    centre: Tensor
    spread: Tensor

    def __init__(
        self,
        features: int,
        outputs: int = 1,
        *,
        windowed: Sequence[int] = (3, 4, 5),
        near: Sequence[int] = (3, 5),
        middle: Sequence[int] = (5, 9),
        wide: Sequence[int] = (9, 17, 31),
        classes: Sequence[int] = (5, 11, 25, 51),
        extremes: Sequence[int] = (9, 25, 61),
        hidden: Sequence[int] = (64, 32),
        whole: bool = True,
    ) -> None:
        super().__init__()
        self.windowed = list(windowed)
        self.sides = tuple(near), tuple(middle), tuple(wide), tuple(classes), tuple(extremes)
        self.whole, self.divisor = whole, BLOCK
        number = len(self.windowed)
        self.parts = (
            features - 1 + 2 * number * len(near) + len(classes),
            2 * number * len(middle),
            2 * number * len(wide) + 5 * len(classes) + 4 * len(extremes) + (5 + 6) * whole,
        )
        self.register_buffer("centre", torch.zeros(sum(self.parts)))
        self.register_buffer("spread", torch.ones(sum(self.parts)))
        self.first = nn.Linear(sum(self.parts), hidden[0])
        self.rest = nn.ModuleList(nn.Linear(*sizes) for sizes in pairwise((*hidden, outputs)))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        near, middle, wide = self.look(inputs)
        weight = self.first.weight / self.spread
        bias = self.first.bias - weight @ self.centre
        parts = weight[:, :, None, None].split(self.parts, dim=1)
        state = functional.conv2d(near, parts[0], bias)
        state = state + _enlarge(functional.conv2d(middle, parts[1]), CELL)
        state = state + _enlarge(functional.conv2d(wide, parts[2]), BLOCK)
        for layer in self.rest:
            state = functional.conv2d(
                functional.relu(state), layer.weight[:, :, None, None], layer.bias
            )
        return state

    def judge(self, seen: Tensor) -> Tensor:
        """(pixel, seen) as `at_pixels` gives them → (pixel, output) logits."""
        state: Tensor = self.first((seen - self.centre) / self.spread)
        for layer in self.rest:
            state = layer(functional.relu(state))
        return state

    def standardise(self, seen: Tensor) -> None:
        """Take centre and spread of what is seen from (pixel, seen) examples."""
        self.centre.copy_(seen.mean(0))
        self.spread.copy_(seen.std(0).clamp(min=1e-2))

    @torch.no_grad()
    def at_pixels(self, inputs: Tensor, rows: Tensor, cols: Tensor) -> Tensor:
        """What is seen at some pixels of one frame: (1, feature, y, x) → (pixel, seen)."""
        found = []
        for part, step in zip(self.look(inputs), (1, CELL, BLOCK), strict=True):
            full = part if step == 1 else _enlarge(part, step)
            found.append(full[0, :, rows, cols].T)
        return torch.cat(found, dim=1)

    def look(self, inputs: Tensor) -> Looked:
        """What is seen around each pixel, cell of 2 x 2 and block of 4 x 4 pixels."""
        near, middle, wide, classes, extremes = self.sides
        known = inputs[:, -1:]
        image = inputs[:, :-1] * known
        windowed = image[:, self.windowed]
        stack = torch.cat([windowed, windowed**2, known], dim=1)
        cells = functional.avg_pool2d(stack, CELL)
        clear = windowed[:, :1], windowed[:, 2:], (1 + windowed[:, 1:2]) / 2 * known
        shares = torch.cat([clear[0] * clear[2], clear[1] * clear[2], clear[2]], dim=1)
        blocks = functional.avg_pool2d(cells, BLOCK // CELL)
        both = torch.cat([functional.avg_pool2d(shares, BLOCK), blocks[:, [0, 2, -1]]], dim=1)
        far = [_moments(blocks, side) for side in wide]
        told = [_classes(_box(both, side)) for side in classes]
        far += [*told, *(_extremes(blocks, side) for side in extremes)]
        if self.whole:
            far += self._of_all(blocks, both)
        pixels = [image, *(_moments(stack, side) for side in near)]
        pixels += [_between(windowed[:, :1], kind, known) for kind in told]
        return (
            torch.cat(pixels, dim=1),
            torch.cat([_moments(cells, side) for side in middle], dim=1),
            torch.cat(far, dim=1),
        )

    def _of_all(self, blocks: Tensor, both: Tensor) -> list[Tensor]:
        """The same of the whole frame, in every block."""
        size = -1, -1, *blocks.shape[2:]
        means = [_classes(both.mean((2, 3), keepdim=True))]
        means.append(_split(blocks.mean((2, 3), keepdim=True)))
        return [mean.expand(size) for mean in means]


def _enlarge(state: Tensor, step: int) -> Tensor:
    return functional.interpolate(
        state, scale_factor=float(step), mode="bilinear", align_corners=False
    )


def _box(state: Tensor, side: int) -> Tensor:
    """Means over windows; what lies beyond the edge counts as nothing known."""
    half = side // 2
    state = functional.avg_pool2d(state, (side, 1), 1, (half, 0))
    return functional.avg_pool2d(state, (1, side), 1, (0, half))


def _moments(stack: Tensor, side: int) -> Tensor:
    """Mean and standard deviation over windows of (values, their squares, share known)."""
    return _split(_box(stack, side))


def _split(mean: Tensor) -> Tensor:
    mean = mean[:, :-1] / mean[:, -1:].clamp(min=TINY)
    first, second = mean.chunk(2, dim=1)
    return torch.cat([first, torch.sqrt((second - first**2).clamp(min=1e-6))], dim=1)


def _classes(sums: Tensor) -> Tensor:
    """Colour and brightness of what looks clear and of what does not, and the clear share.

    Args:
        sums: colour, brightness and share of clear; the same of everything.
    """
    clear, everything = sums[:, :3], sums[:, 3:]
    cloud = everything - clear
    # A class of which there is little is taken for the mean of all: nothing is known of it.
    mean = everything[:, :2] / everything[:, 2:].clamp(min=TINY)
    least = 0.01
    found = [
        (part[:, :2] + least * mean) / (part[:, 2:].clamp(min=0) + least) for part in (clear, cloud)
    ]
    share = clear[:, 2:] / everything[:, 2:].clamp(min=TINY)
    return torch.cat([*found, share], dim=1)


def _between(colour: Tensor, classes: Tensor, known: Tensor) -> Tensor:
    """Where a pixel's colour lies between those of clear (1) and cloud (-1) around it."""
    clear, cloud = classes[:, :1], classes[:, 2:3]
    pair = torch.cat([(clear + cloud) / 2, (clear - cloud).abs().clamp(min=0.05)], dim=1)
    pair = _enlarge(pair, BLOCK)
    return torch.tanh((colour - pair[:, :1]) / pair[:, 1:] * 2) * known


def _extremes(blocks: Tensor, side: int) -> Tensor:
    """Lowest and highest colour and brightness over windows; 0 where nothing is known."""
    share = blocks[:, -1:]
    known = (share > 0.5).to(blocks.dtype)
    value = blocks[:, [0, 2]] / share.clamp(min=TINY)
    half, found = side // 2, []
    for sign in (1.0, -1.0):
        hidden = sign * value * known - FAR * (1 - known)
        most = functional.max_pool2d(hidden, (side, 1), 1, (half, 0))
        most = functional.max_pool2d(most, (1, side), 1, (0, half))
        found.append(sign * most * (most > -FAR / 2).to(value.dtype))
    return torch.cat(found, dim=1)

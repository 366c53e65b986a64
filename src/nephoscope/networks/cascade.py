"""A network in two parts: what is looked at everywhere, and what is judged where it is not sure.

Most of a map is surely clear or surely cloudy. A tiny first stage, which sees blocks of pixels,
says so, and the perceptron is asked only about the cells of the other blocks. Where it is asked it
says what the whole network says. Between the parts the cells are picked out, which no compiled
network does fast (see `nephoscope.apply.cascade`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.networks.blocks import enlarge
from nephoscope.networks.pixel import FOLD, PixelNet

REACH = 2
"""Pixels that a cell's learned filters read on each side of it."""


class Look(nn.Module):
    """What a `PixelNet` sees of cells through its windows, and its first stage.

    The picture with the known flag, (batch, plane, y, x), 0 where that is 0, and one pixel of each
    block of all features, (batch, feature, y/4, x/4) → parts of what is seen near, then far away,
    each (batch, number, y/2, x/2) of cells, then logits (batch, 1, y/4, x/4) of blocks.
    """

    def __init__(self, network: PixelNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, coarse: Tensor) -> tuple[Tensor, ...]:
        """Look at everything."""
        net = self.network
        cells = functional.avg_pool2d(image, FOLD)
        far = net.far_of(coarse, cells)
        # What is learned of single pixels is asked of few cells: the first part of what is near.
        return *net.near_of(image, cells)[1:], enlarge(far), net.first_of(image, cells, far)


class Judge(nn.Module):
    """What the perceptron of a `PixelNet` makes of cells: (number, cell) → (tap x pixel, cell).

    The numbers are those of the pixels (the picture, and the known flag) from `REACH` before a cell
    to `REACH` behind it, row by row, and then what `Look` sees of the cell.

    Logits of a cell's four pixels are a sum over the 3 x 3 cells around it, row by row: of the
    cell at tap k rows 4 k to 4 k + 3.
    """

    def __init__(self, network: PixelNet) -> None:
        super().__init__()
        weight = network.filters.unfolded().detach()
        self.learned = weight.permute(0, 2, 3, 1).flatten(1)
        self.start = network.filters.bias.detach()[:, None]
        planes, side = weight.shape[1], weight.shape[-1]
        inside = [row * side + col for row in (REACH, REACH + 1) for col in (REACH, REACH + 1)]
        self.own = torch.tensor([planes * pixel + n for n in range(planes) for pixel in inside])
        layers = [(w.detach(), b.detach()) for w, b in network.judging()]
        *_, (last, bias) = layers
        self.weights = [weight.flatten(1) for weight, _ in layers[:-1]]
        self.biases = [each[:, None] for _, each in layers[:-1]]
        # (pixel, hidden, row, col) → (row, col, pixel; hidden)
        self.last = last.permute(2, 3, 0, 1).reshape(-1, last.shape[1])
        middle = len(self.last) // 2 - len(bias) // 2
        self.bias = functional.pad(bias, (middle, middle))[:, None]

    def forward(self, seen: Tensor) -> Tensor:
        """Judge each cell."""
        own = self.learned.shape[1]
        pixels, windows = seen[:own], seen[own:]
        learned = torch.relu(self.learned @ pixels + self.start)
        seen = torch.cat([pixels[self.own], learned, windows])
        for weight, bias in zip(self.weights, self.biases, strict=True):
            seen = torch.relu(weight @ seen + bias)
        return self.last @ seen + self.bias

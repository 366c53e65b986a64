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
from nephoscope.networks.pixel import PixelNet


class Look(nn.Module):
    """What a `PixelNet` sees of cells but for the pixels themselves, and its first stage.

    (batch, feature, y, x) → parts of what is seen near, then far away, each (batch, number, y/2,
    x/2) of cells, then logits (batch, 1, y/4, x/4) of blocks.
    """

    def __init__(self, network: PixelNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Look at everything."""
        net = self.network
        image, cells = net.image_of(inputs)
        far = net.far_of(inputs, cells)
        return *net.near_of(image, cells), enlarge(far), net.first_of(image, cells, far)


class Judge(nn.Module):
    """What the perceptron of a `PixelNet` makes of cells: (number, cell) → (tap x pixel, cell).

    Logits of a cell's four pixels are a sum over the 3 x 3 cells around it, row by row: of the
    cell at tap k rows 4 k to 4 k + 3.
    """

    def __init__(self, network: PixelNet) -> None:
        super().__init__()
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
        for weight, bias in zip(self.weights, self.biases, strict=True):
            seen = torch.relu(weight @ seen + bias)
        return self.last @ seen + self.bias

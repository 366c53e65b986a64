"""The cost of the original's way to predict a Mars map: a plain torch reference of its algorithm.

Written from the published description (Mengwall & Guzewich 2023, doi 10.1016/j.icarus.2022.115252),
not from its code: an un-padded U-Net of width 8 and depth 4 in float32, tiles of 668 pixels in
and 484 out that overlap by at least half, one tile a call, all tiles kept on a stack of two
float64 maps each, and for each pixel the probability of the tile whose centre is nearest. Weights
are random, which costs as much as trained ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

TILE_IN, TILE_OUT = 668, 484
BORDER = (TILE_IN - TILE_OUT) // 2
MISSING = -999.0
CHANNELS_LAST = torch.channels_last


class Convolutions(nn.Sequential):
    """Two un-padded 3 x 3 convolutions, each followed by ReLU and batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for count in (inputs, outputs):
            layers += [nn.Conv2d(count, outputs, 3), nn.ReLU(), nn.BatchNorm2d(outputs)]
        super().__init__(*layers)


class OriginalUNet(nn.Module):
    """(tile, 3, 668, 668) float32 in 0..255 to (tile, 484, 484) probability."""

    def __init__(self, width: int = 8, depth: int = 4) -> None:
        super().__init__()
        sizes = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            Convolutions(a, b) for a, b in zip([3, *sizes[:-1]], sizes, strict=True)
        )
        pairs = list(zip(sizes[:0:-1], sizes[-2::-1], strict=True))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(Convolutions(2 * b, b) for _, b in pairs)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Probability of cloud in the centre of each tile."""
        x, skips = image / 255, list[Tensor]()
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x)
        for grow, block, skip in zip(self.grow, self.up, skips[-2::-1], strict=True):
            x = torch.relu(grow(x))
            x = block(torch.cat([_centre(skip, x.shape[-1]), x], dim=1))
        return torch.sigmoid(self.head(x))[:, 0]


def _centre(x: Tensor, size: int) -> Tensor:
    start = (x.shape[-1] - size) // 2
    return x[..., start : start + size, start : start + size]


class Box(NamedTuple):
    """Rows and columns that are predicted: first and one past the last."""

    top: int
    bottom: int
    left: int
    right: int


def season_box(image: NDArray[np.uint8], solar_longitude: float, offset: float = 3.0) -> Box:
    """The box the original predicts: polar bounds by season, and the columns that hold data.

    Args:
        image: (y, x, channel) uint8.
        solar_longitude: Ls, degrees.
        offset: from the edge of the ice caps, degrees.
    """
    sign = 1 if solar_longitude <= 180 else -1
    height = 90 - abs((90 if sign > 0 else 270) - solar_longitude)
    north = 59 + sign * 0.214 * height - offset
    south = -57 + sign * 0.247 * height + offset
    step = 180 / image.shape[0]
    bright = np.flatnonzero((image >= 30).all(axis=-1).any(axis=0))
    top, bottom = (round(900 - latitude / step) for latitude in (north, south))
    return Box(top, bottom, int(bright[0]), int(bright[-1]) + 1)


def tile_starts(extent: int) -> list[int]:
    """Starts of the output tiles along one axis: at least half overlap, the last at the edge."""
    count = int(np.ceil(2 * extent / TILE_OUT - 1))
    stride = extent / (count + 1)
    starts = [round(index * stride) for index in range(count)]
    starts[-1] = extent - TILE_OUT
    return starts


def pad(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The box with the border that the un-padded network loses; longitude wraps."""
    rows = np.clip(np.arange(box.top - BORDER, box.bottom + BORDER), 0, image.shape[0] - 1)
    inside = image[rows, box.left : box.right]
    return np.concatenate([inside[:, -BORDER:], inside, inside[:, :BORDER]], axis=1)


def spline_window(size: int = TILE_OUT) -> NDArray[np.float64]:
    """Squared-spline window (y, x), highest in the centre; it only ranks the tiles."""
    triangle = 1 - np.abs(2 * np.arange(size) + 1 - size) / size
    edge = int(size / 4)
    outer = (2 * triangle) ** 2 / 2
    inner = 1 - 2 * (triangle - 1) ** 2
    line = np.where((np.arange(size) < edge) | (np.arange(size) >= size - edge), outer, inner)
    line /= line.mean()
    return np.outer(line, line)


@torch.inference_mode()
def predict_original(
    network: nn.Module, image: NDArray[np.uint8], solar_longitude: float
) -> NDArray[np.float64]:
    """Predict one map the original's way.

    Args:
        network: an `OriginalUNet` in evaluation mode.
        image: (y, x, channel) uint8.
        solar_longitude: Ls, degrees.

    Returns:
        (y, x) float64 probability, -999 outside the box and where the map has no data.
    """
    box = season_box(image, solar_longitude)
    padded = pad(image, box)
    starts = [
        (row, col)
        for row in tile_starts(box.bottom - box.top)
        for col in tile_starts(box.right - box.left)
    ]
    # Tiles x 2 maps of float64, 5.8 GB, all of it touched, as the original's resident memory is.
    stack = np.full((len(starts), 2, *image.shape[:2]), 0.0)
    window = spline_window()
    for index, (row, col) in enumerate(starts):
        tile = padded[row : row + TILE_IN, col : col + TILE_IN]
        tensor = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1)[None]))
        rows = slice(box.top + row, box.top + row + TILE_OUT)
        cols = slice(box.left + col, box.left + col + TILE_OUT)
        stack[index, 0, rows, cols] = network(
            tensor.float().contiguous(memory_format=CHANNELS_LAST)
        )[0].numpy()
        stack[index, 1, rows, cols] = window
    probability = _nearest(stack)
    probability[_is_missing(image)] = MISSING
    outside = np.ones(image.shape[:2], bool)
    outside[box.top : box.bottom, box.left : box.right] = False
    probability[outside] = MISSING
    return probability


def _nearest(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """From (tile, 2, y, x) the value of the tile that ranks highest: (y, x).

    A running maximum: kinder to the original, in time and memory, than an argmax over the stack.
    """
    probability, rank = stack[0].copy()
    for value, here in stack[1:]:
        better = here > rank
        np.copyto(probability, value, where=better)
        np.copyto(rank, here, where=better)
    return probability


def _is_missing(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    green, blue = image[..., 1], image[..., 2]
    dark = ((green < 20) & (blue < 20)) | (blue < 30)
    return np.asarray(dark | (image == 0).any(axis=-1))


def build_original(seed: int = 0) -> OriginalUNet:
    """The network with random weights whose batch statistics fit its activations."""
    torch.manual_seed(seed)
    network = OriginalUNet()
    with torch.no_grad():
        network.train()
        network(torch.rand(1, 3, TILE_IN, TILE_IN) * 120)
    # The fastest layout here: a quarter less time than torch's default.
    return network.eval().to(memory_format=CHANNELS_LAST)

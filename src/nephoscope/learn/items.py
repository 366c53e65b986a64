"""Items: what raw numbers of the head stand beside what truth. Nothing else knows the truth's form.

| truth | raw | items |
|---|---|---|
| pixels | (b, output, y, x) | every pixel |
| frame | (b, output) | every sample |
| points | (b, output, y, x) | weighted mean of the four pixels around: the gradient flows |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.scene import Truth

Batch = dict[str, Tensor]
_OF_PICTURES = {"inputs", "known", "point", "corner", "weight"}


def raw_of(network: NormalisedNetwork, batch: Batch) -> Tensor:
    """Raw numbers of a batch: of every pixel, or of its items if the network tells those alone.

    Args:
        network: behind its scaling.
        batch: `inputs` (b, feature, y, x), and what `items` reads; or `seen` (item, number).
    """
    if "seen" in batch:
        judge: Any = network.network
        found: Tensor = judge.judge(batch["seen"])
        return found
    inputs = batch["inputs"].contiguous(memory_format=torch.channels_last)
    if not network.tells_pixels or not batch.keys() & {"point", "corner"}:
        whole: Tensor = network(inputs)
        return whole
    # Neighbours on a track share pixels, and what stands on a pixel has but one.
    corner, weight = _corners_of(batch, inputs.shape[2:])
    item, which = torch.nonzero(weight, as_tuple=True)
    pixels, place = torch.unique(corner[item, which], dim=0, return_inverse=True)
    around: Tensor = network(inputs, pixels)[place]
    around = around * weight[item, which, None].to(around.dtype)
    return around.new_zeros(len(weight), around.shape[1]).index_add(0, item, around)


def items(raw: Tensor, batch: Batch, truth: Truth) -> tuple[Tensor, Batch]:
    """What the head says of each item, and what is true of it.

    Args:
        raw: of the batch, float32; of `raw_of` already (item, output) of single pixels, or of
            points.
        batch: `label` (b, y, x) of pixels or (b,) of frames; of points `point` (item, 3) float32:
            sample, row and column, and the task's variables (item, ...); perhaps `corner` (item, 4,
            3) int64, sample, row and column of the pixels around it, and `weight` (item, 4).
        truth: its form: pixels, frame or points.

    Returns:
        (item, output) float32, and name → (item, ...).
    """
    if truth == "frame" or "seen" in batch:
        return raw, {"label": batch["label"]}
    if truth == "pixels":
        flat = raw.movedim(1, -1).reshape(-1, raw.shape[1])
        return flat, {"label": batch["label"].reshape(-1)}
    named = {name: value for name, value in batch.items() if name not in _OF_PICTURES}
    if raw.ndim == 2:
        return raw, named
    return at_corners(raw, *_corners_of(batch, raw.shape[2:])), named


def counted(
    raw: Tensor, batch: Batch, truth: Truth
) -> tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[Any]]]:
    """Items as a task counts them: arrays, NaN where there is no image data.

    Args:
        raw: as for `items`.
        batch: as for `items`; `known` (b, y, x) bool is false where there is no image data.
        truth: its form: pixels, frame or points.
    """
    found, named = items(raw.float(), batch, truth)
    found = found.cpu()
    if truth != "frame" and "known" in batch:
        known = batch["known"].cpu()
        if truth == "points":
            sample, row, col = batch["point"].cpu().round().long().unbind(1)
            seen = known[sample, row.clamp(0, known.shape[1] - 1), col.clamp(0, known.shape[2] - 1)]
        else:
            seen = known.reshape(-1)
        found = found.masked_fill(~seen[:, None], torch.nan)
    return found.numpy(), {name: value.cpu().numpy() for name, value in named.items()}


def _corners_of(batch: Batch, sides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The pixels around the points of a batch, and their weights: as given, or bilinear."""
    if "corner" in batch:
        return batch["corner"], batch["weight"]
    return corners_around(batch["point"], sides)


def corners_around(point: Tensor, sides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Bilinear weights of the four pixels around points; beyond an edge as at the edge.

    Args:
        point: (item, 3) float32, sample, row and column; whole numbers are centres of pixels.
        sides: rows and columns of the picture.

    Returns:
        (item, 4, 3) int64, sample, row and column; and (item, 4) float32.
    """
    height, width = sides
    sample = point[:, 0].long()
    row, col = point[:, 1].clamp(0, height - 1), point[:, 2].clamp(0, width - 1)
    top, left = row.floor(), col.floor()
    corners, weights = [], []
    for below, down in ((0, 1 - (row - top)), (1, row - top)):
        for right, across in ((0, 1 - (col - left)), (1, col - left)):
            y = (top.long() + below).clamp(max=height - 1)
            x = (left.long() + right).clamp(max=width - 1)
            corners.append(torch.stack([sample, y, x], dim=1))
            weights.append(down * across)
    return torch.stack(corners, dim=1), torch.stack(weights, dim=1)


def at_corners(raw: Tensor, corner: Tensor, weight: Tensor) -> Tensor:
    """Weighted means of pixels, (item, output).

    Args:
        raw: (b, output, y, x) float32.
        corner: (item, corner, 3) int64, sample, row and column.
        weight: (item, corner), of sum 1.
    """
    sample, row, col = corner.unbind(-1)
    return (raw[sample, :, row, col] * weight[..., None].to(raw.dtype)).sum(dim=1)

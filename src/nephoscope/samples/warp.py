"""Warped crops of frames: rotation, shear, zoom and shift at once; image bilinear, label nearest.

Frames go on beyond their edges by reflection. Missing pixels take no part in the interpolation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from nephoscope.inputs import View
from nephoscope.inputs.sky import pixel_noise
from nephoscope.recipe import Warp
from nephoscope.samples.part import Part
from nephoscope.samples.truth import Label
from nephoscope.scene import known_of

Floats = npt.NDArray[np.float32]


def warped_crop(
    part: Part,
    size: tuple[int, int],
    settings: Warp,
    rng: np.random.Generator,
    sample: int | None = None,
) -> tuple[View, Label]:
    """A crop of one frame under a random affine map.

    Args:
        part: the samples.
        size: rows and columns of the crop.
        settings: how far the map may go.
        rng: where the draws come from.
        sample: which sample to cut it from; drawn when not given.
    """
    drawn = int(rng.integers(len(part.indices)))
    sample = drawn if sample is None else sample
    shape = part.size_of(sample)
    matrix, centre = draw_map(shape, settings, rng)
    rows, cols = places(size, matrix, centre)
    whole = sample, 0, 0, shape
    view, label = part.view(*whole), part.label_in(*whole)
    image = warp_image(view.image, view.known, rows, cols)
    if len(image) == 1:
        image += lost_noise(view.image[0], image[0], rng)
    nearest = _reflect(rows, label.shape[0]), _reflect(cols, label.shape[1])
    row, col = (np.rint(place).astype(np.intp) for place in nearest)
    zeros = np.zeros(size[0]), np.zeros(size[1])
    return View(image, known_of(image), *zeros, channels=part.channels), label[row, col]


def lost_noise(frame: npt.NDArray[np.generic], warped: Floats, rng: np.random.Generator) -> Floats:
    """Noise that gives a warped frame the pixel noise which interpolation took: (y, x) float32.

    Without it a zoomed frame would be of a camera better than any, and cloud would be told by that.

    Args:
        frame: (Y, X), one channel of counts, NaN where missing.
        warped: (y, x) float32, the same after warping.
        rng: where the noise comes from.
    """
    before, after = pixel_noise(frame.astype(np.float64)), pixel_noise(warped.astype(np.float64))
    missing = np.float32(max(before**2 - after**2, 0.0) ** 0.5)
    return missing * rng.standard_normal(warped.shape, dtype=np.float32)


def draw_map(
    shape: tuple[int, int], settings: Warp, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Draw a map from crop to frame: matrix (2, 2) and centre (2,), row and column, pixels."""
    angle = np.deg2rad(settings.rotation) * rng.uniform(-1, 1)
    shear = settings.shear * rng.uniform(-1, 1)
    zoom = np.exp(rng.uniform(*np.log(settings.zoom)))
    shift = settings.shift * rng.uniform(-1, 1, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1.0, shear], [0.0, 1.0]]) / zoom
    sides = np.array(shape, float)
    return matrix, (sides - 1) / 2 + shift * sides


def places(
    size: tuple[int, int], matrix: npt.NDArray[np.float64], centre: npt.NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Rows and columns of the frame, each (y, x) float32, that a crop's pixels look at."""
    y = np.arange(size[0])[:, None] - (size[0] - 1) / 2
    x = np.arange(size[1])[None, :] - (size[1] - 1) / 2
    rows, cols = (m[0] * y + m[1] * x + c for m, c in zip(matrix, centre, strict=True))
    return rows.astype(np.float32), cols.astype(np.float32)


def warp_image(
    image: npt.NDArray[np.generic], known: npt.NDArray[np.bool_], rows: Floats, cols: Floats
) -> Floats:
    """Bilinear values of an image at places, by reflection beyond its edges.

    Args:
        image: (channel, Y, X) uint8 or float32.
        known: (Y, X) where it is not missing.
        rows: (y, x) float32.
        cols: (y, x) float32.

    Returns:
        (channel, y, x) float32, NaN where the nearest pixel is missing.
    """
    filled = np.where(known, image.astype(np.float32), np.float32(0))
    stack = np.concatenate([filled, known[None]], axis=0, dtype=np.float32)
    sampled = _bilinear(stack, rows, cols)
    weight = sampled[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        warped = sampled[:-1] / weight
    warped[:, weight < 0.5] = np.nan
    return np.asarray(warped, np.float32)


def _bilinear(stack: Floats, rows: Floats, cols: Floats) -> Floats:
    height, width = stack.shape[1:]
    grid = np.stack([(2 * cols + 1) / width - 1, (2 * rows + 1) / height - 1], axis=-1)
    sampled: Floats = functional.grid_sample(
        torch.from_numpy(stack)[None],
        torch.from_numpy(grid.astype(np.float32))[None],
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )[0].numpy()
    return sampled


def _reflect(place: Floats, length: int) -> Floats:
    """Fold coordinates back into -0.5 .. length - 0.5, as the image is."""
    folded = np.mod(place + 0.5, 2 * length)
    folded = np.minimum(folded, 2 * length - folded) - 0.5
    return np.asarray(folded.clip(0, length - 1), np.float32)

"""Samples of a camera: frames without coordinates, which do not wrap and are judged whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.grids.blocks import factor_for, pad_to, reduce_image, reduce_label
from nephoscope.inputs import assemble
from nephoscope.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from nephoscope.samples.arrays import PartArrays


def axis_of(store: xr.Dataset, name: str, dim: str) -> npt.NDArray[np.float64]:
    """A coordinate of the samples, (dim,) degrees; zeros where they have none."""
    if name in store.variables:
        return np.asarray(store[name].values, np.float64)
    return np.zeros(store.sizes[dim])


def is_gridded(scene: xr.Dataset) -> bool:
    """Whether a scene has a latitude for each row and a longitude for each column."""
    return scene["latitude"].dims == ("y",) and scene["longitude"].dims == ("x",)


def at_working_size(
    scene: xr.Dataset, label: npt.NDArray[np.int8], recipe: Recipe
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    """A scene's image (channel, y, x) and label (y, x), reduced as the recipe asks.

    Labels of another shape than the image are returned as they are: the store says so.
    """
    image = scene["image"].values
    shape = (int(image.shape[1]), int(image.shape[2]))
    factor = factor_for(shape, recipe.inputs.side)
    if factor == 1 or label.shape != shape:
        return image, label
    return reduce_image(image, factor), reduce_label(label, factor)


def storage_of(scene: xr.Dataset) -> tuple[str, float]:
    """Type and fill value in which a scene's images are stored: bytes for DN, else floats."""
    is_bytes = scene["image"].attrs.get("units", "DN") == "DN"
    return ("uint8", 0) if is_bytes else ("float32", float("nan"))


class WholeFrames:
    """Each frame of a part, grown to the network's divisor.

    Each is a dict of `inputs` (1, feature, y, x) float32; `label` (1, y, x) int8, -1 unknown; and
    `known` (1, y, x) bool, false where there is no image data.

    Args:
        part: the samples.
        recipe: names the features.
        divisor: sides of the network's input are multiples of it.
    """

    def __init__(self, part: PartArrays, recipe: Recipe, divisor: int) -> None:
        self.part, self.recipe, self.divisor = part, recipe, divisor

    def __len__(self) -> int:
        return len(self.part.indices)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for sample in range(len(self)):
            yield self._frame(sample)

    def _frame(self, sample: int) -> dict[str, Tensor]:
        import torch

        view = self.part.view(sample, 0, 0, self.part.shape)
        label = self.part.label_window(sample, 0, 0, self.part.shape)
        parts: dict[str, Any] = {
            "inputs": pad_to(assemble(view, self.recipe.inputs.names), self.divisor),
            "label": pad_to(label, self.divisor, -1),
            "known": pad_to(view.known, self.divisor, False),
        }
        return {name: torch.from_numpy(np.ascontiguousarray(v))[None] for name, v in parts.items()}

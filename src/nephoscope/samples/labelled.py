"""Labelled scenes, read one at a time, all of one size: what a store is written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.recipe import Recipe
from nephoscope.samples.frames import at_working_size

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Labelled:
    """Scenes with image and label (y, x) int8 as stored, all of one shape, read one at a time."""

    pairs: list[tuple[Any, Path]]
    reader: Any  # an instrument module
    recipe: Recipe
    on_error: Callable[[InputError], None] | None
    out: Path
    sizes: Counter[tuple[int, ...]] = field(default_factory=Counter)

    def tell_sizes(self) -> None:
        """Say it once, where the pictures are of more than one size."""
        if len(self.sizes) < 2 or self.on_error is None:
            return
        (kept, number), *others = self.sizes.items()
        named = ", ".join(f"{count} of {_size(shape)}" for shape, count in others)
        problem = (
            f"holds the {number} pictures of {_size(kept)} pixels, as the first is; left out are "
            f"{self.sizes.total() - number} of other sizes: {named}"
        )
        remedy = "bring all to one size, or build a store for each"
        self.on_error(InputError(self.out, problem, field="image", remedy=remedy))

    def __iter__(self) -> Iterator[tuple[xr.Dataset, Floats, npt.NDArray[np.int8]]]:
        shape: tuple[int, ...] | None = None
        for file, label_path in self.pairs:
            try:
                scene = self.reader.read(file.path)
                label = self.reader.read_label(label_path)
                scene.attrs.setdefault("series", getattr(file, "series", ""))
                image, label = at_working_size(scene, label, self.recipe)
                shape = shape or image.shape
                self.sizes[image.shape] += 1
                _check_shapes(file.path, image.shape, label_path, label.shape, shape)
            except InputError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
            else:
                yield scene, image, label


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[2]} x {shape[1]}" + ("" if shape[0] == 3 else f" in {shape[0]} channel(s)")


def _check_shapes(
    path: Path,
    image: tuple[int, ...],
    label_path: Path,
    label: tuple[int, ...],
    wanted: tuple[int, ...],
) -> None:
    if image != wanted:
        raise InputError(path, f"has shape {image}, the first map has {wanted}", field="image")
    if label != wanted[1:]:
        raise InputError(
            label_path, f"has shape {label}, the maps have {wanted[1:]}", field="label"
        )

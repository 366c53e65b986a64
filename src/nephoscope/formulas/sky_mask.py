"""Sky of a fixed camera, found from many of its frames: domes, masts and trees stay, clouds do not.

No sky is what is dark in nearly all frames, what has the same texture in them, what is far warmer
than the rest (thermal), and what these cut off from the largest piece that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from nephoscope.errors import InputError, UsageError
from nephoscope.grids.blocks import Blocks
from nephoscope.instruments.skycam.pictures import COLOURS, grey
from nephoscope.scene import source_of

FEWEST = 10
"""Frames."""

_SIDE = 480  # pixels of the shorter side at which texture is compared
_FINE = 1.5  # pixels: texture is what is left of a Gaussian of this width
_BLACK = 4.0  # DN; darker than this there is no telling
_DARK = 0.4  # of the brightness of the middle of a frame
_ALWAYS = 0.9  # share of the frames
_SAME = 0.6  # share of a place's texture that is the same in all frames
_FAINT = 0.01  # texture, share of the brightness, that says nothing
_STRONG = 8.0  # times as strong as the texture of most pixels
_WARM = 8.0  # times as far above the median as the coldest tenth is below
_SPECK = 9  # pixels; smaller spots are noise
_LEAST = 0.2  # share of what is seen that must be sky

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass
class SkyFinder:
    """Sums over the frames of a camera, taken one by one, so that they may be many."""

    frames: int = 0
    shape: tuple[int, int] = (0, 0)
    thermal: bool = False

    def add(self, scene: xr.Dataset) -> None:
        """Take in a frame.

        Raises:
            InputError: it is of another size or kind than the frames before.
        """
        image, flavour = scene["image"].values, scene.attrs["flavour"]
        shape = int(image.shape[1]), int(image.shape[2])
        if not self.frames:
            self.shape, self.thermal = shape, flavour == "thermal"
            self._views = 2 if len(image) == len(COLOURS) else 1
            small = Blocks(self._factor, self._factor).mean(image[:1])[0].shape
            self._same, self._all = np.zeros((2, self._views, *small))
            self._level, self._dark, self._seen = np.zeros((3, *small))
        if (shape, flavour == "thermal") != (self.shape, self.thermal):
            problem = f"is {flavour} of {shape}, unlike the frames before, of {self.shape}"
            raise InputError(source_of(scene), problem, field="image")
        self._add(Blocks(self._factor, self._factor).mean(image))
        self.frames += 1

    @property
    def _factor(self) -> int:
        return max(min(self.shape) // _SIDE, 1)

    def _add(self, image: NDArray[np.float32]) -> None:
        bright = grey(image) if len(image) == len(COLOURS) else image[0]
        seen, middle = np.isfinite(bright), _middle_of(bright)
        if self.thermal:
            views = [np.where(seen, bright - middle, 0.0)]
        else:
            image = np.maximum(np.where(seen, image, 0), 0)
            light = np.where(seen, bright, 0)
            self._dark += light < _DARK * middle
            views = [np.log((light + _BLACK) / (middle + _BLACK))]
            views += [np.log((image[-1] + _BLACK) / (image[0] + _BLACK))] * (len(image) > 1)
        for view, same, power in zip(views, self._same, self._all, strict=True):
            texture = view - ndimage.gaussian_filter(view, _FINE)
            same += texture
            power += texture**2
        self._level += views[0]
        self._seen += seen

    def found(self) -> Bools:
        """Where sky is, (y, x) bool of the camera's frame.

        Raises:
            UsageError: there are too few frames, or the sky did not change between them.
        """
        if self.frames < FEWEST:
            raise UsageError(f"{self.frames} frames: at least {FEWEST} show where the sky is")
        seen = self._seen > self.frames / 2
        sky = _largest(seen & ~self._fixed() & ~self._unlike_sky(seen))
        if sky.sum() < _LEAST * seen.sum():
            raise UsageError(
                f"{self.frames} frames: they are too much alike to tell the sky from what is fixed;"
                " give frames of several hours or days"
            )
        whole = np.repeat(np.repeat(sky, self._factor, 0), self._factor, 1)
        return np.asarray(whole[: self.shape[0], : self.shape[1]])

    def _fixed(self) -> Bools:
        """(y, x) bool, the texture is strong, and the same in all frames."""
        around = (0, 1, 1)
        same = ndimage.gaussian_filter((self._same / self.frames) ** 2, around)
        power = ndimage.gaussian_filter(self._all / self.frames, around)
        strong = _STRONG * float(np.median(np.sqrt(same))) if self.thermal else _FAINT
        return np.asarray(((same > _SAME * power) & (same > strong**2)).any(0))

    def _unlike_sky(self, seen: Bools) -> Bools:
        """(y, x) bool, dark in nearly all frames, or far warmer than the rest of them."""
        if not self.thermal:
            return np.asarray(self._dark > _ALWAYS * self.frames)
        level = self._level / self.frames
        cold, usual = np.percentile(level[seen], (10, 50))
        return np.asarray(level > usual + _WARM * (usual - cold))


def sky_of_labels(
    labels: Iterable[tuple[Path, NDArray[np.int8]]],
    on_error: Callable[[Path, InputError], None] | None = None,
) -> Bools:
    """Sky of a fixed camera by the labels of its frames: where most say clear or cloud.

    Args:
        labels: a file, and its label (y, x) int8, -1 unknown; all of one size.
        on_error: told of a label of another size, which is then left out; without it that ends it.

    Raises:
        UsageError: there is no label, or no place that most of them know.
        InputError: a label is of another size than the first.
    """
    known: NDArray[np.int64] | None = None
    count = 0
    for path, label in labels:
        if known is not None and label.shape != known.shape:
            problem = f"is {label.shape}, and the first {known.shape}"
            error = InputError(path, problem, field="label")
            if on_error is None:
                raise error
            on_error(path, error)
            continue
        known = (0 if known is None else known) + (label >= 0).astype(np.int64)
        count += 1
    sky = None if known is None else known > count / 2
    if sky is None or not sky.any():
        raise UsageError(f"{count} labels: none says where the sky is")
    return np.asarray(sky)


def _middle_of(bright: NDArray[np.float32]) -> float:
    """Median of the middle of a frame, where a camera that looks at the sky sees it."""
    rows, cols = (slice(size // 4, size - size // 4) for size in bright.shape)
    inner = bright[rows, cols]
    known = inner[np.isfinite(inner)]
    return float(np.median(known)) if known.size else 0.0


def _largest(sky: Bools) -> Bools:
    """The largest piece of the sky, without threads and with its specks filled."""
    piece = ndimage.binary_opening(_piece(sky))
    holes, count = ndimage.label(~piece)
    small = np.bincount(holes.ravel(), minlength=count + 1) < _SPECK
    small[0] = False
    return _piece(piece | small[holes])


def _piece(flags: Bools) -> Bools:
    pieces, count = ndimage.label(flags)
    if not count:
        return flags
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == sizes.argmax())

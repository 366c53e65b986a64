"""Horizon of a camera: which pixels of its frames are sky, by zenith angle or by a mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.arguments import path_of
from nephoscope.errors import UNFINISHED, InputError, UsageError
from nephoscope.files import sha256_of
from nephoscope.instruments.skycam.circle import HORIZON, Circle
from nephoscope.instruments.skycam.fits import read_units
from nephoscope.instruments.skycam.names import kind_of
from nephoscope.instruments.skycam.pictures import read_picture
from nephoscope.scene import source_of

WHOLE = "none"
"""What a user says who wants every pixel to count, the rim included."""

_NAMED = "SKY"  # the image of a FITS file that is taken before the first
_TWO = "write 1 (or white) where sky is and 0 (or black) elsewhere, as PNG, FITS or .npy"
_GIVE = "give the degrees from the zenith of a whole-sky camera, e.g. 85, or a mask file"

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Rim:
    """What of one frame is no sky.

    Attributes:
        said: what the horizon is, in words.
        beyond: (y, x) bool.
        hides: whether nothing is said of what lies beyond; else it is only not counted.
        sha256: of the mask.
    """

    said: str
    beyond: Bools
    hides: bool = True
    sha256: str = ""


@dataclass(frozen=True)
class Horizon:
    """Where the sky of a camera ends.

    A zenith angle is that of an equidistant lens that points up, whose image circle ends at 90
    degrees: the radius grows with the angle. The circle is that of the frame (`circle` of a sky
    Scene), so that a camera which moves keeps its horizon.

    Attributes:
        said: what it is, in words: "85 deg from the zenith, equidistant" or the name of the mask.
        limit: zenith angle of the last sky, degrees; NaN where there is a mask.
        sky: (y, x) bool of the camera's frame, or of one that whole pixels make larger or smaller.
        sha256: of the mask's file, or of the contents of the background that it is in.
    """

    said: str
    limit: float = math.nan
    sky: Bools | None = None
    sha256: str = ""

    def rim(self, scene: xr.Dataset) -> Rim:
        """What of a frame is no sky.

        Raises:
            InputError: the frame has no image circle, or is of another size than the mask.
        """
        shape = int(scene.sizes["y"]), int(scene.sizes["x"])
        if self.sky is None:
            if "circle" not in scene.attrs:
                problem = "has no image circle: it is not known how far a pixel is from the zenith"
                remedy = "give --horizon a mask file in place of degrees"
                raise InputError(source_of(scene), problem, field="image", remedy=remedy)
            angle = Circle(*scene.attrs["circle"]).zenith_angle(shape)
            return Rim(self.said, np.asarray(angle > self.limit))
        sky = resized(self.sky, shape)
        if sky is None:
            has, wants = (" x ".join(map(str, each)) for each in (shape, self.sky.shape))
            problem = f"has {has} pixels, and the mask of the horizon {wants}"
            remedy = "a mask is of the frame's size, or a whole number of times as large or small"
            raise InputError(source_of(scene), problem, field="image", remedy=remedy)
        return Rim(self.said, ~sky, sha256=self.sha256)


def horizon_of(given: float | str | PathLike[str]) -> Horizon | None:
    """The horizon that a user gives.

    Args:
        given: degrees from the zenith, above 0 and at most 90; the file of a mask, PNG, FITS or
            .npy, of two values of which 0 is no sky; or "none".

    Returns:
        None where every pixel is to count.

    Raises:
        UsageError: it is neither, or no angle.
        InputError: the mask cannot be read, holds other than two values, or says that nothing is
            sky.
    """
    if isinstance(given, int | float) and not isinstance(given, bool):
        return at_angle(float(given))
    path = path_of(given, f"horizon: degrees, a mask file or '{WHOLE}'")
    if str(given) == WHOLE:
        return None
    try:
        return at_angle(float(str(given)))
    except ValueError:
        return Horizon(path.name, sky=read_sky(path), sha256=sha256_of(path))


def at_angle(degrees: float) -> Horizon:
    """The horizon at a zenith angle.

    Raises:
        UsageError: it is not above 0 and at most 90 degrees.
    """
    if not 0 < degrees <= HORIZON:
        raise UsageError(f"horizon {degrees:g}: must be above 0 and at most 90 degrees; {_GIVE}")
    return Horizon(f"{degrees:g} deg from the zenith, equidistant", degrees)


def read_sky(path: Path) -> Bools:
    """Where a mask file says that sky is, (y, x) bool.

    Raises:
        InputError: it cannot be read, holds other than two values, or says that nothing is sky.
    """
    if not path.is_file():
        raise InputError(path, "is no file that is there", field="horizon", remedy=_GIVE)
    values = _numbers(path)
    if values.ndim != 2 or not values.size:
        size = " x ".join(map(str, values.shape)) or "no picture"
        raise InputError(path, f"is {size}, not rows x columns", field="horizon", remedy=_TWO)
    held = np.unique(values)
    if not np.isfinite(held).all() or not (held.size == 1 or (held.size == 2 and not held[0])):
        some = ", ".join(f"{value:g}" for value in held[:4]) + (", ..." if held.size > 4 else "")
        problem = f"holds {some}: a mask has 0 and one other value"
        raise InputError(path, problem, field="horizon", remedy=_TWO)
    if not held.any():
        raise InputError(path, "says that nothing is sky: all is 0", field="horizon", remedy=_TWO)
    return np.asarray(values != 0)


def resized(sky: Bools, shape: tuple[int, int]) -> Bools | None:
    """A mask at the size of a frame; None where no whole number of pixels makes one the other.

    Args:
        sky: (y, x) bool.
        shape: rows and columns of the frame. A pixel of a smaller one is sky where most is.
    """
    if sky.shape == shape:
        return sky
    (rows, cols), (high, wide) = sky.shape, shape
    if not high % rows and not wide % cols and high // rows == wide // cols:
        factor = high // rows
        return np.repeat(np.repeat(sky, factor, 0), factor, 1)
    if not rows % high and not cols % wide and rows // high == cols // wide:
        factor = rows // high
        share = sky.reshape(high, factor, wide, factor).mean((1, 3))
        return np.asarray(share > 0.5)
    return None


def _numbers(path: Path) -> NDArray[Any]:
    """The numbers of a mask file, whatever their shape."""
    if path.suffix == ".npy":
        return _of_npy(path)
    kind = kind_of(path)
    if kind == "fits":
        units = [unit for unit in read_units(path) if unit.is_image]
        if not units:
            raise InputError(path, "holds no image", field="horizon", remedy=_TWO)
        values = next((unit for unit in units if unit.name == _NAMED), units[0]).values()
        return values.reshape([side for side in values.shape if side != 1])
    if kind != "picture":
        problem = "is no mask: neither PNG, FITS nor .npy"
        raise InputError(path, problem, field="horizon", remedy=_TWO)
    picture = read_picture(path)
    if picture.missing is not None or not picture.exact:
        what = "is a JPEG, whose edges are blurred" if not picture.exact else "is transparent"
        raise InputError(path, what, field="horizon", remedy=_TWO)
    pixels = picture.pixels
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    return pixels


def _of_npy(path: Path) -> NDArray[Any]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        problem = f"cannot be read: {error}"
        raise InputError(path, problem, field="horizon", remedy=UNFINISHED) from error
    if values.dtype.kind not in "biuf":
        raise InputError(path, "holds no numbers", field="horizon", remedy=_TWO)
    return np.asarray(values)

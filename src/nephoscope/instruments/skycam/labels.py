"""Labels of sky frames in the layouts of the public data sets → int8 mask."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.fits import Unit, read_units
from nephoscope.instruments.skycam.names import LABEL_FOLDERS, kind_of, stem_of
from nephoscope.instruments.skycam.pictures import read_mask_picture

UNKNOWN, CLEAR, CLOUD = -1, 0, 1
WSISEG_CLEAR, WSISEG_CLOUD = 100, 255
"""Grey values of WSISEG masks; 0 is undefined (Xie et al. 2020). Other sets: 0 clear, 255 cloud."""

State = Literal["clear", "cloudy"]
_STATES: dict[str, State] = {
    "clear": "clear",
    "clear_sky": "clear",
    "clearsky": "clear",
    "cloudy": "cloudy",
    "cloud": "cloudy",
    "clouds": "cloudy",
    "cloudy_sky": "cloudy",
}
_SUFFIXES = ("", ".png", ".jpg", ".jpeg", ".fits", ".fits.gz", ".fits.fz", ".npy")
_HALF = 128  # a binary mask that went through JPEG is cut here
_MASKS_LOOKED_AT = 50


def label_path_for(path: str | PathLike[str]) -> Path | None:
    """The label that belongs to a frame by place and name, if one is there.

    Looked for: in a folder of labels (`masks`, `GTmaps`, `GT`, `2GT`, `3GT`, `labels`, `truth`)
    beside the frame's folder or below it, and beside the frame, a file of the frame's name, with
    `_GT` or `_masked` behind it, or `_masked` or `_truth` in place of `_flux`; at last the frame
    itself if it has a MASK.
    """
    path = Path(path)
    parent = path.absolute().parent
    beside = [parent.parent / name for name in LABEL_FOLDERS]
    below = [parent / name for name in LABEL_FOLDERS]
    stem = stem_of(path)
    bare = stem.removesuffix("_flux")
    names = [stem, f"{stem}_GT", f"{bare}_masked", f"{stem}_masked", f"{bare}_truth", bare]
    for folder in [*beside, *below, parent]:
        if not folder.is_dir():
            continue
        for name in dict.fromkeys(names):
            for suffix in _SUFFIXES:
                found = folder / f"{name}{suffix}"
                same = folder == parent and (name == stem and suffix != ".npy")
                if not same and found.is_file():
                    return found
    return path if _has_mask(path) else None


def state_for(path: str | PathLike[str]) -> State | None:
    """Clear or cloudy, by the name of the nearest folder above that says so; None if none does."""
    for folder in Path(path).absolute().parents:
        if folder.name.lower() in _STATES:
            return _STATES[folder.name.lower()]
    return None


def read_label(path: str | PathLike[str]) -> NDArray[np.int8]:
    """Read a label: PNG or JPEG, FITS with a mask, or .npy.

    Pictures of WSISEG (no suffix, or in a folder `masks` some of whose pictures hold the value
    100) are 255 cloud, 100 clear, all else unknown; other pictures are cut at half their range.
    In FITS the image `MASK`, else the first integer image or the second image, is 0 clear, 1
    cloud; in .npy likewise.

    Returns:
        (y, x) int8: -1 unknown, 0 clear, 1 cloud.

    Raises:
        InputError: cannot be read, or holds values that are no classes.
    """
    path = Path(path)
    if path.suffix == ".npy":
        return _classes(path, _read_npy(path))
    if not path.is_file():
        raise InputError(path, "does not exist", field="label")
    if kind_of(path) == "fits":
        return _classes(path, mask_unit(read_units(path), path).values())
    grey = read_mask_picture(path)
    if _coding_of(path, grey) == "wsiseg":
        label = np.full(grey.shape, UNKNOWN, np.int8)
        label[grey == WSISEG_CLEAR] = CLEAR
        label[grey == WSISEG_CLOUD] = CLOUD
        return label
    return (grey >= _HALF).astype(np.int8)


def mask_unit(units: list[Unit], path: Path) -> Unit:
    """The image in a FITS file that is the mask.

    Raises:
        InputError: there is none.
    """
    images = [unit for unit in units if unit.is_image]
    named = [unit for unit in images if unit.name == "MASK"]
    rest = [unit for unit in images if int(unit.header["BITPIX"]) == 8] or images[1:2]
    if not named and not rest:
        raise InputError(path, "there is no such image", field="MASK")
    return (named or rest)[0]


def _has_mask(path: Path) -> bool:
    if not path.is_file() or kind_of(path) != "fits":
        return False
    try:
        return any(unit.name == "MASK" for unit in read_units(path))
    except InputError:
        return False


def _read_npy(path: Path) -> NDArray[np.float32]:
    try:
        values = np.load(path, allow_pickle=False)
        return np.asarray(values, np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(path, f"cannot be read: {error}", field="label") from error


def _classes(path: Path, values: NDArray[np.float32]) -> NDArray[np.int8]:
    flat = values.reshape([side for side in values.shape if side != 1])
    if flat.ndim != 2:
        raise InputError(path, f"has {flat.ndim} dimensions, not 2", field="label")
    known = np.isfinite(flat) & (flat != UNKNOWN) & (flat != 255)
    if not np.isin(flat[known], (CLEAR, CLOUD)).all():
        raise InputError(
            path,
            "holds other values than 0 (clear), 1 (cloud) and -1 or 255 (unknown)",
            field="label",
            remedy="labels must not be interpolated or probabilities",
        )
    label = np.full(flat.shape, UNKNOWN, np.int8)
    label[known] = flat[known].astype(np.int8)
    return label


def _coding_of(path: Path, grey: NDArray[np.uint8]) -> Literal["wsiseg", "binary"]:
    # An overcast frame of WSISEG holds only 0 and 255, and looks like a binary mask: its folder
    # tells.
    if path.parent.name != "masks":
        return "binary"
    wsiseg = not path.suffix or bool((grey == WSISEG_CLEAR).any()) or _some_wsiseg(path.parent)
    return "wsiseg" if wsiseg else "binary"


@lru_cache(maxsize=8)
def _some_wsiseg(folder: Path) -> bool:
    masks = (file for file in sorted(folder.iterdir()) if file.is_file())
    for mask in islice(masks, _MASKS_LOOKED_AT):
        try:
            if (read_mask_picture(mask) == WSISEG_CLEAR).any():
                return True
        except InputError:
            continue
    return False

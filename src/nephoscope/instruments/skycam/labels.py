"""Labels of sky frames in the layouts of the public data sets → int8 mask."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from astropy.io import fits
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.codings import (
    WSISEG,
    WSISEG_CLEAR,
    classes_of_numbers,
    classes_of_picture,
    values_in,
)
from nephoscope.instruments.skycam.fits import Unit, read_units
from nephoscope.instruments.skycam.frames import is_thermal
from nephoscope.instruments.skycam.names import LABEL_FOLDERS, kind_of, stem_of
from nephoscope.instruments.skycam.pictures import Picture, read_picture
from nephoscope.scene import Truth

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
_LOOKED_AT = 50
SMALLEST_COVER = 0.01
"""A simulated frame with cloud, but less of it than this, is neither clear nor cloudy."""


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

    Pictures: 0 clear and 255 (1-bit: white) cloud, also with soft edges, which are cut at half; or
    numbers of classes 0 and 1, with 255 unknown, also as indices of a palette; or as WSISEG 255
    cloud, 100 clear, all else unknown (values 0, 100 and 255, or in a folder `masks` without
    suffix or beside such masks). What is transparent is unknown. In FITS the image `MASK`, else
    the first integer image or the second image, is 0 clear, 1 cloud; in .npy likewise.

    Returns:
        (y, x) int8: -1 unknown, 0 clear, 1 cloud.

    Raises:
        InputError: cannot be read, or holds values that are no classes, or could be of two codings.
    """
    path = Path(path)
    if path.suffix == ".npy":
        return classes_of_numbers(path, _read_npy(path), white_is_unknown=False)
    if not path.is_file():
        raise InputError(path, "does not exist", field="label")
    if kind_of(path) == "fits":
        unit = mask_unit(read_units(path), path)
        ours = "255 unknown" in unit.header.comments["EXTNAME"] if unit.name else False
        return classes_of_numbers(path, unit.values(), ours)
    picture = read_picture(path)
    if picture.missing is not None and len(values_in(path, picture)) == 1:
        _check_transparent(path)
    return classes_of_picture(path, picture, _is_wsiseg(path, picture))


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
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise InputError(path, f"cannot be read: {error}", field="label") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise InputError(path, "cannot be read: it holds no numbers", field="label")
    return np.asarray(values, np.float32)


def _is_wsiseg(path: Path, picture: Picture) -> bool:
    # An overcast frame of WSISEG holds only 0 and 255, and looks like a binary mask: its folder
    # tells.
    if path.parent.name != "masks" or not picture.exact:
        return False
    return not path.suffix or any(
        _holds_wsiseg(values) for values, _ in _beside(*_now(path.parent))
    )


def _holds_wsiseg(values: frozenset[int]) -> bool:
    return WSISEG_CLEAR in values and values <= WSISEG


def _check_transparent(path: Path) -> None:
    """A label of one value and of nothing: is nothing the other class, or unknown?

    Raises:
        InputError: the labels beside it do not say so by two values and transparency in one.
    """
    if not any(clear and len(values) > 1 for values, clear in _beside(*_now(path.parent))):
        raise InputError(
            path,
            "holds one value, and is transparent elsewhere: is that the other class, or unknown?",
            field="label",
            remedy="save 0 clear and 255 cloud without transparency",
        )


def _now(folder: Path) -> tuple[Path, int]:
    """A folder as it is now: what is added to it changes its time."""
    return folder, folder.stat().st_mtime_ns


@lru_cache(maxsize=8)
def _beside(folder: Path, _changed: int) -> list[tuple[frozenset[int], bool]]:
    """Of the first pictures of a folder of masks, their values and whether they are transparent."""
    found = []
    for mask in islice((file for file in sorted(folder.iterdir()) if file.is_file()), _LOOKED_AT):
        try:
            picture = read_picture(mask)
            values = values_in(mask, picture) if picture.exact else set()
        except InputError:
            continue
        found.append((frozenset(values), picture.missing is not None))
    return found


def label(path: str | PathLike[str], truth: Truth) -> xr.Dataset | None:
    """Label of a frame: "pixels" (y, x), or "frame", 0 clear and 1 cloudy; else None.

    Raises:
        InputError: the label, or the simulator's truth, cannot be read; or there is a state of a
            frame that is not thermal.
    """
    if truth == "frame":
        state, source = state_of(Path(path))
        if state is None:
            return None
        if not is_thermal(Path(path)):
            raise InputError(path, "is in colour: states are of thermal frames", field="image")
        return xr.Dataset({"label": ((), np.int8(state))}, attrs={"source": str(source)})
    found = label_path_for(path) if truth == "pixels" else None
    if found is None:
        return None
    return xr.Dataset({"label": (("y", "x"), read_label(found))}, attrs={"source": str(found)})


def state_of(path: Path) -> tuple[int | None, Path]:
    """Clear (0), cloudy (1) or None, and what says it.

    That is the simulator's truth (`../truth/*_truth.fits`), else the folders above.

    Raises:
        InputError: the truth cannot be read.
    """
    truth = path.parent.parent / "truth" / path.name.replace("_flux.fits", "_truth.fits")
    if not truth.is_file() or truth == path:
        named = state_for(path)
        return (None if named is None else int(named == "cloudy")), path.parent
    try:
        header = fits.getheader(truth)
        cloudy, cover = bool(header["CLOUDY"]), float(header["COVER"])
    except (OSError, KeyError, ValueError) as error:
        raise InputError(truth, f"cannot be read as truth: {error}") from error
    if cloudy and cover < SMALLEST_COVER:
        return None, truth
    return int(cloudy), truth

"""Ground-based sky cameras: colour whole-sky images with masks in the WSISEG layout.

Layout: `images/NAME` beside `masks/NAME`; names may have no suffix, so files are known by their
content. Format: Xie et al. 2020 (SegCloud), doi 10.5194/amt-13-1953-2020.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.scene import check_scene

__all__ = ["find_frames", "is_frame", "label_path_for", "read_frame", "read_label"]

UNKNOWN, CLEAR, CLOUD = -1, 0, 1
_MASKS = ("masks", "GTmaps")
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff")
_CODES = {0: UNKNOWN, 100: CLEAR, 255: CLOUD}


def is_frame(path: str | PathLike[str]) -> bool:
    """Whether a file, or something below a folder, is a frame of a sky camera."""
    path = Path(path)
    if path.is_dir():
        return any(_is_image(file) for file in sorted(path.rglob("*")))
    return _is_image(path)


def find_frames(path: str | PathLike[str]) -> list[SceneFile]:
    """All frames in a file or a tree, sorted by path; what lies in a folder of masks is none.

    Raises:
        InputError: the path does not exist or holds no frame.
    """
    root = Path(path)
    if not root.exists():
        raise InputError(root, "does not exist")
    files = [root] if root.is_file() else sorted(root.rglob("*"))
    found = [file for file in files if file.parent.name not in _MASKS and _is_image(file)]
    if not found:
        raise InputError(root, "holds no frame of a sky camera")
    folder = root if root.is_dir() else root.parent
    return [
        SceneFile(file, file.stem, file.parent.name, 0, file.parent.relative_to(folder))
        for file in found
    ]


def read_frame(path: str | PathLike[str]) -> xr.Dataset:
    """Read a colour frame as a Scene: channels red, green, blue, DN 0..255.

    Raises:
        InputError: the file is no colour image, or cannot be read.
    """
    path = Path(path)
    image = np.moveaxis(_pixels(path, "RGB"), -1, 0).astype(np.float32)
    missing = ~image.any(axis=0)
    image[:, missing] = np.nan
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image, {"units": "DN"})},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": np.nan,
            "longitude": np.nan,
            "time": np.datetime64("NaT", "ns"),
        },
        attrs={
            "instrument": "skycam",
            "flavour": "colour",
            "source_files": [str(path)],
            "missing_share": float(missing.mean()),
            "map_id": path.stem,
            "subphase": path.parent.name,
        },
    )
    return check_scene(scene)


def label_path_for(path: str | PathLike[str]) -> Path | None:
    """The mask that belongs to a frame, if one is there: `masks/NAME` beside the images' folder."""
    path = Path(path)
    folder = path.absolute().parent.parent / "masks"
    for name in (path.name, f"{path.name}.png", f"{path.stem}.png"):
        if (folder / name).is_file():
            return folder / name
    return None


def read_label(path: str | PathLike[str]) -> NDArray[np.int8]:
    """Read a mask coded 255 cloud, 100 clear sky, 0 undefined.

    Returns:
        (y, x) int8: -1 unknown, 0 clear, 1 cloud.

    Raises:
        InputError: the file cannot be read or has other values.
    """
    path = Path(path)
    pixels = _pixels(path, "L")
    label = np.full(pixels.shape, UNKNOWN, np.int8)
    for code, state in _CODES.items():
        label[pixels == code] = state
    strange = sorted(set(np.unique(pixels).tolist()) - set(_CODES))
    if strange:
        raise InputError(path, f"has the values {strange[:5]}, not 0, 100, 255", field="mask")
    return label


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(_SIGNATURES)
    except OSError:
        return False


def _pixels(path: Path, mode: str) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode), np.uint8)
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(path, f"cannot be read as an image: {error}") from error

"""Block means of frames: smaller, quieter, and written back as FITS."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.files import atomic_path
from nephoscope.instruments.scene_file import SceneFile, name_products
from nephoscope.instruments.skycam.counts import BINNED_SCALE, FULL_SCALE
from nephoscope.instruments.skycam.frames import read
from nephoscope.workers import each_in_processes

_STRUCTURE = (
    "SIMPLE XTENSION EXTNAME BITPIX NAXIS NAXIS1 NAXIS2 NAXIS3 EXTEND PCOUNT GCOUNT BZERO BSCALE "
    "BLANK CHECKSUM DATASUM DATAMAX DATAMIN"
).split()


def block_mean(image: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Exact mean over blocks of equal size.

    Args:
        image: (..., y, x), any number type; NaN is missing.
        shape: rows and columns wanted; each must divide the image's.

    Returns:
        (..., y, x) float32 of `shape`: the mean of what is known in each block, taken in float64;
        NaN where nothing is.

    Raises:
        UsageError: the shape does not divide the image's.
    """
    rows, cols = image.shape[-2:]
    if min(shape) < 1 or rows % shape[0] or cols % shape[1]:
        wanted = " x ".join(map(str, shape))
        raise UsageError(f"{rows} x {cols} pixels cannot be divided into {wanted} equal blocks")
    blocks = np.asarray(image, np.float64).reshape(
        *image.shape[:-2], shape[0], rows // shape[0], shape[1], cols // shape[1]
    )
    if not np.isnan(blocks).any():
        return np.asarray(blocks.mean((-3, -1)), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a block that is all NaN stays NaN
        return np.asarray(np.nanmean(blocks, (-3, -1)), np.float32)


def bin_frame(
    path: str | PathLike[str], final: str | PathLike[str], shape: tuple[int, int]
) -> None:
    """Write the block means of one frame of counts as FITS, with the header of the original.

    Args:
        path: a thermal frame, counts.
        final: the file to write: primary image float32, counts / 16384, NaN where missing.
        shape: rows and columns wanted.

    Raises:
        InputError: the frame cannot be read, is no frame of counts, or cannot be divided so.
        OutputError: the file cannot be written.
    """
    scene = read(path)
    if scene["image"].attrs["units"] != "adu" or "header" not in scene.attrs:
        raise InputError(path, "holds no counts to bin", field="image", remedy="bin thermal frames")
    try:
        small = block_mean(scene["image"].values[0], shape)
    except UsageError as error:
        raise InputError(path, str(error), field="image") from error
    header = fits.Header.fromstring(scene.attrs["header"], sep="\n")
    for keyword in _STRUCTURE:
        header.remove(keyword, ignore_missing=True, remove_all=True)
    if scene.attrs["flavour"] == "thermal":
        header["IMTYPE"] = "IR"  # numbers below 1 are no sign of a thermal camera
    header["BINNING"] = (scene.sizes["y"] // shape[0], "rows of the camera in one row")
    header[BINNED_SCALE] = (FULL_SCALE, "counts are the values times this")
    image = fits.PrimaryHDU((small / np.float32(FULL_SCALE)).astype(np.float32), header)
    with atomic_path(final) as part:
        image.writeto(part, output_verify="silentfix", checksum=True)


def bin_files(
    files: Sequence[SceneFile], out: str | PathLike[str], shape: tuple[int, int], workers: int = 1
) -> Iterator[tuple[SceneFile, NephoscopeError | None]]:
    """Bin many frames into `OUT/<relative>/<name>_binned.fits`; what is there is written anew.

    Args:
        files: what `find` found.
        out: the folder to write to; the tree of the input is kept below it.
        shape: rows and columns wanted.
        workers: processes; 1 works in this one.

    Yields:
        each file as it is done, with what went wrong, if that can be explained.

    Raises:
        UsageError: two files would become one; nothing is written.
        NephoscopeError: a worker process died.
    """
    targets = name_products(files, "_binned.fits")
    jobs = [(scene, Path(out) / name) for name, scene in targets.items()]
    for (scene, _), error in each_in_processes(partial(_bin_one, shape=shape), jobs, workers):
        yield scene, error


def _bin_one(job: tuple[SceneFile, Path], shape: tuple[int, int]) -> None:
    scene, final = job
    bin_frame(scene.path, final, shape)

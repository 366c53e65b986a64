"""Inputs of the golden runs, made of whole numbers alone, so that they are the same anywhere."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import netCDF4
import numpy as np
import numpy.typing as npt
from astropy.io import fits
from PIL import Image

Ints = npt.NDArray[np.int32]

MAP = (1801, 3600)
FRAME = (256, 320)
SMALL = (128, 160)
PICTURE = (240, 320)
CAMERA = {"CAMERA": "FLIR TAU2", "IMTYPE": "IR"}
LAST_CHANGED = 1_700_000_000_000_000_000  # ns since 1970
WARM = {"FPA-TEMP": 5.3, "SHU-TEMP": 5.0, "AMB-TEMP": 5.1}


def dated(folder: Path) -> Path:
    """A folder whose files all were last changed at a fixed time, which some products name."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(LAST_CHANGED, LAST_CHANGED))
    return folder


def smooth(rng: np.random.Generator, shape: tuple[int, int], step: int, height: int) -> Ints:
    """A field of 0 to `height` whose hills are `step` pixels apart, by integer interpolation."""
    rows, cols = (-(-size // step) + 1 for size in shape)
    knots = rng.integers(0, height + 1, (rows, cols)).astype(np.int32)
    y, x = (np.arange(size, dtype=np.int32) for size in shape)
    (i, f), (j, g) = np.divmod(y, step), np.divmod(x, step)
    wide = knots[:, j] * (step - g) + knots[:, j + 1] * g
    field = wide[i] * (step - f)[:, None]
    field += wide[i + 1] * f[:, None]
    field //= step**2
    return field


def noise(rng: np.random.Generator, shape: tuple[int, ...], width: int) -> Ints:
    """Nearly normal whole numbers around 0: the sum of four dice."""
    dice = rng.integers(-width, width + 1, (4, *shape), np.int8)
    return dice.sum(axis=0, dtype=np.int32)


def clouds(rng: np.random.Generator, shape: tuple[int, int], height: int, clear: int = 8) -> Ints:
    """Clouds of many sizes, 0 where there are none, up to `height`; fewer for a higher `clear`."""
    largest = max(shape) // 5
    field = np.full(shape, -height * clear // 4, np.int32)
    for octave in range(4):
        field += smooth(rng, shape, max(largest >> octave, 2), (2 * height) >> octave)
    return np.clip(field, 0, height)


def map_of_day(day: int) -> tuple[npt.NDArray[np.uint8], Ints]:
    """A map of Mars, (y, x, colour) uint8, and its clouds (y, x), DN; the ground stays."""
    ground = smooth(np.random.default_rng(1000), MAP, 90, 50)
    rng = np.random.default_rng(day)
    cloud = clouds(rng, MAP, 70)
    speckle = rng.integers(-2, 3, MAP, np.int8)
    image = np.empty((*MAP, 3), np.uint8)
    for n, (base, share, white) in enumerate(((110, 4, 3), (75, 3, 3), (42, 1, 4))):
        image[..., n] = np.clip(base + (ground * share + cloud * white) // 4 + speckle, 1, 255)
    rows = np.abs(np.arange(MAP[0]) - 900)[:, None]
    image[(np.arange(MAP[1])[None, :] + 37 * day) % 300 < rows // 60] = 0
    image[1600:] = 0
    return image, cloud


def write_maps(folder: Path, days: int, labelled: bool) -> Path:
    """Maps of one sub-phase as the distribution has them, or as the labels' set has them."""
    root = folder / "P01" if labelled else folder / "P" / "P01"
    place, joint = (root / "mdgms", "") if labelled else (root, "_")
    place.mkdir(parents=True)
    table = root / ("list_ls.txt" if labelled else "P01_ls.txt")
    seasons = [(day, 132500 + 450 * day) for day in range(1, days + 1)]
    table.write_text(
        "".join(
            f"P01{joint}day{d:02d}      28      {ls // 1000}.{ls % 1000:03d}\n" for d, ls in seasons
        )
    )
    for day in range(1, days + 1):
        image, cloud = map_of_day(day)
        name = f"P01day{day:02d}.jpeg" if labelled else f"P01_day{day:02d}_zequat.jpg"
        Image.fromarray(image).save(place / name, "JPEG", quality=85, subsampling="4:2:0")
        if labelled:
            write_label(root / "cloudmask" / f"cloudmask_P01day{day:02d}.ncdf", image, cloud)
    return dated(folder)


def write_label(path: Path, image: npt.NDArray[np.uint8], cloud: Ints) -> None:
    """A label in the layout of Wang & González Abad (2021)."""
    path.parent.mkdir(exist_ok=True)
    mask = np.where(cloud > 20, np.maximum(image[..., 2].astype(int) + 3, 51), 0)
    mask[(image == 0).all(axis=-1)] = -999
    mask[:300], mask[1300:] = -999, -999
    with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as file:
        file.createDimension("x", MAP[1])
        file.createDimension("y", MAP[0])
        for name, dim, values in (
            ("longitude", "x", (np.arange(MAP[1]) - 1800) / 10),
            ("latitude", "y", (np.arange(MAP[0]) - 900) / 10),
        ):
            file.createVariable(name, "f4", (dim,))[:] = values
        variable = file.createVariable("cloudmask", "f4", ("y", "x"), zlib=True, complevel=1)
        variable[:] = mask[::-1]


def counts_of(seed: int, shape: tuple[int, int], cover: int) -> tuple[Ints, Ints]:
    """Counts of a thermal frame and its clouds; `cover` scales the clouds, 0 is a clear sky."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    sky = 650 + 16 * x // shape[1] - 10 * y // shape[0] + noise(rng, shape, 2)
    cloud = clouds(rng, shape, cover) if cover else np.zeros(shape, np.int32)
    return sky + cloud, cloud


def write_frame(path: Path, counts: Ints, minute: int = 0, **cards: object) -> Path:
    """A raw thermal frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = fits.Header({**CAMERA, "DATE-OBS": f"2023-01-24T20:{minute:02d}:53", **cards})
    fits.PrimaryHDU(counts.astype(np.int16), header).writeto(path)
    return path


def name_of(minute: int) -> str:
    """As the camera names its frames."""
    return f"2023_01_24_20_{minute:02d}_53_{minute:06d}_flux.fits"


def write_night(folder: Path) -> Path:
    """Six thermal frames in two folders: clear, faint, cloudy, overcast, one of unknown warmth."""
    for minute, cover in enumerate((0, 40, 90, 160, 0, 90)):
        counts, _ = counts_of(minute, FRAME, cover)
        cards = {} if minute == 4 else {**WARM, "AMB-TEMP": 5.1 - minute / 10}
        place = folder / ("late" if minute > 3 else "early")
        write_frame(place / name_of(minute), counts, minute, **cards)
    return dated(folder)


def write_clear(folder: Path, number: int = 6) -> Path:
    """Clear frames of one camera at several temperatures."""
    for minute in range(number):
        counts, _ = counts_of(50 + minute, FRAME, 0)
        warm = {"FPA-TEMP": 5 + minute / 2, "SHU-TEMP": 5 + minute / 2, "AMB-TEMP": 4 + minute}
        write_frame(folder / name_of(minute), counts + 9 * minute - 10, minute, **warm)
    return dated(folder)


def picture_of(seed: int, shape: tuple[int, int] = PICTURE) -> tuple[npt.NDArray[np.uint8], Ints]:
    """A colour picture of the sky, (y, x, colour), and its clouds (y, x)."""
    rng = np.random.default_rng(200 + seed)
    cloud = clouds(rng, shape, 100, clear=7 - 2 * (seed % 3))
    base = np.array([70, 115, 190]) + noise(rng, shape, 1)[..., None]
    whiter = np.array([140, 95, 20])
    image = base + cloud[..., None] * whiter // 100
    return np.clip(image, 0, 255).astype(np.uint8), cloud


def write_pictures(folder: Path, number: int, labelled: bool = True) -> Path:
    """Colour pictures, PNG and unmarked, with masks of 0 and 255."""
    for seed in range(number):
        image, cloud = picture_of(seed)
        pairs = {"images": image, "GTmaps": (255 * (cloud > 30)).astype(np.uint8)}
        for place, pixels in pairs.items() if labelled else [("", image)]:
            (folder / place).mkdir(parents=True, exist_ok=True)
            suffix = "_GT" if place == "GTmaps" else ""
            Image.fromarray(pixels).save(folder / place / f"{seed:04d}{suffix}.png")
    return dated(folder)


def write_masked_frames(folder: Path, number: int) -> Path:
    """Thermal frames with the mask of each."""
    for minute in range(number):
        counts, cloud = counts_of(80 + minute, SMALL, 90)
        write_frame(folder / "frames" / name_of(minute), counts, minute, **WARM)
        mask = fits.HDUList(
            [fits.PrimaryHDU(), fits.ImageHDU((cloud > 30).astype(np.uint8), name="MASK")]
        )
        (folder / "truth").mkdir(exist_ok=True)
        mask.writeto(folder / "truth" / name_of(minute).replace("_flux", "_truth"))
    return dated(folder)


def write_sorted_frames(folder: Path, number: int) -> Path:
    """Small thermal frames sorted by hand into clear and cloudy ones, `number` of each."""
    for minute in range(2 * number):
        cover = 0 if minute < number else 30 + 8 * minute
        counts, _ = counts_of(120 + minute, SMALL, cover)
        place = folder / ("cloudy" if cover else "clear")
        write_frame(place / name_of(minute), counts, minute, **WARM)
    return dated(folder)


def pixels_sha256() -> dict[str, str]:
    """Hashes of what the inputs hold, whatever their files' coders make of it."""
    made = {
        "map": map_of_day(1)[0],
        "clouds of map": map_of_day(1)[1],
        "counts": counts_of(3, FRAME, 160)[0],
        "clear counts": counts_of(0, FRAME, 0)[0],
        "picture": picture_of(0)[0],
    }
    return {
        name: hashlib.sha256(np.ascontiguousarray(values).astype("<i8").tobytes()).hexdigest()
        for name, values in made.items()
    }

"""Simulated frames on disk: raw Tau2 FITS with truth beside them, or pictures as WSISEG has them.

OUT/frames/2023_01_24_20_18_53_000007_flux.fits    raw, int16, all keywords
OUT/truth/2023_01_24_20_18_53_000007_truth.fits    HDUs MASK and EMISSIVITY
OUT/images/SIM-0000, OUT/masks/SIM-0000            colour
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nephoscope.errors import UsageError
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.simulate.sidecar import write_sidecar
from nephoscope.simulate.sky.air import COLS, ROWS
from nephoscope.simulate.sky.cameras import simulate_cameras
from nephoscope.simulate.sky.clouds import EMISSIVITY_LIMIT
from nephoscope.simulate.sky.colour import OPTICAL_LIMIT, simulate_colour
from nephoscope.simulate.sky.frame import (
    SECONDS_BETWEEN,
    Frame,
    simulate_frame,
    simulate_night,
)

if TYPE_CHECKING:
    from astropy.io import fits

Flavour = Literal["thermal", "night", "colour", "cameras"]
COLOURED = {"colour": simulate_colour, "cameras": simulate_cameras}
"""Flavour of colour pictures → what makes one and its mask."""
FRAMES, TRUTH, IMAGES, MASKS = "frames", "truth", "images", "masks"
RAW_SUFFIX, TRUTH_SUFFIX = "_flux.fits", "_truth.fits"
_START = datetime(2023, 1, 24, 18, 0, 0)  # UTC, unmarked as in the camera's headers
_EMISSIVITY_STEP = 1e-4
# In place of the date of writing: the same seed makes the same bytes.
_CHECKED = "of a simulated frame"

Card = tuple[str, Any, str]


def simulate_sky(
    out: str | PathLike[str],
    scenes: int = 1,
    seed: int = 0,
    flavour: Flavour = "thermal",
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write simulated frames with their truth; `out/simulation.json` says how they were made.

    Frames that are there already are kept, so that an interrupted run goes on where it stopped.

    Args:
        out: folder, made if need be.
        scenes: number of frames.
        seed: of the set; same seed, same frames.
        flavour: "thermal", every frame of another camera and sky; "night", one camera and clouds
            that come and go over `scenes` minutes; "colour", whole-sky pictures by day; "cameras",
            colour pictures, every one of another camera, lens and air.
        progress: called with the name of each frame.

    Returns:
        The frames, in order.

    Raises:
        UsageError: `out` holds another simulation, or `scenes` is below 1.
        OutputError: something cannot be written.
    """
    if scenes < 1:
        raise UsageError(f"{scenes} scenes: ask for at least 1")
    out = Path(out)
    facts: dict[str, Any] = {
        "flavour": flavour,
        "seed": seed,
        "emissivity_limit": EMISSIVITY_LIMIT,
        "optical_limit_of_colour": OPTICAL_LIMIT,
        "note": "simulated, no observation: truth is where cloud passes the limit",
    }
    if flavour == "night":
        facts["scenes"] = scenes  # the night's clouds stretch over all of its frames
    write_sidecar(out, "sky", **facts)
    folders = (IMAGES, MASKS) if flavour in COLOURED else (FRAMES, TRUTH)
    for name in folders:
        remove_stale_parts(out / name)
    made = []
    for path in _write_all(out, scenes, seed, flavour):
        made.append(path)
        if progress is not None:
            progress(path.name)
    return made


def frame_path(out: Path, index: int) -> Path:
    """Name of a raw frame, in the camera's pattern; the microseconds hold its number."""
    time = _time_of(index)
    return out / FRAMES / f"{time:%Y_%m_%d_%H_%M_%S}_{index:06d}{RAW_SUFFIX}"


def write_frame(path: str | PathLike[str], frame: Frame) -> None:
    """Write the raw FITS of a frame: header of a FLIR Tau2 and every parameter of the simulation.

    Raises:
        OutputError: the file cannot be written.
    """
    from astropy.io import fits

    hdu = fits.PrimaryHDU(frame.adu)
    for key, value, comment in [*_camera_cards(frame), *_simulation_cards(frame)]:
        hdu.header[key] = (value, comment)
    hdu.add_checksum(when=_CHECKED)
    with atomic_path(path) as part:
        hdu.writeto(part)


def write_truth(path: str | PathLike[str], frame: Frame) -> None:
    """Write the truth of a frame: `MASK` uint8, 1 where cloud, and `EMISSIVITY`, 0..1.

    Raises:
        OutputError: the file cannot be written.
    """
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    primary.header["CLOUDY"] = (bool(frame.kinds), "whether any cloud layer was put in")
    primary.header["COVER"] = (frame.cover, "share of the frame that is cloud")
    primary.header["KINDS"] = (",".join(frame.kinds), "cloud layers, the highest first")
    primary.header["EMLIMIT"] = (EMISSIVITY_LIMIT, "cloud is emissivity above this")
    mask = fits.ImageHDU(frame.mask, name="MASK")
    steps = np.rint(frame.emissivity / _EMISSIVITY_STEP).astype(np.int16)
    emissivity = fits.ImageHDU(steps, name="EMISSIVITY")
    emissivity.header["BSCALE"] = (_EMISSIVITY_STEP, "stored as whole steps")
    emissivity.header["BZERO"] = (0.0, "")
    hdus: fits.HDUList = fits.HDUList([primary, mask, emissivity])
    for hdu in hdus:
        hdu.add_checksum(when=_CHECKED)
    with atomic_path(path) as part:
        hdus.writeto(part)


def _write_all(out: Path, scenes: int, seed: int, flavour: Flavour) -> Iterator[Path]:
    if flavour in COLOURED:
        for index in range(scenes):
            yield _write_colour(out, flavour, seed, index)
        return
    night = simulate_night(seed, scenes) if flavour == "night" else None
    for index in range(scenes):
        path = frame_path(out, index)
        truth = out / TRUTH / path.name.replace(RAW_SUFFIX, TRUTH_SUFFIX)
        missing = not (path.exists() and truth.exists())
        # A night is a chain of draws: every frame has to be made to get at the next.
        frame = next(night) if night is not None else None
        if missing:
            frame = frame or simulate_frame(seed, index)
            write_truth(truth, frame)
            write_frame(path, frame)
        yield path


def _write_colour(out: Path, flavour: str, seed: int, index: int) -> Path:
    from PIL import Image

    image, mask = (out / folder / f"SIM-{index:04d}" for folder in (IMAGES, MASKS))
    if not (image.exists() and mask.exists()):
        picture, label = COLOURED[flavour](seed, index)
        for path, pixels in ((mask, label), (image, picture)):
            with atomic_path(path) as part:
                Image.fromarray(pixels).save(part, format="PNG")
    return image


def _camera_cards(frame: Frame) -> list[Card]:
    """The keywords of a real raw frame, in their order."""
    time = _time_of(frame.index)
    warm = frame.temperatures
    return [
        ("CAMERA", "FLIR TAU2", ""),
        ("FILTER", "None", ""),
        ("FOCAL", 60, "mm"),
        ("APERTURE", 1.25, "f-number"),
        ("PXSIZE", 17, "um"),
        ("IMTYPE", "IR", ""),
        ("OBSERVER", "nephoscope", ""),
        ("TARGET", "SIMULATED SKY", ""),
        ("LATOBS", 43.93, "deg"),
        ("LONGOBS", 5.71, "deg"),
        ("DATE-OBS", f"{time.isoformat()}.{frame.index:06d}", "UTC"),
        ("TS", frame.seconds, "s"),
        ("SHU-TEMP", round(warm.shutter, 2), "deg C, shutter"),
        ("FPA-TEMP", round(warm.sensor, 2), "deg C, focal-plane array"),
        ("IN-TEMP", round(warm.inside, 2), "deg C, housing"),
        ("BB-TEMP", round(warm.black_body, 2), "deg C, black body"),
        ("AMB-TEMP", round(warm.ambient, 2), "deg C, ambient"),
        ("FFC-TIME", (time - timedelta(seconds=20)).isoformat(), "UTC, last flat field"),
        ("STACKED", 1, ""),
        ("GAIN", "high", ""),
        ("LENS", 0, ""),
        ("SHU-MODE", "user", ""),
        ("FFCMODE", "external", ""),
        ("FFCFRAME", 16, ""),
        ("XPMODE", "CMOS 14 bits", ""),
        ("CMOSBD", "CMOS 14 bits", ""),
        ("TLINEAR", "disabled", ""),
    ]


def _simulation_cards(frame: Frame) -> list[Card]:
    """The parameters of the simulation, named as IRIS-CloudDeep names them where it has them."""
    camera, sky = frame.camera, frame.sky
    start, stop = frame.gradient
    return [
        ("IMGTYPE", "SIMCLOUD" if frame.kinds else "SIMCLEAR", "no observation"),
        ("START", start, "ADU, clear sky at its coldest place"),
        ("STOP", stop, "ADU, clear sky at its warmest place"),
        ("WIDTH", COLS, "pixels"),
        ("HEIGHT", ROWS, "pixels"),
        ("HORIZ", abs(np.cos(np.radians(sky.roll))) > 0.5**0.5, "gradient mostly along x"),
        ("BIASLVL", camera.bias, "ADU, constant level"),
        ("READLVL", camera.read_noise, "ADU, deviation of the read noise"),
        ("FPNLVL", camera.fixed_pattern, "ADU, half-width of the fixed pattern"),
        ("BADPXCOL", camera.bad_columns, "bright, and as many dark, columns"),
        ("SKYNOISE", camera.sky_noise, "ADU, mean of the Poisson noise"),
        ("AUGMENT", sky.augmented, "gradient zoomed and sheared"),
        ("NARCIS", True, "narcissus applied"),
        ("RADIUS", camera.radius, "pixels, disc of the narcissus"),
        ("CENTER_X", camera.centre[0], "pixels"),
        ("CENTER_Y", camera.centre[1], "pixels"),
        ("SMOOTH", camera.smooth, "pixels, blur of the disc"),
        ("NARINT", camera.narcissus, "share of light missing at the centre"),
        ("INDEX", frame.index, "number of the frame"),
        ("SIMSCALE", camera.scale, "counts are this times ..."),
        ("SIMOFFS", camera.offset, "... plus this, ADU"),
        ("SIMGAIN", camera.gain, "ADU per K at 300 K"),
        ("SIMDRIFT", camera.drift, "ADU per K of sensor above shutter"),
        ("COLLVL", camera.column_level, "ADU, pattern of columns"),
        ("ROWLVL", camera.row_level, "ADU, pattern of rows"),
        ("UNEVEN", camera.uneven, "ADU, smooth rest of the flat field"),
        ("TILT_X", camera.tilt[0], "ADU, stray light at the right edge"),
        ("TILT_Y", camera.tilt[1], "ADU, stray light at the lower edge"),
        ("UNEVSLP", camera.uneven_slope, "exponent of its spectrum"),
        ("GLOW", camera.glow, "ADU, stray light in one corner"),
        ("GLOWSIZE", camera.glow_size, "half-widths of the frame"),
        ("GLOW_X", camera.glow_corner[0], "-1 left, 1 right"),
        ("GLOW_Y", camera.glow_corner[1], "-1 upper, 1 lower"),
        ("CAMSEED", camera.seed, "of the camera's patterns"),
        ("ZENITH", sky.pointing, "deg, zenith angle of the centre"),
        ("ROLL", sky.roll, "deg, where the zenith angle grows"),
        ("ZOOM", sky.zoom, ""),
        ("SHEAR", sky.shear, ""),
        ("CLRTEMP", sky.zenith, "K, brightness temperature of clear zenith"),
    ]


def _time_of(index: int) -> datetime:
    return _START + timedelta(seconds=index * SECONDS_BETWEEN)

"""The overlay of a sky frame: what was seen, where the clouds are, what it comes to.

Drawn with Pillow: matplotlib would take longer than all the rest of a frame's way. A frame of one
channel becomes a picture with a palette, which is written in a fifth of the time.
"""

from __future__ import annotations

import math
import textwrap
from functools import lru_cache
from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from nephoscope.files import atomic_path
from nephoscope.plots import MADE_BY
from nephoscope.products.frames import ZENITH, FrameResult

_EDGE = (255, 0, 200)
_MISSING = (45, 45, 50)
_ZENITH_RING = (255, 255, 255)
_BANDS = {"clear": (22, 105, 62), "cloudy": (160, 38, 44), "unknown": (95, 95, 100)}
_FAINT = 205  # of 255, the second line of words
_GREYS, _SHADES = 224, 16  # places in the palette: of the counts, and of the band
_EDGE_INDEX, _MISSING_INDEX, _RING_INDEX = (_GREYS + _SHADES + number for number in range(3))
_RUN_LENGTHS = 3  # zlib's strategy Z_RLE: noise has no longer matches, and looking for them is slow
_LEAST_WIDTH = 480  # pixels; smaller frames are enlarged by a whole factor
_MOST_WIDTH = 4800  # pixels; of larger frames every second, third, ... pixel is drawn
_HORIZON = 90.0  # zenith angle at the edge of the circle, degrees
_SAMPLE = 4  # every so many pixels each way tell the range of brightness


def overlay(scene: xr.Dataset, result: FrameResult) -> Image.Image:
    """Draw a frame with the edge of its clouds, under a band that says the state in words.

    Args:
        scene: the frame.
        result: what was found in it, of the same shape.

    Returns:
        a picture, RGB for colour and with a palette for one channel; a frame under 480 pixels wide
        is enlarged by a whole factor, one over 4800 reduced by one.
    """
    indexed = scene.sizes["channel"] == 1
    step = -(-scene.sizes["x"] // _MOST_WIDTH)
    scene = scene.isel(y=slice(None, None, step), x=slice(None, None, step))
    pixels = _greys(scene) if indexed else _colours(scene)
    factor = -(-_LEAST_WIDTH // pixels.shape[1])
    cloud = result.mask[::step, ::step] == 1
    if factor > 1:
        pixels = pixels.repeat(factor, 0).repeat(factor, 1)
        cloud = cloud.repeat(factor, 0).repeat(factor, 1)
    pixels[_edges(cloud)] = _EDGE_INDEX if indexed else _EDGE
    band = _band(result, pixels.shape[1])
    ramp = _ramp(_BANDS[result.state])
    if indexed:
        band += np.uint8(_GREYS)
    whole = np.concatenate([band if indexed else ramp[band], pixels])
    picture = Image.fromarray(whole)
    ring: int | tuple[int, int, int] = _ZENITH_RING
    if indexed:
        grey = np.linspace(0, 255, _GREYS).round().astype(np.uint8)[:, None].repeat(3, 1)
        named = np.array([_EDGE, _MISSING, _ZENITH_RING], np.uint8)
        picture.putpalette(np.concatenate([grey, ramp, named]).tobytes())
        ring = _RING_INDEX
    _zenith_ring(ImageDraw.Draw(picture), scene, factor / step, len(band), ring)
    return picture


def save_overlay(picture: Image.Image, path: str | PathLike[str]) -> None:
    """Write a picture as PNG, atomically; lightly compressed, because there are many.

    Raises:
        OutputError: the file cannot be written.
    """
    mark = PngInfo()
    for keyword, text in MADE_BY.items():
        mark.add_text(keyword, text)
    with atomic_path(path) as part:
        picture.save(part, "PNG", compress_level=1, compress_type=_RUN_LENGTHS, pnginfo=mark)


def _words(result: FrameResult) -> tuple[str, str]:
    parts = [result.state.upper()]
    if math.isfinite(result.p_cloudy):
        parts.append(f"p(cloudy) {result.p_cloudy:.2f}")
    if math.isfinite(result.cloud_fraction):
        parts.append(f"cloud {result.cloud_fraction:.0%}")
        parts.append(f"near zenith {_percent(result.cloud_fraction_zenith)}")
        parts.append(f"quality {result.sky_quality:.2f}")
    when = "" if np.isnat(result.time) else str(result.time.astype("datetime64[s]")) + " UTC"
    clouds = "1 cloud" if len(result.blobs) == 1 else f"{len(result.blobs)} clouds"
    said = result.note or f"{clouds}, edges in magenta"
    return "   ".join(parts), "   ".join(part for part in (when, said) if part)


def _percent(value: float) -> str:
    return f"{value:.0%}" if math.isfinite(value) else "unknown"


def _band(result: FrameResult, width: int) -> NDArray[np.uint8]:
    """(y, x) uint8, 0 the colour of the state to `_SHADES` - 1 white: lines of words."""
    size = max(14, width // 34)
    first, second = _words(result)
    small = _font(round(size * 0.8))
    letters = max(int(len(second) * (width - size) / max(small.getlength(second), 1)), 20)
    below = textwrap.wrap(second, letters) or [""]
    picture = Image.new("L", (width, round((2.1 + len(below)) * size)), 0)
    draw = ImageDraw.Draw(picture)
    draw.text((size // 2, size // 4), first, 255, _font(size))
    for number, line in enumerate(below):
        draw.text((size // 2, size // 4 + (1.4 + number) * size), line, _FAINT, small)
    return np.asarray(np.asarray(picture) // np.uint8(256 // _SHADES))


def _ramp(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(shade, 3) uint8 from a colour to white."""
    share = np.linspace(0, 1, _SHADES)[:, None]
    return np.asarray(((1 - share) * np.array(colour) + share * 255).round(), np.uint8)


def _greys(scene: xr.Dataset) -> NDArray[np.uint8]:
    """(y, x) uint8, places in the palette: from 0.5th to 99.5th percentile of the counts."""
    image = scene["image"].values[0]
    sample = image[::_SAMPLE, ::_SAMPLE]
    known = sample[np.isfinite(sample)]
    low, high = np.percentile(known, [0.5, 99.5]) if known.size else (0.0, 1.0)
    grey = (image - np.float32(low)) * np.float32((_GREYS - 1) / max(high - low, 1e-6))
    missing = np.isnan(grey)
    np.clip(grey, 0, _GREYS - 1, out=grey)
    if missing.any():
        grey[missing] = _MISSING_INDEX
    return np.asarray(grey, np.uint8)


def _colours(scene: xr.Dataset) -> NDArray[np.uint8]:
    """(y, x, 3) uint8, as the camera saw it."""
    image = scene["image"].values
    colours = np.empty((*image.shape[1:], 3), np.uint8)
    for number, channel in enumerate(image):
        colours[..., number] = np.clip(np.nan_to_num(channel), 0, 255).astype(np.uint8)
    colours[np.isnan(image[0])] = _MISSING
    return colours


def _edges(cloud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of cloud beside one of no cloud, and those beside them outside: two pixels wide."""
    edges = np.zeros_like(cloud)
    down, across = cloud[1:] != cloud[:-1], cloud[:, 1:] != cloud[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    return edges


def _zenith_ring(
    draw: ImageDraw.ImageDraw,
    scene: xr.Dataset,
    factor: float,
    top: int,
    colour: int | tuple[int, int, int],
) -> None:
    if "circle" not in scene.attrs:
        return
    row, col, radius_y, radius_x = (factor * value for value in scene.attrs["circle"])
    high, wide = radius_y * ZENITH / _HORIZON, radius_x * ZENITH / _HORIZON
    box = (col - wide, top + row - high, col + wide, top + row + high)
    for start in range(0, 360, 6):
        draw.arc(box, start, start + 3, colour)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

"""The overlay of a sky frame: what was seen, where the clouds are, what it comes to.

Drawn with Pillow: matplotlib would take longer than all the rest of a frame's way. Pictures have a
palette, which is written in a fifth of the time, and half as large: 224 greys, or the 224 colours
that suit the frame best, for the frame, the others for what is drawn over it.
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

Pixels = NDArray[np.uint8]

_EDGE = (255, 0, 200)
_MISSING = (45, 45, 50)
_ZENITH_RING = (255, 255, 255)
_BANDS = {"clear": (22, 105, 62), "cloudy": (160, 38, 44), "unknown": (95, 95, 100)}
_FAINT = 205  # of 255, the second line of words
_SEEN, _SHADES = 224, 16  # places in the palette: of the frame, and of the band
_EDGE_INDEX, _MISSING_INDEX, _RING_INDEX = (_SEEN + _SHADES + number for number in range(3))
_RUN_LENGTHS = 3  # zlib's strategy Z_RLE: noise has no longer matches, and looking for them is slow
_LEAST_WIDTH = 480  # pixels; smaller frames are enlarged by a whole factor
_MOST_WIDTH = 4800  # pixels; of larger frames every second, third, ... pixel is drawn
_HORIZON = 90.0  # zenith angle at the edge of the circle, degrees
_SAMPLE = 4  # every so many pixels each way tell the range of brightness
_COLOUR_SAMPLE = 3600  # pixels, about, that the colours of the palette are chosen by


def overlay(scene: xr.Dataset, result: FrameResult) -> Image.Image:
    """Draw a frame with the edge of its clouds, under a band that says the state in words.

    Args:
        scene: the frame.
        result: what was found in it, of the same shape.

    Returns:
        a picture with a palette; a frame under 480 pixels wide is enlarged by a whole factor, one
        over 4800 reduced by one.
    """
    step = -(-scene.sizes["x"] // _MOST_WIDTH)
    scene = scene.isel(y=slice(None, None, step), x=slice(None, None, step))
    pixels, seen = _greys(scene) if scene.sizes["channel"] == 1 else _colours(scene)
    factor = -(-_LEAST_WIDTH // pixels.shape[1])
    cloud = result.mask[::step, ::step] == 1
    if factor > 1:
        pixels = pixels.repeat(factor, 0).repeat(factor, 1)
        cloud = cloud.repeat(factor, 0).repeat(factor, 1)
    pixels[_edges(cloud)] = _EDGE_INDEX
    band = _band(result, pixels.shape[1])
    picture = Image.fromarray(np.concatenate([band + np.uint8(_SEEN), pixels]))
    named = np.array([_EDGE, _MISSING, _ZENITH_RING], np.uint8)
    picture.putpalette(np.concatenate([seen, _ramp(_BANDS[result.state]), named]).tobytes())
    _zenith_ring(ImageDraw.Draw(picture), scene, factor / step, len(band))
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


def _band(result: FrameResult, width: int) -> Pixels:
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


def _ramp(colour: tuple[int, int, int]) -> Pixels:
    """(shade, 3) uint8 from a colour to white."""
    share = np.linspace(0, 1, _SHADES)[:, None]
    return np.asarray(((1 - share) * np.array(colour) + share * 255).round(), np.uint8)


def _greys(scene: xr.Dataset) -> tuple[Pixels, Pixels]:
    """Places in the palette (y, x), from 0.5th to 99.5th percentile of the counts, and that."""
    image = scene["image"].values[0]
    sample = image[::_SAMPLE, ::_SAMPLE]
    known = sample[np.isfinite(sample)]
    low, high = np.percentile(known, [0.5, 99.5]) if known.size else (0.0, 1.0)
    grey = (image - np.float32(low)) * np.float32((_SEEN - 1) / max(high - low, 1e-6))
    missing = np.isnan(grey)
    np.clip(grey, 0, _SEEN - 1, out=grey)
    if missing.any():
        grey[missing] = _MISSING_INDEX
    shades = np.linspace(0, 255, _SEEN).round().astype(np.uint8)
    return np.asarray(grey, np.uint8), shades[:, None].repeat(3, 1)


def _colours(scene: xr.Dataset) -> tuple[Pixels, Pixels]:
    """Places in the palette (y, x), and that: the colours that suit a sample of the frame best."""
    image = scene["image"].values
    missing = np.isnan(image).any(axis=0)
    colours = np.empty((*missing.shape, 3), np.uint8)
    for number, channel in enumerate(image):
        np.clip(channel, 0, 255, out=colours[..., number], casting="unsafe", where=~missing)
    colours[missing] = _MISSING
    apart = max(round(math.sqrt(missing.size / _COLOUR_SAMPLE)), 1)
    sample = Image.fromarray(np.ascontiguousarray(colours[::apart, ::apart]))
    chosen = sample.quantize(_SEEN, Image.Quantize.MEDIANCUT)
    places = Image.fromarray(colours).quantize(palette=chosen, dither=Image.Dither.NONE)
    found = np.frombuffer(bytes(chosen.getpalette() or ()), np.uint8).reshape(-1, 3)
    palette = np.zeros((_SEEN, 3), np.uint8)
    palette[: len(found)] = found[:_SEEN]
    return np.array(places, np.uint8), palette


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
) -> None:
    if "circle" not in scene.attrs:
        return
    row, col, radius_y, radius_x = (factor * value for value in scene.attrs["circle"])
    high, wide = radius_y * ZENITH / _HORIZON, radius_x * ZENITH / _HORIZON
    box = (col - wide, top + row - high, col + wide, top + row + high)
    for start in range(0, 360, 6):
        draw.arc(box, start, start + 3, _RING_INDEX)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

"""The overlay of a sky frame: what was seen, where the clouds are, what it comes to.

Drawn with Pillow: matplotlib would take longer than all the rest of a frame's way.
"""

from __future__ import annotations

import math
from functools import lru_cache
from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nephoscope.files import atomic_path
from nephoscope.instruments.skycam.circle import HORIZON
from nephoscope.products.sky import ZENITH, FrameResult

_EDGE = (255, 0, 200)
_MISSING = (45, 45, 50)
_ZENITH_RING = (255, 255, 255)
_BANDS = {"clear": (22, 105, 62), "cloudy": (160, 38, 44), "unknown": (95, 95, 100)}
_TEXT, _FAINT = (255, 255, 255), (205, 205, 210)
_LEAST_WIDTH = 480  # pixels; smaller frames are enlarged by a whole factor
_SAMPLE = 4  # every so many pixels each way tell the range of brightness


def overlay(scene: xr.Dataset, result: FrameResult) -> Image.Image:
    """Draw a frame with the edge of its clouds, under a band that says the state in words.

    Args:
        scene: the frame.
        result: what was found in it, of the same shape.

    Returns:
        an RGB picture; a frame under 480 pixels wide is enlarged by a whole factor.
    """
    colours = _background(scene)
    factor = -(-_LEAST_WIDTH // colours.shape[1])
    cloud = result.mask == 1
    if factor > 1:
        colours = colours.repeat(factor, 0).repeat(factor, 1)
        cloud = cloud.repeat(factor, 0).repeat(factor, 1)
    colours[_edges(cloud)] = _EDGE
    size = max(14, colours.shape[1] // 32)
    band = round(3.1 * size)
    picture = Image.new("RGB", (colours.shape[1], colours.shape[0] + band), _BANDS[result.state])
    picture.paste(Image.fromarray(colours), (0, band))
    draw = ImageDraw.Draw(picture)
    _zenith_ring(draw, scene, factor, band)
    first, second = _words(result)
    draw.text((size // 2, size // 4), first, _TEXT, _font(size))
    draw.text((size // 2, size // 4 + 1.4 * size), second, _FAINT, _font(round(size * 0.8)))
    return picture


def save_overlay(picture: Image.Image, path: str | PathLike[str]) -> None:
    """Write a picture as PNG, atomically; lightly compressed, because there are many.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as part:
        picture.save(part, "PNG", compress_level=1)


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


def _background(scene: xr.Dataset) -> NDArray[np.uint8]:
    """(y, x, 3) uint8: colour as it is, counts from their 0.5th to their 99.5th percentile."""
    image = scene["image"].values
    missing = np.isnan(image[0])
    colours: NDArray[np.uint8]
    if len(image) == 1:
        sample = image[0, ::_SAMPLE, ::_SAMPLE]
        known = sample[np.isfinite(sample)]
        low, high = np.percentile(known, [0.5, 99.5]) if known.size else (0.0, 1.0)
        scale = np.float32(255 / max(high - low, 1e-6))
        grey = np.clip(np.nan_to_num((image[0] - np.float32(low)) * scale), 0, 255)
        colours = grey.astype(np.uint8)[..., None].repeat(3, 2)
    else:
        colours = np.ascontiguousarray(
            np.clip(np.nan_to_num(image), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        )
    if missing.any():
        colours[missing] = _MISSING
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


def _zenith_ring(draw: ImageDraw.ImageDraw, scene: xr.Dataset, factor: int, top: int) -> None:
    if "circle" not in scene.attrs:
        return
    row, col, radius_y, radius_x = (factor * value for value in scene.attrs["circle"])
    high, wide = radius_y * ZENITH / HORIZON, radius_x * ZENITH / HORIZON
    box = (col - wide, top + row - high, col + wide, top + row + high)
    for start in range(0, 360, 6):
        draw.arc(box, start, start + 3, _ZENITH_RING)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

"""JPEG decoder: libjpeg-turbo by simplejpeg, whose warnings are errors; Pillow drops them."""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from nephoscope.instruments.jpeg.structure import DamagedError, Structure

COLOURS = {1: "GRAY", 3: "RGB", 4: "CMYK"}
"""What is decoded, by the number of planes of a file."""


def decode(
    content: bytes | memoryview, structure: Structure, eighth: bool = False
) -> NDArray[np.uint8]:
    """Decode a JPEG file.

    Args:
        content: the file.
        structure: its markers.
        eighth: at an eighth of the size, and without heed of warnings.

    Returns:
        (y, x, plane) uint8, DN: grey; red, green, blue; or inks as they are stored.

    Raises:
        DamagedError: the decoder cannot decode it, or warns.
    """
    colour = COLOURS[len(structure.frame.components)]
    sizes = {"min_height": 1, "min_width": 1} if eighth else {}
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            content, colorspace=colour, strict=not eighth, **sizes
        )
    except ValueError as error:
        raise DamagedError(str(error)) from error
    return pixels

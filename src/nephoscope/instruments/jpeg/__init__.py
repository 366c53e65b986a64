"""JPEG pictures, with checks for damage: decoders repair silently what they can."""

from nephoscope.instruments.jpeg.reading import is_jpeg, read_jpeg
from nephoscope.instruments.jpeg.structure import Frame

__all__ = ["Frame", "is_jpeg", "read_jpeg"]

"""JPEG pictures, read so that a damaged one is named: decoders repair silently what they can."""

from nephoscope.instruments.jpeg.reading import is_jpeg, read_jpeg
from nephoscope.instruments.jpeg.structure import Frame

__all__ = ["Frame", "is_jpeg", "read_jpeg"]

"""Makes a picture of an example small enough for the repository: 1000 pixels wide, 256 colours.

Usage: python docs/generate/picture.py PICTURE docs/images
"""

import sys
from pathlib import Path

from PIL import Image

WIDTH = 1000


def shrink(picture: Path, folder: Path) -> Path:
    """Write the picture under its own name into a folder."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    if image.width > WIDTH:
        size = WIDTH, round(image.height * WIDTH / image.width)
        image = image.resize(size, Image.Resampling.LANCZOS)
    target = folder / picture.name
    image.quantize(256, Image.Quantize.FASTOCTREE).save(target, optimize=True)
    return target


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    shrink(Path(sys.argv[1]), Path(sys.argv[2]))

"""Pictures of labels, written as they are found."""

import numpy as np
from PIL import Image

HALF = np.repeat([[0] * 6 + [255] * 6], 12, 0)


def put(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(
        path, "JPEG" if path.suffix in {".jpg", ".jpeg"} else "PNG"
    )
    return path

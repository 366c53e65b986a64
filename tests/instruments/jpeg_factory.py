"""Pictures to be coded as JPEG, and damages to the files."""

import io

import numpy as np
from PIL import Image, ImageDraw

FLAVOURS = {
    "4:2:0": {"quality": 75},
    "4:4:4": {"quality": 90, "subsampling": 0},
    "4:2:2": {"quality": 85, "subsampling": 1, "optimize": True},
    "progressive": {"quality": 92, "progressive": True},
    "restart": {"quality": 80, "restart_marker_rows": 1},
    "rgb": {"quality": 80, "keep_rgb": True},
    "L": {"quality": 92},
    "CMYK": {"quality": 85},
}
KINDS = ("bit", "byte", "zeroed", "ones", "random", "lost", "twice", "swapped", "cut")


def encoded(picture, flavour):
    """The bytes of a picture in a flavour of the table."""
    if flavour in ("L", "CMYK"):
        picture = picture.convert(flavour)
    file = io.BytesIO()
    picture.save(file, "JPEG", **FLAVOURS[flavour])
    return file.getvalue()


def decoded(content):
    """Pixels by Pillow, which knows nothing of our checks; grey or red, green, blue."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB") if picture.mode == "CMYK" else picture)


def sky(seed, rows=320, columns=400):
    """A camera's sky: blue with clouds of all sizes, grain, and black beyond the lens."""
    rng = np.random.default_rng(seed)
    cloud = np.zeros((rows, columns))
    for cells, size in ((5, 1.0), (12, 0.6), (40, 0.3)):
        noise = Image.fromarray(rng.normal(size=(cells, cells)).astype(np.float32))
        cloud += size * np.asarray(noise.resize((columns, rows), Image.Resampling.BICUBIC))
    share = np.clip(cloud + 0.3, 0, 1)[..., None]
    rgb = share * [225, 228, 232] + (1 - share) * [60, 105, 190]
    y, x = np.mgrid[:rows, :columns]
    rgb = rgb * (1.05 - 0.5 * (y / rows))[..., None] + rng.normal(0, 2, rgb.shape)
    if seed % 2:
        rgb[np.hypot(y - rows / 2, x - columns / 2) > 0.48 * min(rows, columns)] = 2
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def hard_pictures():
    """Pictures whose own edges lie where damage would leave its seams: name, picture."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:272, :384]
    grey = np.full((272, 384, 3), 120, np.uint8)
    yield "flat", grey
    yield "black", grey * 0
    yield "white", grey * 0 + 255
    yield "noise", rng.integers(0, 256, grey.shape, np.uint8)
    yield "ramp", np.stack([x * 255 // 383, y * 255 // 271, x * 0 + 60], -1).astype(np.uint8)
    for size in (8, 16, 32):
        yield f"rows of {size}", np.repeat((y // size % 2 * 200)[..., None], 3, -1).astype(np.uint8)
        board = (x // size + y // size) % 2 * 255
        yield f"board of {size}", np.repeat(board[..., None], 3, -1).astype(np.uint8)
        barred = np.asarray(sky(0, 272, 384)).copy()
        barred[:size] = barred[-size:] = 0
        yield f"bars of {size}", barred
        boxed = np.asarray(sky(2, 272, 384)).copy()
        boxed[:size, : 10 * size] = (20, 20, 120)
        boxed[-size:, -9 * size :] = 255
        yield f"boxes of {size}", boxed
    steps = grey.copy()
    for _ in range(60):
        top, left = rng.integers(0, 16, 2) * 16
        steps[top : top + 64, left : left + 160] = rng.integers(0, 256, 3)
    yield "rectangles", steps
    words = Image.fromarray(grey)
    for line in range(0, 272, 12):
        ImageDraw.Draw(words).text(
            (3, line), "camera 7   2024-01-01 00:00:00   gain 3", fill="white"
        )
    yield "text", np.asarray(words)


def damaged(content, rng, kind, start):
    """One damage behind the byte `start`; lengths from 1 byte to 2 kB."""
    changed = bytearray(content)
    length = int(min(2 ** rng.uniform(0, 11), (len(content) - start) // 3))
    place = int(rng.integers(start, len(content) - length - 2))
    other = int(rng.integers(start, len(content) - length - 2))
    here, there = slice(place, place + length), slice(other, other + length)
    if kind == "bit":
        changed[place] ^= 1 << int(rng.integers(8))
    elif kind == "byte":
        changed[place] = int(rng.integers(256))
    elif kind == "zeroed":
        changed[here] = bytes(length)
    elif kind == "ones":
        changed[here] = b"\xff" * length
    elif kind == "random":
        changed[here] = rng.bytes(length)
    elif kind == "lost":
        del changed[here]
    elif kind == "twice":
        changed[place:place] = content[here]
    elif kind == "swapped":
        changed[here], changed[there] = content[there], content[here]
    elif kind == "cut":
        changed[place:] = b"\xff\xd9"
    return bytes(changed)


def harm(whole, content):
    """Share of pixels of which a damage changes a channel by more than 8 DN; 1 if undecodable."""
    try:
        pixels = decoded(content)
    except (OSError, SyntaxError, ValueError):
        return 1.0
    if pixels.shape != whole.shape:
        return 1.0
    wrong = np.abs(pixels.astype(np.int16) - whole) > 8
    return float((wrong if wrong.ndim == 2 else wrong.any(2)).mean())

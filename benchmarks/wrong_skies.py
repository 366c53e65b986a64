"""Pictures that are no sky by day, which a colour model must not answer for; all drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from nephoscope.simulate.fractal import fractal
from nephoscope.simulate.sky.colour import simulate_colour

Floats = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]  # (y, x, channel) DN
Rng = np.random.Generator

SIZES = (96, 240, 420, 600, 960)
_FIELD = 256


def wrong_sky(kind: str, seed: int) -> Picture:
    """Draw one picture of a kind.

    Args:
        kind: a name from `KINDS`.
        seed: size, content and whether there is an image circle depend on nothing but it.

    Returns:
        (y, x, channel) uint8, DN, red, green, blue.
    """
    rng = np.random.default_rng((seed, sorted(KINDS).index(kind)))
    rows = SIZES[seed % len(SIZES)]
    cols = rows if seed % 2 else rows * 4 // 3
    picture = KINDS[kind](rng, rows, cols)
    if kind in _IN_CIRCLE and rng.random() < 0.5:
        picture = np.where(_circle(*picture.shape[:2])[..., None], picture, rng.uniform(0, 5))
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def _circle(rows: int, cols: int) -> npt.NDArray[np.bool_]:
    y, x = np.mgrid[:rows, :cols]
    return np.asarray(np.hypot(y - rows / 2, x - cols / 2) < 0.46 * min(rows, cols))


def _noise(rng: Rng, rows: int, cols: int, sigma: float) -> Floats:
    return rng.normal(0, sigma, (rows, cols, 3))


def _flat(rows: int, cols: int, colour: npt.ArrayLike) -> Floats:
    return np.zeros((rows, cols, 3)) + np.asarray(colour, float)


def _stars(rng: Rng, picture: Floats, number: int) -> None:
    rows, cols = picture.shape[:2]
    y, x = rng.integers(1, rows - 1, number), rng.integers(1, cols - 1, number)
    light = 40 + rng.exponential(60, (number, 1)) * (1 + rng.normal(0, 0.1, (number, 3)))
    picture[y, x] += light
    for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        picture[y + dy, x + dx] += 0.4 * light


def _ramp(rows: int, cols: int, power: float = 2.0) -> Floats:
    """0 at the top, 1 at the bottom: (y, x, 1)."""
    return np.broadcast_to((np.arange(rows) / rows) ** power, (cols, rows)).T[..., None]


def _field(rng: Rng, rows: int, cols: int, slope: float = 1.8) -> Floats:
    """Clouds, mean 0 and spread 1: (y, x, 1)."""
    field = fractal(rng, (_FIELD, _FIELD), slope)
    y = np.linspace(0, _FIELD - 1, rows).astype(int)
    x = np.linspace(0, _FIELD - 1, cols).astype(int)
    return np.asarray(field[np.ix_(y, x)][..., None], float)


def _dark_night(rng: Rng, rows: int, cols: int) -> Floats:
    picture = _flat(rows, cols, rng.uniform(8, 30) * rng.uniform(0.85, 1.15, 3))
    picture += _noise(rng, rows, cols, rng.uniform(1, 4))
    _stars(rng, picture, rows * cols // 400)
    return picture


def _bright_night(rng: Rng, rows: int, cols: int) -> Floats:
    """A long exposure: the sky as bright as by day, grey or orange, and stars in it."""
    y, x = np.mgrid[:rows, :cols] / max(rows, cols) - 0.4
    light = rng.uniform(45, 80) * (1 - 0.4 * (y**2 + x**2))
    colour = np.array([1.0, 1.0, 1.0]) + rng.uniform(0, 1) * np.array([0.15, 0.0, -0.2])
    picture = light[..., None] * colour + _noise(rng, rows, cols, rng.uniform(3, 8))
    _stars(rng, picture, rows * cols // 300)
    return picture


def _glow(rng: Rng, rows: int, cols: int) -> Floats:
    picture = _dark_night(rng, rows, cols)
    picture += _ramp(rows, cols, 3) * rng.uniform(40, 110) * np.array([1.0, 0.7, 0.4])
    return picture


def _glow_on_cloud(rng: Rng, rows: int, cols: int) -> Floats:
    light = 35 + 15 * np.clip(_field(rng, rows, cols), -1.5, 3)
    return light * np.array([1.25, 1.0, 0.7]) + _noise(rng, rows, cols, 3)


def _moon(rng: Rng, rows: int, cols: int) -> Floats:
    picture = _dark_night(rng, rows, cols) + np.array([2, 5, 12.0])
    y, x = np.mgrid[:rows, :cols] / min(rows, cols)
    away = np.hypot(y - rng.uniform(0.2, 0.8), x - rng.uniform(0.2, 0.8))[..., None]
    return picture + 600 * np.exp(-((away / 0.02) ** 2)) + 50 * np.exp(-away / 0.12)


def _twilight(rng: Rng, rows: int, cols: int) -> Floats:
    low = _ramp(rows, cols, 2)
    sky = np.array([14, 20, 38.0]) * (1 - low) + np.array([70, 48, 30.0]) * low
    return sky * rng.uniform(0.6, 1.0) + _noise(rng, rows, cols, 2)


def _aurora(rng: Rng, rows: int, cols: int) -> Floats:
    picture = _dark_night(rng, rows, cols)
    bands = np.clip(_field(rng, rows, cols, 2.2) + 0.8, 0, 3)
    return picture + bands * rng.uniform(30, 70) * np.array([0.35, 1.0, 0.5])


def _capped(rng: Rng, rows: int, cols: int) -> Floats:
    picture = _flat(rows, cols, rng.uniform(0, 6)) + _noise(rng, rows, cols, rng.uniform(0, 3))
    picture[rng.random((rows, cols)) < 0.001] = 255  # hot pixels
    return picture


def _white(rng: Rng, rows: int, cols: int) -> Floats:
    return _flat(rows, cols, 255 - rng.integers(0, 4)) - np.abs(_noise(rng, rows, cols, 0.5))


def _overexposed(rng: Rng, rows: int, cols: int) -> Floats:
    sky = simulate_colour(int(rng.integers(1 << 30)), 0)[0][60:390, 80:400].astype(float)
    y, x = np.linspace(0, 329, rows).astype(int), np.linspace(0, 319, cols).astype(int)
    return sky[np.ix_(y, x)] * rng.uniform(2.2, 4)


def _blank(rng: Rng, rows: int, cols: int) -> Floats:
    return _flat(rows, cols, rng.integers(30, 226, 3))


def _blank_sky_colour(rng: Rng, rows: int, cols: int) -> Floats:
    return _flat(rows, cols, np.array([70, 110, 180.0]) * rng.uniform(0.7, 1.3))


def _grey_card(rng: Rng, rows: int, cols: int) -> Floats:
    return _flat(rows, cols, rng.uniform(60, 200)) + _noise(rng, rows, cols, rng.uniform(1, 3))


def _write(rng: Rng, image: Image.Image, ink: tuple[int, ...], lines: int, left: int = 4) -> None:
    draw = ImageDraw.Draw(image)
    size = max(image.height // (lines + 2), 8)
    font = ImageFont.load_default(size * 0.75)
    for line in range(min(lines, image.height // size)):
        letters = rng.integers(97, 123, max(image.width // max(size // 3, 1), 8))
        letters[rng.random(letters.size) < 0.17] = 32
        draw.text((left, 2 + line * size), bytes(letters.tolist()).decode(), ink, font)


def _text(paper: tuple[int, ...], ink: tuple[int, ...]) -> Callable[[Rng, int, int], Floats]:
    def draw(rng: Rng, rows: int, cols: int) -> Floats:
        image = Image.new("RGB", (cols, rows), paper)
        _write(rng, image, ink, int(rng.integers(8, 25)))
        return np.asarray(image, float)

    return draw


def _stamp(rng: Rng, rows: int, cols: int) -> Floats:
    image = Image.new("RGB", (cols, rows), (0, 0, 0))
    ink = (255, 255, 255) if rng.random() < 0.5 else (255, 230, 0)
    font = ImageFont.load_default(max(rows / rng.uniform(8, 20), 10))
    ImageDraw.Draw(image).text((4, 4), "2026-01-31 23:59:58 UTC\nNO SIGNAL", ink, font)
    return np.asarray(image, float)


def _screen(rng: Rng, rows: int, cols: int) -> Floats:
    image = Image.new("RGB", (cols, rows), (235, 237, 240))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        y, x = int(rng.integers(0, rows * 3 // 4)), int(rng.integers(0, cols * 3 // 4))
        box = x, y, x + cols // 3, y + rows // 3
        draw.rectangle(box, tuple(rng.integers(40, 256, 3).tolist()), (90, 90, 90))
        draw.rectangle((*box[:3], y + rows // 20 + 2), (50, 90, 160))
    _write(rng, image, (20, 20, 20), 14)
    return np.asarray(image, float)


def _colour_bars(_: Rng, rows: int, cols: int) -> Floats:
    bars = [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0),
            (0, 0, 191)]  # fmt: skip
    which = np.arange(cols) * len(bars) // cols
    return np.broadcast_to(np.array(bars, float)[which], (rows, cols, 3)).copy()


def _grey_steps(rng: Rng, rows: int, cols: int) -> Floats:
    steps = np.arange(cols) * 11 // cols * 25.0
    return np.broadcast_to(steps[None, :, None], (rows, cols, 3)) + _noise(rng, rows, cols, 0.3)


def _checkerboard(rng: Rng, rows: int, cols: int) -> Floats:
    side = int(rng.integers(4, 20))
    y, x = np.mgrid[:rows, :cols] * side // rows
    low, high = np.sort(rng.uniform(20, 235, 2))
    return np.broadcast_to(np.where((y + x) % 2, low, high)[..., None], (rows, cols, 3)).copy()


def _white_noise(rng: Rng, rows: int, cols: int) -> Floats:
    if rng.random() < 0.5:
        return rng.uniform(0, 256, (rows, cols, 3))
    return 128 + rng.uniform(15, 60) * rng.normal(size=(rows, cols, 1)) + np.zeros(3)


def _tinted(colour: npt.ArrayLike) -> Callable[[Rng, int, int], Floats]:
    def draw(rng: Rng, rows: int, cols: int) -> Floats:
        shade = 150 + 25 * np.clip(_field(rng, rows, cols), -2, 2)
        return shade * np.asarray(colour, float) + _noise(rng, rows, cols, 2)

    return draw


def _cast(gains: npt.ArrayLike) -> Callable[[Rng, int, int], Floats]:
    def draw(rng: Rng, rows: int, cols: int) -> Floats:
        return _day(rng, rows, cols) * np.asarray(gains, float)

    return draw


def _day(rng: Rng, rows: int, cols: int) -> Floats:
    sky = simulate_colour(int(rng.integers(1 << 30)), 0)[0].astype(float)
    y, x = np.linspace(0, 449, rows).astype(int), np.linspace(0, 479, cols).astype(int)
    return sky[np.ix_(y, x)]


def _inverted(rng: Rng, rows: int, cols: int) -> Floats:
    return 255 - _day(rng, rows, cols)


def _false_colour(rng: Rng, rows: int, cols: int) -> Floats:
    value = (np.clip(_field(rng, rows, cols), -2, 2) + 2) / 4
    return 255 * np.clip(1.5 - np.abs(4 * value - np.array([3, 2, 1.0])), 0, 1)


def _room(rng: Rng, rows: int, cols: int) -> Floats:
    image = Image.new("RGB", (cols, rows), (178, 160, 130))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, rows * 2 // 3, cols, rows), (120, 80, 45))
    for _ in range(12):
        y, x = int(rng.integers(0, rows)), int(rng.integers(0, cols))
        high, wide = int(rng.integers(rows // 10, rows // 2)), int(rng.integers(8, cols // 2))
        colour = rng.uniform(30, 220) * np.array([1.0, 0.75, 0.55]) * rng.uniform(0.6, 1.2, 3)
        draw.rectangle((x, y, x + wide, y + high), tuple(np.clip(colour, 0, 255).astype(int)))
    return np.asarray(image, float) + 5 * _field(rng, rows, cols) + _noise(rng, rows, cols, 2)


KINDS: dict[str, Callable[[Rng, int, int], Floats]] = {
    "night, stars": _dark_night,
    "night, long exposure": _bright_night,
    "night, city glow": _glow,
    "night, lit cloud": _glow_on_cloud,
    "night, moon": _moon,
    "night, aurora": _aurora,
    "late twilight": _twilight,
    "lens cap": _capped,
    "white": _white,
    "overexposed": _overexposed,
    "one colour": _blank,
    "one colour, of sky": _blank_sky_colour,
    "grey card": _grey_card,
    "text, black on white": _text((255, 255, 255), (0, 0, 0)),
    "text, white on blue": _text((20, 60, 160), (255, 255, 255)),
    "text, on grey": _text((150, 150, 150), (20, 20, 20)),
    "black with a time stamp": _stamp,
    "screenshot": _screen,
    "colour bars": _colour_bars,
    "grey steps": _grey_steps,
    "checkerboard": _checkerboard,
    "noise": _white_noise,
    "all green": _tinted((0.1, 1.0, 0.1)),
    "all magenta": _tinted((1.0, 0.2, 1.0)),
    "all red": _tinted((1.0, 0.1, 0.1)),
    "green cast": _cast((0.6, 1.0, 0.6)),
    "pink cast, no infrared filter": _cast((1.3, 0.8, 1.0)),
    "yellow cast": _cast((1.1, 1.0, 0.45)),
    "inverted": _inverted,
    "false colour": _false_colour,
    "room": _room,
}
"""Kind → what draws it."""
_IN_CIRCLE = {"night, stars", "night, city glow", "night, lit cloud", "night, moon",
              "night, aurora", "late twilight", "overexposed", "green cast"}  # fmt: skip

"""Guard of colour models: of a frame unlike those it learned from nothing should be said.

A network answers whatever it is shown: a night, a lens cap or a page of text is "cloud" with a
probability of 1. So a model keeps what its training frames spanned in a few plain numbers, and a
frame beyond them is unknown, with the number that is beyond.

Spans are of the whole frames and of parts of them, as another lens sees only a part of the sky.
They are widened (`room` in `NUMBERS`), as another camera by day has other colours, exposure and
compression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.models.guard import Guard, Pair, Span

Image = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

LIT = 16
"""DN in the brightest colour from which on a pixel is lit: darker ones are no picture."""
WHITE = 250
"""DN in every colour from which on a pixel is white: it has lost its colour."""
COLOURED = 48
"""DN in the brightest colour from which on the colour of a pixel says something: noise and
compression give darker ones any, and light scattered beside a lens is lit in a brighter picture."""
FEWEST = 64
"""Lit pixels that a frame must have; of fewer nothing can be measured."""
_HARD = 48 * 3  # a step between neighbours that no cloud makes, sum of the colours
_STEPS = 3 * 256
_MANY = 30_000  # pixels that are enough to tell the colours of a frame
_PARTS, _PART = 4, (0.2, 0.5)  # parts of a frame that are measured, shares of its sides
_RARE = 2.0  # percent of the parts at either end that count as odd


@dataclass(frozen=True)
class _Number:
    """What is measured, how far it may go beyond what was seen, and how that is said.

    Attributes:
        ends: least and greatest value that there is.
        room: share of the way from the lowest seen value to the least, and from the highest to the
            greatest, that is still accepted; 1: that side is not judged.
        words: what a frame beyond the low and the high side is.
        what: the number in words; {} is its value.
        percent: whether it is said in percent.
    """

    ends: Pair
    room: Pair
    words: tuple[str, str]
    what: str
    percent: bool = False


_NO_SKY = ("not the colours of a sky",) * 2
NUMBERS: dict[str, _Number] = {
    "lit": _Number((0, 1), (0.5, 1), ("dark frame", ""), "{} of the frame is lit", True),
    "brightness": _Number(
        (0, 255), (0.45, 0.3), ("dark frame", "overexposed frame"), "brightness {} DN"
    ),
    "white": _Number((0, 1), (1, 0.05), ("", "saturated frame"), "{} of it is white", True),
    "levels": _Number((1, 256), (0.88, 1), ("blank frame", ""), "{} levels of brightness"),
    "even": _Number(
        (0, 1), (1, 0.93), ("", "blank or drawn picture"), "{} of neighbours are equal", True
    ),
    "hard": _Number(
        (0, 1), (1, 0.1), ("", "text or drawn picture"), "{} of the steps are hard", True
    ),
    "rough": _Number(
        (0, 1.5), (1, 0.098), ("", "noise, stars or text"), "roughness {}"
    ),
    "colours": _Number((0, 2), (0.7, 1), ("no colours", ""), "blueness varies by {}"),
    "blue_low": _Number((-1, 1), (0.2, 1), _NO_SKY, "blueness of its reddest parts {}"),
    "blue": _Number((-1, 1), (0.13, 0.75), _NO_SKY, "blueness {}"),
    "green_low": _Number((-1, 2), (0.2, 1), _NO_SKY, "greenness of its most purple parts {}"),
    "green": _Number((-1, 2), (0.08, 0.04), _NO_SKY, "greenness {}"),
    "green_high": _Number((-1, 2), (1, 0.08), _NO_SKY, "greenness of its greenest parts {}"),
}  # fmt: skip
"""Name → what is measured of a frame; see `measure`."""


class ColourGuard(Guard):
    """What a model knows of colour frames."""

    known = NUMBERS

    def doubt(self, image: Image) -> str | None:
        """Why nothing should be said of a frame; None if it is like those of the training.

        Args:
            image: (channel: red, green, blue; y; x) uint8 DN, 0 in all channels where missing, at
                the size at which the model looks at it.
        """
        found = measure(image)
        for name, span in self.spans.items():
            value, (low, high) = found.get(name), span.accepted
            if value is not None and (value < low or value > high):
                return _reason(name, int(value > high), value, span)
        return None


def learn_colour_guard(images: Iterable[Image], seed: int = 0) -> ColourGuard:
    """Measure what frames span.

    Args:
        images: as for `ColourGuard.doubt`, the frames that a model is trained on.
        seed: of the draw of parts.
    """
    whole: list[dict[str, float]] = []
    parts: list[dict[str, float]] = []
    rng = np.random.default_rng(seed)
    for image in images:
        whole.append(measure(image))
        parts.extend(measure(_part(image, rng)) for _ in range(_PARTS))
    spans = {}
    for name, number in NUMBERS.items():
        of_whole, of_parts = ([row[name] for row in rows if name in row] for rows in (whole, parts))
        if of_whole:
            spans[name] = _span(of_whole, of_parts, number)
    return ColourGuard(spans)


def _span(whole: list[float], parts: list[float], number: _Number) -> Span:
    """Of whole frames and of their parts but for the oddest, with the number's room around."""
    usual = np.percentile(parts, (_RARE, 100 - _RARE)).tolist() if parts else []
    seen = _rounded(min([*whole, *usual]), max([*whole, *usual]))
    sides = zip(seen, number.room, number.ends, strict=True)
    wider = (side + room * (end - side) for side, room, end in sides)
    return Span(seen, _rounded(*wider))


def _rounded(low: float, high: float) -> Pair:
    return float(f"{low:.4g}"), float(f"{high:.4g}")


def _part(image: Image, rng: np.random.Generator) -> Image:
    """A rectangle from the middle of a frame, as a lens of a narrower view has it."""
    share = rng.uniform(*_PART)
    high, wide = (max(round(share * side), 1) for side in image.shape[1:])
    spare = image.shape[1] - high, image.shape[2] - wide
    row, col = (round(left * rng.uniform(0.3, 0.7)) for left in spare)
    return image[:, row : row + high, col : col + wide]


def _reason(name: str, side: int, value: float, span: Span) -> str:
    number = NUMBERS[name]
    said, seen = (
        f"{100 * v:.0f} %" if number.percent else f"{v:.3g}" for v in (value, span.seen[side])
    )
    bound = ("or more", "or less")[side]
    return f"{number.words[side]}: {number.what.format(said)}, training frames have {seen} {bound}"


def measure(image: Image) -> dict[str, float]:
    """The numbers by which a frame is judged.

    | name | is |
    |---|---|
    | `lit` | share of the frame that is at least `LIT` DN in one colour |
    | `brightness` | median of the mean of the colours, DN, of what is lit |
    | `white` | share of what is lit that is white |
    | `levels` | effective number of levels of brightness (exponential of the entropy) |
    | `even` | share of neighbours that are equal in brightness |
    | `hard` | share of unequal neighbours that differ by more than 48 DN |
    | `rough` | root mean square between neighbours over that between any two pixels |
    | `blue`, `blue_low`, `colours` | (B - R) / (B + R): median, 5th percentile, 5th to 95th |
    | `green`, `_low`, `_high` | (2 G - R - B) / (R + G + B): median, 5th and 95th percentile |

    Args:
        image: as for `ColourGuard.doubt`.

    Returns:
        Name → value; without those that cannot be measured, as too little of the frame is lit.
    """
    top = image.max(axis=0)
    lit = top >= LIT
    number = int(lit.sum())
    found = {"lit": number / max(lit.size, 1)}
    if number < FEWEST:
        return found
    total = image.sum(axis=0, dtype=np.int16)
    counts = np.bincount(total[lit], minlength=_STEPS)
    share = counts / number
    found["brightness"] = int(np.searchsorted(np.cumsum(counts), number / 2)) / 3
    levels = share.reshape(-1, 3).sum(axis=1)
    levels = levels[levels > 0]
    found["levels"] = float(np.exp(-np.sum(levels * np.log(levels))))
    white = image.min(axis=0) >= WHITE
    found["white"] = int((white & lit).sum()) / number
    found |= _texture(total, lit, share)
    coloured = (top >= COLOURED) & ~white
    found |= _colour(image, coloured if int(coloured.sum()) >= FEWEST else lit)
    return found


def _texture(
    total: npt.NDArray[np.int16], lit: Bools, share: npt.NDArray[np.float64]
) -> dict[str, float]:
    inner = _inner(lit)
    across = np.abs(total[::2, 1:] - total[::2, :-1])[inner[::2, 1:] & inner[::2, :-1]]
    down = np.abs(total[1:, ::2] - total[:-1, ::2])[inner[1:, ::2] & inner[:-1, ::2]]
    steps = np.bincount(across, minlength=_STEPS) + np.bincount(down, minlength=_STEPS)
    number = int(steps.sum())
    if number < FEWEST:
        return {}
    values = np.arange(_STEPS)
    mean = float(share @ values)
    spread = float(share @ (values - mean) ** 2)
    between = float(steps @ values**2) / number / 2
    return {
        "even": int(steps[0]) / number,
        "hard": int(steps[_HARD + 1 :].sum()) / max(number - int(steps[0]), 1),
        "rough": float(np.sqrt(between / max(spread, 9.0))),
    }


def _inner(lit: Bools) -> Bools:
    """Lit pixels that are two away from those that are not: the edge of a lens is no texture."""
    inner = lit.copy()
    for _ in range(2):
        wider = inner.copy()
        wider[1:] &= inner[:-1]
        wider[:-1] &= inner[1:]
        wider[:, 1:] &= inner[:, :-1]
        wider[:, :-1] &= inner[:, 1:]
        inner = wider
    return inner


def _colour(image: Image, coloured: Bools) -> dict[str, float]:
    places = np.flatnonzero(coloured)
    places = places[:: -(-places.size // _MANY)]
    red, green, blue = (plane.take(places).astype(np.float32) for plane in image)
    blueness = (blue - red) / np.maximum(blue + red, 2 * LIT)
    greenness = (2 * green - red - blue) / np.maximum(red + green + blue, 3 * LIT)
    low, middle, high = np.percentile(blueness, (5, 50, 95)).tolist()
    green_low, green_middle, green_high = np.percentile(greenness, (5, 50, 95)).tolist()
    return {
        "colours": high - low,
        "blue_low": low,
        "blue": middle,
        "green_low": green_low,
        "green": green_middle,
        "green_high": green_high,
    }

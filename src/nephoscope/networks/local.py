"""A network that judges each pixel by its colour and by what the sky around it looks like.

Labels of colour frames are sharp to the pixel: what tells is a pixel's own colour beside means,
contrast and extremes of its surroundings of many sizes, and beside the clear and the cloudy colour
that a fixed rule finds there. All of these are fixed numbers (`look`); only a small perceptron that
judges them (`judge`) is learned. So it can be trained on single pixels from many frames at once,
which teaches more in a step than a few whole crops do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.networks.blocks import (
    Groups,
    enlarge,
    group_of,
    hidden,
    pick,
    shown,
    window_extremes,
    window_mean,
)

TINY = 1e-3
CLASSES, EXTREMES, MOMENTS = 5, 4, 6  # numbers that each kind of window gives
COLOUR_STEPS, COLOUR_WIDTH = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3), 0.02
BRIGHTNESS_STEPS, BRIGHTNESS_WIDTH = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5), 0.15


class LocalNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits; y and x multiples of `divisor`.

    Surroundings are seen at four levels: around each pixel, and around squares of 2, 4 and 8
    pixels to the side. Sides of windows are odd and count the squares of their level.

    Args:
        groups: `picture` is seen at each pixel; of `windowed`, some of these, surroundings are
            seen: a colour, a sign (-1 cloud … 1 clear) and a brightness, in this order, and as
            often again as there are ways to say them; `known` is the flag for pixels with data.
        outputs: logits per pixel.
        moments: of which mean and spread are taken, at each of the four levels.
        classes: in which clear and cloud are told apart, at the last two levels.
        extremes: of which lowest and highest are taken, at the last two levels.
        hidden: widths of the perceptron's hidden layers.
    """

    reads = ("picture", "known")
    centre: Tensor
    spread: Tensor

    def __init__(
        self,
        groups: Groups,
        outputs: int = 1,
        *,
        moments: Sequence[Sequence[int]] = ((3, 5), (5, 9), (9, 17), (15,)),
        classes: Sequence[Sequence[int]] = ((5, 11), (13, 25)),
        extremes: Sequence[Sequence[int]] = ((9,), (13, 31)),
        hidden: Sequence[int] = (48, 32),
    ) -> None:
        super().__init__()
        self.flag = group_of(groups, "known", "the feature known", 1)
        picture = group_of(groups, "picture", "what it sees at each pixel")
        self.picture = [place for place in picture if place not in self.flag]
        self.windowed = _triples(groups, self.picture)
        self.moments = [tuple(sides) for sides in moments]
        self.classes, self.extremes = ([tuple(s) for s in kind] for kind in (classes, extremes))
        self.divisor = 8
        told = sum(map(len, self.classes))
        self.parts = [MOMENTS * len(sides) for sides in self.moments]
        self.parts[0] += told
        for level, sides in enumerate(zip(self.classes, self.extremes, strict=True), 2):
            self.parts[level] += CLASSES * len(sides[0]) + EXTREMES * len(sides[1])
        self.parts[3] += CLASSES + EXTREMES + MOMENTS
        self.parts[3] += len(COLOUR_STEPS) + len(BRIGHTNESS_STEPS)
        self.parts = [len(self.windowed) * part for part in self.parts]
        self.parts[0] += len(self.picture)
        self.register_buffer("centre", torch.zeros(sum(self.parts)))
        self.register_buffer("spread", torch.ones(sum(self.parts)))
        self.first = nn.Linear(sum(self.parts), hidden[0])
        self.rest = nn.ModuleList(nn.Linear(*sizes) for sizes in pairwise((*hidden, outputs)))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of every pixel, float32."""
        weight = self.first.weight / self.spread
        bias = self.first.bias - weight @ self.centre
        parts = torch.split(weight[:, :, None, None], self.parts, dim=1)
        pixels, *levels = self.look(inputs)
        far = functional.conv2d(levels[2], parts[3], bias)
        for level in (1, 0):
            far = functional.conv2d(levels[level], parts[level + 1]) + enlarge(far)
        state = functional.conv2d(pixels, parts[0]) + _spread(far)
        for layer in self.rest:
            state = _pointwise(functional.relu(state), layer)
        return state

    def judge(self, seen: Tensor) -> Tensor:
        """(pixel, seen) as `at_pixels` gives them → (pixel, output) logits."""
        state: Tensor = self.first((seen - self.centre) / self.spread)
        for layer in self.rest:
            state = layer(functional.relu(state))
        return state

    def standardise(self, seen: Tensor) -> None:
        """Take centre and spread of what is seen from (pixel, seen) examples."""
        self.centre.copy_(seen.mean(0))
        self.spread.copy_(seen.std(0).clamp(min=1e-2))

    @torch.no_grad()
    def at_pixels(self, inputs: Tensor, rows: Tensor, cols: Tensor) -> Tensor:
        """What is seen at some pixels of one frame: (1, feature, y, x) → (pixel, seen)."""
        pixels, *levels = self.look(inputs)
        far = levels[2]
        for level in (1, 0):
            far = torch.cat([levels[level], enlarge(far)], dim=1)
        return torch.cat([pixels[0, :, rows, cols].T, far[0, :, rows // 2, cols // 2].T], dim=1)

    def look(self, inputs: Tensor) -> list[Tensor]:
        """What is seen at each level: (batch, number, y / side, x / side) of sides 1, 2, 4, 8."""
        known = (pick(inputs, self.flag) > 0.5).to(inputs.dtype)
        image = pick(inputs, self.picture) * known
        seen = [self._around(pick(image, triple), known) for triple in self.windowed]
        levels = [[part for each in seen for part in each[level]] for level in range(4)]
        return [torch.cat(found, dim=1) for found in ([image, *levels[0]], *levels[1:])]

    def _around(self, values: Tensor, known: Tensor) -> list[list[Tensor]]:
        """What is seen of a colour, a sign and a brightness at each level."""
        levels = [torch.cat([values, values**2, known], dim=1)]
        for _ in range(3):
            levels.append(functional.avg_pool2d(levels[-1], 2))
        clear = (1 + values[:, 1:2]) / 2 * known
        sums = functional.avg_pool2d(torch.cat([values[:, ::2] * clear, clear], dim=1), 4)
        sums = torch.cat([sums, levels[2][:, [0, 2, -1]]], dim=1)
        both = [sums, functional.avg_pool2d(sums, 2)]
        seen = [
            [_moments(window_mean(level, side)) for side in sides]
            for level, sides in zip(levels, self.moments, strict=True)
        ]
        told = [
            [_classes(window_mean(level, side)) for side in sides]
            for level, sides in zip(both, self.classes, strict=True)
        ]
        for level in (2, 3):
            seen[level] += told[level - 2]
            seen[level] += [
                window_extremes(*_told(levels[level]), side) for side in self.extremes[level - 2]
            ]
        seen[3] += _of_all(levels[3], both[1])
        seen[0].append(_between(values[:, :1], told, known))
        return seen


def _triples(groups: Groups, picture: Sequence[int]) -> list[list[int]]:
    """Places of each colour, sign and brightness among the features of the picture.

    Raises:
        UsageError: there are none, or some are not in the picture.
    """
    windowed = group_of(groups, "windowed", "a colour, a sign and a brightness")
    if len(windowed) % 3:
        problem = "the network wants a colour, a sign and a brightness, as often as you like"
        raise UsageError(f"inputs.features.windowed: {problem}")
    if not {*windowed} <= {*picture}:
        raise UsageError("inputs.features.windowed: is not in the group picture")
    places = [picture.index(place) for place in windowed]
    return [places[first : first + 3] for first in range(0, len(places), 3)]


def _pointwise(state: Tensor, layer: Any) -> Tensor:  # noqa: ANN401 - nn.ModuleList has no types
    """A linear layer on the channels of every pixel."""
    return functional.conv2d(state, layer.weight[:, :, None, None], layer.bias)


def _spread(state: Tensor) -> Tensor:
    return functional.interpolate(state, scale_factor=2.0, mode="nearest")


def _moments(mean: Tensor) -> Tensor:
    """Mean and standard deviation from means of values, their squares and the share known."""
    mean = mean[:, :-1] / mean[:, -1:].clamp(min=TINY)
    first, second = mean.chunk(2, dim=1)
    return torch.cat([first, torch.sqrt((second - first**2).clamp(min=1e-6))], dim=1)


def _classes(sums: Tensor) -> Tensor:
    """Colour and brightness of what looks clear and of what does not, and the clear share.

    Args:
        sums: colour, brightness and share of clear; the same of everything.
    """
    clear, everything = sums[:, :3], sums[:, 3:]
    cloud = everything - clear
    # A class of which there is little is taken for the mean of all: nothing is known of it.
    mean = everything[:, :2] / everything[:, 2:].clamp(min=TINY)
    least = 0.01
    found = [
        (part[:, :2] + least * mean) / (part[:, 2:].clamp(min=0) + least) for part in (clear, cloud)
    ]
    share = clear[:, 2:] / everything[:, 2:].clamp(min=TINY)
    return torch.cat([*found, share], dim=1)


def _between(colour: Tensor, told: list[list[Tensor]], known: Tensor) -> Tensor:
    """Where a pixel's colour lies between those of clear (1) and cloud (-1), for each window."""
    pairs: list[Tensor] = []
    for classes in (torch.cat(told[1], dim=1), torch.cat(told[0], dim=1)):
        clear, cloud = classes[:, ::CLASSES], classes[:, 2::CLASSES]
        half = (clear - cloud).abs().clamp(min=0.05) / 2
        found = [(clear + cloud) / 2, half]
        if pairs:
            found = [torch.cat(pair, 1) for pair in zip(found, map(enlarge, pairs), strict=True)]
        pairs = found
    middle, half = _spread(enlarge(torch.cat(pairs, dim=1))).chunk(2, dim=1)
    return torch.tanh((colour - middle) / half) * known


def _of_all(level: Tensor, both: Tensor) -> list[Tensor]:
    """The same of the whole frame, and how its colour and brightness are spread."""
    ends = [
        shown(hidden(*_told(level), sign).amax((2, 3), keepdim=True), sign) for sign in (1.0, -1.0)
    ]
    kinds = _classes(both.mean((2, 3), keepdim=True)), torch.cat(ends, dim=1)
    mean = _moments(level.mean((2, 3), keepdim=True))
    whole = torch.cat([*kinds, mean, *_spreads(level)], dim=1)
    return [whole + 0 * level[:, :1]]


def _spreads(level: Tensor) -> list[Tensor]:
    """Shares of the frame that are bluer, and brighter, than fixed steps (a soft histogram)."""
    share = level[:, -1:]
    whole = share.mean((2, 3), keepdim=True).clamp(min=TINY)
    found = []
    for channel, steps, width in (
        (0, COLOUR_STEPS, COLOUR_WIDTH),
        (2, BRIGHTNESS_STEPS, BRIGHTNESS_WIDTH),
    ):
        value = level[:, channel : channel + 1] / share.clamp(min=TINY)
        for step in steps:
            above = torch.sigmoid((value - step) / width) * share
            found.append(above.mean((2, 3), keepdim=True) / whole)
    return found


def _told(level: Tensor) -> tuple[Tensor, Tensor]:
    """Colour and brightness, and where something is known."""
    share = level[:, -1:]
    return level[:, [0, 2]] / share.clamp(min=TINY), (share > 0.5).to(level.dtype)

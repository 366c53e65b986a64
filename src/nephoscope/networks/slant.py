"""A network of one view that looks for the air of each height where it is seen in the picture.

An imager far from overhead sees high clouds several pixels away from the place they stand over. The
geometry is known, so nothing of it has to be learned: at each of some heights the network takes
what it found around the pixel in which air of that height is seen, between four pixels, and puts
the column together from there. What it says stands upright over a pixel. It sees a neighbourhood of
fixed size, and does the same in every pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.networks.blocks import Groups, Residual, group_of, pick, without_margin

FORMS = 32
"""Numbers that stand for a column as a whole."""
_TIMID = 0.1  # share of the usual weights with which the last layers begin


class SlantNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) numbers, for any y and x.

    Args:
        groups: `picture`, what was measured, with flags for what was not; `parallax`, columns and
            then rows by which air 1 km up is displaced in the picture; with the option place also
            `place`, where and when a pixel is.
        outputs: numbers per pixel: so many of each level, kind by kind and the highest level first;
            those that are left are of the column.
        lowest: centre of the lowest level, m.
        step: between levels, m.
        levels: their number.
        planes: heights at which the picture is looked at, spread evenly over the levels.
        slant: whether to look where each height is seen; else straight down, to compare with.
        context: width of what is seen around a pixel.
        dilations: of the 3 x 3 convolutions over the surroundings, in pairs.
        seen: numbers that are taken along to each plane.
        trunk: width of what is known of a pixel as a whole.
        column: width of what is known of it at each plane.
        place: width of an embedding of place and time, which scales and shifts what is seen around
            a pixel; 0: none. At first it does nothing.
    """

    divisor = 1
    tells_pixels = True

    def __init__(
        self,
        groups: Groups,
        outputs: int,
        *,
        lowest: float = 1770.0,
        step: float = 240.0,
        levels: int = 64,
        planes: int = 9,
        slant: bool = True,
        context: int = 48,
        dilations: Sequence[int] = (1, 1, 2, 2),
        seen: int = 16,
        trunk: int = 128,
        column: int = 16,
        place: int = 0,
    ) -> None:
        super().__init__()
        self.picture = group_of(groups, "picture", "what was measured")
        self.parallax = group_of(groups, "parallax", "parallax_x and parallax_y", 2)
        self.reads: tuple[str, ...] = ("picture", "parallax")
        top = lowest + (levels - 1) * step
        heights = torch.linspace(top, lowest, planes) if slant else torch.zeros(planes)
        self.heights = [float(height) / 1000 for height in heights]
        self.enter = nn.Conv2d(len(self.picture), context, 1)
        self.around = nn.ModuleList(
            Residual(context, dilations[i : i + 2], nn.ReLU) for i in range(0, len(dilations), 2)
        )
        self.look = nn.Conv2d(context, seen, 1)
        head = _Column((context, seen, trunk, column), (planes, levels), outputs)
        self.place: _Place | None = None
        if place:
            self.where = group_of(groups, "place", "where and when a pixel is")
            self.reads = ("picture", "parallax", "place")
            self.place = _Place(len(self.where), place, context)
        self.head = head  # the last of its parts: the others begin alike with place and without

    def forward(self, inputs: Tensor, pixels: Tensor | None = None, margin: int = 0) -> Tensor:
        """Numbers of every pixel, float32; or of some alone, which costs less.

        Args:
            inputs: (batch, feature, y, x).
            pixels: (pixel, 3) int64, sample, row and column; the result is (pixel, output).
            margin: pixels at each edge of which nothing is said; the result is smaller by them.
        """
        state = self.enter(pick(inputs, self.picture))
        for block in self.around:
            state = block(state)
        if self.place is not None:
            state = self.place(pick(inputs, self.where), state)
        state = functional.relu(state)
        seen, parallax = self.look(state), pick(inputs, self.parallax)
        if pixels is not None:
            sample, row, col = pixels.unbind(1)
            planes = at_heights(seen, parallax[sample, :, row, col], self.heights, pixels)
            pictures = planes[..., None, None], state[sample, :, row, col, None, None]
            numbers: Tensor = self.head(*pictures)  # each of one pixel; there may be none
            return numbers.flatten(1)
        batch, _, height, width = inputs.shape
        ends = ((0, batch), (margin, height - margin), (margin, width - margin))
        sides = (torch.arange(*each, device=inputs.device) for each in ends)
        every = torch.stack(torch.meshgrid(*sides, indexing="ij"), dim=-1).flatten(0, 2)
        parallax, state = (without_margin(each, margin) for each in (parallax, state))
        planes = at_heights(seen, parallax.movedim(1, 3).flatten(0, 2), self.heights, every)
        shape = batch, *state.shape[2:]
        planes = planes.reshape(*shape, *planes.shape[1:]).permute(0, 3, 4, 1, 2)
        numbers = self.head(planes, state)
        return numbers


def at_heights(seen: Tensor, parallax: Tensor, heights: Sequence[float], pixels: Tensor) -> Tensor:
    """What is found where the air over some pixels is seen, height by height.

    Args:
        seen: (batch, number, y, x).
        parallax: (pixel, 2) columns and rows for each km.
        heights: km.
        pixels: (pixel, 3) int64, sample, row and column.

    Returns:
        (pixel, height, number), between the four pixels around; beyond an edge as at the edge.
    """
    number, height, width = seen.shape[1:]
    up = torch.tensor(heights, dtype=seen.dtype, device=seen.device)
    sample, row, col = (each[:, None] for each in pixels.unbind(1))
    x = (col + up * parallax[:, :1]).clamp(0, width - 1)
    y = (row + up * parallax[:, 1:]).clamp(0, height - 1)
    left, top = x.floor(), y.floor()
    across, down = x - left, y - top
    # Rows of a table are copied whole: several times as fast as `grid_sample`.
    table = seen.movedim(1, 3).reshape(-1, number)
    found = seen.new_zeros(())
    for below, part in ((0, 1 - down), (1, down)):
        line = (sample * height + (top.long() + below).clamp(max=height - 1)) * width
        for aside, share in ((0, 1 - across), (1, across)):
            at = line + (left.long() + aside).clamp(max=width - 1)
            found = found + table.index_select(0, at.flatten()) * (part * share).reshape(-1, 1)
    return found.reshape(*x.shape, number)


class _Column(nn.Module):
    """What is seen at each plane, and around the pixel → numbers of it.

    Args:
        widths: of what is around, of what is seen at a plane, of what is known of the pixel as a
            whole, and of what is known at each plane.
        heights: number of planes, and of levels.
        outputs: numbers of a pixel.
    """

    between: Tensor

    def __init__(
        self, widths: tuple[int, int, int, int], heights: tuple[int, int], outputs: int
    ) -> None:
        super().__init__()
        (context, seen, trunk, width), (planes, levels) = widths, heights
        kinds, rest = divmod(outputs, levels)
        self.of_levels = outputs - rest
        self.first = nn.Conv2d(planes * seen + context, trunk, 1)
        self.second = nn.Conv2d(trunk, trunk, 1)
        # What is told of a column as a whole has few forms.
        self.forms = nn.Conv2d(trunk, FORMS, 1)
        self.whole = nn.Conv2d(FORMS, outputs, 1)
        _begin_timidly(self.whole)
        if not kinds:
            return
        self.plane = nn.Conv2d(seen, width, 1)
        self.shared = nn.Conv2d(trunk, width * planes, 1)
        self.along = nn.Conv2d(width * planes, width * planes, 1)
        self.level = nn.Conv2d(width, kinds, 1)
        _begin_timidly(self.level)
        self.register_buffer("between", _interpolation(planes, levels))

    def forward(self, planes: Tensor, state: Tensor) -> Tensor:
        """(batch, plane, number, y, x) and (batch, context, y, x) → (batch, output, y, x)."""
        known = self.first(torch.cat([planes.flatten(1, 2), state], dim=1))
        known = functional.relu(known + self.second(functional.relu(known)))
        whole: Tensor = self.whole(self.forms(known))
        if not self.of_levels:
            return whole
        count = planes.shape[:2]
        column = self.plane(planes.flatten(0, 1)).unflatten(0, count).flatten(1, 2)
        column = column + self.shared(known)
        column = functional.relu(column + self.along(functional.relu(column)))
        sides = planes.shape[3:]
        kinds = self.level(column.reshape(count[0] * count[1], self.level.in_channels, *sides))
        kinds = kinds.reshape(*count, *kinds.shape[1:]).transpose(1, 2)
        of_levels = (count[0], self.of_levels, *sides)
        found = (self.between @ kinds.flatten(3)).reshape(of_levels)
        return torch.cat([whole[:, : self.of_levels] + found, whole[:, self.of_levels :]], dim=1)


class _Place(nn.Module):
    """Features of place and time → what is seen (batch, context, y, x), scaled and shifted."""

    def __init__(self, features: int, width: int, context: int) -> None:
        super().__init__()
        self.known = nn.Conv2d(features, width, 1)
        self.changes = nn.Conv2d(width, 2 * context, 1)
        nn.init.zeros_(self.changes.weight)
        _begin_timidly(self.changes)

    def forward(self, where: Tensor, state: Tensor) -> Tensor:
        """As `state`, of the same pixels."""
        scale, shift = self.changes(functional.relu(self.known(where))).chunk(2, dim=1)
        changed: Tensor = state * (1 + scale) + shift
        return changed


def _begin_timidly(layer: nn.Conv2d) -> None:
    """A layer that at first says little of its input, and nothing else."""
    with torch.no_grad():
        layer.weight.mul_(_TIMID)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _interpolation(planes: int, levels: int) -> Tensor:
    """Weights (level, plane) that interpolate linearly between planes."""
    place = torch.linspace(0, planes - 1, levels)[:, None]
    return (1 - (place - torch.arange(planes)).abs()).clamp(min=0)

"""A network of many views of a place, looked at height by height where each view sees the height.

A cloud is displaced in each view by its height times the tangent of the view's zenith angle. The
geometry is known, so nothing of it has to be learned: at each of some heights the network takes
from every view the pixel in which a cloud of that height would be seen, and asks whether the views
agree. It pools them by mean, spread and largest value, so neither their order nor their number
matters, and views that are missing are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError
from nephoscope.networks.blocks import Groups, Residual, group_of, pick, without_margin

_LEAST = 0.25  # weight of views below which a mean fades: rounding would grow without bound
_SMOOTH = 0.01  # variance that counts as none, for the same reason
_MANY = 16.0  # brings the number of views to the order of one


class AlignedNet(nn.Module):
    """(batch, feature, y, x) → (batch, output, y, x) logits, for any y and x.

    Args:
        groups: `views`, what each view measured, field by field, each of all views; `parallax`,
            columns and then rows by which a cloud 1 km up is displaced in each view; `valid`, 1
            where a view saw the pixel, else 0; `picture`, what does not depend on the view, may be
            absent.
        outputs: logits per pixel: C numbers on each level, class by class and the highest level
            first, with one for each level and one more (of the top) last; or fewer than levels.
        lowest: centre of the lowest level, m.
        step: between levels, m.
        levels: their number.
        planes: heights at which the views are aligned, spread evenly over the levels.
        hidden: width of the perceptron that sees each view.
        width: numbers that it gives of each view.
        context: width of what is seen around a pixel.
        dilations: of the 3 x 3 convolutions over the surroundings, in pairs.
        trunk: width of what is known of a pixel as a whole.
        column: width of what is known of it at each plane.
    """

    divisor = 1
    tells_pixels = True

    def __init__(
        self,
        groups: Groups,
        outputs: int,
        *,
        lowest: float = 600.0,
        step: float = 240.0,
        levels: int = 81,
        planes: int = 12,
        hidden: int = 40,
        width: int = 16,
        context: int = 48,
        dilations: Sequence[int] = (1, 1, 2, 2),
        trunk: int = 128,
        column: int = 48,
    ) -> None:
        super().__init__()
        self.views = group_of(groups, "views", "what each view measured, field by field")
        self.valid = group_of(groups, "valid", "one flag for each view")
        self.count = len(self.valid)
        wanted = "parallax_x and parallax_y of each view"
        self.parallax = group_of(groups, "parallax", wanted, 2 * self.count)
        self.picture = list(groups.get("picture", ()))
        if len(self.views) % self.count:
            raise UsageError(
                f"inputs.features.views: {len(self.views)} features are no whole number of "
                f"fields of {self.count} views"
            )
        self.reads = ("views", "parallax", "valid", "picture")
        top = lowest + (levels - 1) * step
        self.heights = [float(h) / 1000 for h in torch.linspace(top, lowest, planes)]
        fields = len(self.views) // self.count
        self.embed = nn.Sequential(
            nn.Conv2d(fields, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, width, 1)
        )
        self.texture = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        pooled = 2 * width + 1
        self.gather = nn.Conv2d(pooled + len(self.picture), context, 1)
        self.around = nn.ModuleList(
            Residual(context, dilations[i : i + 2]) for i in range(0, len(dilations), 2)
        )
        self.head = _Column(pooled, context, (trunk, column), (planes, levels), outputs)

    def forward(self, inputs: Tensor, pixels: Tensor | None = None, margin: int = 0) -> Tensor:
        """Logits of every pixel, float32; or of some alone, which costs less.

        Args:
            inputs: (batch, feature, y, x).
            pixels: (pixel, 3) int64, sample, row and column; the result is (pixel, output).
            margin: pixels at each edge of which nothing is said; the result is smaller by them.
        """
        batch, _, height, width = inputs.shape
        valid = (pick(inputs, self.valid) > 0.5).to(inputs.dtype)
        parallax = pick(inputs, self.parallax).reshape(batch, 2, self.count, height, width)
        seen = self._seen(inputs, valid)
        still = _pooled(_with_squares(seen).sum(dim=1))
        state = self.gather(torch.cat([still, pick(inputs, self.picture)], dim=1))
        for block in self.around:
            state = block(state)
        if pixels is not None:
            sample, row, col = pixels.unbind(1)
            planes = _at_pixels(seen, parallax, self.heights, pixels)
            logits: Tensor = self.head(_pooled(planes), state[sample, :, row, col])
            return logits
        parallax, state = (without_margin(each, margin) for each in (parallax, state))
        planes = _pooled(_everywhere(seen, parallax, self.heights, margin))
        rows = planes.permute(0, 3, 4, 2, 1).flatten(0, 2)
        logits = self.head(rows.contiguous(), state.permute(0, 2, 3, 1).flatten(0, 2))
        return logits.reshape(batch, *state.shape[2:], -1).permute(0, 3, 1, 2)

    def _seen(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """Numbers of each view and 1; all 0 where it is missing: (batch, view, number, y, x)."""
        batch, _, height, width = inputs.shape
        measured = pick(inputs, self.views).reshape(batch, -1, self.count, height, width)
        flag = valid.reshape(-1, 1, height, width)
        found = self.embed(measured.transpose(1, 2).flatten(0, 1)) * flag
        found = functional.relu(found + self.texture(found))
        numbers = torch.cat([found, torch.ones_like(flag)], dim=1) * flag
        return numbers.reshape(batch, self.count, -1, height, width)


def _everywhere(
    seen: Tensor, parallax: Tensor, heights: Sequence[float], margin: int = 0
) -> Tensor:
    """Sums over the views, and of their squares, each looked at where a cloud of a height appears.

    Args:
        seen: (batch, view, number, y, x).
        parallax: (batch, 2, view, y, x), columns and rows per km, without the margin.
        heights: km.
        margin: pixels at each edge over which nothing is looked for.

    Returns:
        (batch, number, height, y, x) without the margin; what a line of sight finds beyond the edge
        of what was seen is 0.
    """
    count, _, height, width = seen.shape[1:]
    rows, cols = (
        torch.arange(margin, side - margin, dtype=seen.dtype, device=seen.device)
        for side in (height, width)
    )
    rows = rows[:, None]
    up = seen.new_tensor(heights)[None, :, None, None]
    total = square = seen.new_zeros(())
    for view in range(count):
        x = cols + up * parallax[:, 0, view, None]
        y = rows + up * parallax[:, 1, view, None]
        grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
        found = functional.grid_sample(seen[:, view], grid.flatten(1, 2), align_corners=False)
        total, square = total + found, square + found[:, :-1] ** 2
    summed = torch.cat([total[:, :-1], square, total[:, -1:]], dim=1)
    return summed.reshape(len(seen), -1, len(heights), *parallax.shape[3:])


def _at_pixels(seen: Tensor, parallax: Tensor, heights: Sequence[float], pixels: Tensor) -> Tensor:
    """The same sums as `_everywhere`, of some pixels: (pixel, height, number)."""
    count, number, height, width = seen.shape[1:]
    sample, row, col = pixels.unbind(1)
    shift = parallax[sample, :, :, row, col][:, :, None]  # (pixel, 2, 1, view)
    up = seen.new_tensor(heights)[:, None]
    x, y = col[:, None, None] + up * shift[:, 0], row[:, None, None] + up * shift[:, 1]
    left, top = x.floor(), y.floor()
    places, weights = [], []
    first = (sample[:, None] * count + torch.arange(count, device=seen.device))[:, None]
    for down in (0, 1):
        for right in (0, 1):
            at_y, at_x = top + down, left + right
            weight = (1 - (y - at_y).abs()) * (1 - (x - at_x).abs())
            inside = (at_y >= 0) & (at_y < height) & (at_x >= 0) & (at_x < width)
            weights.append(weight * inside)
            at_y, at_x = at_y.clamp(0, height - 1).long(), at_x.clamp(0, width - 1).long()
            places.append((first * height + at_y) * width + at_x)
    # A bag holds the four pixels around the line of sight.
    found: Tensor = functional.embedding_bag(
        torch.stack(places, dim=-1).flatten(0, 2),
        seen.permute(0, 1, 3, 4, 2).reshape(-1, number),
        per_sample_weights=torch.stack(weights, dim=-1).flatten(0, 2),
        mode="sum",
    )
    found = found.reshape(len(pixels), len(heights), count, number)
    return _with_squares(found.movedim(-1, 2)).sum(dim=-1)


def _with_squares(found: Tensor) -> Tensor:
    """Numbers, their squares, and what is last: all on axis 2."""
    size = found.shape[2] - 1
    numbers = found.narrow(2, 0, size)
    return torch.cat([numbers, numbers**2, found.narrow(2, size, 1)], dim=2)


def _pooled(total: Tensor) -> Tensor:
    """Mean, spread and number of the views from their sums; numbers on axis 1, or the last of 3."""
    axis = -1 if total.ndim == 3 else 1
    size = total.shape[axis] - 1
    weight = total.narrow(axis, size, 1)
    mean, square = (total.narrow(axis, 0, size) / weight.clamp(min=_LEAST)).chunk(2, dim=axis)
    spread = torch.sqrt((square - mean**2).clamp(min=0) + _SMOOTH)
    return torch.cat([mean, spread, weight / _MANY], dim=axis)


class _Column(nn.Module):
    """The vertical head: what is seen of a pixel at each plane, and around it → numbers of it."""

    between: Tensor

    def __init__(
        self,
        pooled: int,
        context: int,
        widths: tuple[int, int],
        heights: tuple[int, int],
        outputs: int,
    ) -> None:
        super().__init__()
        (trunk, width), (planes, levels) = widths, heights
        self.of_level = (outputs - 1) // levels  # classes and the top
        self.column, self.planes = width, planes
        self.first = nn.Linear(planes * pooled + context, trunk)
        self.second = nn.Linear(trunk, trunk)
        self.whole = nn.Linear(trunk, outputs)
        if not self.of_level:
            return
        if outputs != self.of_level * levels + 1:
            raise UsageError(f"network 'aligned': {outputs} outputs do not fit {levels} levels")
        self.plane = nn.Linear(pooled, width)
        self.shared = nn.Linear(trunk, width * planes)
        self.along = nn.ModuleList(nn.Linear(3 * width, width) for _ in range(2))
        self.level = nn.Linear(width, self.of_level)
        self.register_buffer("between", _interpolation(planes, levels))

    def forward(self, planes: Tensor, state: Tensor) -> Tensor:
        """(pixel, plane, number) and (pixel, context) → (pixel, output)."""
        known = self.first(torch.cat([planes.flatten(1), state], dim=1))
        known = functional.gelu(known + self.second(functional.gelu(known)))
        whole: Tensor = self.whole(known)
        if not self.of_level:
            return whole
        column = self.plane(planes) + self.shared(known).reshape(-1, self.planes, self.column)
        for layer in self.along:
            near = functional.pad(functional.gelu(column), (0, 0, 1, 1))
            column = column + layer(torch.cat([near[:, :-2], near[:, 1:-1], near[:, 2:]], dim=2))
        found = self.between @ self.level(functional.gelu(column))
        return whole + functional.pad(found.transpose(1, 2).flatten(1), (0, 1))


def _interpolation(planes: int, levels: int) -> Tensor:
    """Weights (level, plane) that interpolate linearly between planes."""
    place = torch.linspace(0, planes - 1, levels)[:, None]
    return (1 - (place - torch.arange(planes)).abs()).clamp(min=0)

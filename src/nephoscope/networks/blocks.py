"""The small parts that the networks are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.errors import UsageError

Groups = Mapping[str, Sequence[int]]
"""Name of a group of features → where they are among the channels of the input."""

PLACE = "latitude, sine_longitude and cosine_longitude, in this order"
# Restores unit variance after ReLU of a standard normal: sqrt(2 / (1 - 1/pi)).
RELU_GAIN = (2.0 / (1.0 - 1.0 / torch.pi)) ** 0.5
_FAR = 1e3  # beyond any scaled feature


def group_of(groups: Groups, name: str, wanted: str, number: int | None = None) -> list[int]:
    """Where the features of a group are.

    Args:
        groups: of the recipe.
        name: of the group.
        wanted: what a network expects there, for the message.
        number: how many; by default one or more.

    Raises:
        UsageError: the group is not there, or has another number of features.
    """
    places = list(groups.get(name, ()))
    if not places or number not in {None, len(places)}:
        raise UsageError(f"inputs.features.{name}: the network wants {wanted}")
    return places


def pick(inputs: Tensor, places: Sequence[int]) -> Tensor:
    """Some channels of (batch, channel, y, x), in this order; a view where they are neighbours."""
    first, stop = (places[0], places[0] + len(places)) if places else (0, 0)
    if list(places) == list(range(first, stop)):
        return inputs[:, first:stop]
    return torch.cat([inputs[:, place : place + 1] for place in places], dim=1)


def without_margin(state: Tensor, margin: int) -> Tensor:
    """(..., y, x) without so many pixels at each edge: a view."""
    if not margin:
        return state
    return state[..., margin : state.shape[-2] - margin, margin : state.shape[-1] - margin]


def enlarge(state: Tensor) -> Tensor:
    """Twice as many rows and columns, bilinear."""
    return functional.interpolate(state, scale_factor=2.0, mode="bilinear", align_corners=False)


def window_mean(state: Tensor, side: int) -> Tensor:
    """Means over windows of `side`, odd; what lies beyond the edge is 0."""
    half = side // 2
    state = functional.avg_pool2d(state, (side, 1), 1, (half, 0))
    return functional.avg_pool2d(state, (1, side), 1, (0, half))


def window_extremes(value: Tensor, known: Tensor, side: int) -> Tensor:
    """Maxima, then minima, over windows of `side`, odd; 0 where `known` is 0 and not 1."""
    half, found = side // 2, []
    for sign in (1.0, -1.0):
        most = functional.max_pool2d(hidden(value, known, sign), (side, 1), 1, (half, 0))
        found.append(shown(functional.max_pool2d(most, (1, side), 1, (0, half)), sign))
    return torch.cat(found, dim=1)


def hidden(value: Tensor, known: Tensor, sign: float) -> Tensor:
    """Values times `sign`, far below everything where nothing is known."""
    return sign * value * known - _FAR * (1 - known)


def shown(most: Tensor, sign: float) -> Tensor:
    """The largest of `hidden` values as they are; 0 where none is known."""
    return sign * most * (most > -_FAR / 2).to(most.dtype)


class ConvReLU(nn.Module):
    """Weight-standardised convolution and ReLU: (batch, inner, y, x) → (batch, outer, y/s, x/s).

    Standardising the weights (Qiao et al. 2019, arXiv:1903.10520; scaled as in Brock et al. 2021,
    arXiv:2101.08692) keeps activations at unit variance without looking at them, so nothing
    differs between training and use.
    """

    def __init__(self, inner: int, outer: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outer, inner, kernel, kernel))
        self.gain = nn.Parameter(torch.ones(outer, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outer))
        self.stride, self.padding = stride, (kernel - stride + 1) // 2

    def standardised(self) -> Tensor:
        """The weights in use: (outer, inner, kernel, kernel)."""
        fan_in = self.weight[0].numel()
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        scale = self.gain * RELU_GAIN * torch.rsqrt(variance * fan_in + 1e-6)
        weight: Tensor = (self.weight - mean) * scale
        return weight

    def forward(self, state: Tensor) -> Tensor:
        """Convolve with the standardised weights."""
        return functional.relu(
            functional.conv2d(state, self.standardised(), self.bias, self.stride, self.padding)
        )


def fold(image: Tensor, training: bool) -> Tensor:
    """Blocks of 2 x 2 pixels as channels: (batch, c, y, x) → (batch, 4 c, y/2, x/2).

    The order is that of `pixel_unshuffle`. ONNX Runtime has no fast kernel for that, so in use it
    is a convolution that copies; the numbers are the same.
    """
    if training:
        return functional.pixel_unshuffle(image, 2)
    channels = image.shape[1]
    copy = torch.eye(channels * 4, dtype=image.dtype, device=image.device)
    return functional.conv2d(image, copy.reshape(channels * 4, channels, 2, 2), stride=2)


class FoldedConvReLU(ConvReLU):
    """Full resolution in, half resolution out: (batch, inner, y, x) → (batch, outer, y/2, x/2).

    A 3 x 3 convolution over blocks of 2 x 2 pixels folded into channels, which is the same as a
    6 x 6 convolution of stride two. The first form trains faster, the second runs faster.
    """

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__(inner * 4, outer)

    def forward(self, state: Tensor) -> Tensor:
        """Convolve; the form depends on the mode, the result does not."""
        if self.training:
            weight = self.standardised()
            return functional.relu(functional.conv2d(fold(state, True), weight, self.bias, 1, 1))
        return functional.relu(functional.conv2d(state, self.unfolded(), self.bias, 2, 2))

    def unfolded(self) -> Tensor:
        """The weights in use, of the second form: (outer, inner, 6, 6)."""
        return functional.pixel_shuffle(self.standardised(), 2)


class Residual(nn.Module):
    """Two dilated 3 x 3 convolutions beside a short cut: (batch, width, y, x), same shape."""

    def __init__(
        self, width: int, dilations: Sequence[int], bend: type[nn.Module] = nn.GELU
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for dilation in dilations:
            layers += [bend(), nn.Conv2d(width, width, 3, 1, dilation, dilation)]
        self.layers = nn.Sequential(*layers)

    def forward(self, state: Tensor) -> Tensor:
        """Add what the surroundings tell."""
        added: Tensor = self.layers(state)
        return state + added


class Logits(nn.Conv2d):
    """A 3x3 convolution; in use its outputs are padded to a multiple of eight and cut again.

    ONNX Runtime's fast layout holds channels by eights, and falls back to a slow one for others.
    """

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__(inner, outer, 3, padding=1)

    def forward(self, state: Tensor) -> Tensor:
        """(batch, inner, y, x) → (batch, outer, y, x)."""
        if self.training or self.bias is None:
            return super().forward(state)
        spare = -self.out_channels % 8
        weight = functional.pad(self.weight, (0, 0, 0, 0, 0, 0, 0, spare))
        logits = functional.conv2d(state, weight, functional.pad(self.bias, (0, spare)), padding=1)
        return logits[:, : self.out_channels]


class PositionGrid(nn.Module):
    """What is special about each place, learned on a coarse latitude/longitude grid.

    Args:
        channels: numbers learned per grid cell.
        rows: cells from pole to pole.
        cols: cells around the planet; the grid wraps in longitude.
    """

    def __init__(self, channels: int, rows: int, cols: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(1, channels, rows, cols))

    def forward(self, latitude: Tensor, sine: Tensor, cosine: Tensor) -> Tensor:
        """Sample the grid bilinearly.

        Args:
            latitude: (batch, y, x), degrees / 90.
            sine: (batch, y, x), sine of the longitude; 0 with `cosine` 0 where withheld.
            cosine: (batch, y, x), cosine of the longitude.

        Returns:
            (batch, channel, y, x); zero where the position is withheld.
        """
        known = (sine.abs() + cosine.abs() > 0.1).to(sine.dtype)
        # atan2(0, 0) has no gradient worth having; the flag takes the place out.
        x = torch.atan2(sine, cosine + (1 - known)) / torch.pi
        cols = self.values.shape[-1]
        wrapped = functional.pad(self.values, (1, 1, 0, 0), mode="circular")
        # One extra column on each side: cell centres stay where they were.
        places = torch.stack([x * (cols / (cols + 2)), -latitude], dim=-1)
        sampled = functional.grid_sample(
            wrapped.expand(latitude.shape[0], -1, -1, -1),
            places,
            padding_mode="border",
            align_corners=False,
        )
        return sampled * known[:, None]

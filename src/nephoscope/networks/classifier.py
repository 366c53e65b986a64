"""Networks that say one thing of a whole image: linear, a small CNN and a ResNet-18."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nephoscope.errors import UsageError
from nephoscope.inputs.texture import SHAPE
from nephoscope.networks.blocks import ConvReLU, Groups


class Linear(nn.Module):
    """(batch, feature, y, x) → (batch, 1) logits: a weighted sum of all numbers of an image.

    Args:
        features: channels of the input.
        outputs: 1, there is no other.
        groups: with `texture` the features are numbers of a whole frame, (feature, 1, 1); without
            it they are binned frames, of `nephoscope.inputs.texture.SHAPE`.
        method: how the weights are found, see `nephoscope.learn`.
        penalty: on large weights.
    """

    reads = ("picture", "texture")

    def __init__(
        self,
        features: int,
        outputs: int,
        groups: Groups,
        *,
        method: str = "logistic",
        penalty: float = 1.0,
    ) -> None:
        super().__init__()
        if outputs != 1:
            raise UsageError(f"network 'linear' has one output, the task wants {outputs}")
        self.method, self.penalty = method, penalty
        pixels = 1 if "texture" in groups else SHAPE[0] * SHAPE[1]
        self.weight = nn.Parameter(torch.zeros(features * pixels))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, state: Tensor) -> Tensor:
        """Logits of each image."""
        return (state.flatten(1) @ self.weight)[:, None] + self.bias


class SmallCNN(nn.Module):
    """(batch, feature, y, x) → (batch, output) logits, by the mean and the largest answer.

    Args:
        features: channels of the input.
        outputs: logits.
        widths: channels of each level; every level halves the image.
    """

    reads = ("picture",)

    def __init__(
        self, features: int, outputs: int, widths: Sequence[int] = (16, 24, 32, 48)
    ) -> None:
        super().__init__()
        steps = zip((features, *widths[:-1]), widths, strict=True)
        self.levels = nn.Sequential(*(ConvReLU(a, b, kernel=4, stride=2) for a, b in steps))
        self.head = nn.Linear(2 * widths[-1], outputs)

    def forward(self, state: Tensor) -> Tensor:
        """Logits of each image."""
        state = self.levels(state)
        logits: Tensor = self.head(torch.cat([state.mean(dim=(2, 3)), state.amax(dim=(2, 3))], 1))
        return logits


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a short cut (He et al. 2016, doi 10.1109/CVPR.2016.90)."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outer), nn.BatchNorm2d(outer)])
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inner != outer:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
            )

    def forward(self, state: Tensor) -> Tensor:
        """(batch, inner, y, x) → (batch, outer, y/stride, x/stride)."""
        inner = torch.relu(self.norms[0](self.first(state)))
        return torch.relu(self.norms[1](self.second(inner)) + self.shortcut(state))


class ResNet18(nn.Module):
    """(batch, feature, y, x) → (batch, output) logits: stem, four stages of two blocks, mean.

    Args:
        features: channels of the input.
        outputs: logits.
        width: channels of the first stage, doubled at each next one; 64 is the published size.
        dropout: share of the last features that is dropped in training.
    """

    reads = ("picture",)

    def __init__(self, features: int, outputs: int, width: int = 64, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(features, width, 7, 2, 3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        sizes = [width * 2**stage for stage in range(4)]
        blocks: list[nn.Module] = []
        for inner, outer in zip((width, *sizes[:-1]), sizes, strict=True):
            stride = 1 if inner == outer else 2
            blocks += [BasicBlock(inner, outer, stride), BasicBlock(outer, outer, 1)]
        self.stages = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(sizes[-1], outputs))

    def forward(self, state: Tensor) -> Tensor:
        """Logits of each image."""
        logits: Tensor = self.head(self.stages(self.stem(state)).mean(dim=(2, 3)))
        return logits

"""Networks by name: pure `nn.Module`s that know nothing of files, scenes or training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


def build_network(name: str, options: dict[str, Any], features: int, outputs: int) -> nn.Module:
    """Make a network with fresh weights.

    Args:
        name: a registered name: `unet`, `pixel`, `local`, `cnn` or `resnet18`.
        options: the keyword arguments of that network.
        features: channels of its input.
        outputs: channels of its output.

    Raises:
        UsageError: the name or an option is not known.
    """
    from nephoscope.networks.classifier import ResNet18, SmallCNN
    from nephoscope.networks.local import LocalNet
    from nephoscope.networks.pixel import PixelNet
    from nephoscope.networks.unet import UNet

    registered: dict[str, type[nn.Module]] = {
        "cnn": SmallCNN,
        "local": LocalNet,
        "pixel": PixelNet,
        "resnet18": ResNet18,
        "unet": UNet,
    }
    if name not in registered:
        raise UsageError(f"no network '{name}'; there are: {', '.join(registered)}")
    try:
        return registered[name](features, outputs, **options)
    except TypeError as error:
        raise UsageError(f"network '{name}': {error}") from error

"""Networks by name: pure `nn.Module`s that know nothing of files, scenes or training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

WHOLE = frozenset({"cnn", "linear", "resnet18"})
"""Networks that say one thing of a whole image; the others speak of every pixel."""


def build_network(
    name: str,
    options: dict[str, Any],
    features: int,
    outputs: int,
    groups: Mapping[str, Sequence[int]],
) -> nn.Module:
    """Make a network with fresh weights.

    Args:
        name: a registered name: of all pixels `unet`, `pixel`, `local` and `sky`; of pixels seen
            in many views `aligned`, `unet_views`, `conv`, `conv3d` and `mlp`; of columns seen from
            one side `slant` and `attention_unet`; of whole images `linear`, `cnn` and `resnet18`.
        options: the keyword arguments of that network.
        features: channels of its input.
        outputs: channels of its output.
        groups: where among the features those of each named group are: `recipe.inputs.groups`.

    Raises:
        UsageError: the name or an option is not known, or a group is not what the network wants:
            also one of which it would read nothing.
    """
    from nephoscope.networks.aligned import AlignedNet
    from nephoscope.networks.attention_unet import AttentionUNet
    from nephoscope.networks.classifier import Linear, ResNet18, SmallCNN
    from nephoscope.networks.local import LocalNet
    from nephoscope.networks.pixel import PixelNet
    from nephoscope.networks.plain import Mlp, SimpleConv, SimpleConv3d
    from nephoscope.networks.sky import SkyNet
    from nephoscope.networks.slant import SlantNet
    from nephoscope.networks.unet import UNet
    from nephoscope.networks.unet_views import UNetViews

    registered: dict[str, Callable[..., nn.Module]] = {
        "aligned": partial(AlignedNet, groups, outputs),
        "attention_unet": partial(AttentionUNet, groups, outputs),
        "cnn": partial(SmallCNN, features, outputs),
        "conv": partial(SimpleConv, groups, features, outputs),
        "conv3d": partial(SimpleConv3d, groups, features, outputs),
        "linear": partial(Linear, features, outputs, groups),
        "local": partial(LocalNet, groups, outputs),
        "mlp": partial(Mlp, groups, features, outputs),
        "pixel": partial(PixelNet, groups, outputs),
        "resnet18": partial(ResNet18, features, outputs),
        "sky": partial(SkyNet, groups, outputs),
        "slant": partial(SlantNet, groups, outputs),
        "unet": partial(UNet, groups, outputs),
        "unet_views": partial(UNetViews, groups, features, outputs),
    }
    if name not in registered:
        raise UsageError(f"no network '{name}'; there are: {', '.join(registered)}")
    try:
        made = registered[name](**options)
    except TypeError as error:
        raise UsageError(f"network '{name}': {error}") from error
    reads: Any = made.reads
    _check_all_are_read(name, reads, groups)
    return made


def _check_all_are_read(
    network: str, reads: Sequence[str], groups: Mapping[str, Sequence[int]]
) -> None:
    read = {place for group in reads for place in groups.get(group, ())}
    for group, places in groups.items():
        if not read.issuperset(places):
            raise UsageError(
                f"inputs.features.{group}: network '{network}', with these options, reads only "
                + ", ".join(reads)
            )

"""U-Nets of many views: parameters, shapes and decoders."""

import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network

GROUPS = {"views": range(4), "picture": range(4, 7)}
DECODERS = ("bilinear", "transposed", "2+1d", "3d")


def network_of(**options):
    torch.manual_seed(0)
    return build_network("unet_views", {"base": 4, "depth": 2, **options}, 7, 5, GROUPS).eval()


def test_parameters_are_as_many_as_published():
    """276,816,451 of the original's `unet_2d`: 289 channels, base 64, six blocks, 99 outputs."""
    with torch.device("meta"):
        network = build_network(
            "unet_views", {"base": 64, "depth": 6}, 289, 99, {"picture": range(289)}
        )
    assert sum(parameter.numel() for parameter in network.parameters()) == 276_816_451


@pytest.mark.parametrize("decoder", DECODERS)
def test_one_picture_gives_all_outputs_of_every_pixel(decoder):
    network = network_of(decoder=decoder)
    assert network.divisor == 4
    assert network(torch.randn(1, 7, 12, 20)).shape == (1, 5, 12, 20)


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_gradient_reaches_every_weight(decoder):
    network = network_of(decoder=decoder).train()
    network(torch.randn(2, 7, 8, 8)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_picture_moved_by_the_divisor_gives_logits_moved_by_it(decoder):
    inputs = torch.randn(1, 7, 64, 64)
    network = network_of(decoder=decoder)
    with torch.inference_mode():
        logits, moved = network(inputs), network(inputs.roll((4, 8), (2, 3)))
    inner = (..., slice(28, 36), slice(28, 36))  # sees no edge
    expected = logits.roll((4, 8), (2, 3))[inner]
    assert expected.std() > 1e-3
    torch.testing.assert_close(moved[inner], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"decoder": "2d"}, "no decoder '2d'; there are: bilinear"), ({"depth": 0}, "1 or more")],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UsageError, match=said):
        network_of(**options)


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["transposed", "2+1d"])
def test_compiled_it_gives_what_torch_gives(tmp_path, decoder):
    network = network_of(decoder=decoder)
    scaled = NormalisedNetwork(network, {str(n): (0.1, 1.5) for n in range(7)})
    assert export_onnx(scaled, tmp_path / "network.onnx") < 1e-4

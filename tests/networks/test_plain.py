"""Published plain networks: their numbers of parameters, shapes, what they see."""

import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.networks.plain import doubled

GROUPS = {"views": range(4), "picture": range(4, 7)}
SMALL = {
    "mlp": {"hidden": [8]},
    "conv": {"entry": 4, "widths": [6, 6]},
    "conv3d": {"entry": 4, "widths": [4, 2, 1]},
}


def network_of(name, features=7, outputs=5, **options):
    torch.manual_seed(0)
    groups = GROUPS if features == 7 else {"picture": range(features)}
    return build_network(name, options, features, outputs, groups).eval()


@pytest.mark.parametrize(
    ("name", "outputs", "options", "published"),
    [
        ("mlp", 99, {}, 197_486),
        ("mlp", 891, {}, 1_851_498),
        ("conv", 99, {}, 696_931),
        ("conv3d", 99, {"widths": [64] * 6 + [1]}, 697_894),
    ],
)
def test_parameters_are_as_many_as_published(name, outputs, options, published):
    """Counts of the original's code, run with 289 channels (288 and a mask) and 99 levels."""
    with torch.device("meta"):
        network = network_of(name, 289, outputs, **options)
    assert sum(parameter.numel() for parameter in network.parameters()) == published


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 10)])
def test_one_picture_of_any_size_gives_all_outputs(name, height, width):
    network = network_of(name, **SMALL[name])
    assert network.divisor == 1
    assert network(torch.randn(1, 7, height, width)).shape == (1, 5, height, width)


@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_reaches_every_weight(name):
    network = network_of(name, **SMALL[name]).train()
    network(torch.randn(2, 7, 6, 6)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(("name", "reach"), [("mlp", 0), ("conv", 5)])
def test_a_pixel_sees_as_far_as_published(name, reach):
    inputs = torch.randn(1, 7, 15, 15, requires_grad=True)
    network_of(name)(inputs)[0, :, 7, 7].sum().backward()
    rows, cols = torch.nonzero(inputs.grad[0].abs().sum(0), as_tuple=True)
    assert [int(each) for each in (rows.min(), rows.max(), cols.min(), cols.max())] == [
        7 - reach, 7 + reach, 7 - reach, 7 + reach,
    ]  # fmt: skip


def test_levels_double_as_interpolation_has_it():
    state = torch.randn(2, 3, 4, 5, 6)
    expected = torch.nn.functional.interpolate(
        state, scale_factor=(2, 1, 1), mode="trilinear", align_corners=False
    )
    torch.testing.assert_close(doubled(state), expected, rtol=0, atol=1e-6)


def test_a_column_without_stages_is_refused():
    with pytest.raises(UsageError, match="widths names no stage"):
        network_of("conv3d", widths=[])


@pytest.mark.slow
def test_compiled_it_gives_what_torch_gives(tmp_path):
    scaled = NormalisedNetwork(
        network_of("conv3d", **SMALL["conv3d"]), {str(n): (0.1, 1.5) for n in range(7)}
    )
    assert export_onnx(scaled, tmp_path / "network.onnx") < 1e-4

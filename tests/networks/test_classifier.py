import math

import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.networks import build_network


@pytest.mark.parametrize(
    ("name", "options"),
    [("cnn", {"widths": [4, 8]}), ("resnet18", {"width": 8}), ("cnn", {}), ("resnet18", {})],
)
def test_an_image_of_any_size_gets_one_answer(name, options):
    torch.manual_seed(0)
    network = build_network(name, options, 1, 1, {"picture": (0,)}).eval()
    with torch.inference_mode():
        for shape in ((128, 160), (96, 64)):
            assert network(torch.randn(2, 1, *shape)).shape == (2, 1)


def test_resnet18_has_the_published_number_of_parameters():
    # 11,689,512 with three channels and 1000 classes (He et al. 2016); here one and one.
    network = build_network("resnet18", {}, 3, 1000, {"picture": range(3)})
    assert sum(p.numel() for p in network.parameters()) == 11_689_512


def test_gradients_reach_every_weight():
    for name in ("cnn", "resnet18"):
        network = build_network(
            name, {"width": 8} if name == "resnet18" else {}, 1, 1, {"picture": (0,)}
        )
        network(torch.randn(3, 1, 64, 64)).sum().backward()
        assert all(p.grad is not None for p in network.parameters()), name


@pytest.mark.parametrize(
    ("groups", "shape"), [({"texture": range(5)}, (5, 1, 1)), ({"picture": (0,)}, (1, 128, 160))]
)
def test_a_linear_network_is_a_weighted_sum_of_all_numbers(groups, shape):
    torch.manual_seed(0)
    network = build_network("linear", {"penalty": 2.0}, shape[0], 1, groups)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes == {"weight": (math.prod(shape),), "bias": (1,)}
    with torch.no_grad():
        network.weight.normal_()
        network.bias.fill_(0.25)
    image = torch.randn(2, *shape)
    expected = image.flatten(1).double() @ network.weight.double() + 0.25
    torch.testing.assert_close(network(image)[:, 0].double(), expected, rtol=0, atol=1e-2)


def test_a_linear_network_has_one_output():
    with pytest.raises(UsageError, match="one output"):
        build_network("linear", {}, 5, 3, {"texture": range(5)})


def test_unknown_options_are_refused():
    with pytest.raises(UsageError, match="cnn"):
        build_network("cnn", {"depth": 3}, 1, 1, {"picture": (0,)})

"""The U-Net: shapes, the two forms of its stem, the place grid."""

import math

import numpy as np
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.networks import build_network
from nephoscope.networks.blocks import ConvReLU, FoldedConvReLU, PositionGrid

OPTIONS = {"widths": [8, 8, 16], "head": 8, "position": [2, 4, 8]}
GROUPS = {"picture": range(5), "context": range(5, 11), "position": (5, 6, 7)}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("unet", OPTIONS, 11, 1, GROUPS)


def test_every_pixel_gets_one_logit(network):
    assert network.divisor == 8
    assert network(torch.randn(2, 11, 40, 24)).shape == (2, 1, 40, 24)


def test_training_and_use_compute_the_same(network):
    inputs = torch.randn(1, 11, 32, 48)
    torch.testing.assert_close(network.train()(inputs), network.eval()(inputs), rtol=0, atol=1e-4)


def test_both_forms_of_the_folded_convolution_agree():
    torch.manual_seed(1)
    layer, image = FoldedConvReLU(3, 4), torch.randn(2, 3, 16, 20)
    torch.testing.assert_close(layer.train()(image), layer.eval()(image), rtol=0, atol=1e-5)


def test_standardised_weights_keep_unit_variance():
    torch.manual_seed(2)
    states = torch.randn(4, 64, 32, 32)
    for _ in range(6):
        states = ConvReLU(64, 64, kernel=1)(states)
    # Mean of squares about the mean stays of order one, six layers down.
    assert 0.3 < float(states.detach().var()) < 3


def test_place_grid_is_sampled_at_its_cell_centres():
    rows, cols = 6, 12
    grid = PositionGrid(1, rows, cols)
    values = torch.arange(rows * cols, dtype=torch.float32).reshape(1, 1, rows, cols)
    grid.values.data.copy_(values)
    latitude = (90 - (np.arange(rows) + 0.5) * 180 / rows) / 90
    longitude = np.deg2rad(-180 + (np.arange(cols) + 0.5) * 360 / cols)
    shape = (1, rows, cols)
    found = grid(
        torch.from_numpy(np.broadcast_to(latitude[:, None], shape).astype(np.float32)),
        torch.from_numpy(np.broadcast_to(np.sin(longitude), shape).astype(np.float32)),
        torch.from_numpy(np.broadcast_to(np.cos(longitude), shape).astype(np.float32)),
    )
    torch.testing.assert_close(found, values, rtol=0, atol=1e-3)


def test_place_grid_is_continuous_at_the_date_line_and_zero_where_withheld():
    torch.manual_seed(3)
    grid = PositionGrid(3, 6, 12)
    grid.values.data.normal_()
    angle = torch.tensor([[[math.pi - 1e-4, -math.pi + 1e-4]]])
    sides = grid(torch.zeros(1, 1, 2), angle.sin(), angle.cos())
    torch.testing.assert_close(sides[..., 0], sides[..., 1], rtol=0, atol=1e-2)
    nothing = torch.zeros(1, 1, 2)
    assert not grid(nothing, nothing, nothing).any()


@pytest.mark.parametrize(
    ("name", "options", "named"),
    [("vnet", {}, "no network 'vnet'"), ("unet", {**OPTIONS, "wings": 2}, "wings")],
)
def test_unknown_parts_are_named(name, options, named):
    with pytest.raises(UsageError, match=named):
        build_network(name, options, 11, 1, GROUPS)

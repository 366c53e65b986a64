"""The cascade against the whole network: the same where it is asked, the first stage elsewhere."""

import numpy as np
import pytest
import torch

from nephoscope.apply.cascade import Cascade
from nephoscope.errors import UsageError
from nephoscope.inputs.view import CONTEXT
from nephoscope.models.export import export_parts
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network

OPTIONS = {"hidden": [16, 8], "learned": 8, "position": [2, 4, 8], "first": 8}
GROUPS = {
    "picture": range(6),
    "context": range(6, 14),
    "position": (6, 7, 8),
    "brightness": (2,),
    "known": (5,),
}
PLANES = [0, 1, 2, 3, 4, 5]
AS_MADE = dict.fromkeys(map(str, range(14)), (0.0, 1.0))
ALL = (-np.inf, np.inf)


def made(**changes):
    torch.manual_seed(0)
    network = build_network("pixel", OPTIONS | changes, 14, 1, GROUPS)
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return NormalisedNetwork(network, AS_MADE).eval()


@pytest.fixture(scope="module")
def network():
    return made()


@pytest.fixture(scope="module")
def parts(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    export_parts(network, folder / "look.onnx", folder / "judge.onnx")
    return folder / "look.onnx", folder / "judge.onnx"


def inputs_of(batch, rows, cols, known=1.0):
    generator = torch.Generator().manual_seed(rows)
    inputs = torch.randn(batch, 14, rows, cols, generator=generator)
    inputs[:, 5] = (torch.rand(batch, rows, cols, generator=generator) < known).float()
    inputs[:, :5] *= inputs[:, 5:6]
    return inputs


@torch.inference_mode()
def whole(network, inputs):
    return network(inputs).numpy()


@torch.inference_mode()
def first(network, inputs):
    """What the first stage says of each pixel."""
    net = network.network
    image, cells = net.image_of(inputs)
    logits = net.first_of(image, cells, net.far_of(inputs[:, :, *CONTEXT], cells)).numpy()
    return logits.repeat(4, axis=2).repeat(4, axis=3)


def has_data(inputs):
    blocks = torch.nn.functional.max_pool2d(inputs[:, 5:6], 4).numpy() > 0
    return blocks.repeat(4, axis=2).repeat(4, axis=3)


@pytest.mark.parametrize(
    ("batch", "rows", "cols", "known"), [(1, 40, 24, 1.0), (2, 12, 64, 0.6), (1, 64, 200, 0.02)]
)
def test_asked_everywhere_it_is_the_whole_network(network, parts, batch, rows, cols, known):
    inputs = inputs_of(batch, rows, cols, known)
    found, wanted = Cascade(*parts, PLANES, ALL).run(inputs.numpy()), whole(network, inputs)
    seen = has_data(inputs)
    assert found.shape == wanted.shape
    assert 0.1 < seen.mean() <= 1
    np.testing.assert_allclose(found[seen], wanted[seen], rtol=0, atol=2e-4)
    # Where nothing is known nobody asks.
    np.testing.assert_allclose(found[~seen], first(network, inputs)[~seen], rtol=0, atol=1e-4)


def test_blocks_that_are_sure_are_left_at_what_the_first_stage_says(network, parts):
    inputs = inputs_of(1, 48, 64)
    said = first(network, inputs)
    steps = np.unique(said)
    places = len(steps) // 2, len(steps) * 3 // 4
    low, high = (steps[place : place + 2].mean() for place in places)
    found = Cascade(*parts, PLANES, (low, high)).run(inputs.numpy())
    unsure = (said > low) & (said < high)
    np.testing.assert_allclose(found[~unsure], said[~unsure], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found[unsure], whole(network, inputs)[unsure], rtol=0, atol=2e-4)
    assert np.abs(found - whole(network, inputs))[~unsure].max() > 0.01  # they do differ


def test_a_scene_that_is_sure_throughout_asks_nothing(network, parts):
    inputs = inputs_of(1, 16, 24)
    found = Cascade(*parts, PLANES, (100.0, 101.0)).run(inputs.numpy())
    np.testing.assert_allclose(found, first(network, inputs), rtol=0, atol=1e-4)


def test_what_is_not_wanted_is_left_at_what_the_first_stage_says(network, parts):
    inputs = inputs_of(1, 40, 64)
    found = Cascade(*parts, PLANES, ALL).run(inputs.numpy(), (slice(8, 30), slice(4, 60)))
    wanted = np.zeros(found.shape, bool)
    wanted[..., 8:32, 4:60] = True  # whole blocks of four
    np.testing.assert_allclose(found[wanted], whole(network, inputs)[wanted], rtol=0, atol=2e-4)
    np.testing.assert_allclose(found[~wanted], first(network, inputs)[~wanted], rtol=0, atol=1e-4)


def test_many_cells_are_judged_in_parts(network, parts, monkeypatch):
    inputs = inputs_of(1, 40, 52, 0.9).numpy()
    at_once = Cascade(*parts, PLANES, ALL).run(inputs)
    monkeypatch.setattr("nephoscope.apply.cascade._AT_ONCE", 37)
    found = Cascade(*parts, PLANES, ALL).run(inputs)
    np.testing.assert_allclose(found, at_once, rtol=0, atol=1e-4)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_network_that_has_no_first_stage_or_is_scaled_has_no_parts(scaled, tmp_path):
    network = made(first=8 if scaled else 0)
    if scaled:
        network = NormalisedNetwork(network.network, AS_MADE | {"0": (1.0, 2.0)})
    with pytest.raises(UsageError, match=r"network\.options\.first"):
        export_parts(network, tmp_path / "look.onnx", tmp_path / "judge.onnx")


@pytest.mark.parametrize("sure", [0, 0.5, -1])
def test_how_sure_is_a_small_probability(sure):
    with pytest.raises(UsageError, match=r"network\.options\.sure"):
        made(sure=sure)

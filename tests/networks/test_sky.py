"""The network for pictures of the sky: any size, numbers of the picture once, compiled alike."""

import onnxruntime
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network

GROUPS = {"picture": (0, 1), "frame": (2, 3), "known": (4,)}
OPTIONS = {"widths": [8, 8, 12], "head": 8}


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = build_network("sky", OPTIONS, 5, 1, GROUPS)
    torch.nn.init.normal_(made.tell.weight)  # as it begins, numbers of the picture say nothing
    return made


def inputs_of(rows, cols, batch=1):
    inputs = torch.randn(batch, 5, rows, cols, generator=torch.Generator().manual_seed(1))
    inputs[:, 2:4] = torch.tensor([0.4, -1.2])[:, None, None]
    inputs[:, 4] = 1.0
    return inputs


@pytest.mark.parametrize("size", [(8, 8), (40, 24), (16, 96)])
def test_every_pixel_gets_one_logit(network, size):
    assert network.divisor == 8
    assert network(inputs_of(*size, batch=2)).shape == (2, 1, *size)


def test_training_and_use_say_the_same(network):
    inputs = inputs_of(32, 40)
    torch.testing.assert_close(network.train()(inputs), network.eval()(inputs))


def test_numbers_of_the_picture_are_those_of_its_known_pixels(network):
    inputs = inputs_of(32, 40)
    inputs[:, :, 20:] = 0.0
    found = network._numbers(inputs)
    torch.testing.assert_close(found, torch.tensor([[0.4, -1.2]]))
    inputs[:, :, :] = 0.0
    assert torch.isfinite(network(inputs)).all()


def test_a_pixel_far_away_is_judged_by_the_picture(network):
    inputs = inputs_of(64, 64)
    other = inputs.clone()
    other[:, 2:3] += 0.5
    apart = (network(inputs) - network(other)).abs()
    assert apart.min() > 0
    fresh = build_network("sky", OPTIONS, 5, 1, GROUPS)
    torch.testing.assert_close(fresh(inputs), fresh(other))


def test_it_is_sharp_to_the_pixel(network):
    inputs = inputs_of(32, 32)
    other = inputs.clone()
    other[0, 0, 13, 17] += 3.0
    apart = (network(inputs) - network(other)).abs()[0, 0]
    cell = apart[12:14, 16:18].flatten()
    assert cell.min() > 0
    assert len(cell.unique()) == 4


def test_compiled_it_says_the_same_at_any_size(network, tmp_path):
    names = ["place", "light", "half", "share", "known"]
    whole = NormalisedNetwork(network, dict.fromkeys(names, (0.1, 2.0)))
    assert export_onnx(whole, tmp_path / "n.onnx") < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "n.onnx")
    for size in ((8, 16), (72, 40)):
        inputs = inputs_of(*size)
        found = session.run(None, {"inputs": inputs.numpy()})[0]
        with torch.inference_mode():
            torch.testing.assert_close(torch.from_numpy(found), whole(inputs), rtol=0, atol=1e-3)


@pytest.mark.parametrize(("group", "said"), [("frame", "numbers of the"), ("known", "the feature")])
def test_a_group_that_is_missing_is_named(group, said):
    with pytest.raises(UsageError, match=said):
        build_network("sky", OPTIONS, 5, 1, {**GROUPS, group: ()})

"""Engines leave the caller's network and threads alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from nephoscope.apply.engine import open_engine

torch = pytest.importorskip("torch")


def test_torch_works_on_a_copy_and_gives_the_threads_back():
    network = torch.nn.Conv2d(2, 1, 3, padding=1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    recipe = SimpleNamespace(network=SimpleNamespace(name="unet"))
    model = SimpleNamespace(network=network, recipe=recipe)
    threads = torch.get_num_threads()
    engine = open_engine(model, "torch", threads=threads + 1)
    inputs = np.random.default_rng(0).random((1, 2, 8, 8)).astype(np.float32)
    found = engine.run(inputs)
    assert torch.get_num_threads() == threads
    with torch.no_grad():
        network.weight += 1
    np.testing.assert_array_equal(engine.run(inputs), found)
    assert next(network.parameters()).device.type == "cpu"
    assert set(before) == set(network.state_dict())
    assert network.weight.is_contiguous()

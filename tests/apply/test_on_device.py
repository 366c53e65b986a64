"""Networks by torch on a device: the same answer as the compiled ones, batches that halve."""

import numpy as np
import pytest
import torch

from nephoscope.apply import on_device
from nephoscope.apply.engine import OnnxEngine, open_engine
from nephoscope.apply.on_device import DEVICE, TorchEngine, use_device
from nephoscope.errors import UsageError
from nephoscope.models import load_model

HERE = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


def inputs_for(model, batch=1, side=64):
    shape = (batch, len(model.recipe.inputs.names), side, side)
    return np.random.default_rng(3).random(shape, np.float32)


@pytest.mark.parametrize("name", ["sky-thermal", "sky-colour", "mars"])
@pytest.mark.parametrize("where", HERE)
def test_logits_are_those_of_the_compiled_network(name, where):
    model = load_model(name)
    inputs = inputs_for(model)
    expected = OnnxEngine(model.onnx_path).run(inputs)
    # On a GPU convolutions take their factors in fewer bits (TF32).
    atol = 1e-3 if where == "cpu" else 5e-2
    np.testing.assert_allclose(TorchEngine(model, where).run(inputs), expected, atol=atol)


def test_the_model_itself_stays_where_it_was():
    model = load_model("sky-thermal")
    engine = TorchEngine(model, "cpu")
    assert engine._network is not model.network
    assert {each.device.type for each in model.network.parameters()} == {"cpu"}


class Small:
    """A network on a device that holds no more than so many tiles."""

    def __init__(self, most):
        self.most, self.asked = most, []

    def __call__(self, given, margin=0):
        self.asked.append(len(given))
        if len(given) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return given * 2


def test_what_is_too_much_for_the_memory_is_done_in_halves():
    engine = TorchEngine(load_model("sky-thermal"), "cpu")
    engine._network = Small(most=2)
    inputs = np.arange(5 * 4, dtype=np.float32).reshape(5, 1, 2, 2)
    np.testing.assert_array_equal(engine.run(inputs), inputs * 2)
    assert engine._network.asked == [5, 2, 3, 1, 2]


def test_a_tile_that_is_too_much_is_told():
    engine = TorchEngine(load_model("sky-thermal"), "cpu")
    engine._network = Small(most=0)
    with pytest.raises(UsageError, match="too little memory on cpu for a tile of 64 x 32"):
        engine.run(np.zeros((2, 1, 64, 32), np.float32))


def test_the_device_is_that_of_the_environment(monkeypatch):
    model = load_model("sky-thermal")
    monkeypatch.setenv(DEVICE, "")
    assert isinstance(open_engine(model), OnnxEngine)
    monkeypatch.setenv(DEVICE, "cpu:0")  # torch's own name for the processor
    assert isinstance(open_engine(model), TorchEngine)
    use_device("cpu")
    assert on_device.device() == "cpu"


@pytest.mark.parametrize("name", ["warp-drive", "cuda:77"])
def test_a_device_that_is_not_here_is_told(name, monkeypatch):
    monkeypatch.setenv(DEVICE, "cpu")
    with pytest.raises(UsageError, match=f"--device {name}: torch cannot use it here: "):
        use_device(name)
    assert on_device.device() == "cpu"


def test_a_margin_is_left_out_as_by_the_compiled_network():
    model = load_model("seviri")
    inputs = np.random.default_rng(0).uniform(-1, 1, (1, len(model.recipe.inputs.names), 32, 34))
    inputs = inputs.astype(np.float32)
    found = TorchEngine(model, "cpu").run(inputs)
    assert found.shape[2:] == (32 - 2 * 13, 34 - 2 * 13)
    np.testing.assert_allclose(found, OnnxEngine(model.onnx_path).run(inputs), atol=1e-4, rtol=1e-4)

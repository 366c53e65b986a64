"""The published U-Net with attention: parameters, cost, and what it says as a head of ice."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.networks.one_stage import OneStage
from nephoscope.tasks.cloud_ice import TASK
from nephoscope.tasks.ice_head import IceHead
from nephoscope.tasks.ice_losses import IceLosses

LEVELS = 4
OUTPUTS = IceHead(LEVELS).outputs
GROUPS = {"picture": [0, 1, 2]}
ONLY_L1 = {"quantiles": 0, "mean": 0, "number": 0, "mean_number": 0, "column": 0, "ice": 0}


def network_of(**options):
    torch.manual_seed(0)
    options = {"levels": LEVELS, "widths": [8, 16], **options}
    return build_network("attention_unet", options, 3, OUTPUTS, GROUPS)


def published():
    return build_network(
        "attention_unet", {}, 11, IceHead(64).outputs, {"picture": list(range(11))}
    ).eval()


def test_parameters_are_as_many_as_published():
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in published().parameters()) == 14_361_318


@pytest.mark.slow
def test_cost_is_as_published():
    """29.4 GMAC for a tile of 128 x 128, here of 64 x 64."""
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        found = published()(torch.zeros(1, 11, 64, 64))
    assert found.shape == (1, IceHead(64).outputs, 64, 64)
    assert counter.get_total_flops() / 2 * 4 / 1e9 == pytest.approx(29.4, abs=0.1)


def test_the_gradient_reaches_every_weight():
    network = network_of(drop=0.0).train()
    network(torch.randn(2, 3, 8, 8)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_short_cuts_are_dropped_in_training_alone():
    network, inputs = network_of(drop=0.5), torch.randn(1, 3, 8, 8)
    network.train()
    assert not torch.equal(network(inputs), network(inputs))
    network.eval()
    torch.testing.assert_close(network(inputs), network(inputs), rtol=0, atol=0)


def test_compiled_it_says_the_same(tmp_path):
    scaled = NormalisedNetwork(network_of().eval(), dict.fromkeys("abc", (0.0, 1.0)))
    assert export_onnx(scaled, tmp_path / "network.onnx") < 1e-4


@pytest.mark.parametrize(
    ("options", "said"), [({"levels": 5}, "for the task cloud_ice alone"), ({"widths": [8]}, "two")]
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UsageError, match=said):
        network_of(**options)


def test_what_it_says_is_its_amount_and_its_loss_is_the_published_one():
    """The task's L1 loss of the head's numbers is |y - log10(1 + amount / least)|, by hand."""
    rng = np.random.default_rng(0)
    scaled = rng.uniform(0.6, 4.5, (5, 2, LEVELS)).astype(np.float32)
    scaled[0] = 0
    iwc = np.where(rng.random((5, LEVELS)) < 0.5, 0, 10 ** rng.uniform(-6.5, -3, (5, LEVELS)))
    crystals = np.where(iwc > 0, 10 ** rng.uniform(3, 6, iwc.shape), 0)
    adaptor = OneStage(LEVELS, OUTPUTS)
    raw = adaptor(torch.from_numpy(scaled)[..., None, None])[..., 0, 0]
    truth = {"iwc": torch.tensor(iwc), "ice_number": torch.tensor(crystals)}
    losses = IceLosses(l1=1.0, cross_entropy=0, **ONLY_L1)
    true = np.stack([np.log10(1 + iwc / 1e-7), np.log10(1 + crystals / 1e2)], axis=1)
    wanted = np.abs(scaled - true).mean(axis=(0, 2)).sum()
    assert float(TASK.loss(raw, truth, losses)) == pytest.approx(wanted, rel=1e-3)
    said = IceHead(LEVELS).parts(raw.numpy().T)
    clear = said.cloud[:, 0]
    assert np.all(1 / (1 + np.exp(-clear)) < 0.1)
    likely = scaled[:, 0].T > 1
    amount = (10 ** scaled[:, 0].T[likely] - 1) * 1e-7
    np.testing.assert_allclose(said.iwc[2][likely], np.log10(amount), atol=0.01)


def test_a_number_without_ice_has_a_bound():
    scaled = torch.zeros(1, 2, LEVELS, 1, 1, requires_grad=True)
    raw = OneStage(LEVELS, OUTPUTS)(scaled + torch.tensor([0.0, 6.0])[:, None, None, None])
    raw.sum().backward()
    assert torch.isfinite(raw).all()
    assert raw.abs().max() < 20
    assert torch.isfinite(scaled.grad).all()

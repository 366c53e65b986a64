"""The first stage of a cascade learns what the whole network says, and changes nothing else."""

import numpy as np
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.learn import first_stage
from nephoscope.learn.first_stage import fit_first_stage
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import load_recipe

GROUPS = {"picture": range(5), "context": (5, 6), "brightness": (2,), "known": (4,)}
SEEN = 2 + 7 * 2 + 5 + 2 * 4  # context, two wide windows, means, extremes


def made(first):
    torch.manual_seed(0)
    options = {"hidden": [8, 8], "learned": 8, "first": first}
    network = build_network("pixel", options, 7, 1, GROUPS)
    return NormalisedNetwork(network, dict.fromkeys(map(str, range(7)), (0.0, 1.0)))


def blocks(number, seed):
    """Numbers of quite other sizes, a rule, and how much of each block is known."""
    generator = torch.Generator().manual_seed(seed)
    plain = torch.randn(number, SEEN, generator=generator)
    said = torch.sigmoid(3 * plain[:, 0] - 2 * plain[:, 5].abs() - 2)
    return plain * torch.linspace(0.1, 50, SEEN) + 7, said, torch.ones(number)


def test_it_says_what_the_whole_network_says_on_average(monkeypatch):
    monkeypatch.setattr(first_stage, "_blocks", lambda *_: blocks(40_000, 1))
    network = made(16)
    before = {name: value.clone() for name, value in network.network.state_dict().items()}
    fit_first_stage(network, None, load_recipe("mars"))
    after = network.network.state_dict()
    changed = [name for name in after if not torch.equal(after[name], before[name])]
    assert {name.split(".")[0] for name in changed} == {"first"}
    seen, said, _ = blocks(20_000, 2)
    with torch.inference_mode():
        found = torch.sigmoid(network.network.first(seen[:, :, None, None])[:, 0, 0, 0]).numpy()
    assert np.abs(found - said.numpy()).mean() < 0.02
    low = found < 0.02
    assert low.mean() > 0.2
    assert abs(found[low].mean() - said.numpy()[low].mean()) < 0.004  # a step of what is published


def test_a_network_without_a_first_stage_is_not_fitted():
    with pytest.raises(UsageError, match="has no first stage"):
        fit_first_stage(made(0), None, load_recipe("mars"))

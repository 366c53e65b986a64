"""The first stage of a cascade learns what the whole network says, and changes nothing else."""

import itertools

import numpy as np
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.learn import durations, first_stage
from nephoscope.learn.durations import Advance
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


def test_it_says_how_far_it_is_and_how_long_the_rest_takes(monkeypatch):
    times = itertools.count(0.0, 10.0)  # each look at the clock is 10 s later
    monkeypatch.setattr(durations.time, "monotonic", lambda: next(times))
    lines = []
    advance = Advance("step", 5, lines.append)
    for _ in range(5):
        advance.count()
    assert lines == ["step 2/5  20 s, about 30 s left", "step 4/5  40 s, about 10 s left",
                     "step 5/5  50 s"]  # fmt: skip
    Advance("step", 1, None).count()


def test_its_steps_are_told(monkeypatch):
    monkeypatch.setattr(first_stage, "_blocks", lambda *_: blocks(100, 1))
    monkeypatch.setattr(first_stage, "_STEPS", 3)
    lines = []
    fit_first_stage(made(16), None, load_recipe("mars"), lines.append)
    assert lines[0] == "fitting the first stage ..."
    assert lines[-1].startswith("first stage: step 3/3  ")


def test_a_network_without_a_first_stage_is_not_fitted():
    with pytest.raises(UsageError, match="has no first stage"):
        fit_first_stage(made(0), None, load_recipe("mars"))

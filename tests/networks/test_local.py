"""The local network: shapes, pixels as in whole frames, its looks against numpy, what is hidden."""

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter, uniform_filter

from nephoscope.errors import UsageError
from nephoscope.networks import build_network
from nephoscope.networks.blocks import window_extremes, window_mean
from nephoscope.networks.local import TINY, LocalNet, _classes, _moments, _told

FEATURES = 7
GROUPS = {"picture": range(7), "windowed": (3, 4, 5), "known": (6,)}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("local", {"hidden": [16, 8]}, FEATURES, 1, GROUPS)


def _inputs(rows, cols, batch=1):
    inputs = torch.rand(batch, FEATURES, rows, cols) * 2 - 1
    inputs[:, -1] = 1.0
    return inputs


def test_every_pixel_gets_one_logit(network):
    assert network.divisor == 8
    assert network(_inputs(40, 24, batch=2)).shape == (2, 1, 40, 24)


def test_a_pixel_is_judged_as_in_the_whole_frame(network):
    inputs = _inputs(48, 64)
    inputs[:, -1, :, 50:] = 0.0
    rows, cols = torch.randint(48, (40,)), torch.randint(64, (40,))
    seen = network.at_pixels(inputs, rows, cols)
    network.standardise(seen)
    expected = network(inputs)[0, 0, rows, cols]
    torch.testing.assert_close(network.judge(seen)[:, 0], expected, rtol=0, atol=1e-5)


def test_what_is_seen_is_centred_and_of_order_one_after_standardise(network):
    rows, cols = (torch.arange(48).repeat_interleave(64), torch.arange(64).repeat(48))
    seen = network.at_pixels(_inputs(48, 64), rows, cols)
    network.standardise(seen)
    scaled = (seen - network.centre) / network.spread
    assert scaled.mean(0).abs().max() < 1e-3
    assert scaled.std(0).max() < 1.001


def test_what_lies_under_missing_pixels_makes_no_difference(network):
    inputs = _inputs(64, 64)
    inputs[:, -1, 8:30, 8:24] = 0.0
    other = inputs.clone()
    other[:, :-1, 8:30, 8:24] = 7.0
    torch.testing.assert_close(network(inputs), network(other), rtol=0, atol=1e-5)


def test_surroundings_are_seen_in_every_way_that_is_asked_for():
    groups = {"picture": range(7), "known": (6,)}
    once, again, both = (
        LocalNet({**groups, "windowed": places})
        for places in ((3, 4, 5), (0, 1, 2), (3, 4, 5, 0, 1, 2))
    )
    inputs, rows, cols = _inputs(48, 64), torch.randint(48, (9,)), torch.randint(64, (9,))
    for level in range(4):
        mine, other, found = (net.look(inputs)[level] for net in (once, again, both))
        own = 6 if level == 0 else 0  # the picture itself is there once
        torch.testing.assert_close(found, torch.cat([mine, other[:, own:]], dim=1))
    torch.testing.assert_close(
        both.judge(both.at_pixels(inputs, rows, cols))[:, 0], both(inputs)[0, 0, rows, cols],
        rtol=0, atol=1e-5,
    )  # fmt: skip
    with pytest.raises(UsageError, match="a brightness, as often"):
        LocalNet({**groups, "windowed": (3, 4, 5, 0)})


def test_a_mirrored_frame_is_judged_as_the_frame(network):
    inputs = _inputs(64, 48)
    for axis in (-1, -2):
        mirrored = network(inputs.flip(axis)).flip(axis)
        torch.testing.assert_close(mirrored, network(inputs), rtol=0, atol=1e-5)


def test_moments_are_those_of_the_known_pixels():
    rng = np.random.default_rng(0)
    value, known = rng.standard_normal((20, 30)), (rng.random((20, 30)) < 0.6).astype(float)
    stack = np.stack([value * known, value**2 * known, known])[None].astype(np.float32)
    found = _moments(window_mean(torch.from_numpy(stack), 5))[0].numpy()
    share = np.maximum(uniform_filter(known, 5, mode="constant"), TINY)
    mean = uniform_filter(value * known, 5, mode="constant") / share
    square = uniform_filter(value**2 * known, 5, mode="constant") / share
    np.testing.assert_allclose(found[0], mean, atol=1e-5)
    spread = np.sqrt(np.maximum(square - mean**2, 1e-6))
    np.testing.assert_allclose(found[1], spread, atol=2e-3)


def test_clear_and_cloud_have_the_means_of_their_pixels():
    colour, light = np.array([0.4, 0.3, 0.0, 0.1]), np.array([-1.0, -0.5, 0.5, 1.0])
    clear = np.array([1.0, 1.0, 0.0, 0.0])
    sums = np.stack([colour * clear, light * clear, clear, colour, light, np.ones(4)])
    found = _classes(torch.from_numpy(sums.mean(1)[None, :, None, None]))[0, :, 0, 0].numpy()
    # Each class is mixed with 0.01 / 0.51 of the mean of all.
    weight = 0.01 / 0.51
    mean = np.array([colour.mean(), light.mean()])
    expected = [
        np.array([part[chosen].mean() for part in (colour, light)]) * (1 - weight) + mean * weight
        for chosen in (clear == 1, clear == 0)
    ]
    np.testing.assert_allclose(found, [*expected[0], *expected[1], 0.5], atol=1e-6)


def test_extremes_are_those_of_scipy():
    level = torch.rand(1, 7, 12, 15)
    level[:, -1] = 1.0
    found = window_extremes(*_told(level), 5)[0].numpy()
    for place, channel in enumerate((0, 2)):
        expected = maximum_filter(level[0, channel].numpy(), 5, mode="nearest")
        np.testing.assert_allclose(found[place], expected, atol=1e-6)


def test_an_option_that_is_not_known_is_named():
    with pytest.raises(UsageError, match="width"):
        build_network("local", {"width": 3}, FEATURES, 1, GROUPS)

"""The window network: shapes, what it sees and does not see, its windows against numpy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

from nephoscope.errors import UsageError
from nephoscope.networks import build_network
from nephoscope.networks.blocks import window_extremes
from nephoscope.networks.pixel import _known_mean

OPTIONS = {"hidden": [16, 8], "learned": 8, "position": [2, 4, 8]}
GROUPS = {
    "picture": range(6),
    "context": range(6, 14),
    "position": (6, 7, 8),
    "brightness": (2,),
    "known": (5,),
}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("pixel", OPTIONS, 14, 1, GROUPS)


def _inputs(rows, cols, batch=1):
    inputs = torch.randn(batch, 14, rows, cols)
    inputs[:, 5] = 1.0
    return inputs


def test_every_pixel_gets_one_logit(network):
    assert network.divisor == 4
    assert network(_inputs(40, 24, batch=2)).shape == (2, 1, 40, 24)


def test_training_and_use_compute_the_same(network):
    inputs = _inputs(32, 48)
    torch.testing.assert_close(network.train()(inputs), network.eval()(inputs), rtol=0, atol=1e-4)


def test_what_lies_under_missing_pixels_makes_no_difference(network):
    inputs = _inputs(32, 48)
    inputs[:, 5, 8:20, 8:24] = 0.0
    other = inputs.clone()
    other[:, :5, 8:20, 8:24] = 7.0
    torch.testing.assert_close(network(inputs), network(other), rtol=0, atol=1e-5)


def test_nothing_is_seen_beyond_the_widest_window(network):
    inputs = _inputs(128, 128)
    other = inputs.clone()
    other[:, :5, :, 96:] += 3.0
    difference = (network(inputs) - network(other)).abs()[0, 0].detach()
    assert difference[:, 96:].min() > 0
    assert difference[:, : 96 - 32].max() == 0


def test_windows_leave_out_what_is_unknown():
    rng = np.random.default_rng(0)
    value, known = rng.standard_normal((20, 30)), (rng.random((20, 30)) < 0.6).astype(float)
    state = torch.from_numpy(np.stack([value * known, known])[None].astype(np.float32))
    mean = _known_mean(state, 5)[0].numpy()
    share = uniform_filter(known, 5, mode="constant")
    expected = uniform_filter(value * known, 5, mode="constant") / np.maximum(share, 1e-3)
    np.testing.assert_allclose(mean[0], expected, atol=1e-5)
    np.testing.assert_allclose(mean[1], share, atol=1e-6)
    most, least = window_extremes(state[:, :1], state[:, 1:], 3)[0].numpy()
    seen = maximum_filter(known, 3, mode="constant") > 0
    high = maximum_filter(np.where(known > 0, value, -np.inf), 3, mode="constant", cval=-np.inf)
    low = minimum_filter(np.where(known > 0, value, np.inf), 3, mode="constant", cval=np.inf)
    np.testing.assert_allclose(most[seen], high[seen], rtol=1e-5)
    np.testing.assert_allclose(least[seen], low[seen], rtol=1e-5)
    assert not most[~seen].any()


def test_unknown_option_is_named():
    with pytest.raises(UsageError, match="depth"):
        build_network("pixel", {**OPTIONS, "depth": 2}, 14, 1, GROUPS)

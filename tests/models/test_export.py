"""How far a compiled network may be from torch: a share of large numbers, so much of small ones."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nephoscope.models import export
from nephoscope.models.normalised import NormalisedNetwork


class Same(nn.Module):
    """Says its input."""

    divisor = 1

    def forward(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("logit", "said", "difference"),
    [(0.5, 0.5002, 2e-4), (-1.0, -1.0001, 1e-4), (40.0, 40.002, 5e-5), (-400.0, -401.0, 2.5e-3)],
)
def test_a_difference_is_that_of_a_probability_and_no_more(logit, said, difference, monkeypatch):
    one = np.full((1, 1, 1, 1), logit, np.float32)
    compiled = np.full((1, 1, 1, 1), said, np.float32)
    monkeypatch.setattr(export, "try_compiled", lambda *_: [(one, compiled)])
    network = NormalisedNetwork(Same(), {"a": (0.0, 1.0)})
    found = export.onnx_difference(network, Path("network.onnx"))
    assert found == pytest.approx(difference, rel=1e-2)
    moved = torch.sigmoid(torch.tensor([logit, said], dtype=torch.float64)).diff().abs()
    assert float(moved) <= found / 4

"""A tiny store in the layout of real samples, a fake model and a predictor that is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from nephoscope.evaluation.predictors import Predict
from nephoscope.evaluation.protocol import Judged
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.tasks.mask import TASK, MaskDecision

ROWS, COLS = 60, 80


def make_store(parts: list[str], background: bool = False) -> xr.Dataset:
    """Maps whose label is blue >= 120; a few rows unknown, a gore missing."""
    rng = np.random.default_rng(0)
    image = rng.integers(1, 250, (len(parts), 3, ROWS, COLS)).astype(np.uint8)
    label = (image[:, 2] >= 120).astype(np.int8)
    label[:, :3] = -1
    image[:, :, :, 40:44] = 0
    store = xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), image),
            "label": (("sample", "y", "x"), label),
            "id": ("sample", [f"P01_day{i:02d}" for i in range(len(parts))]),
            "known": (("sample", "y", "x"), image.any(axis=1)),
            "group": ("sample", ["P01"] * len(parts)),
            "split": ("sample", parts),
            "channel": np.array(["red", "green", "blue"], np.dtypes.StringDType()),
            "latitude": ("y", np.linspace(60, -60, ROWS)),
            "longitude": ("x", np.linspace(-180, 175.5, COLS)),
        },
        attrs={
            "samples_id": "abc", "task": "mask", "truth": "pixels", "unit": "day", "wraps": True
        },
    ).set_coords(["latitude", "longitude"])  # fmt: skip
    if background:
        for name in ("blue", "blue_red_ratio"):
            store[f"background_{name}"] = ("by", "bx"), np.full((15, 20), 0.5, np.float32)
        store.attrs |= {
            "background_cell": 4,
            "background_shape": [ROWS, COLS],
            "background_channels": '["blue", "blue_red_ratio"]',
        }
    return store


def published(probability: Floats, threshold: float = 0.5) -> xr.Dataset:
    """What the task `mask` publishes of a probability, (y, x) float32."""
    return TASK.variables({"cloud_probability": probability}, MaskDecision(threshold=threshold))


def predict_by_blue(sample: LabelledSample) -> xr.Dataset:
    """Right wherever there is an image."""
    cloud = (sample.image[2] >= 120).astype(np.float32)
    return published(np.where(sample.known, cloud, np.nan).astype(np.float32))


def fake_model(threshold: float = 0.5, **facts: object) -> Judged:
    """What an evaluation asks of a model of masks."""
    named = {"name": "fake", "folder": Path("nowhere"), "weights_sha256": "0" * 64}
    return SimpleNamespace(**named | {"decision": MaskDecision(threshold=threshold)} | facts)


@pytest.fixture(scope="session")
def model() -> Judged:
    return fake_model()


@pytest.fixture(scope="session")
def tiny_store() -> Callable[..., xr.Dataset]:
    return make_store


@pytest.fixture(scope="session")
def by_blue() -> Predict:
    return predict_by_blue

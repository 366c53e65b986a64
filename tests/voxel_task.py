"""A small task of truth at points on levels: is a voxel cloud? Counts are tp, fp, fn, tn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.evaluation.sample import LabelledSample
from nephoscope.tasks import plain


class VoxelTask:
    """Cloud where the published type is above 0; unknown truth is left out."""

    name, counted = "voxels", "voxels"

    def tally(self, variables: xr.Dataset, truth: dict[str, Any]) -> np.ndarray:
        said, true = variables["cloud_type"].values > 0, truth["cloud_type"]
        table = [
            ((said == a) & (true >= 0) & ((true > 0) == b)).sum()
            for a, b in ((True, True), (True, False), (False, True), (False, False))
        ]
        return np.array(table, np.int64)

    def metrics(self, counts: np.ndarray, decision: object) -> dict[str, Any]:
        tp, fp, fn, _ = np.moveaxis(counts.astype(float), -1, 0)
        below = 2 * tp + fp + fn
        dice = np.where(below > 0, 2 * tp / np.where(below > 0, below, 1), np.nan)
        return plain({"dice": dice, "voxels": counts.sum(axis=-1)})

    def rules(self, decision: object) -> dict[str, Any]:
        return {"rule": "cloud is a type above 0"}


def voxel_model(name: str = "voxels") -> SimpleNamespace:
    return SimpleNamespace(name=name, decision=None, weights_sha256="0")


def says(seed: int, share: float = 0.4):
    """A predictor that says cloud at random, the same of a sample each time."""

    def predict(sample: LabelledSample) -> xr.Dataset:
        rng = np.random.default_rng([seed, *sample.id.encode()])
        levels = next(iter(sample.truth.values.values())).shape[1]
        cloud = rng.random((levels, *sample.known.shape)) < share
        return xr.Dataset({"cloud_type": (("level", "y", "x"), cloud.astype(np.int8))})

    return predict

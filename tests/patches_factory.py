"""A store of patches along a track: 16-bit counts of many views, truth at points on levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from nephoscope.evaluation.sample import LabelledSample
from nephoscope.tasks import task_named
from nephoscope.tasks.profile_decision import ProfileDecision

SIDE, LEVELS, VIEWS = 12, 4, 3
ALTITUDE = np.array([9600.0, 6600.0, 3600.0, 600.0])
CHANNELS = [
    *(f"I865P_{view:02d}" for view in range(VIEWS)),
    *(f"thetav_{view:02d}" for view in range(VIEWS)),
    "land_sea_flag",
]
SCALE = np.array([1e-4] * VIEWS + [0.0015] * VIEWS + [1.0])
OFFSET = np.array([0.0] * VIEWS + [0.0015 * 32767] * VIEWS + [0.0])


def make_patches(
    groups: tuple[int, ...] = (2, 1, 3),
    points: int = 5,
    seed: int = 0,
    parts: tuple[str, ...] | None = None,
) -> xr.Dataset:
    """Patches of as many half orbits as there are groups, each with so many of them.

    The first view is missing in the first column; land is in the right half.
    """
    rng = np.random.default_rng(seed)
    group = [f"h{n}" for n, number in enumerate(groups) for _ in range(number)]
    id_ = [f"h{n}_{k:02d}" for n, number in enumerate(groups) for k in range(number)]
    part = ["test"] * len(id_) if parts is None else [parts[int(each[1:])] for each in group]
    image = rng.integers(-3000, 3000, (len(id_), len(CHANNELS), SIDE, SIDE)).astype(np.int16)
    image[:, -1] = np.where(np.arange(SIDE) < SIDE // 2, 0, 100)
    image[:, 0, :, 0] = -32768
    total = points * len(id_)
    row, col = rng.uniform(0, SIDE - 1, (2, total))
    latitude = np.linspace(31, 19, SIDE)[:, None] + np.linspace(0, 0.5, SIDE)
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), image, {"_FillValue": np.int16(-32768)}),
            "known": (("sample", "y", "x"), np.ones((len(id_), SIDE, SIDE), bool)),
            "id": ("sample", id_),
            "group": ("sample", group),
            "split": ("sample", part),
            "row_size": ("sample", [points] * len(id_)),
            "row": ("point", row),
            "col": ("point", col),
            "time_offset": ("point", np.zeros(total)),
            "cloud_type": (
                ("point", "level"), rng.integers(-1, 9, (total, LEVELS)).astype(np.int8)
            ),
            "height": (("point", "level"), np.tile(ALTITUDE, (total, 1)).astype(np.float32)),
        },
        {
            "channel": CHANNELS,
            "scale_factor": ("channel", SCALE),
            "add_offset": ("channel", OFFSET),
            "latitude": (("sample", "y", "x"), np.tile(latitude, (len(id_), 1, 1))),
            "longitude": (("sample", "y", "x"), np.tile(latitude.T, (len(id_), 1, 1))),
        },
        {
            "task": "cloud_type", "truth": "points", "unit": "granule", "wraps": False,
            "samples_id": "patches",
        },
    )  # fmt: skip


def cloud_decision() -> ProfileDecision:
    """Of the task `cloud_type` on the levels of the store."""
    return ProfileDecision(altitude=tuple(ALTITUDE.tolist()))


def guesses(seed: int, skill: float = 3.0) -> Callable[[LabelledSample], xr.Dataset]:
    """A predictor of the task `cloud_type`: logits at random, `skill` on top for what is true."""
    task, decision = task_named("cloud_type"), cloud_decision()

    def predict(sample: LabelledSample) -> xr.Dataset:
        rng = np.random.default_rng([seed, *sample.id.encode()])
        raw = rng.normal(size=(task.outputs(LEVELS), *sample.known.shape)).astype(np.float32)
        row, col = (
            np.floor(each + 0.5).astype(int) for each in (sample.truth.row, sample.truth.col)
        )
        types = sample.truth.values["cloud_type"]
        for level in range(LEVELS):
            place = np.maximum(types[:, level], 0).astype(int) * LEVELS + level
            raw[place, row, col] += skill
        return task.variables(task.fields(raw, decision), decision)

    return predict

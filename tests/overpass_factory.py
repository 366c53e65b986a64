"""A store of patches of a standing imager: thermal and solar channels, ice at points on levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from nephoscope.evaluation.sample import LabelledSample
from nephoscope.tasks import task_named
from nephoscope.tasks.ice_decision import IceDecision
from nephoscope.tasks.ice_head import IceHead, IceNumbers

SIDE, LEVELS, STEP = 24, 8, 1500.0
ALTITUDE = 3000.0 + STEP * np.arange(LEVELS)[::-1]
CHANNELS = ["VIS006", "IR_039", "WV_062", "IR_108", "satellite_zenith", "solar_zenith",
            "parallax", "parallax_azimuth"]  # fmt: skip
SCALE, OFFSET = 0.01, 200.0


def make_ice(
    days: tuple[int, ...] = (2, 1, 3),
    points: int = 40,
    seed: int = 0,
    parts: tuple[str, ...] | None = None,
    track: bool = False,
) -> xr.Dataset:
    """Patches of as many days as there are numbers, each with so many of them.

    A cloud is three levels thick; the higher its top, the colder is the pixel that it is over, and
    the more ice has it. The first day is dark, and land is in the right half. Points
    are anywhere; or on a track along the diagonal, one in each row.
    """
    rng = np.random.default_rng(seed)
    day = [f"2007-07-{n + 1:02d}" for n, number in enumerate(days) for _ in range(number)]
    part = ["test"] * len(day) if parts is None else [parts[int(each[-2:]) - 1] for each in day]
    total = points * len(day)
    sample = np.repeat(np.arange(len(day)), points)
    row, col = rng.integers(0, SIDE, (2, total))
    if track:
        row = col = np.tile(np.arange(points), len(day))
    top = np.where(rng.random((len(day), SIDE, SIDE)) < 0.5, -1,
                   rng.integers(0, LEVELS - 2, (len(day), SIDE, SIDE)))  # fmt: skip
    here = top[sample, row, col][:, None]
    below = np.arange(LEVELS) - here
    ice = np.where((here >= 0) & (below >= 0) & (below < 3), 10 ** rng.normal(-4.5 - 0.1 * here,
                   0.2, (total, LEVELS)), 0)  # fmt: skip
    ice[::17, -1] = np.nan
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), _image(top, day, rng),
                      {"_FillValue": np.int16(-32768)}),
            "known": (("sample", "y", "x"), np.ones((len(day), SIDE, SIDE), bool)),
            "id": ("sample", [f"{each}_{n:02d}" for n, each in enumerate(day)]),
            "group": ("sample", day),
            "split": ("sample", part),
            "row_size": ("sample", [points] * len(day)),
            "row": ("point", row.astype(float)),
            "col": ("point", col.astype(float)),
            "time_offset": ("point", np.zeros(total)),
            "iwc": (("point", "level"), ice.astype(np.float32)),
            "ice_number": (("point", "level"), (ice * 2e9).astype(np.float32)),
            "land_water_mask": (
                "point", np.where(col < SIDE // 2, 2, 1).astype(np.int16),
                {"role": "beside the truth"},
            ),
            "height": (("point", "level"), np.tile(ALTITUDE, (total, 1)).astype(np.float32)),
        },
        {
            "channel": CHANNELS,
            "scale_factor": ("channel", np.full(len(CHANNELS), SCALE)),
            "add_offset": ("channel", np.full(len(CHANNELS), OFFSET)),
            "latitude": (("sample", "y", "x"), np.tile(np.linspace(12, 8, SIDE)[:, None],
                                                       (len(day), 1, SIDE))),
            "longitude": (("sample", "y", "x"), np.tile(np.linspace(-2, 2, SIDE),
                                                        (len(day), SIDE, 1))),
        },
        {
            "task": "cloud_ice", "truth": "points", "unit": "slot", "wraps": False,
            "samples_id": "ice",
        },
    )  # fmt: skip


def _image(top: np.ndarray, day: list[str], rng: np.random.Generator) -> np.ndarray:
    """Counts (sample, channel, y, x); sunlight is missing where it is dark."""
    cold = np.where(top < 0, 290.0, 200.0 + 12.0 * top) + rng.normal(0, 1, top.shape)
    dark = np.array([each.endswith("01") for each in day])[:, None, None]
    values = [
        np.where(dark, np.nan, np.where(top < 0, 10.0, 60.0)),
        cold + np.where(dark, 0.0, 20.0), np.minimum(cold, 240.0), cold,
        np.full(top.shape, 35.0), np.where(dark, 130.0, 40.0) + 0 * cold,
        np.full(top.shape, 0.1), np.full(top.shape, 90.0),
    ]  # fmt: skip
    counts = np.rint((np.stack(values, axis=1) - OFFSET) / SCALE)
    return np.where(np.isnan(counts), -32768, counts).astype(np.int16)


def ice_decision() -> IceDecision:
    """Of the task on the levels of the store."""
    return IceDecision(altitude=tuple(ALTITUDE.tolist()))


def guesses(seed: int = 0, skill: float = 3.0) -> Callable[[LabelledSample], xr.Dataset]:
    """A predictor of the task: logits at random, `skill` on top for what is true; ice nearly so."""
    task, decision, head = task_named("cloud_ice"), ice_decision(), IceHead(LEVELS)

    def predict(sample: LabelledSample) -> xr.Dataset:
        rng = np.random.default_rng([seed, *sample.id.encode()])
        shape = LEVELS, *sample.known.shape
        cloud, ice = rng.normal(-skill / 2, 1, shape), rng.normal(-5, 0.1, shape)
        row, col = sample.truth.row.astype(int), sample.truth.col.astype(int)
        true = np.nan_to_num(sample.truth.values["iwc"].T)
        cloud[:, row, col] += skill * (true > 1e-7)
        ice[:, row, col] = np.log10(np.maximum(true, 1e-5)) + rng.normal(0, 0.2, true.shape)
        away = np.array([-0.5, -0.2, 0, 0.2, 0.5])
        column = np.log10((10.0**ice).sum(axis=0))
        said = IceNumbers(
            cloud, ice + away[:, None, None, None], ice + 0.05, ice + 9.3, ice + 9.35,
            cloud.max(axis=0), column + away[:, None, None],
        )  # fmt: skip
        return task.variables(task.fields(head.raw(said), decision), decision)

    return predict

"""Census of samples of cloud ice: voxels with ice in each part, and what channels say."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.samples.coding import MISSING
from nephoscope.samples.store import PARTS
from nephoscope.workers import cores, in_threads

HOLDS_ICE = frozenset({"iwc", "daylight", "row_size"})
"""Variables of samples that are counted here."""
PERIODS = ("all", "day", "night")
"""Of which samples there are statistics: all, those of which most pixels lie by day, by night."""
_DAYLIGHT = {"all": (0, 1, 2), "day": (2,), "night": (0,)}
_POINTS = 65_536
"""Points looked at at once."""


def ice_counts(store: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Of each part that has samples: how many of what there are.

    Args:
        store: an open store with `iwc` (point, level), `daylight` and `split`.

    Returns:
        Part ("" for none) → `samples`, `days`, `by_day` (samples of which most pixels lie by day),
        `points`, `icy_points` (with any ice), `voxels` whose truth is known and `icy_voxels`.
    """
    sizes, parts = store["row_size"].values, store["split"].values
    of_point = np.repeat(np.arange(len(sizes)), sizes)
    numbers = np.zeros((len(sizes), 4), np.int64)
    for start in range(0, len(of_point), _POINTS):
        iwc = store["iwc"][start : start + _POINTS].values
        known, icy = np.isfinite(iwc), iwc > 0
        counted = np.stack([np.ones(len(iwc)), icy.any(axis=1), known.sum(axis=1), icy.sum(axis=1)])
        np.add.at(numbers, of_point[start : start + _POINTS], counted.T.astype(np.int64))
    names, found = ("points", "icy_points", "voxels", "icy_voxels"), {}
    for part in (*PARTS, ""):
        mine = parts == part
        if mine.any():
            found[part] = {
                "samples": int(mine.sum()),
                "days": len(set(store["group"].values[mine].tolist())),
                "by_day": int((store["daylight"].values[mine] == 2).sum()),
                **dict(zip(names, numbers[mine].sum(axis=0).tolist(), strict=True)),
            }
    return found


def said_of(counts: dict[str, Any]) -> str:
    """Counts of a part as words."""
    icy = counts["icy_points"] / max(counts["points"], 1)
    voxels = counts["icy_voxels"] / max(counts["voxels"], 1)
    days = f"{counts['days']} day" + ("" if counts["days"] == 1 else "s")
    return (
        f"{counts['samples']} samples of {days}, {counts['by_day']} by daylight, "
        f"{counts['points']:,} points, {icy:.0%} with ice; of all voxels {voxels:.2%}"
    )


def channel_statistics(image: Any, daylight: npt.NDArray[np.int8], store: xr.Dataset) -> xr.Dataset:  # noqa: ANN401 - a zarr array
    """What channels say by day and by night.

    Args:
        image: (sample, channel, y, x) int16 as stored.
        daylight: (sample,) 0 night, 1 twilight, 2 day, of most pixels.
        store: holds `scale_factor` and `add_offset` (channel).

    Returns:
        On (period, channel): `channel_mean`, `channel_std`, `channel_min`, `channel_max` float64
        in the unit of the channel, NaN where there is no pixel, and `channel_pixels` int64; and
        the coordinate `period`.
    """
    shape = len(PERIODS), image.shape[1]
    numbers = [[0] * 3 for _ in range(shape[0] * shape[1])]  # Python's, which never overflow
    ends = np.full((*shape, 2), np.iinfo(np.int32).max, np.int64)
    work = in_threads(lambda n: _sums(np.asarray(image[n])), range(len(daylight)), cores())
    for light, (sums, extremes) in zip(daylight.tolist(), work, strict=True):
        for period, name in enumerate(PERIODS):
            if light not in _DAYLIGHT[name]:
                continue
            ends[period] = np.minimum(ends[period], extremes)
            for channel, each in enumerate(sums):
                held = numbers[period * shape[1] + channel]
                for place, number in enumerate(each):
                    held[place] += number
    scale, offset = (store[name].values for name in ("scale_factor", "add_offset"))
    count, total, square = np.array(numbers, dtype=object).reshape(*shape, 3).transpose(2, 0, 1)
    empty = count == 0
    some = np.where(empty, 1, count)
    mean = (total / some).astype(np.float64)
    spread = np.sqrt(((square * some - total * total) / (some * some)).astype(np.float64))
    found = {
        "mean": mean * scale + offset,
        "std": spread * scale,
        "min": ends[..., 0] * scale + offset,
        "max": -ends[..., 1] * scale + offset,
    }
    about = {"long_name": "of all samples, of those by day, of those by night"}
    return xr.Dataset(
        {
            "channel_pixels": (("period", "channel"), count.astype(np.int64)),
            **{
                f"channel_{name}": (("period", "channel"), np.where(empty, np.nan, values))
                for name, values in found.items()
            },
        },
        {"period": ("period", np.array(PERIODS, np.dtypes.StringDType()), about)},
    )


def _sums(image: npt.NDArray[np.int16]) -> tuple[list[tuple[int, int, int]], npt.NDArray[np.int64]]:
    """Of each channel number, sum and sum of squares of its counts; and least, and least of -."""
    sums, ends = [], np.full((len(image), 2), np.iinfo(np.int32).max, np.int64)
    for channel, plane in enumerate(image):
        counts = plane[plane != MISSING].astype(np.int64)
        sums.append((counts.size, int(counts.sum()), int((counts * counts).sum())))
        if counts.size:
            ends[channel] = counts.min(), -counts.max()
    return sums, ends

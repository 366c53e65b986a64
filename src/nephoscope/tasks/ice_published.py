"""Counts of published cloud ice beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.tasks import Counts
from nephoscope.tasks.ice_metrics import (
    COVERED,
    DECADES,
    ERRORS,
    FINE,
    MOMENTS,
    PATH_UNIT,
    PUBLISHED,
    ice_shapes,
)
from nephoscope.tasks.ice_mixture import PUBLISHED as SHARES
from nephoscope.tasks.ice_mixture import clear_share_inside
from nephoscope.tasks.ice_truth import IWC, LEAST_IWC, clouds_of, number_of, scaled
from nephoscope.tasks.mask import FILL
from nephoscope.tasks.mask_metrics import BINS, PROBABILITY_STEPS
from nephoscope.tasks.profile_blocks import Tables, table
from nephoscope.tasks.profile_published import (
    bins_of,
    column_tables,
    flat_variables,
    level_errors,
    levels_first,
)
from nephoscope.tasks.profile_truth import Types, tops_of

Array = npt.NDArray[Any]
Flat = Mapping[str, Array]
GRAMS = 1e3
_ITEMS = 16384  # counted at once
_NAMES = (
    "cloud_probability", "column_cloud_probability", "cloud_mask", "iwc", "iwc_p05", "iwc_p50",
    "iwc_p95", "iwc_in_cloud_p50", "ice_number_concentration", "ice_number_in_cloud_p50",
    "iwp", "iwp_p05", "iwp_p95", "cloud_top_height",
)  # fmt: skip


def tally_ice(variables: xr.Dataset, truth: Mapping[str, Array]) -> Counts:
    """Counts of what is published; of what has no prediction cloud alone is counted, as clear.

    Errors are of voxels with a prediction: `log_mae` of log10 of the median in cloud, where cloud
    is true and said; `log_mae_p50` of log10 of `iwc_p50`, where that and the truth are cloud;
    `log_mae_all` of the same, where cloud is true, clear being 1e-7 kg m-3; `number_log_mae` of
    log10 of the number's median in cloud, as `log_mae`; `mae` of `iwc`, g m-3, everywhere;
    `mae_in_cloud` where cloud is true.

    Args:
        variables: as `ice_variables` gives them, on any dims.
        truth: `iwc`, `ice_number` (..., level), or (level, ...) where variables have no `point`.
    """
    amount, crystals = (
        levels_first(np.asarray(each, np.float32), variables)
        for each in (truth[IWC], number_of(truth))
    )
    flat, altitude = flat_variables(variables, *_NAMES), variables["altitude"].values
    threshold = variables["cloud_mask"].attrs["threshold"]
    levels = len(amount)
    total = np.zeros(PUBLISHED.size(levels), np.int64)
    for start in range(0, amount.shape[1], _ITEMS):
        some = slice(start, start + _ITEMS)
        part = {name: values[..., some] for name, values in flat.items()}
        found = _tables(part, amount[:, some], crystals[:, some], altitude, threshold)
        total = total + PUBLISHED.join(found, levels)
    return total


def _tables(
    flat: Flat,
    amount: Array,
    crystals: Array,
    altitude: npt.NDArray[np.float64],
    threshold: float,
) -> Tables:
    """Tables of some items, (level, item) and (item,)."""
    types = clouds_of(amount)
    levels, known = len(types), types >= 0
    steps = flat["cloud_probability"]
    seen = known & (steps != FILL)
    said = (steps != FILL) & (steps >= round(threshold * PROBABILITY_STEPS))
    level = np.broadcast_to(np.arange(levels)[:, None], types.shape)
    true, cloud = types.astype(np.int64), types > 0
    both = cloud & said
    shapes = ice_shapes(levels)
    log_error = np.abs(_log(flat["iwc_in_cloud_p50"]) - _log(amount))
    step = float(altitude[0] - altitude[-1]) / max(levels - 1, 1)
    return {
        "voxels": table((levels, 2, 2), level[known], true[known], 1 * said[known]),
        "probabilities": table((2, BINS), true[known], bins_of(steps[known])),
        **column_tables(flat, types),
        "level_errors": np.stack([both.sum(axis=1), _sum(np.where(both, log_error, 0), axis=1)], 1),
        "errors": _errors(flat, amount, crystals, (seen, both), log_error),
        "moments": _moments(flat, amount, seen, both),
        "quantile_scores": _quantile_scores(flat, amount, seen),
        "covered": _covered(flat, amount, types, seen, step),
        "paths": _paths(flat["iwp"], amount.sum(axis=0) * step, shapes["paths"]),
        "numbers": _numbers(flat["ice_number_concentration"], crystals, seen),
        "tops": _tops(flat["cloud_top_height"], types, altitude),
    }


def _errors(
    flat: Flat, amount: Array, crystals: Array, chosen: tuple[Array, Array], log_error: Array
) -> Counts:
    seen, both = chosen
    cloud = seen & (amount > LEAST_IWC)
    median = flat["iwc_p50"]
    peopled = both & (crystals > 0)
    off = np.abs(flat["iwc"] - amount) * GRAMS
    number_off = np.abs(_log(flat["ice_number_in_cloud_p50"]) - _log(crystals))
    median_off = np.abs(_log(median) - _log(amount))
    of = {
        "log_mae": (both, log_error),
        "log_mae_p50": (cloud & (median > 0), median_off),
        "log_mae_all": (cloud, median_off),
        "number_log_mae": (peopled, number_off),
        "mae": (seen, off),
        "mae_in_cloud": (cloud, off),
    }
    return np.array([[of[name][0].sum(), _sum(of[name][1][of[name][0]])] for name in ERRORS])


def _moments(flat: Flat, amount: Array, seen: Array, both: Array) -> Counts:
    """Sums that correlations are made of; see `MOMENTS`."""
    pairs = {
        "linear": (flat["iwc"][seen] * GRAMS, amount[seen] * GRAMS),
        "log": (scaled(flat["iwc_p50"][seen]), scaled(amount[seen])),
        "in_cloud": (_log(flat["iwc_in_cloud_p50"][both]), _log(amount[both])),
    }
    rows = []
    for name, (unit, square) in MOMENTS.items():
        said, true = (np.asarray(each, np.float64) for each in pairs[name])
        sums = (_sum(said, unit), _sum(true, unit), _sum(said**2, square), _sum(true**2, square))
        rows.append([said.size, *sums, _sum(said * true, square)])
    return np.array(rows, np.int64)


def _quantile_scores(flat: Flat, amount: Array, seen: Array) -> Counts:
    """Mean of twice the quantile loss, in g m-3 and of the scaled logarithm."""
    found = [int(seen.sum())]
    true = np.asarray(amount[seen], np.float64)
    for turned in (lambda values: np.asarray(values, np.float64) * GRAMS, scaled):
        total = np.zeros(true.size)
        for share in SHARES:
            off = turned(true) - turned(flat[f"iwc_p{100 * share:02.0f}"][seen])
            total += np.maximum(share * off, (share - 1) * off) * 2 / len(SHARES)
        found.append(int(_sum(total)))
    return np.array(found, np.int64)


def _covered(flat: Flat, amount: Array, types: Types, seen: Array, step: float) -> Counts:
    """Of intervals, see `COVERED`: number, how many hold the truth, and sum of shares held."""
    low, high, likely = flat["iwc_p05"], flat["iwc_p95"], flat["cloud_probability"]
    cloud, rows = types > 0, []
    for chosen in (seen, seen & (high > 0), seen & cloud):
        held = (each[chosen] for each in (amount, cloud, low, high, likely))
        rows.append(_held(*held))
    whole = np.asarray((types >= 0).all(axis=0) & (flat["iwp_p95"] > 0))
    path, cloudy = amount.sum(axis=0) * step, np.asarray(cloud.any(axis=0))
    bounds = (flat[name][whole] for name in ("iwp_p05", "iwp_p95", "column_cloud_probability"))
    rows.append(_held(path[whole], cloudy[whole], *bounds))
    return np.array(rows, np.int64).reshape(len(COVERED), 3)


def _held(
    true: Array, cloudy: npt.NDArray[np.bool_], low: Array, high: Array, steps: Array
) -> list[int]:
    inside = np.where(cloudy, (low <= true) & (true <= high), low <= 0)
    clear = clear_share_inside(steps / PROBABILITY_STEPS, SHARES[0], SHARES[-1])
    return [true.size, int(inside.sum()), int(_sum(np.where(cloudy, inside, clear)))]


def _paths(said: Array, true: Array, shape: tuple[int, ...]) -> Counts:
    """Numbers and sums by decade of the true path, of columns that are wholly known."""
    there = np.isfinite(said) & np.isfinite(true)
    decade = np.searchsorted(DECADES, true[there], side="right")
    found = np.zeros(shape, np.int64)
    for place, values in enumerate((None, said[there], true[there])):
        whole = np.ones(decade.size, np.int64) if values is None else _whole(values, PATH_UNIT)
        np.add.at(found[:, place], decade, whole)
    return found


def _numbers(said: Array, true: Array, seen: Array) -> Counts:
    there = seen & np.isfinite(true)
    return np.array([_sum(said[there], 1.0), _sum(true[there], 1.0)], np.int64)


def _tops(said: Array, types: Types, altitude: npt.NDArray[np.float64]) -> Counts:
    levels, true = len(types), tops_of(types)
    cloudy = (true >= 0) & (true < levels)
    return table((2 * levels,), level_errors(said[cloudy], true[cloudy], altitude))


def _log(values: Array) -> npt.NDArray[np.float64]:
    """log10 of amounts, of what is clear that of the least."""
    return np.log10(np.maximum(np.asarray(values, np.float64), LEAST_IWC))


def _whole(values: Array, unit: float) -> Counts:
    return np.rint(np.asarray(values, np.float64) / unit).astype(np.int64)


def _sum(values: Array, unit: float = FINE, axis: int | None = None) -> Any:  # noqa: ANN401
    """Sum of values, each as a whole number of units."""
    return _whole(values, unit).sum(axis=axis)

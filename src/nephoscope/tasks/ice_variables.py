"""Variables of cloud ice: fields that may be blended, and what is published of them.

Means are expectations whether or not there is cloud: the probability of cloud times the mean in
cloud. They add up, so the ice water path is their integral over exactly the published levels.
Quantiles do not: those of a column are of a head of their own. Where only some levels are published
the path is the integral over these, and nothing is said that holds for all of them.

Amounts on levels are rounded to `BITS`, so that they compress; what is made of them is made of the
rounded ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.rounding import rounded
from nephoscope.tasks.ice_decision import FLOOR_STEP, IceDecision
from nephoscope.tasks.ice_head import IceHead
from nephoscope.tasks.ice_mixture import MEDIAN, PUBLISHED, marginal_quantile
from nephoscope.tasks.ice_truth import LEAST_IWC
from nephoscope.tasks.mask import FILL, probability, steps_and_unknown, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.profile_variables import SHARE, altitude_coords, mask_about, plane_dims

Floats = npt.NDArray[np.float32]
Fields = Mapping[str, npt.NDArray[np.floating]]
MOST_IWC, MOST_NUMBER = -1.0, 9.0
"""log10 of kg m-3 and of m-3 that no cloud reaches."""
BITS = 6
"""Of the mantissa of amounts on levels: an error of at most 1/128, 0.8 %."""
_ON_LEVELS = {
    "cloud_probability": 0, "iwc": 0, "ice_number_concentration": 0, "number_median": 0,
    "iwc_quantiles": 1,
}  # fmt: skip
"""Fields on levels, and which of their dimensions is the level."""
_NAN = np.float32(np.nan)
_LN10 = np.float32(np.log(10))
_CLEAR = "0 where it is clear; no value where no prediction was made"
_ABOUT: dict[str, tuple[str, dict[str, str]]] = {
    "iwc": (
        "kg m-3",
        {
            "long_name": "ice water content: mean, whether or not there is cloud",
            "cell_methods": "area: mean",
            "ancillary_variables": "iwc_p05 iwc_p50 iwc_p95 cloud_probability",
            "comment": f"0 where it is clear, or cloud is less likely than "
            f"{FLOOR_STEP / PROBABILITY_STEPS}; no value where no prediction was made; "
            "iwp is its integral over the levels",
        },
    ),
    "iwc_p05": ("kg m-3", {"long_name": "ice water content, clear or cloud: 5 % quantile"}),
    "iwc_p50": ("kg m-3", {"long_name": "ice water content, clear or cloud: median"}),
    "iwc_p95": ("kg m-3", {"long_name": "ice water content, clear or cloud: 95 % quantile"}),
    "iwc_in_cloud_p50": (
        "kg m-3",
        {"long_name": "ice water content if there is cloud: median", "comment": _CLEAR},
    ),
    "ice_number_concentration": (
        "m-3",
        {
            "standard_name": "number_concentration_of_ice_crystals_in_air",
            "long_name": "number concentration of ice crystals larger than 5 um: mean",
            "comment": _CLEAR,
        },
    ),
    "ice_number_in_cloud_p50": (
        "m-3",
        {
            "long_name": "number concentration of ice crystals larger than 5 um if there is "
            "cloud: median",
            "comment": _CLEAR,
        },
    ),
    "iwp": (
        "kg m-2",
        {
            "standard_name": "atmosphere_mass_content_of_cloud_ice",
            "long_name": "ice water path: integral of iwc over the levels",
            "ancillary_variables": "iwp_p05 iwp_p95",
        },
    ),
    "iwp_p05": ("kg m-2", {"long_name": "ice water path, clear or cloud: 5 % quantile"}),
    "iwp_p95": ("kg m-2", {"long_name": "ice water path, clear or cloud: 95 % quantile"}),
    "cloud_top_height": (
        "m",
        {
            "standard_name": "cloud_top_altitude",
            "long_name": "altitude of the cloud top: middle of the highest level with cloud",
        },
    ),
}

UNPUBLISHED = frozenset({"iwc_in_cloud_p50", "ice_number_in_cloud_p50"})
"""Variables that scores alone are made of."""
LEVEL_AMOUNTS = frozenset(
    {"iwc", "iwc_p05", "iwc_p50", "iwc_p95", "ice_number_concentration", *UNPUBLISHED}
)
"""Variables on levels that are rounded."""


def ice_fields(raw: Floats, decision: IceDecision) -> dict[str, Floats]:
    """Fields of raw numbers (output, ...).

    Returns:
        `cloud_probability`, `iwc` kg m-3, `ice_number_concentration` m-3 (level, ...), these two
        whether or not there is cloud; if there is cloud `iwc_quantiles` (share, level, ...) log10
        and `number_median` (level, ...) log10; `column_cloud_probability` (...), and
        `ice_quantiles` (share, ...), log10 of the sum of IWC over the levels.
    """
    said = IceHead.of(len(raw)).parts(raw)
    likely = probability(said.cloud, decision)
    return {
        "cloud_probability": likely,
        "iwc": _expected(likely, said.mean_iwc, MOST_IWC, decision.mean_factor),
        "ice_number_concentration": _expected(
            likely, said.mean_number, MOST_NUMBER, decision.number_factor
        ),
        "iwc_quantiles": said.iwc,
        "number_median": said.number,
        "column_cloud_probability": probability(said.column, decision.column),
        "ice_quantiles": said.ice,
    }


def power_of_ten(logarithm: npt.NDArray[np.floating], most: float) -> Floats:
    """10 to the power of numbers, float32; of none above `most`, which no cloud reaches."""
    found: Floats = np.exp(_LN10 * np.clip(logarithm, -30, most).astype(np.float32))
    return found


def ice_variables(fields: Fields, decision: IceDecision) -> xr.Dataset:
    """What is published of fields; see `ice_fields`.

    Raises:
        UsageError: the decision knows altitudes of other levels.
    """
    edges, fields = _published(fields, decision)
    likely = np.asarray(fields["cloud_probability"], np.float32)
    plane = plane_dims(likely.ndim - 1)
    dims = ("level", *plane)
    steps, unknown = steps_and_unknown(likely)
    threshold = threshold_step(decision.threshold)
    cloud = steps >= threshold
    kept = steps >= FLOOR_STEP
    steps[unknown] = FILL
    found: dict[str, Any] = {
        name: (dims, values, _about(name))
        for name, values in _on_levels(fields, likely, kept, unknown, decision).items()
    }
    found["cloud_probability"] = dims, steps, SHARE | {"long_name": "probability of cloud"}
    if decision.published is None:
        found |= {name: (plane, *each) for name, each in _columns(fields, decision).items()}
    # Of the published float32, so that whoever adds them up finds the same.
    path = np.tensordot(-np.diff(edges), found["iwc"][1].astype(np.float64), axes=1)
    found["iwp"] = plane, path.astype(np.float32), _about("iwp")
    if decision.published is not None:
        del found["iwp"][2]["ancillary_variables"]
    missing = np.asarray(unknown.any(axis=0))
    cloudy = np.asarray(cloud.any(axis=0) & ~missing)
    middles = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    top = np.where(cloudy, middles[cloud.argmax(axis=0)], _NAN)
    found["cloud_top_height"] = plane, top, _about("cloud_top_height")
    mask = np.where(missing, FILL, cloudy.astype(np.uint8))
    about = mask_about("cloud at any level", threshold) | {"standard_name": "cloud_binary_mask"}
    found["cloud_mask"] = plane, mask, about
    return xr.Dataset(found, altitude_coords(edges))


def _published(
    fields: Fields, decision: IceDecision
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.floating]]]:
    """Edges of the levels that are published, and the fields there."""
    edges, chosen = decision.edges(len(fields["cloud_probability"])), decision.chosen
    kept = {
        name: values[(slice(None),) * _ON_LEVELS[name] + (chosen,)]
        if name in _ON_LEVELS
        else values
        for name, values in fields.items()
    }
    return edges[chosen.start : None if chosen.stop is None else chosen.stop + 1], kept


def _expected(likely: Floats, logarithm: Floats, most: float, factor: float) -> Floats:
    found = power_of_ten(logarithm, most)
    found *= likely
    found *= np.float32(factor)
    return found


def _on_levels(
    fields: Fields,
    likely: Floats,
    kept: npt.NDArray[np.bool_],
    unknown: npt.NDArray[np.bool_],
    decision: IceDecision,
) -> dict[str, Floats]:
    """Amounts on levels: 0 where cloud is too unlikely, NaN where nothing is said."""
    # One piece, as it is looked into at many places.
    quantiles = np.ascontiguousarray(fields["iwc_quantiles"], np.float32)
    found = {
        name: np.where(kept, np.asarray(fields[name], np.float32), np.float32(0))
        for name in ("iwc", "ice_number_concentration")
    }
    for name, values, most in (
        ("iwc_in_cloud_p50", quantiles[MEDIAN], MOST_IWC),
        ("ice_number_in_cloud_p50", np.asarray(fields["number_median"]), MOST_NUMBER),
    ):
        found[name] = np.zeros(likely.shape, np.float32)
        found[name][kept] = power_of_ten(values[kept], most)
    for share in PUBLISHED:
        name = f"iwc_p{100 * share:02.0f}"
        found[name] = marginal_quantile(share, likely, quantiles, decision.spread, LEAST_IWC)
    for name, values in found.items():
        values[unknown] = _NAN
        found[name] = rounded(values, BITS)
    return found


def _columns(
    fields: Fields, decision: IceDecision
) -> dict[str, tuple[npt.NDArray[Any], dict[str, Any]]]:
    """Probability of a column with cloud, and quantiles of the ice water path."""
    likely = np.asarray(fields["column_cloud_probability"], np.float32)
    steps, unknown = steps_and_unknown(likely)
    steps[unknown] = FILL
    step = decision.step
    path = np.asarray(fields["ice_quantiles"], np.float32) + np.float32(np.log10(step))
    about = SHARE | {"long_name": "probability that there is cloud at any level"}
    found: dict[str, tuple[npt.NDArray[Any], dict[str, Any]]] = {
        "column_cloud_probability": (steps, about)
    }
    for share in (PUBLISHED[0], PUBLISHED[-1]):
        name = f"iwp_p{100 * share:02.0f}"
        values = marginal_quantile(share, likely, path, decision.ice_spread, LEAST_IWC * step)
        found[name] = values, _about(name)
    return found


def _about(name: str) -> dict[str, Any]:
    units, words = _ABOUT[name]
    bits = {"quantization_nsb": np.int32(BITS)} if name in LEVEL_AMOUNTS else {}
    return {**words, "units": units, "_FillValue": _NAN, **bits}

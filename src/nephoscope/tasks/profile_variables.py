"""Variables of tasks on levels: fields that may be blended, and what is published of them.

Cloud is decided on levels and on columns by the published steps of their probabilities; where a
column is called clear, no level of it is cloud. Tops and bases are the middles of levels; the
bounds of a top and its uncertainty are told within them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.tasks.mask import FILL, probability, steps_and_unknown, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.profile_decision import ColumnDecision, ProfileDecision
from nephoscope.tasks.profile_head import Floats, Head, depths_at, median_level, reached_by
from nephoscope.track import CLOUD_TYPES

NO_TYPE = np.int8(-1)
Fields = Mapping[str, npt.NDArray[np.floating]]
Variable = tuple[tuple[str, ...], npt.NDArray[Any], dict[str, Any]]
SHARE = {
    "units": "1",
    "scale_factor": 1 / PROBABILITY_STEPS,
    "_FillValue": FILL,
    "valid_range": np.array([0, PROBABILITY_STEPS], np.uint8),
}
_METRES = {"units": "m", "_FillValue": np.float32(np.nan)}
_HEIGHTS = {
    "cloud_top_height": {
        "standard_name": "cloud_top_altitude",
        "long_name": "altitude of the cloud top: median",
        "ancillary_variables": "cloud_top_height_lower cloud_top_height_upper "
        "cloud_top_height_uncertainty",
    },
    "cloud_top_height_lower": {"long_name": "altitude of the cloud top: 5 % quantile"},
    "cloud_top_height_upper": {"long_name": "altitude of the cloud top: 95 % quantile"},
    "cloud_top_height_uncertainty": {
        "long_name": "uncertainty of the altitude of the cloud top: half of its 16 to 84 % range"
    },
    "cloud_top_height_if_cloudy": {
        "long_name": "altitude of the cloud top if there is cloud: median"
    },
    "cloud_base_height": {
        "standard_name": "cloud_base_altitude",
        "long_name": "altitude of the cloud base",
    },
}


def profile_fields(raw: Floats, head: Head, decision: ProfileDecision) -> dict[str, Floats]:
    """Fields of raw numbers (output, ...).

    Returns:
        `cloud_probability` (level, ...); `type_probability` (type, level, ...) of types 1..8, if
        there is cloud, of a head that tells them; `column_cloud_probability` (...); and
        `top_probability` (level, ...), if the column is cloudy.
    """
    logit, kinds = head.cloud(raw)
    column, share = head.top(raw)
    types = {} if kinds is None else {"type_probability": kinds}
    return {
        "cloud_probability": probability(logit, decision),
        **types,
        "column_cloud_probability": column_field(column, decision),
        "top_probability": share,
    }


def column_field(logit: Floats, decision: ColumnDecision) -> Floats:
    """Calibrated probability of a cloudy column, of its logit, same shape."""
    return probability(logit, decision.column)


def profile_variables(fields: Fields, decision: ProfileDecision) -> xr.Dataset:
    """What is published of fields; see `profile_fields`.

    Raises:
        UsageError: the decision knows altitudes of other levels.
    """
    likely = np.asarray(fields["cloud_probability"])
    plane, edges = plane_dims(likely.ndim - 1), decision.edges(len(likely))
    dims = ("level", *plane)
    steps, unknown = steps_and_unknown(likely)
    threshold = threshold_step(decision.threshold)
    columns, cloudy = _columns(fields, decision)
    cloud = (steps >= threshold) & cloudy
    steps[unknown] = FILL
    kinds = fields.get("type_probability")
    said = _mask_of(cloud, unknown) if kinds is None else _types_of(cloud, unknown, kinds)
    name, attributes = ("cloud_type", _type()) if "type_probability" in fields else (
        "cloud_mask_3d", mask_about("cloud on levels", threshold)
    )  # fmt: skip
    about = SHARE | {"long_name": "probability of cloud"}
    variables: dict[str, Variable] = {
        name: (dims, said, attributes),
        "cloud_probability": (dims, steps, about),
        **columns,
        **_heights(np.asarray(fields["top_probability"]), cloud, cloudy, decision),
    }
    return xr.Dataset(variables, altitude_coords(edges))


def column_variables(fields: Fields, decision: ColumnDecision) -> xr.Dataset:
    """`cloud_mask` and `column_cloud_probability` of the latter as a field."""
    return xr.Dataset(_columns(fields, decision)[0])


def plane_dims(number: int) -> tuple[str, ...]:
    """Names of the dims behind the level: of a picture, of points, or of one column."""
    return {0: (), 1: ("point",), 2: ("y", "x")}[number]


def _columns(
    fields: Fields, decision: ColumnDecision
) -> tuple[dict[str, Variable], npt.NDArray[np.bool_]]:
    """The variables of columns, and which are called cloudy."""
    likely = np.asarray(fields["column_cloud_probability"])
    steps, unknown = steps_and_unknown(likely)
    cloudy = (steps >= decision.column_step) & ~unknown
    mask, dims = cloudy.astype(np.uint8), plane_dims(likely.ndim)
    mask[unknown] = steps[unknown] = FILL
    about = SHARE | {"long_name": "probability that there is cloud at any level"}
    found: dict[str, Variable] = {
        "cloud_mask": (dims, mask, mask_about("cloud at any level", decision.column_step)),
        "column_cloud_probability": (dims, steps, about),
    }
    found["cloud_mask"][2]["standard_name"] = "cloud_binary_mask"
    return found, cloudy


def _types_of(
    cloud: npt.NDArray[np.bool_], unknown: npt.NDArray[np.bool_], kinds: npt.NDArray[np.floating]
) -> npt.NDArray[np.int8]:
    """The likeliest type where there is cloud, 0 where there is none, -1 where nothing is said."""
    said = np.zeros(cloud.shape, np.int8)
    for level, here in enumerate(cloud):
        said[level, here] = 1 + kinds[:, level, here].argmax(axis=0)
    said[unknown] = NO_TYPE
    return said


def _mask_of(cloud: npt.NDArray[np.bool_], unknown: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    mask = cloud.astype(np.uint8)
    mask[unknown] = FILL
    return mask


def _heights(
    share: npt.NDArray[np.floating],
    cloud: npt.NDArray[np.bool_],
    cloudy: npt.NDArray[np.bool_],
    decision: ProfileDecision,
) -> dict[str, Variable]:
    """Altitudes of tops and bases, float32, m, NaN where there is none.

    Args:
        share: (level, ...) probability of the top of a cloudy column.
        cloud: (level, ...) where a level is called cloud.
        cloudy: (...) where a column is.
        decision: knows altitudes, and quantiles of the bounds.
    """
    edges, plane = decision.edges(len(share)), plane_dims(share.ndim - 1)
    middles = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    unknown = np.isnan(share).any(axis=0)
    reached = reached_by(np.asarray(share, np.float32))
    low, less, more, high = (
        np.interp(each, np.arange(len(edges)), edges).astype(np.float32)
        for each in depths_at(reached, decision.top_quantiles)
    )
    top = np.where(unknown, np.float32(np.nan), middles[median_level(reached)])
    base = middles[len(cloud) - 1 - cloud[::-1].argmax(axis=0)]
    said = cloudy & ~unknown
    found = {
        "cloud_top_height": (top, said),
        "cloud_top_height_lower": (np.minimum(low, top), said),
        "cloud_top_height_upper": (np.maximum(high, top), said),
        "cloud_top_height_uncertainty": ((more - less) / 2, said),
        "cloud_top_height_if_cloudy": (top, ~unknown),
        "cloud_base_height": (base, cloud.any(axis=0)),
    }
    return {
        name: (plane, np.where(where, height, np.float32(np.nan)), {**_HEIGHTS[name], **_METRES})
        for name, (height, where) in found.items()
    }


def mask_about(what: str, step: int) -> dict[str, Any]:
    """Attributes of a mask that is 1 from a step of the probability on."""
    return {
        "long_name": what,
        "units": "1",
        "_FillValue": FILL,
        "flag_values": np.array([0, 1], np.uint8),
        "flag_meanings": "clear cloudy",
        "threshold": step / PROBABILITY_STEPS,
    }


def _type() -> dict[str, Any]:
    return {
        "standard_name": "cloud_type",
        "long_name": "cloud type",
        "units": "1",
        "_FillValue": NO_TYPE,
        "flag_values": np.arange(len(CLOUD_TYPES), dtype=np.int8),
        "flag_meanings": " ".join(("clear", *CLOUD_TYPES[1:])),
        "comment": "the likeliest type where cloud_probability is at or above the threshold "
        "and cloud_mask is 1",
    }


def altitude_coords(edges: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Coordinates `altitude` and `altitude_bnds` of levels between edges (level + 1,), m."""
    about = {
        "standard_name": "altitude", "long_name": "altitude of the middle of the level",
        "units": "m", "positive": "up", "axis": "Z", "bounds": "altitude_bnds",
    }  # fmt: skip
    bounds = np.stack([edges[1:], edges[:-1]], axis=1)
    return {
        "altitude": ("level", bounds.mean(axis=1), about),
        "altitude_bnds": (("level", "bnds"), bounds),
    }

"""Product of a scene: packed variables with quality flag, shares, attributes and coordinates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

import nephoscope
from nephoscope.instruments.protocol import Instrument, Outside
from nephoscope.products import cf
from nephoscope.products.cover import covered
from nephoscope.products.held import blank, in_rows
from nephoscope.products.quality import (
    BoolArray,
    missing_share,
    own_quality_flag,
    quality_flag,
)
from nephoscope.scene import COLUMNS, seen_in, source_names

DATE = "SOURCE_DATE_EPOCH"
"""Variable of the environment with seconds since 1970, after reproducible-builds.org."""
_PLANE = ("y", "x")
_BY_HEART = "longitude, and what the model learned of each place, are not used"


@dataclass(frozen=True)
class ProductFacts:
    """What a product says about how it was made.

    Attributes:
        model: name of the model.
        weights_sha256: of its weights, hexadecimal.
        background_sha256: of the background that was used; None where there was none.
        command: what the user typed, for the history.
        source: path of the scene's file below the input folder; by default its name.
        doubt: why the scene's grid is unlike what the model learned on, if it is.
        own: bits of the quality flag that are the instrument's own, name → (y, x); None: none are.
        reasons: of these bits, what sets each.
        wants_background: whether the model knows better with a background.
        column_geometry: how the columns that the model learned from stood over their pixels, where
            that is not as its instrument does by default.
        season: why the scene is of no season that the model learned, if it is; what it learned of
            places was not used then.
        first_stage: which pixels are left at what a network's first stage says, if it has one.
    """

    model: str
    weights_sha256: str
    background_sha256: str | None = None
    command: str = ""
    source: str | None = None
    doubt: str = ""
    own: Mapping[str, BoolArray] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    wants_background: bool = True
    column_geometry: str = ""
    season: str = ""
    first_stage: str = ""

    @property
    def background(self) -> bool:
        """Whether all was known that the model can use of what clear looks like."""
        return self.background_sha256 is not None or not self.wants_background


def make_product(
    variables: xr.Dataset,
    scene: xr.Dataset,
    instrument: Instrument,
    facts: ProductFacts,
    options: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Make the product of a scene, packed as it is stored; `xarray.decode_cf` unpacks it.

    Args:
        variables: packed, on (..., y, x) or numbers of the whole scene, with CF attributes, as
            `Task.variables` makes them; where there is no prediction they hold their fill value.
            Their arrays are written to.
        scene: the Scene that they were made from.
        instrument: whose scene it is: says where no prediction is wanted, and dresses the product.
        facts: how it was made.
        options: of the instrument alone, by name.

    Returns:
        The variables with `quality_flag` uint8 and, where they hold a `cloud_mask`, the attributes
        `threshold` and `cloud_cover`; on the instrument's coordinates.

    Raises:
        InputError: the options need a label, and there is none; or the scene says no season.
        ValueError: the variables have another shape than the scene.
    """
    options, shape = options or {}, scene["image"].shape[1:]
    missing = _unpredicted(variables, shape)
    if missing.shape != shape:
        raise ValueError(f"the variables are {missing.shape}, the scene {shape}")
    if facts.own is None:
        missing |= ~seen_in(scene["image"].values)
    attributes = _attributes(scene, facts)
    blank, outside = instrument.blank(scene, options), instrument.outside(scene, options)
    product = _filled(variables, missing if blank is None else missing | blank)
    product["quality_flag"] = _quality(
        missing, scene, facts, blank, outside, bool(instrument.SEASON)
    )
    product.attrs = attributes
    if "cloud_mask" in product:
        product.attrs["threshold"] = product["cloud_mask"].attrs["threshold"]
    product.attrs |= _shares(product, missing, scene["latitude"].values, outside)
    dressed = instrument.dress(product, scene, options)
    for variable in dressed.data_vars.values():
        variable.attrs = cf.in_order(variable.attrs, cf.VARIABLE_ORDER)
    dressed.attrs = cf.in_order(dressed.attrs, cf.PRODUCT_ORDER)
    return dressed


def _quality(
    missing: BoolArray,
    scene: xr.Dataset,
    facts: ProductFacts,
    blank: BoolArray | None,
    outside: Outside | None,
    seasons: bool,
) -> xr.Variable:
    """`quality_flag`: with the instrument's own bits, or with those that maps and frames have."""
    about: dict[str, Any] = {"blank": blank, "other_grid": bool(facts.doubt)}
    if facts.own is not None:
        flag = own_quality_flag(missing, facts.own, background=facts.background, **about)
        reasons = {name: facts.reasons.get(name, "") for name in facts.own}
        return xr.Variable(_PLANE, flag, cf.own_attributes(reasons))
    bits = quality_flag(
        missing,
        outside=None if outside is None else outside.where,
        background=facts.background_sha256 is not None,
        other_season=bool(facts.season),
        wraps=wraps_in_longitude(scene["longitude"].values),
        **about,
    )
    return xr.Variable(_PLANE, bits, cf.quality_attributes(outside and outside.name, seasons))


def _unpredicted(variables: xr.Dataset, shape: tuple[int, ...]) -> BoolArray:
    """(y, x) bool, where the first of the variables holds its fill value on all levels.

    Nowhere where all are numbers of the whole scene, of the `shape` given.
    """
    placed = (each for each in variables.data_vars.values() if each.dims[-2:] == _PLANE)
    first = next(placed, None)
    if first is None:
        return np.zeros(shape, np.bool_)
    fill, levels = first.attrs.get("_FillValue", np.nan), tuple(range(first.ndim - 2))
    found = np.zeros(first.shape[-2:], np.bool_)
    for rows, values in in_rows(first.variable):
        empty = np.isnan(values) if np.isnan(fill) else values == fill
        found[rows] = empty.all(axis=levels) if levels else empty
    return found


def _filled(variables: xr.Dataset, nothing: BoolArray) -> xr.Dataset:
    product = xr.Dataset(coords=variables.coords)
    # Of columns it is told by other numbers than by those of the levels.
    flat = "cloud_probability" in variables and variables["cloud_probability"].ndim == len(_PLANE)
    for name, variable in variables.data_vars.items():
        if variable.dims[-2:] == _PLANE:
            blank(variable.variable, nothing)
        product[name] = variable.variable.copy(deep=False)
        product[name].attrs = cf.added_to(str(name), variable.attrs, flat)
    return product


def _shares(
    product: xr.Dataset,
    missing: BoolArray,
    latitude: npt.NDArray[np.floating],
    outside: Outside | None,
) -> dict[str, float]:
    """How much of the scene is missing and cloudy, also within the bounds where there are any."""
    rows = latitude if latitude.ndim == 1 else np.zeros(len(missing))
    mask = product["cloud_mask"].values if "cloud_mask" in product else None
    shares = {"missing_share": missing_share(missing)}
    if outside is not None:
        name, where = outside
        shares[f"missing_share_within_{name}"] = missing_share(missing, where)
        if mask is not None:
            shares[f"cloud_cover_within_{name}"] = covered(mask, rows, where)
    return shares if mask is None else shares | {"cloud_cover": covered(mask, rows)}


def wraps_in_longitude(longitude: npt.NDArray[np.floating]) -> bool:
    """Whether longitudes, degrees, are a regular (x,) axis that goes all the way round."""
    if longitude.ndim != 1 or longitude.size < 2:
        return False
    return bool(np.isclose(abs(longitude[1] - longitude[0]) * longitude.size, 360.0))


def _now() -> datetime:
    """When a product says that it was made: SOURCE_DATE_EPOCH, for the same bytes, or now."""
    fixed = os.environ.get(DATE, "")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)


def _attributes(scene: xr.Dataset, facts: ProductFacts) -> dict[str, Any]:
    now = _now().strftime("%Y-%m-%dT%H:%M:%SZ")
    maker = f"nephoscope {nephoscope.__version__}"
    sources = [Path(source).name for source in source_names(scene)]
    map_id = str(scene.attrs.get("id", Path(sources[0]).stem if sources else "scene"))
    history = [f"{now} {maker}: {facts.command or 'nephoscope.products.product.make_product'}"]
    history += [f"{now} {facts.doubt}"] if facts.doubt else []
    history += [f"{now} {facts.season}: {_BY_HEART}"] if facts.season else []
    history += [f"{now} {facts.first_stage}"] if facts.first_stage else []
    return {
        "Conventions": cf.CONVENTIONS,
        "source": f"{maker}, model {facts.model}, weights sha256 {facts.weights_sha256}",
        "history": "\n".join(history),
        "date_created": now,
        "instrument": str(scene.attrs["instrument"]),
        "map_id": map_id,
        "source_files": " ".join(sources),
        "source_path": (sources[0] if sources else "") if facts.source is None else facts.source,
        "model": facts.model,
        "weights_sha256": facts.weights_sha256,
        "background_sha256": facts.background_sha256 or "none",
        **({COLUMNS: facts.column_geometry} if facts.column_geometry else {}),
    }

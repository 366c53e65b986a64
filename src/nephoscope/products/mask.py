"""The cloud-mask product: from a probability to a CF Dataset, packed as it is stored."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

import nephoscope
from nephoscope.errors import UsageError
from nephoscope.products import cf
from nephoscope.products.cover import covered
from nephoscope.products.quality import BoolArray, missing_share, quality_flag
from nephoscope.scene import seen_in, source_names
from nephoscope.tasks.mask import steps_of, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

_ROWS_AT_ONCE = 128


class ModelInfo(Protocol):
    """What a product says about the model that made it."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def weights_sha256(self) -> str:
        """The sha256 of its weights, hexadecimal."""

    @property
    def threshold(self) -> float:
        """The probability from which a pixel is called cloudy."""


def mask_product(
    probability: npt.NDArray[np.float32],
    scene: xr.Dataset,
    model: ModelInfo,
    *,
    outside_season: BoolArray | None = None,
    blank: BoolArray | None = None,
    background_sha256: str | None = None,
    threshold: float | None = None,
    command: str = "",
    source: str | None = None,
    doubt: str = "",
) -> xr.Dataset:
    """Make the product of one map, packed as it is stored; `xarray.decode_cf` unpacks it.

    Args:
        probability: (y, x) float32, 0..1, NaN where there is no prediction.
        scene: the Scene it was made from, on a plate carrée grid.
        model: name, weights' sha256 and threshold.
        outside_season: broadcastable to (y, x) bool, poleward of the seasonal bounds.
        blank: broadcastable to (y, x) bool, where no prediction is wanted.
        background_sha256: of the background that was used; None where there was none.
        threshold: in place of the model's; rounded to the step of the stored probability.
        command: what the user typed, for the history.
        source: path of the scene's file below the input folder; by default its name.
        doubt: why the scene's grid is unlike what the model learned on, if it is.

    Returns:
        Dataset with dims (latitude, longitude): `cloud_probability`, `cloud_mask` and
        `quality_flag`, each uint8.

    Raises:
        UsageError: the threshold is not within 0..1.
        ValueError: the probability is outside 0..1 or has another shape than the scene.
    """
    image, latitude = scene["image"], scene["latitude"].values
    if probability.shape != image.shape[1:]:
        raise ValueError(f"probability is {probability.shape}, the scene {image.shape[1:]}")
    step = mask_step(model.threshold if threshold is None else threshold)
    packed = pack_probability(probability)
    missing = np.isnan(probability) | ~seen_in(image.values)
    packed[missing if blank is None else missing | blank] = cf.FILL
    flag = quality_flag(
        missing,
        outside_season=outside_season,
        blank=blank,
        background=background_sha256 is not None,
        other_grid=bool(doubt),
        wraps=wraps_in_longitude(scene["longitude"].values),
    )
    mask, stored = apply_threshold(packed, step), step / PROBABILITY_STEPS
    variables = {
        "cloud_probability": (cf.DIMS, packed, dict(cf.CLOUD_PROBABILITY)),
        "cloud_mask": (cf.DIMS, mask, cf.CLOUD_MASK | {"threshold": stored}),
        "quality_flag": (cf.DIMS, flag, dict(cf.QUALITY_FLAG)),
        "crs": ((), np.int32(0), dict(cf.MARS_CRS)),
    }
    product = xr.Dataset(variables, _coordinates(scene))
    product.attrs = _attributes(scene, model, background_sha256, command)
    if source is not None:
        product.attrs["source_path"] = source
    if doubt:
        product.attrs["history"] += f"\n{product.attrs['date_created']} {doubt}"
    product.attrs["threshold"] = stored
    product.attrs |= _shares(missing, mask, latitude, outside_season)
    return product


def _shares(
    missing: BoolArray,
    mask: npt.NDArray[np.uint8],
    latitude: npt.NDArray[np.floating],
    outside_season: BoolArray | None,
) -> dict[str, float]:
    """How much of the map is missing and cloudy, also within the seasonal bounds if known."""
    shares = {"missing_share": missing_share(missing)}
    if outside_season is not None:
        shares["missing_share_within_seasonal_bounds"] = missing_share(missing, outside_season)
        shares["cloud_cover_within_seasonal_bounds"] = covered(mask, latitude, outside_season)
    return shares | {"cloud_cover": covered(mask, latitude)}


def mask_step(threshold: float) -> int:
    """The smallest stored value (0..250) that counts as cloudy under `threshold` (0..1).

    Raises:
        UsageError: the threshold is not within 0..1.
    """
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"threshold {threshold}: must be within 0 and 1")
    return threshold_step(threshold)


def pack_probability(probability: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Round (y, x) float32 0..1 to uint8 steps of 1/250; NaN becomes the fill value.

    Raises:
        ValueError: a probability is outside 0..1.
    """
    packed = np.empty(probability.shape, np.uint8)
    for first in range(0, probability.shape[0], _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        unknown = np.isnan(probability[rows])
        known = np.where(unknown, np.float32(0), probability[rows])
        if known.min() < 0 or known.max() > 1:
            raise ValueError("probability is outside 0..1")
        packed[rows] = steps_of(known)
        packed[rows][unknown] = cf.FILL
    return packed


def apply_threshold(packed: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.uint8]:
    """Mask (y, x) uint8 of a packed probability: 0 clear, 1 cloudy, fill where it has none."""
    mask = (packed >= step).view(np.uint8)
    mask[packed == cf.FILL] = cf.FILL
    return mask


def wraps_in_longitude(longitude: npt.NDArray[np.floating]) -> bool:
    """Whether a regular (x,) longitude, degrees, goes all the way round."""
    if longitude.size < 2:
        return False
    return bool(np.isclose(abs(longitude[1] - longitude[0]) * longitude.size, 360.0))


def _coordinates(scene: xr.Dataset) -> dict[str, Any]:
    coordinates: dict[str, Any] = {
        "latitude": ("latitude", scene["latitude"].values, dict(cf.LATITUDE)),
        "longitude": ("longitude", scene["longitude"].values, dict(cf.LONGITUDE)),
    }
    for name, dtype, attributes in (
        ("solar_longitude", np.float64, cf.SOLAR_LONGITUDE),
        ("mars_year", np.int32, cf.MARS_YEAR),
    ):
        if name in scene.variables:
            value = float(scene[name].item())
            known = math.isfinite(value) or dtype is np.float64  # an unknown year is -1
            coordinates[name] = ((), dtype(value if known else -1), dict(attributes))
    return coordinates


def _attributes(
    scene: xr.Dataset, model: ModelInfo, background_sha256: str | None, command: str
) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    maker = f"nephoscope {nephoscope.__version__}"
    sources = [Path(source).name for source in source_names(scene)]
    map_id = str(scene.attrs.get("id", Path(sources[0]).stem if sources else "scene"))
    background = background_sha256 or "none"
    return {
        "Conventions": cf.CONVENTIONS,
        "title": f"Water ice clouds on Mars, map {map_id}",
        "summary": "Probability and mask of water ice cloud on Mars, found by a neural network in "
        "a Mars Daily Global Map of the MARCI camera.",
        "source": f"{maker}, model {model.name}, weights sha256 {model.weights_sha256}",
        "references": cf.MARS_REFERENCES,
        "comment": cf.MARS_COMMENT,
        "history": f"{now} {maker}: {command or 'nephoscope.products.mask.mask_product'}",
        "date_created": now,
        "instrument": str(scene.attrs["instrument"]),
        "map_id": map_id,
        "source_files": " ".join(sources),
        "source_path": sources[0] if sources else "",
        "model": model.name,
        "weights_sha256": model.weights_sha256,
        "background_sha256": background,
    }

"""Cloud masks of Mars: titles, references, season and the planet's coordinate system."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.instruments.coordinates import placed

# IAU_2015:49900 as pyproj 3.7 writes it in WKT2:2019; stored so that pyproj is not needed.
_WKT = (
    'GEOGCRS["Mars (2015) - Sphere / Ocentric",DATUM["Mars (2015) - Sphere",'
    'ELLIPSOID["Mars (2015) - Sphere",3396190,0,LENGTHUNIT["metre",1]],'
    'ANCHOR["Viking 1 lander: 47.95137 W"]],'
    'PRIMEM["Reference Meridian",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],'
    'AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],'
    'AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],'
    'ID["IAU",49900,2015],REMARK["Use semi-major radius as sphere for interoperability. '
    'Source of IAU Coordinate systems: https://doi.org/10.1007/s10569-017-9805-5"]]'
)
CRS: dict[str, Any] = {
    "grid_mapping_name": "latitude_longitude",
    "crs_wkt": _WKT,
    "semi_major_axis": 3396190.0,
    "semi_minor_axis": 3396190.0,
    "inverse_flattening": 0.0,
    "longitude_of_prime_meridian": 0.0,
    "reference_ellipsoid_name": "Mars (2015) - Sphere",
    "prime_meridian_name": "Reference Meridian",
    "geographic_crs_name": "Mars (2015) - Sphere / Ocentric",
    "horizontal_datum_name": "Mars (2015) - Sphere",
}
_SEASON: dict[str, dict[str, Any]] = {
    "solar_longitude": {
        "long_name": "areocentric solar longitude Ls; 0 is the northern spring equinox",
        "units": "degree",
    },
    "mars_year": {"long_name": "Mars year; year 1 began on 11 April 1955", "units": "1"},
}
_LONG_NAMES = {
    "cloud_probability": "probability that the pixel holds water ice cloud",
    "cloud_mask": "water ice cloud mask",
}
_TEXTS = {
    "summary": "Probability and mask of water ice cloud on Mars, found by a neural network in "
    "a Mars Daily Global Map of the MARCI camera.",
    "references": "maps: doi:10.7910/DVN/U3766S; "
    "cloud labels: Wang and Gonzalez Abad (2021), doi:10.3390/geosciences11080324; "
    "first network for this task: Mengwall and Guzewich (2023), doi:10.1016/j.icarus.2022.115252",
    "comment": "Whether the latitudes of the maps are areocentric or areographic is not said by "
    "their source; the sphere of IAU_2015:49900 is taken, on which both are the same.",
}


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product on (latitude, longitude), with season, coordinate system and titles."""
    for name in _LONG_NAMES.keys() & product.variables.keys():
        product[name].attrs["long_name"] = _LONG_NAMES[str(name)]
    title = f"Water ice clouds on Mars, map {product.attrs['map_id']}"
    return placed(product, scene, _season(scene), CRS).assign_attrs({"title": title, **_TEXTS})


def _season(scene: xr.Dataset) -> dict[str, xr.Variable]:
    found: dict[str, xr.Variable] = {}
    if "solar_longitude" in scene.variables:
        value = np.float64(scene["solar_longitude"].item())
        found["solar_longitude"] = xr.Variable((), value, _SEASON["solar_longitude"])
    if "mars_year" in scene.variables:
        year = float(scene["mars_year"].item())
        known = np.int32(year if math.isfinite(year) else -1)
        found["mars_year"] = xr.Variable((), known, _SEASON["mars_year"])
    return found

"""CF conventions as data: attributes, flags, encodings and the Mars coordinate system.

Sources: CF-1.11 (the newest that compliance-checker 6.1 knows), its standard-name table v93.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

CONVENTIONS = "CF-1.11"

# Probability is stored in steps of 1/250: 0 clear for certain, 250 cloudy for certain. In double
# precision k * 0.004 is never below k / 250, so `>=` a threshold in decimals finds every k.
SCALE_FACTOR = 1 / PROBABILITY_STEPS
FILL = np.uint8(255)

# No shuffle: the data are single bytes. Level 2 is within 5 % of level 4's size at half its time
# (benchmarks/product_write.py).
DIMS = ("latitude", "longitude")
CHUNKS = (601, 1200)
COMPRESSION = {"compression": "gzip", "compression_opts": 2, "shuffle": False}

# The bits of `quality_flag`.
MISSING = np.uint8(1)
OUTSIDE_SEASONAL_BOUNDS = np.uint8(2)
PARTIAL_MAP = np.uint8(4)
NEAR_MISSING_DATA = np.uint8(8)
BACKGROUND_ABSENT = np.uint8(16)
NOT_REQUESTED = np.uint8(32)
OTHER_GRID = np.uint8(64)
QUALITY_FLAGS = {
    "missing": MISSING,
    "outside_seasonal_bounds": OUTSIDE_SEASONAL_BOUNDS,
    "partial_map": PARTIAL_MAP,
    "near_missing_data": NEAR_MISSING_DATA,
    "background_absent": BACKGROUND_ABSENT,
    "not_requested": NOT_REQUESTED,
    "other_grid_than_learned": OTHER_GRID,
}

# IAU_2015:49900 as pyproj 3.7 writes it in WKT2:2019; stored so that pyproj is not needed.
MARS_WKT = (
    'GEOGCRS["Mars (2015) - Sphere / Ocentric",DATUM["Mars (2015) - Sphere",'
    'ELLIPSOID["Mars (2015) - Sphere",3396190,0,LENGTHUNIT["metre",1]],'
    'ANCHOR["Viking 1 lander: 47.95137 W"]],'
    'PRIMEM["Reference Meridian",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],'
    'AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],'
    'AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],'
    'ID["IAU",49900,2015],REMARK["Use semi-major radius as sphere for interoperability. '
    'Source of IAU Coordinate systems: https://doi.org/10.1007/s10569-017-9805-5"]]'
)
MARS_CRS: dict[str, Any] = {
    "grid_mapping_name": "latitude_longitude",
    "crs_wkt": MARS_WKT,
    "semi_major_axis": 3396190.0,
    "semi_minor_axis": 3396190.0,
    "inverse_flattening": 0.0,
    "longitude_of_prime_meridian": 0.0,
    "reference_ellipsoid_name": "Mars (2015) - Sphere",
    "prime_meridian_name": "Reference Meridian",
    "geographic_crs_name": "Mars (2015) - Sphere / Ocentric",
    "horizontal_datum_name": "Mars (2015) - Sphere",
}

LATITUDE: dict[str, Any] = {
    "standard_name": "latitude",
    "long_name": "latitude",
    "units": "degrees_north",
    "axis": "Y",
}
LONGITUDE: dict[str, Any] = {
    "standard_name": "longitude",
    "long_name": "longitude, positive eastward",
    "units": "degrees_east",
    "axis": "X",
}
SOLAR_LONGITUDE: dict[str, Any] = {
    "long_name": "areocentric solar longitude Ls; 0 is the northern spring equinox",
    "units": "degree",
}
MARS_YEAR: dict[str, Any] = {
    "long_name": "Mars year; year 1 began on 11 April 1955",
    "units": "1",
}
CLOUD_PROBABILITY: dict[str, Any] = {
    "long_name": "probability that the pixel holds water ice cloud",
    "units": "1",
    "scale_factor": SCALE_FACTOR,
    "_FillValue": FILL,
    "valid_range": np.array([0, PROBABILITY_STEPS], np.uint8),
    "ancillary_variables": "quality_flag",
    "grid_mapping": "crs",
    "comment": "no value: no prediction was made; it does not mean clear",
}
CLOUD_MASK: dict[str, Any] = {
    "standard_name": "cloud_binary_mask",
    "long_name": "water ice cloud mask",
    "units": "1",
    "_FillValue": FILL,
    "flag_values": np.array([0, 1], np.uint8),
    "flag_meanings": "clear cloudy",
    "ancillary_variables": "cloud_probability quality_flag",
    "grid_mapping": "crs",
    "comment": "1 where the stored cloud_probability is at or above the threshold; no value: no "
    "prediction was made; it does not mean clear",
}
QUALITY_FLAG: dict[str, Any] = {
    "standard_name": "quality_flag",
    "long_name": "quality of the cloud mask",
    "units": "1",
    "flag_masks": np.array(list(QUALITY_FLAGS.values()), np.uint8),
    "flag_meanings": " ".join(QUALITY_FLAGS),
    "grid_mapping": "crs",
}
MARS_REFERENCES = (
    "maps: doi:10.7910/DVN/U3766S; "
    "cloud labels: Wang and Gonzalez Abad (2021), doi:10.3390/geosciences11080324; "
    "first network for this task: Mengwall and Guzewich (2023), doi:10.1016/j.icarus.2022.115252"
)
MARS_COMMENT = (
    "Whether the latitudes of the maps are areocentric or areographic is not said by their source; "
    "the sphere of IAU_2015:49900 is taken, on which both are the same."
)

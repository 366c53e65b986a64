"""CF attributes of the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from nephoscope.track import CLOUD_TYPES

_MEAN = {"cell_methods": "area: mean"}

PROFILES: dict[str, dict[str, Any]] = {
    "iwc": {"long_name": "ice water content", "units": "kg m-3", **_MEAN},
    "lwc": {
        "standard_name": "mass_concentration_of_cloud_liquid_water_in_air",
        "long_name": "liquid water content of cloud",
        "units": "kg m-3",
        **_MEAN,
    },
    "ice_number": {
        "standard_name": "number_concentration_of_ice_crystals_in_air",
        "long_name": "number of ice crystals larger than 5 um",
        "units": "m-3",
        **_MEAN,
    },
    "ice_number_100um": {
        "long_name": "number of ice crystals larger than 100 um",
        "units": "m-3",
        **_MEAN,
    },
    "ice_effective_radius": {
        "long_name": "effective radius of ice: 1.5 IWC / (917 kg m-3 x extinction), of the means",
        "units": "m",
    },
    "cloud_fraction": {
        "standard_name": "cloud_area_fraction_in_atmosphere_layer",
        "long_name": "share of the subcolumns that is cloud",
        "units": "1",
    },
    "cloud_type": {
        "long_name": "most frequent 2B-CLDCLASS type among cloudy subcolumns",
        "units": "1",
        "flag_values": np.arange(len(CLOUD_TYPES), dtype=np.int8),
        "flag_meanings": " ".join(CLOUD_TYPES),
    },
}
"""On (altitude, y, x)."""

PLANES: dict[str, dict[str, Any]] = {
    "iwp": {
        "standard_name": "atmosphere_mass_content_of_cloud_ice",
        "long_name": "ice water path",
        "units": "kg m-2",
    },
    "lwp": {
        "standard_name": "atmosphere_mass_content_of_cloud_liquid_water",
        "long_name": "liquid water path",
        "units": "kg m-2",
    },
    "optical_depth": {
        "standard_name": "atmosphere_optical_thickness_due_to_cloud",
        "long_name": "visible optical depth of cloud",
        "units": "1",
    },
    "cloud_cover": {
        "standard_name": "cloud_area_fraction",
        "long_name": "share of the subcolumns with cloud at any altitude",
        "units": "1",
    },
    "cloud_top_height": {
        "standard_name": "cloud_top_altitude",
        "long_name": "upper edge of the highest cloudy layer, mean over cloudy subcolumns",
        "units": "m",
    },
    "cloud_base_height": {
        "standard_name": "cloud_base_altitude",
        "long_name": "lower edge of the lowest cloudy layer, mean over cloudy subcolumns",
        "units": "m",
    },
    "opaque_top_height": {
        "long_name": "altitude where the optical depth of cloud from above reaches 1",
        "units": "m",
    },
    "cloud_top_phase": {
        "long_name": "phase of the highest cloudy layer: one of both if 90 % of extinction is its",
        "units": "1",
        "flag_values": np.arange(4, dtype=np.int8),
        "flag_meanings": "clear liquid ice mixed",
    },
    "surface_kind": {
        "long_name": "most frequent kind of ground; snow is also ice on the sea",
        "units": "1",
        "flag_values": np.arange(3, dtype=np.int8),
        "flag_meanings": "sea land snow",
    },
    "surface_altitude": {
        "standard_name": "surface_altitude",
        "long_name": "altitude of the ground",
        "units": "m",
    },
}
"""On (y, x)."""

_COORDINATES: dict[str, dict[str, Any]] = {
    "altitude": {
        "standard_name": "altitude",
        "long_name": "altitude of the centre of the layer above mean sea level",
        "units": "m",
        "positive": "up",
        "axis": "Z",
        "bounds": "altitude_bnds",
    },
    "latitude": {
        "standard_name": "latitude",
        "long_name": "latitude",
        "units": "degrees_north",
    },
    "longitude": {
        "standard_name": "longitude",
        "long_name": "longitude, positive eastward",
        "units": "degrees_east",
    },
    "time": {"standard_name": "time", "long_name": "time of the atmosphere, UTC"},
}


def attributes_of(name: str) -> dict[str, Any]:
    """Attributes of a variable or coordinate of the truth, the caller's own."""
    return dict((PROFILES | PLANES | _COORDINATES)[name])

"""Names of the fields in each DARDAR product, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A measured quantity of a Track.

    Args:
        stored: its names in the file, the first that is there holds.
        units: the unit of the Track, which must be that of the file where it names one.
        long_name: what it is.
        spellings: other ways in which files spell the unit.
    """

    stored: tuple[str, ...]
    units: str
    long_name: str
    spellings: tuple[str, ...] = ()

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the Track's variable."""
        return {"units": self.units, "long_name": self.long_name}


@dataclass(frozen=True)
class Product:
    """One DARDAR product.

    Args:
        name: as attribute `product` of the Track.
        mark: a variable that no other product has.
        latitude: name of the latitude.
        longitude: name of the longitude.
        quantities: on (profile, level), by their names in the Track.
        bin_flags: flags on (profile, level): name in the Track → names in the file.
        profile_flags: flags on (profile,), likewise.
    """

    name: str
    mark: str
    latitude: str
    longitude: str
    quantities: dict[str, Quantity]
    bin_flags: dict[str, tuple[str, ...]]
    profile_flags: dict[str, tuple[str, ...]]


_CONTENT = Quantity(
    ("iwc",),
    "kg m-3",
    "ice water content",
    ("kg/m3", "kg/m^3", "kg/m**3", "kg.m-3", "kg m^-3", "kg.m^-3", "kg m**-3", "kg.m**-3"),
)
_NUMBER = (
    "m**-3", "m^-3", "#/m3", "# m-3", "#.m-3", "#/m^3", "1/m3", "1/m^3", "/m3", "1 m-3",
)  # fmt: skip
_METRES = ("meter", "meters", "metre", "metres")
_KELVIN = ("Kelvin", "kelvin", "degK", "degrees_K")

NICE = Product(
    "DARDAR-Nice",
    "icnc_5um",
    "lat",
    "lon",
    {
        "iwc": _CONTENT,
        "ice_number_5um": Quantity(("icnc_5um",), "m-3", "ice crystals above 5 um", _NUMBER),
        "ice_number_100um": Quantity(("icnc_100um",), "m-3", "ice crystals above 100 um", _NUMBER),
        "effective_radius": Quantity(("reffcli",), "m", "effective radius of cloud ice", _METRES),
        "temperature": Quantity(("ta",), "K", "air temperature", _KELVIN),
    },
    # v1 calls the full categorisation clm_v2, v2 clm_full.
    {"cloud_mask_code": ("clm",), "full_cloud_mask_code": ("clm_full", "clm_v2")},
    {
        "day_night_flag": ("nightday_flag",),
        "land_water_mask": ("land_water_mask",),
        "iteration_flag": ("iteration_flag",),
    },
)
CLOUD = Product(
    "DARDAR-CLOUD",
    "effective_radius",
    "latitude",
    "longitude",
    {
        "iwc": _CONTENT,
        "effective_radius": Quantity(
            ("effective_radius",), "m", "effective radius of cloud ice", _METRES
        ),
        "temperature": Quantity(("temperature",), "K", "air temperature", _KELVIN),
    },
    {
        "cloud_mask_code": ("DARMASK_Simplified_Categorization",),
        "instrument_flag": ("instrument_flag",),
    },
    {
        "day_night_flag": ("day_night_flag",),
        "land_water_mask": ("land_water_mask",),
        "iterations": ("n_iterations",),
    },
)
PRODUCTS = (NICE, CLOUD)

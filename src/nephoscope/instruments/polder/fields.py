"""Fields of a PARASOL level-1B file: where they lie, how they are stored, what they mean.

Sources: the ICARE product documentation of POLDER3_L1_B-HDF (types, scale factors and fills of the
radiances, thetav and delta_thetav.sinphi) and public readers of the archive (the other angles,
flags). What neither says is marked `certain=False`: files may then differ in type. Readers take
scale, offset, fill and missing code from each dataset's own attributes, never from here.
"""

from __future__ import annotations

from dataclasses import dataclass

DIRECTIONAL = "Data_Directional_Fields"
DATA = "Data_Fields"
GEOLOCATION = "Geolocation_Fields"
QUALITY = "Quality_Flags_Directional_Fields"

VIEWS = 16
"""Length of the third axis of directional fields."""
BANDS = {
    443: "NP",
    490: "P",
    565: "NP",
    670: "P",
    763: "NP",
    765: "NP",
    865: "P",
    910: "NP",
    1020: "NP",
}
"""Wavelength, nm, and whether it is polarised (P) or not (NP); 763 and 765 are the narrow and the
wide band over the oxygen A band, 910 sees water vapour."""
POLARISED = tuple(band for band, kind in BANDS.items() if kind == "P")
ANGLES = ("phi", "thetas", "thetav")
FLAGS = tuple(f"Quality_Flags_{number:02d}" for number in range(1, 15))


@dataclass(frozen=True)
class Field:
    """One dataset of the file.

    Args:
        name: of the dataset.
        groups: where it may lie; the first is where it is written.
        dtype: as stored.
        scale: physical value of one count.
        fill: code of what was never seen.
        missing: code of what was seen and lost; None if the documentation names none.
        units: as the file has them.
        long_name: what it is.
        certain: whether the documents give the type; a file with another one is then an error.
    """

    name: str
    groups: tuple[str, ...]
    dtype: str
    scale: float
    fill: float
    missing: float | None
    units: str
    long_name: str
    certain: bool = True

    @property
    def directional(self) -> bool:
        """Whether the field has one value for each view."""
        return self.groups[0] in (DIRECTIONAL, QUALITY)


def stokes_names(band: int) -> tuple[str, ...]:
    """Names of the Stokes components of a band: I, or I, Q and U where it is polarised."""
    kind = BANDS[band]
    return tuple(f"{part}{band}{kind}" for part in ("IQU" if kind == "P" else "I"))


def _radiance(name: str) -> Field:
    meaning = {
        "I": "normalized radiance",
        "Q": "second component of Stokes Vector (Q)",
        "U": "third component of Stokes Vector (U)",
    }[name[0]]
    text = f"{meaning} for channel {name[1:]}"
    return Field(name, (DIRECTIONAL,), "int16", 1e-4, 32767, -32767, "no unit", text)


def _angle(name: str, scale: float, text: str, group: str = DIRECTIONAL, **known: bool) -> Field:
    return Field(name, (group,), "uint16", scale, 65535, 65534, "degrees", text, **known)


def _byte(name: str, groups: tuple[str, ...], text: str, units: str = "no unit") -> Field:
    return Field(name, groups, "uint8", 1.0, 255, 254, units, text, certain=False)


_FLAG_TEXTS = (
    "class of attitude error",
    "anomaly of the correction of polarisation by the optics",
    *(f"saturated or lacking pixel in the 4x4 window, {number}" for number in range(1, 5)),
    *(f"pixel near the border of the detector, {number}" for number in range(1, 5)),
    "stray light (type 1) above the ocean colour threshold",
    "stray light (type 1) above the threshold of other uses",
    "stray light (type 2) above the ocean colour threshold",
    "stray light (type 2) above the threshold of other uses",
)

_ALL = (
    *(_radiance(name) for band in BANDS for name in stokes_names(band)),
    _angle("phi", 0.006, "relative azimuth angle of the pixel center for filter 670P2"),
    _angle("thetas", 0.0015, "solar zenith angle of the pixel center"),
    _angle("thetav", 0.0015, "view zenith angle of the pixel center for filter 670P2"),
    *(
        Field(f"CCD_{axis}", (DIRECTIONAL,), "int16", 0.01, 32767, None, "no unit",
              f"coordinate of the pixel center on {axis} axis of the CCD detector")
        for axis in ("row", "column")
    ),
    Field("delta_thetav.sinphi", (DIRECTIONAL,), "int8", 0.0016, 127, -127, "degrees",
          "delta(thetav.sinphi): variation of view geometry between two successive filters"),
    _byte("Nviews", (DATA,), "number of available view directions [1-16]"),
    _byte("cloud_indicator", (DATA, GEOLOCATION), "clear (0), undetermined (50), cloudy (100)"),
    _angle("phis", 0.006, "solar azimuth angle of the pixel center", DATA, certain=False),
    Field("Latitude", (GEOLOCATION,), "float32", 1.0, 99999, -99999, "degrees",
          "pixel center latitude", certain=False),
    Field("Longitude", (GEOLOCATION,), "float32", 1.0, 99999, -99999, "degrees",
          "pixel center longitude", certain=False),
    _byte("land_sea_flag", (GEOLOCATION,), "sea (0), mixed (50), land (100)"),
    Field("surface_altitude", (GEOLOCATION,), "int16", 1.0, 32767, -32767, "meters",
          "pixel center surface altitude", certain=False),
    *(_byte(name, (QUALITY,), text) for name, text in zip(FLAGS, _FLAG_TEXTS, strict=True)),
)  # fmt: skip

FIELDS = {field.name: field for field in _ALL}
"""Every field by the name of its dataset."""

"""Named sets of fields, built from rules: what the network may see."""

from __future__ import annotations

from collections.abc import Iterable

from nephoscope.errors import UsageError
from nephoscope.instruments.polder.fields import (
    ANGLES,
    BANDS,
    FIELDS,
    FLAGS,
    POLARISED,
    stokes_names,
)

DOLP = {f"DoLP{band}P": stokes_names(band) for band in POLARISED}
"""Degree of linear polarisation of each polarised band, and what it is computed from."""

_GEOMETRY = ("thetas", "thetav")
_TRIPLES = ((490, 670, 865), (443, 763, 1020), (443, 490, 565), (670, 763, 765), (865, 910, 1020))
_DIRECTIONAL = (*(name for band in BANDS for name in stokes_names(band)), *ANGLES)
_PLACE = ("Latitude", "Longitude")
_SURFACE = ("land_sea_flag", "surface_altitude")
_SEEN = ("Nviews", "cloud_indicator")


def _schemes() -> dict[str, tuple[str, ...]]:
    schemes = {
        "all": (*_DIRECTIONAL, *_SEEN, "phis", *_PLACE, *_SURFACE, *FLAGS),
        "default": (*_DIRECTIONAL, *_SEEN, *_PLACE, *_SURFACE),
        "directional": _DIRECTIONAL,
        "minimal": ("I865P", *_SEEN, *_PLACE),
    }
    for band in BANDS:
        schemes |= _with_and_without_geometry(f"single_band_{band}", stokes_names(band))
    for band in POLARISED:
        schemes |= _with_and_without_geometry(f"single_band_{band}_no_p", stokes_names(band)[:1])
    for number, bands in enumerate(_TRIPLES, start=1):
        schemes[f"tri{number}"] = (*_intensities(bands), *_GEOMETRY)
    schemes["all_bands"] = (*_DIRECTIONAL[: -len(ANGLES)], *_GEOMETRY)
    schemes["all_bands_no_p"] = (*_intensities(BANDS), *_GEOMETRY)
    return schemes


def _with_and_without_geometry(name: str, fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {name: (*fields, *_GEOMETRY), f"{name}_no_geom": fields}


def _intensities(bands: Iterable[int]) -> tuple[str, ...]:
    return tuple(stokes_names(band)[0] for band in bands)


SCHEMES = _schemes()
"""Field names of each scheme, in the order of the channels."""


def fields_of(wanted: str | Iterable[str]) -> tuple[str, ...]:
    """Names of the fields of a scheme, or of a list of names, checked.

    Args:
        wanted: a key of `SCHEMES`, or names of `nephoscope.instruments.polder.fields.FIELDS` and
            of `DOLP`.

    Raises:
        UsageError: no such scheme or field, none, or one twice.
    """
    if isinstance(wanted, str):
        if wanted not in SCHEMES:
            raise UsageError(f"no field scheme '{wanted}'; known are: {', '.join(SCHEMES)}")
        return SCHEMES[wanted]
    names = tuple(wanted)
    unknown = [name for name in names if name not in FIELDS and name not in DOLP]
    if unknown:
        known = ", ".join([*FIELDS, *DOLP])
        raise UsageError(f"no POLDER field {', '.join(unknown)}; known are: {known}")
    if not names or len(set(names)) < len(names):
        raise UsageError("fields must be named, and each once")
    return names

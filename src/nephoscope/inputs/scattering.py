"""Quantities of one view in which its geometry matters little: so that views can be compared.

| feature | is |
|---|---|
| across490 | light that swings across the plane of scattering less that in it, / cos(thetas) |
| excess490_865 | across490 - across865, as optical thickness of molecules that would scatter so |
| depth763_765 | -ln(I763 / I765) / sqrt(air mass): what the first band absorbs, not the second |
| ratio443_865 | r443 / r865 |

The plane of scattering holds Sun, pixel and satellite. Q and U are counted from the local meridian
plane and depend on the azimuth; `across` does not change when a picture is turned or mirrored. Of
light scattered once by molecules it is tau 3/4 sin²(scattering angle) / (4 cos(thetas) cos(thetav))
(Hansen and Travis 1974, doi 10.1007/BF00168069), which `excess` is solved for. A saturated band
absorbs with the square root of the air mass 1 / cos(thetas) + 1 / cos(thetav).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nephoscope.inputs.view import FloatArray

_STEM = re.compile(r"(across)(\d+)|(excess|depth|ratio)(\d+)_(\d+)")
_FORWARDS = 0.15  # keeps `excess` finite where molecules polarise nothing
_DARKEST, _LEAST_RATIO, _LARGEST_RATIO = 1e-3, 0.05, 1.5
NAMED = ("across<band>", "excess<band>_<band>", "depth<band>_<band>", "ratio<band>_<band>")
"""What there is, for messages."""


class Angles(NamedTuple):
    """Cosines and sines, each (view, y, x) float32: of the Sun, of the view, between them."""

    cos_sun: FloatArray
    sin_sun: FloatArray
    cos_view: FloatArray
    sin_view: FloatArray
    cos_phi: FloatArray
    sin_phi: FloatArray


def kind_of(stem: str) -> tuple[str, tuple[str, ...]] | None:
    """Kind and bands of a feature: "depth763_765" → ("depth", ("763", "765")); None of others."""
    found = _STEM.fullmatch(stem)
    if found is None:
        return None
    return (found[1], (found[2],)) if found[1] else (found[3], (found[4], found[5]))


def components_of(kind: str, bands: tuple[str, ...]) -> tuple[str, ...]:
    """Components that it is made of, each with its band: I763, Q490."""
    stokes = ("Q", "U") if kind in {"across", "excess"} else ("I",)
    return tuple(f"{component}{band}" for band in bands for component in stokes)


def compute(kind: str, planes: list[FloatArray], angles: Callable[[], Angles]) -> FloatArray:
    """A feature of some views, (view, y, x) float32; NaN where anything is missing.

    Args:
        kind: of `kind_of`.
        planes: of `components_of`, each (view, y, x) float32.
        angles: makes them; of some kinds none are wanted.
    """
    if kind == "ratio":
        return _ratio(*planes)
    geometry = angles()
    if kind == "across":
        return across(planes[0], planes[1], geometry)
    if kind == "excess":
        shorter, longer = (across(q, u, geometry) for q, u in (planes[:2], planes[2:]))
        return _excess(shorter - longer, geometry)
    air_mass = 1 / geometry.cos_sun + 1 / geometry.cos_view
    return np.asarray(-np.log(_ratio(*planes)) / np.sqrt(air_mass), np.float32)


def across(q: FloatArray, u: FloatArray, angles: Angles) -> FloatArray:
    """Polarised reflectance across the plane of scattering, negative in it.

    Args:
        q: normalised radiance that swings in the meridian plane less that across it.
        u: the same at 45 degrees, from growing zenith angle towards growing azimuth.
        angles: of the Sun, of the view and between them.
    """
    # Components of the normal of the scattering plane, in the meridian plane and across it.
    within = -angles.sin_sun * angles.sin_phi
    beside = angles.cos_sun * angles.sin_view - angles.sin_sun * angles.cos_view * angles.cos_phi
    square = np.maximum(within**2 + beside**2, np.float32(1e-9))
    turned = (q * (within**2 - beside**2) - 2 * u * within * beside) / square
    return np.asarray(turned / angles.cos_sun, np.float32)


def _excess(polarised: FloatArray, angles: Angles) -> FloatArray:
    sines = angles.sin_sun * angles.sin_view
    scattering = angles.cos_sun * angles.cos_view + sines * angles.cos_phi
    phase = 0.75 * (1 - scattering**2) + _FORWARDS
    thickness = polarised * 4 * angles.cos_sun * angles.cos_view / phase
    return np.clip(thickness, np.float32(-1), np.float32(1))


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    ratio = np.maximum(above, np.float32(_DARKEST)) / np.maximum(below, np.float32(_DARKEST))
    return np.clip(ratio, np.float32(_LEAST_RATIO), np.float32(_LARGEST_RATIO))

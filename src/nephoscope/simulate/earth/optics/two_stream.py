"""Reflection and transmission of a layer by the two-stream equations.

Formulas: Meador & Weaver (1980, J. Atmos. Sci. 37, 630), equations 14, 15 and 25; coefficients of
Zdunkowski et al. (1980, Beitr. Phys. Atmos. 53, 147), which are Eddington's where nothing is
absorbed and stay positive where much is; forward peak cut off by delta scaling (Joseph et al. 1976,
J. Atmos. Sci. 33, 2452). Written with differences of exponentials as `expm1`, so that thin layers
and layers without absorption keep their digits in float32.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]

_SMALLEST_EIGENVALUE = 1e-5  # conservative within float32: the layer then absorbs 1e-5 of its depth
_RESONANCE = 1e-3  # relative distance of the direct beam from the eigenvalue, below which 0 / 0


class _Layer(NamedTuple):
    """Delta-scaled: optical depth, single-scattering albedo, asymmetry, M & W's gamma 1 and 2."""

    depth: Floats
    scattering: Floats
    asymmetry: Floats
    gamma1: Floats
    gamma2: Floats
    eigenvalue: Floats


def reflectance_transmittance(
    optical_depth: ArrayLike, asymmetry: ArrayLike, single_scattering: ArrayLike, cos_sun: ArrayLike
) -> tuple[Floats, Floats]:
    """Plane albedo and total transmittance of a layer over a black ground, lit by the Sun.

    Args:
        optical_depth: any shape, 0 or more; all are broadcast; float32 if all are.
        asymmetry: mean cosine of the scattering angle, 0 to below 1.
        single_scattering: albedo of a single scattering, 0 to 1.
        cos_sun: cosine of the Sun's zenith angle, above 0 (below 0.01 is taken as 0.01).

    Returns:
        Share of the incoming flux that goes up, and that comes down below, direct and scattered.
    """
    layer = _layer(optical_depth, asymmetry, single_scattering)
    mu = np.maximum(np.asarray(cos_sun), layer.depth.dtype.type(0.01)).astype(layer.depth.dtype)
    k = layer.eigenvalue
    mu = np.where(np.abs(k * mu - 1) < _RESONANCE, mu * (1 + 2 * _RESONANCE), mu).astype(mu.dtype)
    gamma3 = (2 - 3 * layer.asymmetry * mu) / 4
    gamma4 = 1 - gamma3
    alpha1 = layer.gamma1 * gamma4 + layer.gamma2 * gamma3
    alpha2 = layer.gamma1 * gamma3 + layer.gamma2 * gamma4
    # Both equations, divided by k exp(k depth).
    lost, faded = np.expm1(-k * layer.depth), np.expm1(-layer.depth / mu)
    left, direct = lost + 1, faded + 1
    share = -lost * (1 + left) / k
    both = 1 + left**2
    below = (1 - (k * mu) ** 2) * (both + layer.gamma1 * share) / layer.scattering
    up = share * (alpha2 - k**2 * mu * gamma3)
    up += (gamma3 - alpha2 * mu) * (lost**2 - 2 * left * faded)
    down = direct * share * (alpha1 + k**2 * mu * gamma4)
    down += (gamma4 + alpha1 * mu) * (faded * both + lost**2)
    reflectance = np.clip(up / below, 0, 1)
    transmittance = np.clip(direct - down / below, 0, 1 - reflectance)
    return reflectance, transmittance


def diffuse_reflectance_transmittance(
    optical_depth: ArrayLike, asymmetry: ArrayLike, single_scattering: ArrayLike
) -> tuple[Floats, Floats]:
    """Spherical albedo and transmittance of a layer over a black ground, in diffuse light.

    Args:
        optical_depth: any shape, 0 or more; all are broadcast; float32 if all are.
        asymmetry: mean cosine of the scattering angle, 0 to below 1.
        single_scattering: albedo of a single scattering, 0 to 1.
    """
    layer = _layer(optical_depth, asymmetry, single_scattering)
    lost = np.expm1(-layer.eigenvalue * layer.depth)
    left = lost + 1
    share = -lost * (1 + left) / layer.eigenvalue
    below = 1 + left**2 + layer.gamma1 * share
    return layer.gamma2 * share / below, 2 * left / below


def spherical_albedo(
    optical_depth: ArrayLike, asymmetry: ArrayLike, single_scattering: ArrayLike
) -> Floats:
    """Share of diffuse light that a layer over a black ground sends back; see above for `Args`."""
    return diffuse_reflectance_transmittance(optical_depth, asymmetry, single_scattering)[0]


def _layer(optical_depth: ArrayLike, asymmetry: ArrayLike, single_scattering: ArrayLike) -> _Layer:
    given = [np.asarray(one) for one in (optical_depth, asymmetry, single_scattering)]
    arrays = [one for one in given if one.ndim]
    # A number beside arrays does not widen them.
    kind = np.result_type(np.float32, *(arrays or given))
    depth, g, omega = (one.astype(kind) for one in given)
    omega = np.maximum(omega, kind.type(1e-6))
    peak = g**2
    depth = depth * (1 - omega * peak)
    scattering = np.asarray(omega * (1 - peak) / (1 - omega * peak))
    g = np.asarray(g / (1 + g))
    gamma1 = (8 - scattering * (5 + 3 * g)) / 4
    gamma2 = 3 * scattering * (1 - g) / 4
    # gamma1 - gamma2 = 2 (1 - scattering), of which float32 would lose the digits; so from omega.
    absorbed = 2 * (1 - omega) / (1 - omega * peak)
    eigenvalue = np.sqrt(np.maximum(absorbed * (gamma1 + gamma2), 0))
    eigenvalue = np.maximum(eigenvalue, kind.type(_SMALLEST_EIGENVALUE))
    return _Layer(depth, scattering, g, gamma1, gamma2, eigenvalue)

"""Scattering by a layer of air and aerosol without cloud: thin, so two terms suffice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.optics import aerosol, rayleigh
from nephoscope.simulate.earth.optics.ice import henyey_greenstein
from nephoscope.simulate.earth.polder.clouds import Angles

Floats = NDArray[np.float32]

_AEROSOL_POLARISATION = 0.1
"""Degree of polarisation of light that aerosol scatters once by 90 degrees (value chosen here)."""


@dataclass(frozen=True)
class Layer:
    """Reflection and transmission of a layer: (..., pixel) float32.

    Args:
        reflectance: factor of the layer over a black ground.
        polarised: part of it that swings across the scattering plane less that along it.
        direct: share of light left unscattered down and up the line.
        both_ways: share of all light left down and up.
        diffuse: albedo in diffuse light.
    """

    reflectance: Floats
    polarised: Floats
    direct: Floats
    both_ways: Floats
    diffuse: Floats


def layer_of(wavelength_um: float, pressure: Floats, hazy: Floats | None, angles: Angles) -> Layer:
    """Air over a range of pressure, and aerosol in it.

    Single scattering is exact, R_1 = P (1 - exp(-m tau)) / (4 (mu + mu_sun)); what is scattered
    more often is the two-stream albedo of the isotropic layer of optical depth (1 - g) tau
    (similarity; conservative Eddington, Shettle and Weinman 1970) less its own single scattering,
    seen from all sides as an optically thin layer is.

    Args:
        wavelength_um: of the band.
        pressure: thickness of the air, Pa, (..., pixel).
        hazy: optical depth of aerosol at 550 nm; None for none.
        angles: of the pixels.
    """
    air = rayleigh.optical_depth(wavelength_um, pressure)
    intensity, polarised = rayleigh.phase(angles.scattering)
    total, similar, lost = air, air, None
    if hazy is None:
        source, turned = intensity * air, polarised * air
    else:
        haze = aerosol.optical_depth(hazy, wavelength_um)
        phase = henyey_greenstein(angles.scattering, aerosol.ASYMMETRY)
        scattered = haze * np.float32(aerosol.SCATTERED)
        source = intensity * air + phase * scattered
        sine = 1 - angles.scattering**2
        turned = polarised * air + np.float32(_AEROSOL_POLARISATION) * phase * sine * scattered
        total = air + haze
        similar = air + np.float32(1 - aerosol.ASYMMETRY) * scattered
        lost = np.float32(1 - aerosol.SCATTERED) * haze
    direct = np.exp(-total * angles.airmass)
    # (1 - exp(-m tau)) / tau, from which both sources get what they scatter.
    share = (1 - direct) / np.maximum(total, np.float32(1e-7)) / angles.around
    down = _plane_albedo(similar, angles.sun)
    up = _plane_albedo(similar, angles.view)
    many = (down - _isotropic_once(similar, angles.sun)) * _towards_limb(similar, angles.view)
    both = (1 - down) * (1 - up)
    if lost is not None:
        both = both * np.exp(-lost * angles.airmass)
    return Layer(
        source * share + many, turned * share, direct, both, 3 * similar / (4 + 3 * similar)
    )


def _plane_albedo(depth: Floats, cosine: Floats) -> Floats:
    """Albedo of a conservative isotropic layer: within 1 % of Eddington's up to a depth of 0.4.

    Eddington: 1 - (2 + 3 mu + (2 - 3 mu) exp(-tau / mu)) / (4 + 3 tau) (Shettle and Weinman 1970,
    equation 12, g = 0). A quotient takes a third of the time of an exponential.
    """
    return np.asarray(depth / (2 * cosine + np.float32(1.02) * depth))


def _isotropic_once(depth: Floats, cosine: Floats) -> Floats:
    """The part of it that was scattered once, within 3 % of the exact integral over mu."""
    grown = 2 * cosine + (np.float32(1.34) + np.float32(3.4) * cosine) * depth
    return np.asarray(depth / grown)


def _towards_limb(depth: Floats, cosine: Floats) -> Floats:
    """Opacity of the slant path over its mean: (1 - exp(-tau / mu)) / (1 - exp(-1.66 tau)).

    Of both the first terms of the continued fraction are taken, x / (1 + x / 2 + x^2 / 12).
    """
    mean = 1 + depth * (np.float32(0.83) + np.float32(1.66**2 / 12) * depth)
    slant = cosine + depth / 2 + depth * depth / (12 * cosine)
    return np.asarray(mean / (np.float32(1.66) * slant))

"""Reflection by the ground: albedo of land, snow and sea, and the glint of the Sun.

The spectra are typical ones of pixels of some kilometres, after spectral libraries and handbooks:

- vegetation: green grass and broad-leaved canopy (Baldridge et al. 2009, the ASTER spectral
  library, doi 10.1016/j.rse.2008.11.007), darkened by the shadows of a canopy (Asner 1998,
  doi 10.1016/S0034-4257(98)00014-5): green peak, red edge at 0.7 um, water bands of leaves;
- dry soil: quartz-rich desert soil of the same library, rising steadily to 1.7 um;
- snow: semi-infinite snow of grain radius 200 to 500 um under diffuse light (Wiscombe and Warren
  1980, doi 10.1175/1520-0469(1980)037<2712:AMFTSA>2.0.CO;2, figure 8): dark from 1.4 um on;
- sea: light from below the surface of clear ocean water (Morel and Maritorena 2001,
  doi 10.1029/2000JC000319, 0.1 mg m-3 of chlorophyll), and the foam of whitecaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.atmosphere.state import SEA, SNOW, Surface

Floats = NDArray[np.float32]

_WAVELENGTH = (0.44, 0.49, 0.565, 0.64, 0.67, 0.70, 0.765, 0.81, 0.865, 0.91, 1.02, 1.24, 1.45,
               1.64, 1.95, 2.2, 2.8, 3.9)  # fmt: skip
_SPECTRA = {
    "vegetation": (0.030, 0.035, 0.075, 0.050, 0.042, 0.10, 0.33, 0.37, 0.39, 0.39, 0.40, 0.36,
                   0.14, 0.22, 0.06, 0.11, 0.02, 0.03),
    "soil": (0.10, 0.13, 0.20, 0.26, 0.28, 0.30, 0.32, 0.33, 0.34, 0.35, 0.37, 0.40, 0.40,
             0.43, 0.38, 0.40, 0.15, 0.20),
    "snow": (0.97, 0.97, 0.96, 0.95, 0.945, 0.94, 0.92, 0.90, 0.87, 0.85, 0.73, 0.47, 0.08,
             0.10, 0.02, 0.08, 0.02, 0.02),
    "water": (0.030, 0.021, 0.006, 0.0015, 0.001, 0.0006, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
}  # fmt: skip
FOAM = 0.22
"""Albedo of whitecaps as they age (Koepke 1984, doi 10.1364/AO.23.001816), up to 1 um."""
_FOREST_SHADE = 0.75
"""Share of the snow that a full forest hides from above."""
_MINNAERT, _BACKWARDS, _LAND_SCALE = 0.8, -0.1, 0.77
_MIRRORS = 6.0
WATER_INDEX = 1.34
"""Refractive index of sea water in the visible and near infrared."""


def albedo(surface: Surface, wavelength_um: float) -> Floats:
    """Albedo of the ground for diffuse light, without the mirror of the sea: (row, col) float32.

    Land mixes the spectra of vegetation and dry soil by `surface.vegetation`; a forest hides snow.

    Args:
        surface: the ground.
        wavelength_um: 0.44 to 3.9.
    """
    at = {
        name: np.float32(np.interp(wavelength_um, _WAVELENGTH, values))
        for name, values in _SPECTRA.items()
    }
    green = surface.vegetation
    land = at["soil"] + (at["vegetation"] - at["soil"]) * green
    snow = at["snow"] + (at["vegetation"] - at["snow"]) * (np.float32(_FOREST_SHADE) * green)
    # Foam darkens towards the infrared, where water absorbs (Frouin et al. 1996).
    foam = np.float32(FOAM * np.interp(wavelength_um, (0.65, 0.85, 1.02, 1.6), (1, 0.6, 0.5, 0.15)))
    sea = at["water"] + foam * whitecaps(surface.wind)
    return np.where(surface.kind == SEA, sea, np.where(surface.kind == SNOW, snow, land)).astype(
        np.float32
    )


def whitecaps(wind: ArrayLike) -> Floats:
    """Share of the sea under foam, 2.95e-6 w^3.52 (Monahan and O'Muircheartaigh 1980), 1.

    Args:
        wind: any shape, m s-1 at 10 m.
    """
    speed = np.asarray(wind, np.float32)
    return np.asarray(np.minimum(np.float32(2.95e-6) * speed ** np.float32(3.52), np.float32(0.2)))


def glint(
    wind: ArrayLike, cos_sun: ArrayLike, cos_view: ArrayLike, relative_azimuth_deg: ArrayLike
) -> Floats:
    """Sunlight that the waves of the sea mirror, as bidirectional reflectance factor pi L / (mu E).

    Source: Cox and Munk 1954 (J. Opt. Soc. Am. 44, 838), waves alike in all directions, with
    Fresnel's reflectance; foam and the shadows of waves are left out.

    Args:
        wind: m s-1 at 10 m; all arguments broadcast.
        cos_sun: cosine of the Sun's zenith angle.
        cos_view: cosine of the satellite's zenith angle.
        relative_azimuth_deg: between the azimuths of Sun and satellite as seen from the ground,
            degrees: 0 with the Sun behind the satellite, 180 in the glint.
    """
    facets, incidence = glint_facets(wind, cos_sun, cos_view, relative_azimuth_deg)
    across, along = fresnel(incidence)
    return np.asarray(facets * (across + along) / 2, np.float32)


def glint_facets(
    wind: ArrayLike, cos_sun: ArrayLike, cos_view: ArrayLike, relative_azimuth_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Reflectance of a sea of perfect mirrors, and the cosine of incidence on its facets.

    With the slope tan(beta) of the facet that mirrors the Sun into the view and the variance of
    slopes s2 = 0.003 + 0.00512 w (Cox and Munk 1954), the factor is
    exp(-tan^2(beta) / s2) / (4 s2 mu_sun mu_view cos^4(beta)).

    Args and shapes as of `glint`.
    """
    sun, view = np.asarray(cos_sun, np.float32), np.asarray(cos_view, np.float32)
    azimuth = np.deg2rad(np.asarray(relative_azimuth_deg, np.float32))
    sines = np.sqrt(np.maximum((1 - sun**2) * (1 - view**2), 0))
    incidence = np.sqrt(np.maximum((1 + sun * view + sines * np.cos(azimuth)) / 2, 1e-6))
    tilt = np.minimum((sun + view) / (2 * incidence), 1)
    variance = np.float32(0.003) + np.float32(0.00512) * np.asarray(wind, np.float32)
    slope = (1 - tilt**2) / tilt**2
    low = np.float32(0.02)  # of both cosines: there the waves hide one another
    facets = np.exp(-slope / variance) / (
        4 * variance * np.maximum(sun, low) * np.maximum(view, low) * tilt**4
    )
    return np.asarray(facets, np.float32), np.asarray(incidence, np.float32)


def fresnel(cos_incidence: ArrayLike, index: float = WATER_INDEX) -> tuple[Floats, Floats]:
    """Reflectances of a smooth surface for light that swings across and along its plane.

    Source: Fresnel's equations, e.g. Bohren and Huffman 1983, equations 2.67 and 2.69, squared.

    Args:
        cos_incidence: cosine of the angle to the normal, any shape.
        index: real refractive index.
    """
    cosine = np.asarray(cos_incidence, np.float32)
    inside = np.sqrt(1 - (1 - cosine**2) / np.float32(index**2))
    across = ((cosine - index * inside) / (cosine + index * inside)) ** 2
    along = ((index * cosine - inside) / (index * cosine + inside)) ** 2
    return np.asarray(across, np.float32), np.asarray(along, np.float32)


def land_anisotropy(cos_sun: ArrayLike, cos_view: ArrayLike, cos_scattering: ArrayLike) -> Floats:
    """Ratio of the brightness of land in one direction to its albedo, about 1.

    Source: Rahman, Pinty and Verstraete 1993 (doi 10.1029/93JD02072), with exponent 0.8 and
    asymmetry -0.1 as of most plants and soils, hot spot left out (a degree wide): brighter towards
    the limb and with the Sun behind the satellite.

    Args:
        cos_sun: cosine of the Sun's zenith angle; all arguments broadcast.
        cos_view: cosine of the satellite's zenith angle.
        cos_scattering: cosine of the scattering angle.
    """
    sun, view, cosine = (np.asarray(one, np.float32) for one in (cos_sun, cos_view, cos_scattering))
    limb = (sun * view * (sun + view)) ** np.float32(_MINNAERT - 1)
    square = np.float32(1 + _BACKWARDS**2)
    backwards = np.float32(1 - _BACKWARDS**2) / (
        square - np.float32(2 * _BACKWARDS) * cosine
    ) ** np.float32(1.5)
    return np.asarray(limb * backwards * np.float32(_LAND_SCALE))


def land_polarisation(
    vegetation: ArrayLike, cos_sun: ArrayLike, cos_view: ArrayLike, cos_scattering: ArrayLike
) -> Floats:
    """Polarised reflectance factor of land: little mirrors of leaves and grains.

    Source: Maignan et al. 2009 (doi 10.1016/j.rse.2009.07.022): with the angle of incidence a,
    C exp(-tan a) exp(-NDVI) F_p(a) / (4 (mu_sun + mu_view)), C about 6, index 1.5; positive where
    light swings across the scattering plane.

    Args:
        vegetation: 0 to 1; NDVI is taken as 0.1 to 0.85.
        cos_sun: cosine of the Sun's zenith angle; all arguments broadcast.
        cos_view: cosine of the satellite's zenith angle.
        cos_scattering: cosine of the scattering angle.
    """
    square = np.clip((1 - np.asarray(cos_scattering, np.float32)) / 2, 1e-4, 1)
    across, along = fresnel(np.sqrt(square), 1.5)
    mirrored = (across - along) / 2 * np.exp(-np.sqrt(1 / square - 1))
    greenness = np.float32(0.1) + np.float32(0.75) * np.asarray(vegetation, np.float32)
    around = 4 * (np.asarray(cos_sun, np.float32) + np.asarray(cos_view, np.float32))
    return np.asarray(np.float32(_MIRRORS) * np.exp(-greenness) * mirrored / around)

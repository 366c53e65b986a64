"""Radiances of one view in POLDER's nine bands: air above cloud, cloud, air below, ground.

From the top down, with reflectance factors R and the share of light T that gets through:

    R = R_air + T_air R_lower / (1 - s_air A_lower)
    R_lower = R_cloud + T_down T_up R_below / (1 - s_cloud A_below) + E (direct light)
    R_below = R_haze + T_haze a / (1 - s_haze a)

s are albedos in diffuse light; the glint of the sea and the polarisation of the air below are seen
in unscattered light alone (E). Each part is weakened by the gases down to where it turns back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.polder.fields import BANDS, POLARISED
from nephoscope.simulate.earth.optics import oxygen
from nephoscope.simulate.earth.optics.absorbers import ozone_depth, vapour_transmittance
from nephoscope.simulate.earth.optics.ground import (
    fresnel,
    glint_facets,
    land_anisotropy,
    land_polarisation,
)
from nephoscope.simulate.earth.polder.clear_air import layer_of
from nephoscope.simulate.earth.polder.clouds import (
    Angles,
    Cloud,
    DropletPhase,
    cloud_of,
    single_scattering,
)
from nephoscope.simulate.earth.polder.ray_marching import Crossing

Floats = NDArray[np.float32]
Part = tuple[Floats, Floats]

SKY_ALBEDO = 0.05
"""Of the sea's surface for light from the whole sky (Cox and Munk 1954)."""
VAPOUR_BAND = 910
# Wavelengths of the droplet tables that stand for each band.
_TABLES = {443: (490,), 490: (490,), 565: (490, 670), 670: (670,), 763: (670, 865),
           765: (670, 865), 865: (865,), 910: (865,), 1020: (865,)}  # fmt: skip


@dataclass(frozen=True)
class Below:
    """The ground where each line meets it, and the gases over it: (..., pixel) float32.

    Args:
        albedo: by band, without the mirror of the sea.
        sea: 1 on the sea, 0 elsewhere.
        bare: 1 on land without snow, 0 elsewhere.
        vegetation: 0 to 1.
        shade: delta-scaled optical depth of the cloud towards the Sun.
        wind: m s-1.
        aerosol: optical depth at 550 nm.
        pressure: Pa, at the ground.
        vapour: kg m-2, of the whole column.
        vapour_at_cloud: kg m-2, above `Crossing.apparent`.
        ozone: kg m-2, of the whole column.
    """

    albedo: dict[int, Floats]
    sea: Floats
    bare: Floats
    vegetation: Floats
    shade: Floats
    wind: Floats
    aerosol: Floats
    pressure: Floats
    vapour: Floats
    vapour_at_cloud: Floats
    ozone: Floats


@dataclass(frozen=True)
class ViewedLines:
    """One view of some pixels, for all bands: lines are (line, pixel).

    Args:
        crossing: of the clouds.
        cloud: what they do.
        once: light scattered once by cloud and its polarised part, by wavelength of the tables.
        mirror: of the ground, reflectance factor and its polarised part.
        pattern: how much brighter the ground is in this view than its albedo.
        direct: what clouds leave of light on its way to the ground and up the line.
        below: the ground.
        angles: of the pixels.
    """

    crossing: Crossing
    cloud: Cloud
    once: dict[int, Part]
    mirror: Part
    pattern: Floats
    direct: Floats
    below: Below
    angles: Angles


def radiances(crossing: Crossing, angles: Angles, below: Below) -> dict[str, Floats]:
    """Normalised radiances pi L / E0, mean of the lines of each pixel.

    Args:
        crossing: (line, pixel).
        angles: (pixel,).
        below: (line, pixel).

    Returns:
        "I443" to "I1020", and "P490", "P670", "P865": light that swings across the scattering plane
        less that along it; (pixel,) float32.
    """
    drops = DropletPhase.of(crossing, angles)
    facets, incidence = glint_facets(below.wind, angles.sun, angles.view, angles.phi)
    across, along = fresnel(incidence)
    half = below.sea * facets / 2
    where = angles.sun, angles.view, angles.scattering
    leaves = below.bare * land_polarisation(below.vegetation, *where)
    seen = ViewedLines(
        crossing,
        cloud_of(crossing, angles, below.shade),
        {wave: single_scattering(crossing, angles, wave, drops) for wave in POLARISED},
        (half * (across + along), half * (across - along) + leaves),
        1 + below.bare * (land_anisotropy(*where) - 1),
        np.exp(-below.shade / angles.sun - crossing.depth / angles.view),
        below,
        angles,
    )
    absorb = _Gases(seen)
    out = {}
    for band in BANDS:
        parts = _reflectances(band, seen, absorb.of(band))
        ozone = np.exp(-ozone_depth(band, below.ozone) * angles.airmass)
        for letter, part in zip("IP" if band in POLARISED else "I", parts, strict=False):
            out[f"{letter}{band}"] = angles.sun * (ozone * part).mean(axis=0)
    return out


def _reflectances(band: int, seen: ViewedLines, absorb: Callable[[Floats, Floats], Floats]) -> Part:
    """Reflectance factor of each line, and its polarised part."""
    crossing, cloud, below, mirror = seen.crossing, seen.cloud, seen.below, seen.mirror
    wavelength = band / 1000
    above = layer_of(wavelength, crossing.pressure, None, seen.angles)
    rest = np.maximum(below.pressure - crossing.pressure, 0)
    haze = layer_of(wavelength, rest, below.aerosol, seen.angles)

    ground = below.albedo[band] + np.float32(SKY_ALBEDO) * below.sea * (1 - haze.direct)
    echo = ground / (1 - haze.diffuse * ground)
    # Light that has seen the sky or a cloud before no longer knows where the Sun is.
    plain = haze.direct * seen.direct * (seen.pattern - 1) * below.albedo[band]
    under = haze.reflectance + haze.both_ways * echo
    under_diffuse = haze.diffuse + (1 - haze.diffuse) ** 2 * echo
    between = 1 / (1 - cloud.diffuse * under_diffuse)
    from_ground = np.asarray(cloud.down * cloud.up * between * under, np.float32)
    from_ground += seen.direct * haze.direct * mirror[0] + plain
    lower_diffuse = cloud.diffuse + (1 - cloud.diffuse) ** 2 * under_diffuse * between
    through = np.asarray(above.both_ways / (1 - above.diffuse * lower_diffuse))

    tables = [seen.once[wave] for wave in _TABLES[band]]
    clouds = cloud.many + np.mean([table[0] for table in tables], axis=0, dtype=np.float32)
    intensity = np.asarray(above.reflectance + through * absorb(clouds, from_ground), np.float32)
    hidden = seen.direct * (haze.polarised + haze.direct * mirror[1])
    return intensity, above.polarised + above.direct * (tables[0][1] + hidden)


class _Gases:
    """Transmittance by oxygen and water vapour of the light of clouds and of the ground."""

    def __init__(self, seen: ViewedLines) -> None:
        airmass, below = seen.angles.airmass, seen.below
        self._oxygen = [
            oxygen.absorber(airmass, pressure)
            for pressure in (
                np.minimum(seen.crossing.apparent, below.pressure),
                below.pressure,
            )
        ]
        self._vapour = [
            vapour_transmittance(airmass, column)
            for column in (below.vapour_at_cloud, below.vapour)
        ]

    def of(self, band: int) -> Callable[[Floats, Floats], Floats]:
        """Add the light of clouds and of the ground, both weakened."""
        if band in oxygen.BANDS:
            cloud, ground = (oxygen.transmittance(band, path) for path in self._oxygen)
        elif band == VAPOUR_BAND:
            cloud, ground = self._vapour
        else:
            return lambda clouds, from_ground: clouds + from_ground
        return lambda clouds, from_ground: clouds * cloud + from_ground * ground

"""Radiances of one view in POLDER's nine bands: air above cloud, cloud, air below, ground.

From the top down, with reflectance factors R and the share of light T that gets through:

    R = R_air + T_air R_lower / (1 - s_air A_lower)
    R_lower = R_cloud + T_down T_up R_below / (1 - s_cloud A_below) + E (direct light)
    R_below = R_haze + T_haze a / (1 - s_haze a)

s are albedos in diffuse light; the glint of the sea and the polarisation of the air below are seen
in unscattered light alone (E). Each part is weakened by the gases down to where it turns back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.polder.fields import BANDS, POLARISED
from nephoscope.simulate.optics import oxygen
from nephoscope.simulate.optics.absorbers import ozone_depth, vapour_transmittance
from nephoscope.simulate.optics.ground import fresnel, glint_facets
from nephoscope.simulate.polder.clear_air import Layer, layer_of
from nephoscope.simulate.polder.clouds import (
    Angles,
    Cloud,
    DropletPhase,
    cloud_of,
    single_scattering,
)
from nephoscope.simulate.polder.marching import Crossing

Floats = NDArray[np.float32]

SKY_ALBEDO = 0.05
"""Of the sea's surface for light from the whole sky (Cox and Munk 1954)."""
# Wavelengths of droplet tables that stand for each band.
_TABLES = {443: (490,), 490: (490,), 565: (490, 670), 670: (670,), 763: (670, 865),
           765: (670, 865), 865: (865,), 910: (865,), 1020: (865,)}  # fmt: skip


@dataclass(frozen=True)
class Below:
    """The ground where each line meets it, and the gases over it: (..., pixel) float32.

    Args:
        albedo: by band, without the mirror of the sea.
        sea: 1 on the sea, 0 elsewhere.
        wind: m s-1.
        aerosol: optical depth at 550 nm.
        pressure: Pa, at the ground.
        vapour: kg m-2, of the whole column.
        vapour_at_cloud: kg m-2, above `Crossing.pressure`.
        ozone: (pixel,) kg m-2.
    """

    albedo: dict[int, Floats]
    sea: Floats
    wind: Floats
    aerosol: Floats
    pressure: Floats
    vapour: Floats
    vapour_at_cloud: Floats
    ozone: Floats


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
    cloud = cloud_of(crossing, angles)
    drops = DropletPhase.of(crossing, angles)
    once = {wave: single_scattering(crossing, angles, wave, drops) for wave in (490, 670, 865)}
    facets, incidence = glint_facets(below.wind, angles.sun, angles.view, angles.phi)
    mirrors = [below.sea * facets * part for part in fresnel(incidence)]
    out = {}
    for band in BANDS:
        seen = [once[wave] for wave in _TABLES[band]]
        clouds = sum(pair[0] for pair in seen) / np.float32(len(seen)) + cloud.many
        lit = _Lit.of(band, crossing, angles, below)
        intensity = _intensity(band, lit, cloud, clouds, mirrors, crossing, angles, below)
        out[f"I{band}"] = (angles.sun * intensity).mean(axis=0)
        if band in POLARISED:
            part = lit.above.polarised + lit.above.direct * (
                seen[0][1]
                + crossing.direct
                * (lit.haze.polarised + lit.haze.direct * (mirrors[0] - mirrors[1]) / 2)
            )
            part = part * np.exp(-ozone_depth(band, below.ozone) * angles.airmass)
            out[f"P{band}"] = (angles.sun * part).mean(axis=0)
    return out


@dataclass(frozen=True)
class _Lit:
    """The air above the cloud and the air and haze below it, in one band."""

    above: Layer
    haze: Layer

    @classmethod
    def of(cls, band: int, crossing: Crossing, angles: Angles, below: Below) -> _Lit:
        wavelength = band / 1000
        above = layer_of(wavelength, crossing.pressure, None, angles)
        rest = np.maximum(below.pressure - crossing.pressure, 0)
        return cls(above, layer_of(wavelength, rest, below.aerosol, angles))


def _intensity(
    band: int,
    lit: _Lit,
    cloud: Cloud,
    clouds: Floats,
    mirrors: list[Floats],
    crossing: Crossing,
    angles: Angles,
    below: Below,
) -> Floats:
    """Reflectance factor of each line, gases included."""
    above, haze = lit.above, lit.haze
    ground = below.albedo[band] + np.float32(SKY_ALBEDO) * below.sea * (1 - haze.direct)
    echo = 1 / (1 - haze.diffuse * ground)
    under = haze.reflectance + haze.both_ways * ground * echo
    under_diffuse = haze.diffuse + (1 - haze.diffuse) ** 2 * ground * echo
    between = 1 / (1 - cloud.diffuse * under_diffuse)
    from_ground = cloud.down * cloud.up * between * under
    from_ground += crossing.direct * haze.direct * (mirrors[0] + mirrors[1]) / 2
    lower_diffuse = cloud.diffuse + (1 - cloud.diffuse) ** 2 * under_diffuse * between
    through = above.both_ways / (1 - above.diffuse * lower_diffuse)
    absorbed = np.exp(-ozone_depth(band, below.ozone) * angles.airmass)
    if band in oxygen.BANDS:
        airmass = angles.airmass
        at_cloud = oxygen.transmittance(band, airmass, crossing.pressure)
        at_ground = oxygen.transmittance(band, airmass, below.pressure)
    elif band == 910:
        at_cloud = vapour_transmittance(angles.airmass, below.vapour_at_cloud)
        at_ground = vapour_transmittance(angles.airmass, below.vapour)
    else:
        return absorbed * (above.reflectance + through * (clouds + from_ground))
    return absorbed * (above.reflectance + through * (clouds * at_cloud + from_ground * at_ground))

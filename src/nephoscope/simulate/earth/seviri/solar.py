"""Reflected sunlight: VIS006, VIS008, IR_016, and the share of it in IR_039.

Each line of sight meets, from the top: air that scatters (Rayleigh), a layer of ice, a layer of
droplets, aerosol, and the ground; each layer by the two-stream equations. What a layer reflects
into one direction is taken as R(sun) R(view) / R(diffuse): it is the same when Sun and satellite
change places, its flux is the two-stream one, and thin layers brighten towards the horizon as
1 / (cos sun cos view); against photons counted one by one it errs by some 10 % (see the tests),
and knows no rainbow or glory. Layers are added with all reflections between them (e.g. Liou 2002,
section 6.4): R + T(sun) T(view) below / (1 - R(diffuse) below).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import ALTITUDE, EDGES, SEA, THICKNESS, Air, Atmosphere
from nephoscope.simulate.earth.constants import STANDARD_PRESSURE
from nephoscope.simulate.earth.optics import aerosol, rayleigh
from nephoscope.simulate.earth.optics.gases import vapour_above
from nephoscope.simulate.earth.optics.ground import albedo, glint
from nephoscope.simulate.earth.optics.scattering import WAVELENGTH, scattering
from nephoscope.simulate.earth.optics.two_stream import (
    diffuse_reflectance_transmittance,
    reflectance_transmittance,
)
from nephoscope.simulate.earth.seviri.clouds import Column
from nephoscope.simulate.earth.seviri.lines import Lines

Floats = NDArray[np.float32]

_SHADING_RADIUS = 10.0  # um, effective, of droplets in clouds that cast shadows
_DOBSON = 2.1415e-5  # kg m-2
# Optical depth of 300 Dobson units of ozone (Chappuis band), and (factor, exponent) of water vapour
# in g cm-2 on the slant path; what else absorbs (oxygen, carbon dioxide, methane), in the vertical
# at sea level. Values chosen here, of the size of SMAC's (Rahman and Dedieu 1994).
_OZONE = {"VIS006": 0.026, "VIS008": 0.001, "IR_016": 0.0}
_VAPOUR = {"VIS006": (0.004, 0.6), "VIS008": (0.014, 0.6), "IR_016": (0.003, 0.6)}
_OTHER = {"VIS006": 0.004, "VIS008": 0.003, "IR_016": 0.016}


@dataclass(frozen=True)
class Light:
    """Reflection and transmission of sunlight by a stack of layers: (line,) float32.

    Args:
        reflected: bidirectional reflectance factor, Sun to satellite.
        albedo: for diffuse light from above.
    """

    reflected: Floats
    albedo: Floats


class Ground:
    """Albedo of all columns in one channel, the mirror of the sea, and the haze above.

    Args:
        atmosphere: whose ground it is.
        channel: with sunlight.
    """

    def __init__(self, atmosphere: Atmosphere, channel: str) -> None:
        surface = atmosphere.surface
        self._albedo = albedo(surface, WAVELENGTH[channel]).ravel()
        self._sea = (surface.kind == SEA).ravel()
        self._wind = surface.wind.ravel()
        self._haze = surface.aerosol.ravel()

    def seen(self, lines: Lines) -> Light:
        """Albedo and glint on lines of sight."""
        diffuse = self._albedo[lines.ground]
        mirror = (
            glint(self._wind[lines.ground], lines.cos_sun, lines.cos_view, lines.azimuth)
            * (self._sea[lines.ground])
        )
        return Light(diffuse + mirror, diffuse)

    def haze(self, lines: Lines) -> Floats:
        """Optical depth of aerosol at 550 nm on lines of sight, (line,) float32."""
        return self._haze[lines.ground]


def reflectance(
    channel: str, lines: Lines, clouds: Column, ground: Ground, shadow: Floats, pressure: Floats
) -> Floats:
    """Bidirectional reflectance factor at the top of an atmosphere without absorbing gases.

    Args:
        channel: VIS006, VIS008 or IR_016.
        lines: of sight.
        clouds: on them.
        ground: below them.
        shadow: (line,) float32, optical depth of cloud between the Sun and what is seen.
        pressure: (line,) float32, Pa, where that is (`pressure_at`).

    Returns:
        (line,) float32; times the cosine of the Sun it is SEVIRI's reflectance (as a share).
    """
    wavelength, cosines = WAVELENGTH[channel], (lines.cos_sun, lines.cos_view)
    depth = aerosol.optical_depth(ground.haze(lines), wavelength)
    light = _below(depth, aerosol.ASYMMETRY, aerosol.SCATTERED, cosines, ground.seen(lines))
    light = through_clouds(channel, clouds, lines, light)
    light = Light(light.reflected * sunlit(channel, shadow, lines.cos_sun), light.albedo)
    return _rayleigh(rayleigh.optical_depth(wavelength, pressure), lines, light)


def sunlit(channel: str, shadow: Floats, cos_sun: Floats) -> Floats:
    """Share of the sunlight that clouds beside the line of sight let through, direct and scattered.

    By the two-stream equations, of droplets: what casts a shadow is thick, so that its phase
    matters little in the visible.

    Args:
        channel: with sunlight.
        shadow: (line,) float32, vertical optical depth in the visible (`clouds.shadow_depth`).
        cos_sun: (line,) float32, cosine of the Sun's zenith angle.

    Returns:
        (line,) float32.
    """
    share = np.ones_like(shadow)
    shaded = np.flatnonzero(shadow > 0)
    if shaded.size:
        of = scattering(channel, "water", _SHADING_RADIUS)
        _, share[shaded] = reflectance_transmittance(
            shadow[shaded] * of.extinction, of.asymmetry, of.albedo, cos_sun[shaded]
        )
    return share


def through_clouds(channel: str, clouds: Column, lines: Lines, light: Light) -> Light:
    """Add the droplets, then the ice, to what is below them."""
    for name, phase in (("water", clouds.water), ("ice", clouds.ice)):
        where = np.flatnonzero(phase.depth > 0)
        if not where.size:
            continue
        of = scattering(channel, name, phase.radius[where])  # type: ignore[arg-type]
        part = _below(
            phase.depth[where] * of.extinction, of.asymmetry, of.albedo,
            (lines.cos_sun[where], lines.cos_view[where]),
            Light(light.reflected[where], light.albedo[where]),
        )  # fmt: skip
        light = Light(light.reflected.copy(), light.albedo.copy())
        light.reflected[where], light.albedo[where] = part.reflected, part.albedo
    return light


def _below(
    depth: Floats,
    asymmetry: Floats | float,
    scattered: Floats | float,
    cosines: tuple[Floats, Floats],
    under: Light,
) -> Light:
    """A layer above what lies under it; cosines are the Sun's and the satellite's."""
    layer = depth, asymmetry, scattered
    up, down = reflectance_transmittance(*layer, cosines[0])
    up_view, down_view = reflectance_transmittance(*layer, cosines[1])
    back, through = diffuse_reflectance_transmittance(*layer)
    between = 1 / (1 - back * under.albedo)
    own = up * up_view / np.maximum(back, np.float32(1e-9))
    reflected = own + down * down_view * under.reflected * between
    diffuse = back + through**2 * under.albedo * between
    return Light(np.asarray(reflected, np.float32), np.asarray(diffuse, np.float32))


def _rayleigh(depth: Floats, lines: Lines, under: Light) -> Floats:
    """Air above all else: single scattering, and the light it takes from what is below.

    Half of the scattered light is lost upwards.
    """
    sun, view = np.maximum(lines.cos_sun, np.float32(0.02)), lines.cos_view
    sines = np.sqrt((1 - sun**2) * (1 - view**2))
    angle = -sun * view + sines * np.cos(np.deg2rad(lines.azimuth + 180))
    slant = 1 / sun + 1 / view
    own = rayleigh.phase(angle)[0] * -np.expm1(-depth * slant) / (4 * (sun + view))
    passed = np.exp(-depth * slant / 2) / (1 - depth * under.albedo)
    return np.asarray(own + passed * under.reflected, np.float32)


def pressure_at(air: Air, latitude: float, altitude: Floats) -> Floats:
    """Pressure of the air at altitudes (line,), m, at one latitude: Pa, float32."""
    profile = np.log(air.at(air.pressure, latitude))
    heights = np.concatenate([EDGES[:1], ALTITUDE])
    logs = np.concatenate([[1.5 * profile[0] - 0.5 * profile[1]], profile])
    return np.asarray(np.exp(np.interp(altitude, heights, logs)), np.float32)


def gas_transmittance(
    channel: str, air: Air, lines: Lines, altitude: Floats, pressure: Floats
) -> Floats:
    """Transmittance of ozone above all cloud, and of vapour and mixed gases above an altitude.

    Args:
        channel: VIS006, VIS008 or IR_016.
        air: profiles.
        lines: of sight.
        altitude: (line,) float32, m, of what is seen.
        pressure: (line,) float32, Pa, there.

    Returns:
        (line,) float32, for Sun to there to satellite.
    """
    slant = 1 / np.maximum(lines.cos_sun, np.float32(0.05)) + 1 / lines.cos_view
    heights = np.arange(0, 20_001, 1000.0)
    middle = float(np.mean(lines.latitude))
    profile = [float(air.at(vapour_above(air, height), middle)) for height in heights]
    vapour = np.interp(altitude, heights, profile).astype(np.float32) * lines.moisture
    ozone = float(air.at(air.column_above, middle)) + float(
        air.at((air.ozone * np.float32(THICKNESS)).sum(axis=0), middle)
    )
    factor, exponent = _VAPOUR[channel]
    depth = _OZONE[channel] * ozone / (300 * _DOBSON) * slant
    depth += _OTHER[channel] * (pressure / np.float32(STANDARD_PRESSURE)) * slant
    depth += np.float32(factor) * (slant * vapour / 10) ** np.float32(exponent)
    return np.exp(-depth)

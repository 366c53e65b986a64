"""Measurement by SEVIRI: eleven channels of a window of the disk."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.geostationary import Geostationary
from nephoscope.instruments.seviri.channels import CHANNELS, SATELLITES, SOLAR, THERMAL
from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Atmosphere
from nephoscope.simulate.earth.seviri.clouds import Column, column, crossed, shadow_depth
from nephoscope.simulate.earth.seviri.infrared import Thermal, emitted, not_emitted
from nephoscope.simulate.earth.seviri.lines import Lines
from nephoscope.simulate.earth.seviri.noise import noise, solar_noise, thermal_noise
from nephoscope.simulate.earth.seviri.solar import (
    Ground,
    gas_transmittance,
    pressure_at,
    reflectance,
    sunlit,
    through_clouds,
)
from nephoscope.simulate.earth.sight import QUARTERS

Floats = NDArray[np.float32]

FIELD_OF_VIEW = 1.6
"""Width of the instantaneous field of view at half of its height, in pixels: 4.8 km at 3 km of
sampling (Schmetz et al. 2002)."""
_BEYOND = 3  # pixels around the window that its fields of view reach into
# Standard deviation (pixels) of the Gaussian that widens a pixel's 2 x 2 lines to that field of
# view; their own is that of a box of one pixel.
_BLUR = float(np.sqrt((FIELD_OF_VIEW / np.sqrt(8 * np.log(2))) ** 2 - 1 / 12))
_LINES_AT_A_TIME = 16_384  # of sight: what fits the cache
_MIXED = "IR_039"  # of warmth and sunlight
_DARK = np.float32(1e-4)  # radiance that noise does not go below


def observe(
    atmosphere: Atmosphere,
    grid: Geostationary,
    start: np.datetime64,
    rng: np.random.Generator | None = None,
    satellite: str = "Meteosat-9",
) -> Floats:
    """Measure an atmosphere in a window of the disk.

    Each pixel is the mean radiance of 2 x 2 lines of sight, weighted with those of its neighbours
    by a Gaussian field of view. The air stands still during the scan; the Sun does not.

    Args:
        atmosphere: the one that is measured; beyond its edge stands its outermost column.
        grid: a window of the disk, without space in it or up to three pixels beside it.
        start: of the scan of the full disk, UTC.
        rng: source of the instrument's noise; None leaves it out.
        satellite: one of "Meteosat-8" to "Meteosat-11".

    Returns:
        (channel, y, x) float32, channels as in `nephoscope.instruments.seviri.CHANNELS`: % (not
        divided by the cosine of the Sun; 0 at night) and K.

    Raises:
        UsageError: no such satellite, or space within the window.
    """
    numbers = {name: number for number, name in SATELLITES.items()}
    if satellite not in numbers:
        raise UsageError(f"no satellite '{satellite}'; known are: {', '.join(numbers)}")
    wide = grid.window(-_BEYOND, -_BEYOND, grid.rows + 2 * _BEYOND, grid.cols + 2 * _BEYOND)
    corners = wide.to_place([0, 0, wide.rows, wide.rows], [0, wide.cols] * 2)
    if not np.isfinite(corners).all():
        raise UsageError("the window holds space: choose one within the disk")
    radiation = _Radiation(atmosphere, numbers[satellite])
    image = _noiseless(radiation, atmosphere, wide, start)
    for plane in image:
        scipy.ndimage.gaussian_filter(plane, _BLUR, output=plane, mode="nearest", radius=_BEYOND)
    image = np.ascontiguousarray(image[:, _BEYOND:-_BEYOND, _BEYOND:-_BEYOND])
    return _measured(image, radiation.thermal, rng)


def _noiseless(
    radiation: _Radiation, atmosphere: Atmosphere, grid: Geostationary, start: np.datetime64
) -> Floats:
    """Reflectances (%) and radiances without noise, (channel, y, x) float32."""
    image = np.empty((len(CHANNELS), *grid.shape), np.float32)
    step = max(1, _LINES_AT_A_TIME // (len(QUARTERS) * grid.cols))
    for first in range(0, grid.rows, step):
        rows = slice(first, min(first + step, grid.rows))
        seen = radiation.along(Lines.of(atmosphere, grid, rows, start))
        image[:, rows] = seen.reshape(len(CHANNELS), len(QUARTERS), -1, grid.cols).mean(axis=1)
    return image


class _Radiation:
    """Radiances along lines of sight, by tables of one scene."""

    def __init__(self, atmosphere: Atmosphere, satellite: int) -> None:
        self.atmosphere = atmosphere
        self._levels = atmosphere.cloudy_levels
        self._distance = sun_distance(atmosphere.time)
        self.thermal = Thermal.of(atmosphere, satellite)
        self.ground = {name: Ground(atmosphere, name) for name in (*SOLAR, _MIXED)}

    def along(self, lines: Lines) -> Floats:
        """Reflectances (%) and radiances of lines, (channel, line) float32."""
        layers = crossed(self.atmosphere, self._levels, lines.sight)
        clouds = column(layers, lines)
        seen = np.zeros((len(CHANNELS), lines.latitude.size), np.float32)
        seen[len(SOLAR) :] = emitted(self.thermal, lines, layers)
        seen[len(SOLAR) :] -= not_emitted(self.thermal, lines, clouds)
        if lines.cos_sun.any():
            shadow = shadow_depth(self.atmosphere, self._levels, lines, layers, clouds.altitude)
            air, altitude = self.thermal.air, clouds.altitude
            pressure = pressure_at(air, float(lines.latitude.mean()), altitude)
            for number, name in enumerate(SOLAR):
                factor = reflectance(name, lines, clouds, self.ground[name], shadow, pressure)
                factor *= gas_transmittance(name, air, lines, altitude, pressure)
                seen[number] = 100 * lines.cos_sun * factor
            seen[CHANNELS.index(_MIXED)] += self._mirrored(lines, clouds, shadow)
        return seen

    def _mirrored(self, lines: Lines, clouds: Column, shadow: Floats) -> Floats:
        """Radiance of sunlight that comes back at 3.9 um."""
        light = through_clouds(_MIXED, clouds, lines, self.ground[_MIXED].seen(lines))
        sunlight = self.thermal.planck[THERMAL.index(_MIXED)].sunlight() / self._distance**2
        factor = lines.cos_sun * np.float32(sunlight / np.pi)
        factor *= sunlit(_MIXED, shadow, lines.cos_sun)
        return factor * light.reflected * self._passed(lines, clouds.altitude)

    def _passed(self, lines: Lines, altitude: Floats) -> Floats:
        """Share of light at 3.9 um that gases let through from the Sun to an altitude and back."""
        thermal = self.thermal
        terms = np.flatnonzero(thermal.channel_of == THERMAL.index(_MIXED))
        slant = 1 / np.maximum(lines.cos_sun, np.float32(0.05)) + 1 / lines.cos_view
        middle = float(lines.latitude.mean())
        layers = thermal.air.at(thermal.depths[:2, :, terms], middle)
        above = np.flip(np.flip(layers, axis=1).cumsum(axis=1), axis=1)
        beyond = thermal.air.at(thermal.above[terms], middle)
        passed = np.zeros_like(lines.latitude)
        bottom = ALTITUDE - THICKNESS / 2
        for number, term in enumerate(terms):
            dry, linear = (np.interp(altitude, bottom, one[:, number]) for one in above)
            depth = (dry + linear * lines.moisture + beyond[number]) * slant
            passed += thermal.share[THERMAL.index(_MIXED), term] * np.exp(-depth)
        return passed


def _measured(image: Floats, thermal: Thermal, rng: np.random.Generator | None) -> Floats:
    """Add noise and turn radiances into temperatures, in place."""
    for number, name in enumerate(CHANNELS):
        plane = image[number]
        solar = name in SOLAR
        planck = None if solar else thermal.planck[number - len(SOLAR)]
        if rng is not None:
            deviation = solar_noise(name) if planck is None else thermal_noise(name, planck)
            plane += noise(rng, plane.shape, deviation)
        if planck is None:
            np.maximum(plane, 0, out=plane)
        else:
            plane[:] = planck.temperature(np.maximum(plane, _DARK))
    return image


def sun_distance(time: np.datetime64) -> float:
    """Distance in au: 1 - 0.01673 cos(0.9856 (day of the year - 4)) (Astronomical Almanac)."""
    day = (time - time.astype("datetime64[Y]")) / np.timedelta64(1, "D") + 1
    return float(1 - 0.01673 * np.cos(np.deg2rad(0.9856 * (day - 4))))

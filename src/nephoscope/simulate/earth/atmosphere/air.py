"""Gases: temperature, pressure, water vapour and ozone by latitude and season."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.standard_atmospheres import (
    MID_LATITUDE_SUMMER,
    MID_LATITUDE_WINTER,
    SUBARCTIC_SUMMER,
    SUBARCTIC_WINTER,
    TROPICAL,
    StandardAtmosphere,
)
from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, BOTTOM, THICKNESS, Air
from nephoscope.simulate.earth.constants import DRY_GAS, GRAVITY, OZONE_MOLE, VAPOUR_GAS
from nephoscope.simulate.earth.microphysics.saturation import over_water

NODE_STEP = 2.5  # degrees
_AIR_MOLE = 28.964e-3  # kg
_TABLE = np.arange(26) * 1000.0
# Latitudes at which the air is that of one table; between them it is mixed.
_TROPICS, _MIDDLE, _SUBARCTIC = 15.0, 45.0, 60.0
_SUMMER_DAY = 198  # mid-July: the air is a month behind the Sun

Reals = NDArray[np.float64]


def draw_air(
    rng: np.random.Generator, south: float, north: float, time: np.datetime64, anomaly: float = 1.0
) -> Air:
    """Gases on nodes of latitude that hold `south` to `north`, with the day's own anomalies.

    Between the five standard atmospheres temperature, relative humidity and ozone are mixed
    linearly, by latitude and by the cosine of the season; pressure is hydrostatic.

    Args:
        rng: source of the anomalies.
        south: degrees north.
        north: degrees north.
        time: UTC; the season counts.
        anomaly: factor on the anomalies, 0 for the standard atmospheres.
    """
    first, last = np.floor(south / NODE_STEP), np.ceil(north / NODE_STEP)
    latitude = np.arange(first, max(last, first + 1) + 1) * NODE_STEP
    mixed = _mix(np.clip(latitude, -90, 90), time)
    warmer, moister = (anomaly * _wander(rng, latitude) for _ in range(2))
    strength = 0.8 + 1.8 * np.clip(np.abs(latitude) / 45, 0, 1)
    fading = np.cos(np.pi * ALTITUDE / 22_000.0)[:, None]  # warm below, cold above the tropopause
    temperature = mixed["temperature"] + warmer * strength * fading
    moister = 1 + 0.12 * np.clip(moister, -2, 2) * np.exp(-ALTITUDE[:, None] / 15_000.0)
    humidity = np.clip(mixed["humidity"] * moister, 0, 0.95)
    surface_pressure = mixed["pressure"] * (1 + 0.006 * anomaly * _wander(rng, latitude))
    vapour_pressure = humidity * over_water(temperature)
    pressure = _hydrostatic(surface_pressure, temperature, vapour_pressure)
    vapour = vapour_pressure / (VAPOUR_GAS * temperature)
    air_density = pressure / (DRY_GAS * temperature)
    ozone = mixed["ozone"] * 1e-6 * air_density * OZONE_MOLE / _AIR_MOLE
    fields = (temperature, pressure, vapour, ozone, mixed["above"])
    return Air(latitude, *(np.asarray(field, np.float32) for field in fields))


def tropopause(temperature: NDArray[np.floating]) -> Reals:
    """Altitude of the first tropopause, m, (node,) float64.

    The lowest level above 5 km from which the mean lapse rate to every higher level within 2 km is
    at most 2 K per km (WMO 1957).

    Args:
        temperature: (level, node), K, on `ALTITUDE`.
    """
    reach = round(2000 / THICKNESS)
    found = np.full(temperature.shape[1], float(ALTITUDE[-1 - reach]))
    for level in range(len(ALTITUDE) - reach - 1, int(5000 / THICKNESS), -1):
        change = temperature[level + 1 : level + reach + 1] - temperature[level]
        limit = -2e-3 * (ALTITUDE[level + 1 : level + reach + 1] - ALTITUDE[level])
        found = np.where((change >= limit[:, None]).all(axis=0), ALTITUDE[level], found)
    return found


def warmth_of_season(time: np.datetime64) -> float:
    """Season: 1 in the middle of the northern summer, -1 in the middle of the southern."""
    moment = time.astype("datetime64[D]")
    day = (moment - moment.astype("datetime64[Y]")).astype(int)
    return float(np.cos(2 * np.pi * (day - _SUMMER_DAY) / 365.25))


def _mix(latitude: Reals, time: np.datetime64) -> dict[str, Reals]:
    """Mix the tables: temperature, humidity, ozone on (level, node), pressure, above on (node,)."""
    summer = 0.5 + 0.5 * np.sign(latitude) * warmth_of_season(time)
    away = np.abs(latitude)
    tropical = np.clip((_MIDDLE - away) / (_MIDDLE - _TROPICS), 0, 1)
    subarctic = np.clip((away - _MIDDLE) / (_SUBARCTIC - _MIDDLE), 0, 1)
    middle = 1 - tropical - subarctic
    shares = (
        (TROPICAL, tropical),
        (MID_LATITUDE_SUMMER, middle * summer),
        (MID_LATITUDE_WINTER, middle * (1 - summer)),
        (SUBARCTIC_SUMMER, subarctic * summer),
        (SUBARCTIC_WINTER, subarctic * (1 - summer)),
    )
    mixed = {
        name: sum(share * _column(table, name)[:, None] for table, share in shares)
        for name in ("temperature", "humidity", "ozone")
    }
    # Poleward of the last table the air goes on cooling, near the ground most.
    poleward = np.clip((away - _SUBARCTIC) / (90 - _SUBARCTIC), 0, 1)
    mixed["temperature"] = mixed["temperature"] - 14 * poleward * np.exp(
        -ALTITUDE[:, None] / 5000.0
    )
    mixed["pressure"] = sum(share * table.pressure for table, share in shares)
    mixed["above"] = sum(share * table.ozone_above for table, share in shares)
    return {name: np.asarray(values, np.float64) for name, values in mixed.items()}


def _column(table: StandardAtmosphere, name: str) -> Reals:
    """One quantity of a table on `ALTITUDE`; humidity is relative to liquid water, 0 to 1."""
    if name != "humidity":
        return np.asarray(np.interp(ALTITUDE, _TABLE, getattr(table, name)))
    temperature = table.temperature
    pressure = _hydrostatic_table(table)
    humidity = table.vapour * 1e-6 * pressure / over_water(temperature)
    return np.asarray(np.interp(ALTITUDE, _TABLE, humidity))


def _hydrostatic_table(table: StandardAtmosphere) -> Reals:
    temperature = table.temperature
    moist = temperature * (1 + 0.378 * table.vapour * 1e-6)
    thickness = GRAVITY / DRY_GAS * np.diff(_TABLE) * 2 / (moist[1:] + moist[:-1])
    return np.asarray(table.pressure * np.exp(-np.concatenate([[0], np.cumsum(thickness)])))


def _hydrostatic(surface: Reals, temperature: Reals, vapour_pressure: Reals) -> Reals:
    """Pressure at the centres of layers, Pa: d ln p = -g dz / (R Tv), Tv in three rounds."""
    pressure = surface * np.exp(-ALTITUDE[:, None] / 8000.0)
    for _ in range(3):
        virtual = temperature / (1 - 0.378 * vapour_pressure / pressure)
        rate = GRAVITY * THICKNESS / (DRY_GAS * virtual)
        below = np.cumsum(rate, axis=0) - rate / 2 + rate[0] * BOTTOM / THICKNESS
        pressure = surface * np.exp(-below)
    return np.asarray(pressure)


def _wander(rng: np.random.Generator, latitude: Reals) -> Reals:
    """A smooth random function of latitude with standard deviation 1."""
    size, phase = rng.standard_normal(4), rng.uniform(0, 2 * np.pi, 4)
    waves = np.arange(1, 5) * np.pi / 45
    return np.asarray(
        (size[:, None] * np.sin(waves[:, None] * latitude + phase[:, None])).sum(0) / 2**0.5
    )

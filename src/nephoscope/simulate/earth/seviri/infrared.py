"""Thermal channels: emission and absorption along slant lines of sight, level by level.

The equation of radiative transfer without scattering (Schwarzschild; Goody & Yung 1989, equation
2.87) from the ground up: through a layer of optical depth d and temperature T, radiance I becomes
I exp(-d) + B(T) (1 - exp(-d)). Scattering by clouds is scaled absorption (`absorption_ratio`), and
clouds are dimmed by what they reflect (`not_emitted`), most at 3.9 um.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.seviri.channels import THERMAL
from nephoscope.simulate.earth.atmosphere import ALTITUDE, LEVELS, THICKNESS, Air, Atmosphere
from nephoscope.simulate.earth.optics.emissivity import emissivity
from nephoscope.simulate.earth.optics.gases import STRATOSPHERE, gas_depth
from nephoscope.simulate.earth.optics.scattering import Phase as PhaseName
from nephoscope.simulate.earth.optics.scattering import absorption_ratio, scattering
from nephoscope.simulate.earth.optics.two_stream import reflectance_transmittance
from nephoscope.simulate.earth.seviri.clouds import Column, Layer, Phase
from nephoscope.simulate.earth.seviri.lines import Lines
from nephoscope.simulate.earth.seviri.planck import Planck

Floats = NDArray[np.float32]

_FINEST, _WIDEST = 0.5, 100.0  # um: step and end of the tables of effective radius
_SKY_LEVEL = 4  # about 1 km: where the sky's radiance at the ground comes from, if anywhere


@dataclass(frozen=True)
class Thermal:
    """Tables that all lines of a scene share.

    Args:
        air: profiles.
        channel_of: (term,) intp, number of the channel in `THERMAL` of each term of gases.
        share: (channel, term) float32, of the channel's radiance.
        depths: (3, level, term, node) float32: dry, linear and quadratic in moisture.
        above: (term, node) float32, optical depth above the highest level.
        emitted: (level, channel, node) float32, Planck's radiance of the air.
        outermost: (channel,) float32, of the air above the highest level.
        planck: of each channel.
        ratio: absorption over visible extinction by phase, (channel, radius) float32.
        emissivity: (channel, column) float32, of the ground.
        skin: (column,) float32, temperature of the ground, K.
    """

    air: Air
    channel_of: NDArray[np.intp]
    share: Floats
    depths: Floats
    above: Floats
    emitted: Floats
    outermost: Floats
    planck: tuple[Planck, ...]
    ratio: dict[str, Floats]
    emissivity: Floats
    skin: Floats

    @classmethod
    def of(cls, atmosphere: Atmosphere, satellite: int) -> Self:
        """Tables for an atmosphere seen by a satellite (its number in the headers)."""
        air = atmosphere.air
        gases = [gas_depth(channel, air) for channel in THERMAL]
        channel_of = np.repeat(np.arange(len(THERMAL)), [len(gas.share) for gas in gases])
        share = np.zeros((len(THERMAL), len(channel_of)), np.float32)
        share[channel_of, np.arange(len(channel_of))] = np.concatenate([gas.share for gas in gases])
        quadratic = np.stack([gas.quadratic for gas in gases])[channel_of]
        parts = [np.concatenate([gas[part] for gas in gases]) for part in (1, 2)]
        planck = tuple(Planck.of(channel, satellite) for channel in THERMAL)
        radii = np.arange(_FINEST, _WIDEST + _FINEST, _FINEST)
        phases: tuple[PhaseName, ...] = ("water", "ice")
        return cls(
            air=air,
            channel_of=channel_of,
            share=share,
            depths=np.stack([*parts, quadratic]).swapaxes(1, 2),
            above=np.concatenate([gas.above for gas in gases]),
            emitted=_stacked(one.radiance(air.temperature) for one in planck).swapaxes(0, 1),
            outermost=_stacked(one.radiance(STRATOSPHERE) for one in planck),
            planck=planck,
            ratio={
                phase: _stacked(absorption_ratio(name, phase, radii) for name in THERMAL)
                for phase in phases
            },
            emissivity=_stacked(emissivity(atmosphere.surface, name).ravel() for name in THERMAL),
            skin=atmosphere.surface.temperature.ravel(),
        )


def _stacked(parts: Iterable[NDArray[np.floating]]) -> Floats:
    return np.stack([np.asarray(part, np.float32) for part in parts])


def emitted(thermal: Thermal, lines: Lines, layers: list[Layer]) -> Floats:
    """Radiance that leaves the atmosphere towards the satellite.

    Args:
        thermal: tables of the scene.
        lines: of sight, of little spread in latitude (some rows of an image).
        layers: of cloud that they cross, from the top.

    Returns:
        (channel, line) float32, mW m-2 sr-1 (cm-1)-1, channels as in `THERMAL`.
    """
    ends = np.array([lines.latitude.min(), lines.latitude.max()], np.float64)
    north = (lines.latitude - ends[0]) / max(ends[1] - ends[0], 1e-6)
    between = np.stack([np.ones_like(north), north]).astype(np.float32)
    slant = np.asarray(1 / lines.cos_view, np.float32)
    powers = slant * np.stack([np.ones_like(slant), lines.moisture, lines.moisture**2])
    features = (powers[:, None] * between).reshape(6, -1)
    # (level, term, 6): value at the southern end and its growth to the northern one.
    depths = _ends(thermal.air.at(thermal.depths, ends)).transpose(1, 2, 0, 3)
    depths = np.ascontiguousarray(depths.reshape(LEVELS, -1, 6))
    sources = _ends(thermal.air.at(thermal.emitted, ends))
    radiance = _ground(thermal, lines, depths.sum(axis=0) @ features, sources, between)
    clouds = {layer.level: layer for layer in layers}
    absorbed = np.zeros((len(THERMAL), lines.latitude.size), np.float32)
    highest = lines.altitude.max()
    for level in range(LEVELS):
        depth = depths[level] @ features
        if ALTITUDE[level] - THICKNESS / 2 < highest:
            top = ALTITUDE[level] + np.float32(THICKNESS / 2)
            depth *= np.clip((top - lines.altitude) / np.float32(THICKNESS), 0, 1)
        if level in clouds:
            _add_cloud(thermal, depth, clouds[level], slant, absorbed)
        source = np.asarray((sources[level] @ between)[thermal.channel_of], np.float32)
        _cross(radiance, depth, source)
    depth = _ends(thermal.air.at(thermal.above, ends)) @ (between * slant)
    _cross(radiance, depth, thermal.outermost[thermal.channel_of, None])
    return thermal.share @ radiance


def _ends(values: Floats) -> Floats:
    """Value at the first end (last axis), and difference to the other."""
    return np.stack([values[..., 0], values[..., 1] - values[..., 0]], axis=-1)


def _cross(radiance: Floats, depth: Floats, source: Floats) -> None:
    """Through one layer, in place; `depth` is spent."""
    np.negative(depth, out=depth)
    np.exp(depth, out=depth)
    radiance -= source
    radiance *= depth
    radiance += source


def _ground(
    thermal: Thermal, lines: Lines, total: Floats, sources: Floats, between: Floats
) -> Floats:
    """(term, line): what the ground emits, and mirrors of a sky as warm as the air at 1 km.

    The sky emits 1 - exp(-depth) along the line's own slant path.
    """
    grey = thermal.emissivity[:, lines.ground]
    skin = thermal.skin[lines.ground]
    warm = grey * _stacked(planck.radiance(skin) for planck in thermal.planck)
    sky = ((1 - grey) * (sources[_SKY_LEVEL] @ between))[thermal.channel_of]
    return np.asarray(warm[thermal.channel_of] - sky * np.expm1(-total), np.float32)


def _add_cloud(
    thermal: Thermal, depth: Floats, layer: Layer, slant: Floats, absorbed: Floats
) -> None:
    """Add a layer to `depth` (term, line); `absorbed` (channel, line) is a plane to work on."""
    parts = []
    for phase, amount, radius in (
        ("water", layer.water, layer.water_radius),
        ("ice", layer.ice, layer.ice_radius),
    ):
        if amount.any():
            place = np.rint(radius / np.float32(_FINEST)).astype(np.int32) - 1
            np.clip(place, 0, thermal.ratio[phase].shape[1] - 1, out=place)
            parts.append((thermal.ratio[phase], place, amount * slant[layer.where]))
    absorbed[:] = 0
    # Row by row: numpy is several times slower at the same in two dimensions.
    for channel, row in enumerate(absorbed):
        row[layer.where] = sum(table[channel][place] * amount for table, place, amount in parts)
    for row, channel in zip(depth, thermal.channel_of, strict=True):
        row += absorbed[channel]


def not_emitted(thermal: Thermal, lines: Lines, clouds: Column) -> Floats:
    """Radiance that clouds do not emit, as they reflect: they mirror the cold sky instead.

    Kirchhoff's law: what a cloud reflects from a direction it does not emit into it. Scaled
    absorption alone makes thick clouds black.

    Args:
        thermal: tables of the scene.
        lines: of sight, of little spread in latitude, moisture and slant.
        clouds: on them.

    Returns:
        (channel, line) float32, mW m-2 sr-1 (cm-1)-1, at the satellite.
    """
    middle = float(lines.latitude.mean())
    above = _transmittance_above(thermal, lines, middle)
    emitted = thermal.air.at(thermal.emitted, middle)
    missing = np.zeros((len(THERMAL), lines.latitude.size), np.float32)
    for number, name in enumerate(THERMAL):
        source = emitted[:, number] * above[number]
        through = np.ones_like(lines.cos_view)
        phases: tuple[tuple[PhaseName, Phase], ...] = (("ice", clouds.ice), ("water", clouds.water))
        for phase, cloud in phases:
            where = np.flatnonzero(cloud.depth > 0)
            of = scattering(name, phase, cloud.radius[where])
            up, down = reflectance_transmittance(
                cloud.depth[where] * of.extinction, of.asymmetry, of.albedo, lines.cos_view[where]
            )
            warmth = np.interp(cloud.altitude[where], ALTITUDE, source)
            missing[number, where] += up * through[where] * warmth
            through[where] *= down
    return missing


def _transmittance_above(thermal: Thermal, lines: Lines, latitude: float) -> Floats:
    """(channel, level): of the gases above each level, on the mean line of sight."""
    moisture, slant = float(lines.moisture.mean()), float((1 / lines.cos_view).mean())
    dry, linear, quadratic = thermal.air.at(thermal.depths, latitude)
    layers = (dry + linear * moisture + quadratic * moisture**2) * slant
    beyond = thermal.air.at(thermal.above, latitude) * slant
    depth = np.cumsum(layers[::-1], axis=0)[::-1] - layers / 2 + beyond
    return np.asarray(thermal.share @ np.exp(-depth).T, np.float32)

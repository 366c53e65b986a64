"""Cloud layers: fractal optical thickness and temperature, by height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nephoscope.simulate.fractal import FloatArray, fractal
from nephoscope.simulate.sky.air import SKY_SHAPE, ClearSky, radiance

EMISSIVITY_LIMIT = 0.1
"""Cloud is where the emissivity of all layers together is above this (optical depth 0.105)."""
# Fields are larger than a frame, so that a frame's edges do not meet and clouds can drift in.
FIELD = (SKY_SHAPE[0] * 3 // 2, SKY_SHAPE[1] * 3 // 2)


@dataclass(frozen=True)
class Kind:
    """Properties of a kind of cloud; pairs are ranges to draw from.

    Attributes:
        below_air: how much colder than the air near the ground, K.
        thickness: optical thickness of a well-developed part, drawn by its logarithm.
        cover: share of the sky.
        slope: exponent of the fractal spectrum: smaller is rougher.
        largest: size of the largest feature, pixels at half resolution.
        stretch: how many times longer than wide.
        texture: standard deviation of the temperature within the layer, K, by its logarithm.
    """

    below_air: tuple[float, float]
    thickness: tuple[float, float]
    cover: tuple[float, float]
    slope: tuple[float, float]
    largest: tuple[float, float]
    stretch: tuple[float, float]
    texture: tuple[float, float]


KINDS = {
    "cumulus": Kind((2, 14), (0.7, 8), (0.1, 0.95), (1.9, 2.5), (80, 600), (1, 1.5), (1, 5)),
    "stratus": Kind((1, 12), (6, 30), (1, 1), (1.3, 2.0), (100, 600), (1, 2), (0.15, 3)),
    "altocumulus": Kind((15, 32), (0.4, 4), (0.3, 1), (1.5, 2.0), (30, 150), (1, 2), (0.5, 2)),
    "cirrus": Kind((35, 60), (0.15, 1.5), (0.2, 1), (1.6, 2.1), (100, 600), (2, 5), (0.5, 2)),
}
_SHARES = (0.35, 0.25, 0.2, 0.2)


@dataclass(frozen=True)
class Layer:
    """One drawn layer.

    Attributes:
        kind: name in `KINDS`.
        temperature: mean, K.
        thickness: optical thickness scale.
        cover: share of the sky that has any of it.
        texture: standard deviation of the temperature, K.
        density: two (y, x) float32 fields between which the cloud evolves, mean 0, deviation 1.
        warmth: (y, x) float32 field of temperature, mean 0, deviation 1.
        wind: drift per second, (rows, columns) of half resolution.
    """

    kind: str
    temperature: float
    thickness: float
    cover: float
    texture: float
    density: tuple[FloatArray, FloatArray]
    warmth: FloatArray
    wind: tuple[float, float]


def draw_layers(rng: np.random.Generator, sky: ClearSky) -> list[Layer]:
    """Draw one cloud layer, or sometimes two, the higher first."""
    count = 2 if rng.random() < 0.3 else 1
    kinds = [str(rng.choice(list(KINDS), p=_SHARES)) for _ in range(count)]
    return sorted((draw_layer(rng, sky, kind) for kind in kinds), key=lambda x: x.temperature)


def draw_layer(rng: np.random.Generator, sky: ClearSky, kind: str) -> Layer:
    """Draw a layer of a kind named in `KINDS`; it is always warmer than the clear zenith."""
    known = KINDS[kind]
    slope, stretch = float(rng.uniform(*known.slope)), float(rng.uniform(*known.stretch))
    largest, angle = _log_uniform(rng, known.largest), float(rng.uniform(0, 180))
    fields = [
        fractal(rng, FIELD, slope, stretch, smallest=1.0, largest=largest, angle=angle)
        for _ in range(3)
    ]
    speed, heading = _log_uniform(rng, (0.02, 0.5)), float(rng.uniform(0, 2 * np.pi))
    return Layer(
        kind=kind,
        temperature=max(sky.air - float(rng.uniform(*known.below_air)), sky.zenith + 12),
        thickness=_log_uniform(rng, known.thickness),
        cover=float(rng.uniform(*known.cover)),
        texture=_log_uniform(rng, known.texture),
        density=(fields[0], fields[1]),
        warmth=fields[2],
        wind=(speed * np.sin(heading), speed * np.cos(heading)),
    )


def optical_thickness(layer: Layer, seconds: float = 0.0, cover: float | None = None) -> FloatArray:
    """Vertical optical thickness of a layer: (y, x) float32, half resolution.

    Args:
        layer: as drawn.
        seconds: since it was drawn; it drifts with the wind and changes its shape within an hour.
        cover: share of the sky, in place of the layer's own.
    """
    cover = layer.cover if cover is None else cover
    if cover <= 0:
        return np.zeros(SKY_SHAPE, np.float32)
    turn = 2 * np.pi * seconds / 7200
    shaped = np.cos(turn) * layer.density[0] + np.sin(turn) * layer.density[1]
    field = _window(shaped, layer.wind, seconds)
    if cover >= 1:
        return np.asarray(layer.thickness * np.exp(0.4 * field), np.float32)
    above = np.maximum(field - np.quantile(field, 1 - cover), 0)
    return np.asarray(layer.thickness * above**1.5, np.float32)


def cover_with(
    light: FloatArray, layer: Layer, thickness: FloatArray, path: FloatArray, seconds: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Radiance with a layer in front of what shines from behind it.

    Args:
        light: (y, x) float32, radiance from behind, K of change at 300 K.
        layer: gives the temperature.
        thickness: (y, x) float32, vertical optical thickness.
        path: (y, x) float32, air mass: a slanting view sees more of the cloud.
        seconds: since the layer was drawn.

    Returns:
        radiance in front of it and the layer's emissivity along the view, (y, x) float32.
    """
    emissivity = np.asarray(1 - np.exp(-thickness * path), np.float32)
    warm = layer.temperature + layer.texture * _window(layer.warmth, layer.wind, seconds)
    return light * (1 - emissivity) + emissivity * radiance(warm), emissivity


def _window(field: FloatArray, wind: tuple[float, float], seconds: float) -> FloatArray:
    """Part of a drifting field that the frame shows; the field is periodic."""
    rows, cols = (round(speed * seconds) for speed in wind)
    rolled = np.roll(field, (rows, cols), (0, 1)) if rows or cols else field
    return rolled[: SKY_SHAPE[0], : SKY_SHAPE[1]]


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))

"""One simulated frame, or a night of them: sky, clouds and camera put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.fractal import FloatArray, enlarge
from nephoscope.simulate.sky.air import COLS, ROWS, ClearSky, air_mass, clear_radiance
from nephoscope.simulate.sky.air import draw_clear_sky as _draw_sky
from nephoscope.simulate.sky.camera import Camera, Patterns, draw_camera, draw_patterns, expose
from nephoscope.simulate.sky.clouds import (
    EMISSIVITY_LIMIT,
    Layer,
    cover_with,
    draw_layer,
    draw_layers,
    optical_thickness,
)

FREEZING = 273.15  # K
SECONDS_BETWEEN = 60.0
CLEAR_SHARE = 0.5
_UNMIXED = 2**20


@dataclass(frozen=True)
class Temperatures:
    """Temperatures in the header of a frame, deg C.

    Attributes:
        ambient: outside air (`AMB-TEMP`).
        sensor: focal-plane array (`FPA-TEMP`).
        shutter: (`SHU-TEMP`).
        inside: of the housing (`IN-TEMP`).
        black_body: (`BB-TEMP`).
    """

    ambient: float
    sensor: float
    shutter: float
    inside: float
    black_body: float


@dataclass(frozen=True)
class Frame:
    """A frame with its truth.

    Attributes:
        adu: (y, x) int16, raw counts.
        emissivity: (y, x) float32, of all cloud layers together.
        sky: air and pointing.
        camera: who took it.
        temperatures: as in the header.
        kinds: names of the cloud layers; empty in clear sky.
        index: number of the frame.
        seconds: since the start of the night.
        gradient: clear-sky counts at the coldest and the warmest place of the frame, ADU.
    """

    adu: NDArray[np.int16]
    emissivity: FloatArray
    sky: ClearSky
    camera: Camera
    temperatures: Temperatures
    kinds: tuple[str, ...]
    index: int
    seconds: float
    gradient: tuple[float, float]

    @property
    def mask(self) -> NDArray[np.uint8]:
        """(y, x) uint8, 1 where the emissivity is above `EMISSIVITY_LIMIT`."""
        return (self.emissivity > EMISSIVITY_LIMIT).astype(np.uint8)

    @property
    def cover(self) -> float:
        """Share of the frame that is cloud, 0..1."""
        return float(self.mask.mean())


def simulate_frame(seed: int, index: int, cloudy: bool | None = None) -> Frame:
    """Simulate one frame of a camera, sky and temperature of its own.

    Args:
        seed: of the whole set.
        index: number of the frame, from 0; the frame depends on nothing but seed and index.
        cloudy: whether there is cloud; drawn by default.
    """
    rng = np.random.default_rng((seed, index, _UNMIXED))
    camera, temperatures = draw_camera(rng), _draw_temperatures(rng)
    sky = _draw_sky(rng, temperatures.ambient + FREEZING)
    has_cloud = bool(rng.random() > CLEAR_SHARE)
    if cloudy is not None:
        has_cloud = cloudy
    layers = draw_layers(rng, sky) if has_cloud else []
    covers = [layer.cover for layer in layers]
    taking = _Taking(sky, camera, draw_patterns(camera), temperatures)
    return taking.frame(rng, layers, covers, index, index * SECONDS_BETWEEN, 0.0)


def simulate_night(seed: int, frames: int) -> Iterator[Frame]:
    """Simulate successive frames of one camera: clear sky, clouds that come, thicken and go.

    Args:
        seed: of the night.
        frames: how many, a minute apart; the night has as many clear as cloudy hours.
    """
    rng = np.random.default_rng((seed, _UNMIXED))
    camera, first = draw_camera(rng), _draw_temperatures(rng)
    sky = _draw_sky(rng, first.ambient + FREEZING)
    patterns = draw_patterns(camera)
    layers = [draw_layer(rng, sky, kind) for kind in ("cirrus", "cumulus")]
    for index in range(frames):
        phase = index / max(frames - 1, 1)
        high = float(np.clip(2.2 * np.sin(2 * np.pi * (phase - 0.15)), 0, 1))
        low = float(np.clip(1.6 * np.sin(2 * np.pi * (phase - 0.3)), 0, 1.05))
        seconds = index * SECONDS_BETWEEN
        taking = _Taking(sky, camera, patterns, _cooler(first, seconds, rng))
        present = [(x, c) for x, c in zip(layers, (high, low), strict=True) if c > 0.02]
        yield taking.frame(
            rng, [x for x, _ in present], [c for _, c in present], index, seconds, seconds
        )


@dataclass(frozen=True)
class _Taking:
    """Sky, camera and temperatures of a frame: everything but the clouds."""

    sky: ClearSky
    camera: Camera
    patterns: Patterns
    temperatures: Temperatures

    def frame(
        self,
        rng: np.random.Generator,
        layers: list[Layer],
        covers: list[float],
        index: int,
        seconds: float,
        age: float,
    ) -> Frame:
        """Frame of `layers` of these covers, `age` seconds after they were drawn."""
        path = air_mass(self.sky)
        light = clear_radiance(self.sky, path)
        span = float(light.min()), float(light.max())
        through = np.ones_like(light)
        for layer, cover in zip(layers, covers, strict=True):
            thickness = optical_thickness(layer, age, cover)
            light, emissivity = cover_with(light, layer, thickness, path, age)
            through *= 1 - emissivity
        too_warm = self.temperatures.sensor - self.temperatures.shutter
        adu = expose(self.camera, self.patterns, light, too_warm, rng)
        # Bicubic enlargement overshoots at sharp edges.
        emissivity = np.clip(enlarge(1 - through, (ROWS, COLS)), 0, 1)
        kinds = tuple(layer.kind for layer in layers)
        return Frame(adu, emissivity, self.sky, self.camera, self.temperatures, kinds, index,
                     seconds, self._counts(span))  # fmt: skip

    def _counts(self, span: tuple[float, float]) -> tuple[float, float]:
        camera = self.camera
        low, high = (camera.scale * (camera.gain * v + camera.bias) + camera.offset for v in span)
        return low, high


def _draw_temperatures(rng: np.random.Generator) -> Temperatures:
    ambient = float(rng.uniform(-12, 25))
    shutter = ambient + float(rng.normal(-0.2, 0.5))
    return Temperatures(
        ambient=ambient,
        sensor=shutter + float(rng.normal(0.6, 0.4)),
        shutter=shutter,
        inside=ambient + float(rng.uniform(2, 5)),
        black_body=shutter + float(rng.normal(0, 0.2)),
    )


def _cooler(first: Temperatures, seconds: float, rng: np.random.Generator) -> Temperatures:
    """Half a degree colder every hour; the sensor wanders between two flat-field corrections."""
    drop = -0.5 * seconds / 3600
    wander = float(rng.normal(0, 0.1))
    return Temperatures(
        first.ambient + drop,
        first.sensor + drop + wander,
        first.shutter + drop,
        first.inside + drop,
        first.black_body + drop,
    )

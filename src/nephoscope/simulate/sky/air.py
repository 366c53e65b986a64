"""Clear-sky radiance: what the air between camera and space emits, by zenith angle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nephoscope.simulate.fractal import AnyFloats, FloatArray

ROWS, COLS = 512, 640
# Half resolution: optics blur the sky over two pixels and more, and it is four times faster.
SKY_SHAPE = (ROWS // 2, COLS // 2)
DEGREES_PER_PIXEL = float(np.degrees(17e-6 / 60e-3))  # 17 um pixels behind a 60 mm lens
REFERENCE = 300.0  # K
# Planck's law between 8 and 14 um is close to a power of the temperature near 250 K: the exponent
# is c2 / (wavelength x temperature) = 14388 um K / (11 um x 260 K).
EXPONENT = 5.0
KELVIN_PER_RADIANCE = REFERENCE / EXPONENT


def radiance(temperature: AnyFloats | float) -> FloatArray:
    """Radiance of a black body at `temperature` (K), in kelvin of change at 300 K, float32."""
    ratio = np.asarray(temperature, np.float32) / np.float32(REFERENCE)
    return np.asarray(np.float32(KELVIN_PER_RADIANCE) * ratio**EXPONENT, np.float32)


@dataclass(frozen=True)
class ClearSky:
    """Air and pointing.

    Attributes:
        air: temperature near the ground, K.
        zenith: brightness temperature of the clear zenith, K.
        pointing: zenith angle of the frame's centre, degrees.
        roll: direction in the frame in which the zenith angle grows, degrees from +x to +y.
        zoom: factor on the frame's field of view, 1 for the real lens.
        shear: columns added to x for each row of y.
    """

    air: float
    zenith: float
    pointing: float
    roll: float
    zoom: float = 1.0
    shear: float = 0.0

    @property
    def augmented(self) -> bool:
        """Whether the gradient was zoomed or sheared, as the `AUGMENT` keyword says."""
        return self.zoom != 1.0 or self.shear != 0.0


def draw_clear_sky(rng: np.random.Generator, air: float) -> ClearSky:
    """Draw a sky above air of temperature `air` (K): dry to moist, zenith to low."""
    augment = rng.random() < 0.5
    return ClearSky(
        air=air,
        zenith=min(float(rng.uniform(195, 235)), air - 25),
        pointing=float(rng.uniform(0, 60)),
        roll=float(rng.uniform(-180, 180)),
        zoom=float(rng.uniform(1, 2)) if augment else 1.0,
        shear=float(rng.uniform(-0.2, 0.2)) if augment else 0.0,
    )


def air_mass(sky: ClearSky) -> FloatArray:
    """Slant path through the air in units of the vertical one: (y, x) float32, half resolution."""
    rows, cols = SKY_SHAPE
    y, x = np.mgrid[:rows, :cols].astype(np.float32)
    y, x = y - (rows - 1) / 2, x - (cols - 1) / 2
    x = x + np.float32(sky.shear) * y
    roll = np.radians(sky.roll)
    along = (x * np.cos(roll) + y * np.sin(roll)) * (2 * DEGREES_PER_PIXEL / sky.zoom)
    angle = np.clip(np.abs(sky.pointing + along), 0, 80)
    return np.asarray(1 / np.cos(np.radians(angle)), np.float32)


def clear_radiance(sky: ClearSky, path: FloatArray) -> FloatArray:
    """Radiance of the clear sky: it grows with the slant `path` towards that of warm air.

    Args:
        sky: air and pointing.
        path: (y, x) float32, as `air_mass` gives it.

    Returns:
        (y, x) float32, K of change at 300 K.
    """
    warm, cold = float(radiance(sky.air)), float(radiance(sky.zenith))
    transparent = np.float32(1 - cold / warm)
    return np.asarray(warm * (1 - transparent**path), np.float32)

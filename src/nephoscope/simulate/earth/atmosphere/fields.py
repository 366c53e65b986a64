"""Fractal fields that drift with the wind and turn over: the texture of everything in the air."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nephoscope.simulate.earth.seeds import stream
from nephoscope.simulate.fractal import enlarge

Floats = NDArray[np.float32]
Waves = NDArray[np.complex64]
SLOPE = 4 / 3
"""Of the amplitude over wavenumber in two dimensions: a -5/3 spectrum along a line."""


@dataclass(frozen=True)
class Texture:
    """Spectrum, drift and lifetime of a field, in metres.

    Args:
        outer: beyond this size the spectrum is flat; unused where there is a ring.
        inner: features smaller than this are damped.
        slope: amplitude falls as wavenumber to minus this.
        stretch: features are this many times longer along `angle`.
        angle: degrees from east towards north.
        ring: if above 0, only waves near this length: a pattern of cells.
        dissipation: of kinetic energy, m2 s-3, which sets how fast a size turns over; 1e-4 is
            usual for the free troposphere, 1e-3 for convection.
    """

    outer: float = 1e5
    inner: float = 0.0
    slope: float = SLOPE
    stretch: float = 1.0
    angle: float = 0.0
    ring: float = 0.0
    dissipation: float = 1e-4


@dataclass(frozen=True)
class Field:
    """A Gaussian field of mean 0 and standard deviation 1 on square columns, evolving in time.

    A mode of size l drifts with the wind and turns its phase at a rate of its own, drawn from a
    normal distribution of width (dissipation / l^2)^(1/3), the turnover of an eddy of its size
    (Kolmogorov 1941): so the correlation of each size decays as a Gaussian in time, the spectrum
    stays, and every time can be had without those before.

    Args:
        texture: its spectrum.
        shape: rows, columns that are wanted.
        spacing: width of a column, m.
        seed: of the realisation.
        name: fields of other names are independent.
    """

    texture: Texture
    shape: tuple[int, int]
    spacing: float
    seed: int
    name: str

    def at(self, seconds: float, wind: tuple[float, float] = (0.0, 0.0)) -> Floats:
        """The field (row, col) float32 some seconds after the start.

        Args:
            seconds: since the start.
            wind: eastward and northward, m s-1, at which it drifts.
        """
        waves, rates = self._modes
        if seconds:
            waves = waves * np.exp(np.complex64(1j * seconds) * rates)
            waves *= self._drift(wind[0] * seconds, wind[1] * seconds)
        field = scipy.fft.irfft2(waves, s=self._period, overwrite_x=bool(seconds))
        rows, cols = (-(-size // self._step) for size in self.shape)
        coarse = np.ascontiguousarray(field[:rows, :cols])
        large = enlarge(coarse, (rows * self._step, cols * self._step))
        return np.ascontiguousarray(large[: self.shape[0], : self.shape[1]])

    @cached_property
    def _step(self) -> int:
        """Columns per cell of the grid it is drawn on: as coarse as its smallest features allow."""
        return max(1, int(self.texture.inner / (2.5 * self.spacing)))

    @cached_property
    def _period(self) -> tuple[int, int]:
        cell = self._step * self.spacing
        least = 2 * max(self.texture.outer, self.texture.ring) / cell
        rows, cols = (
            scipy.fft.next_fast_len(int(max(-(-size // self._step) + 8, least)), real=True)
            for size in self.shape
        )
        return rows, cols

    @cached_property
    def _modes(self) -> tuple[Waves, Floats]:
        """Amplitudes at the start, and the rate at which each turns (radians per second)."""
        rng = stream(self.seed, self.name)
        period, cell, kind = self._period, self._step * self.spacing, self.texture
        ky = (scipy.fft.fftfreq(period[0]) / cell)[:, None]
        kx = (scipy.fft.rfftfreq(period[1]) / cell)[None]
        turned = np.deg2rad(kind.angle)
        along, across = (
            np.cos(turned) * kx - np.sin(turned) * ky,
            np.sin(turned) * kx + np.cos(turned) * ky,
        )
        square = across**2 + (along * kind.stretch) ** 2
        if kind.ring:
            ring = max(kind.ring, 3 * cell)
            amplitude = np.exp(-((np.sqrt(square) * ring - 1) ** 2) / (2 * 0.25**2))
        else:
            amplitude = (square + kind.outer**-2) ** (-kind.slope / 2)
        amplitude *= np.exp(-square * (kind.inner / 2) ** 2)
        amplitude[0, 0] = 0
        white = rng.standard_normal(period, np.float32)
        waves = scipy.fft.rfft2(white) * amplitude.astype(np.float32)
        # Each column but the first stands for its mirror image too.
        power = 2 * (amplitude**2).sum() - (amplitude[:, 0] ** 2).sum()
        waves *= np.float32(np.sqrt(period[0] * period[1] / power))
        rates = rng.standard_normal(amplitude.shape, np.float32)
        rates *= ((kx**2 + ky**2) ** (1 / 3) * kind.dissipation ** (1 / 3)).astype(np.float32)
        rates[-1 : period[0] // 2 : -1, 0] = -rates[1 : (period[0] + 1) // 2, 0]
        return waves.astype(np.complex64), rates

    def _drift(self, east: float, north: float) -> Waves:
        """Phases of a shift in metres."""
        cell = self._step * self.spacing
        down = np.exp(2j * np.pi * scipy.fft.fftfreq(self._period[0]) * north / cell)
        right = np.exp(-2j * np.pi * scipy.fft.rfftfreq(self._period[1]) * east / cell)
        return np.asarray(down[:, None] * right, np.complex64)

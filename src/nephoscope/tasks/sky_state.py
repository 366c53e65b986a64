"""The `sky_state` task: is the sky of a thermal frame clear or cloudy, or can it not be known?

Texture above the camera's own noise and pattern is cloud. A frame without any is either clear sky
or an even overcast: no single frame of unknown level tells them apart. So `clear` is said only of
frames whose camera's temperatures are known and steady, and a clear-sky reference, where there is
one, decides. Everything else is `unknown`, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["clear", "cloudy", "unknown"]
UNKNOWN, CLEAR, CLOUDY = -1, 0, 1

EXCESS_LIMIT = 5.0
"""Frames this many times the scatter of clear ones above the clear reference are cloudy."""
DRIFT_LIMIT = 5.0
"""K between sensor and shutter beyond which the camera's pattern is no longer the corrected one."""


@dataclass(frozen=True)
class CameraTemperatures:
    """What a frame's header says of its camera, deg C; NaN where it does not.

    Attributes:
        sensor: focal-plane array.
        ambient: outside air.
        shutter: of the last flat-field correction.
        wrong: what its header holds in place of a temperature, in words.
    """

    sensor: float = math.nan
    ambient: float = math.nan
    shutter: float = math.nan
    wrong: str = ""

    @property
    def doubt(self) -> str | None:
        """Why these temperatures do not vouch for the camera; None where they do."""
        if self.wrong:
            return self.wrong
        if not (math.isfinite(self.sensor) and math.isfinite(self.ambient)):
            return "the camera's temperatures are not known"
        drift = abs(self.sensor - self.shutter)
        if drift > DRIFT_LIMIT:
            return f"the sensor is {drift:.1f} K from its shutter: its pattern is not corrected"
        return None


def temperatures_of(attrs: Mapping[Any, Any]) -> CameraTemperatures:
    """The temperatures in the attributes of a sky Scene."""
    sensor, ambient, shutter = (
        float(attrs.get(f"{name}_temperature", math.nan)) for name in ("fpa", "ambient", "shutter")
    )
    return CameraTemperatures(sensor, ambient, shutter, str(attrs.get("temperature_note", "")))


@dataclass(frozen=True)
class Band:
    """Probabilities between which nothing is said.

    Attributes:
        clear_below: a frame may be clear at or below it.
        cloudy_above: a frame is cloudy at or above it.
    """

    clear_below: float
    cloudy_above: float


@dataclass(frozen=True)
class Verdict:
    """What is said of a frame.

    Attributes:
        state: "clear", "cloudy" or "unknown".
        p_cloudy: probability of cloud, 0..1; NaN where there is no evidence either way.
        note: why.
    """

    state: State
    p_cloudy: float
    note: str


def decide(
    probability: float | None,
    band: Band,
    temperatures: CameraTemperatures,
    excess: float | None = None,
) -> Verdict:
    """Say what is known of a frame.

    Args:
        probability: of cloud, from texture; None of a frame in which there is nothing to see.
        band: of the model.
        temperatures: of the camera, from the header.
        excess: of the frame's median over its camera's clear-sky reference, in units of the
            scatter of clear frames about it; None without a reference.
    """
    if probability is None:
        return Verdict("unknown", math.nan, "no picture: constant, without noise or mostly missing")
    if probability >= band.cloudy_above:
        return Verdict("cloudy", probability, "texture of cloud")
    if excess is not None and temperatures.doubt is None:
        return _against_reference(probability, excess, band)
    if probability > band.clear_below:
        return Verdict("unknown", probability, "faint texture: thin cloud or the camera's pattern")
    if temperatures.doubt is not None:
        return Verdict("unknown", math.nan, f"featureless, and {temperatures.doubt}")
    note = "no texture of cloud; without a clear reference an even overcast cannot be excluded"
    return Verdict("clear", probability, note)


def _against_reference(probability: float, excess: float, band: Band) -> Verdict:
    if excess > EXCESS_LIMIT:
        return Verdict("cloudy", 1.0, "warmer than this camera's clear sky")
    if excess < -EXCESS_LIMIT:
        return Verdict("unknown", math.nan, "colder than this camera's clear sky: wrong reference?")
    if probability > band.clear_below:
        return Verdict("unknown", probability, "as warm as clear sky, with faint texture")
    return Verdict("clear", probability, "no texture, as warm as this camera's clear sky")

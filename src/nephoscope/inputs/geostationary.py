"""Features of an imager that looks from one place by day and by night.

One rule holds at every hour, for samples and for scenes alike: what the Sun lights fades out in
twilight, and what it spoils fades in behind it, with both weights at hand as features. What a
pixel lacks is filled with what is usual, and a flag says so.

| feature | is |
|---|---|
| temperature_IR_108 | brightness temperature, K |
| IR_108-IR_120 | difference of two, K |
| sunlit | 1 while the Sun is less than 75 degrees from the zenith, 0 from 85 on |
| sunlit_VIS006 | reflectance (% / 100 / cosine of the Sun's zenith angle), times `sunlit` |
| sunlit_measured_VIS006 | `sunlit`, 0 where the channel is missing |
| sunlit_relative_azimuth | cosine of the angle from the Sun's azimuth to the satellite's, faded |
| dark | 0 while the Sun is less than 85 degrees from the zenith, 1 from 95 on |
| dark_IR_039-IR_108 | difference of two, times `dark`: by day the first has a solar part |
| measured_IR_108 | 1 where the channel was measured, else 0 |
| parallax_x, parallax_y | columns, rows by which cloud is displaced for each km of height |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.view import Bools, Feature, Fill, FloatArray, View

SUNLIT_UNTIL, SUN_IS_WEAK, DARK_FROM = 75.0, 85.0, 95.0
"""Zenith angles of the Sun, degrees: below the first its light counts in full, beyond the second
not at all; from the third on nothing of a column is lit."""
TYPICAL = {
    "IR_039": 286.0, "WV_062": 237.0, "WV_073": 255.0, "IR_087": 278.0, "IR_097": 263.0,
    "IR_108": 280.0, "IR_120": 278.0, "IR_134": 260.0,
}  # fmt: skip
"""Mean brightness temperatures of real pictures, K; they stand in for what is missing."""
NAMED = (
    "temperature_<channel>, <channel>-<channel>, sunlit, sunlit_<channel>, "
    "sunlit_measured_<channel>, dark, dark_<channel>-<channel>, measured_<channel>"
)
"""What there is, for messages."""
_USUAL = 270.0  # of a channel that nobody knows
_LEAST_COSINE = np.float32(np.cos(np.deg2rad(80)))  # a lower Sun would blow up noise
_BRIGHTEST = 1.5
_SPREAD = 20.0  # K: of cold cloud the short waves are but noise
_SUN, _FROM, _TO = "solar_zenith", "solar_azimuth", "satellite_azimuth"

Values = npt.NDArray[Any]


def feature_of(name: str) -> Feature | None:
    """A feature of this module by its name; None of any other name."""
    if name in _PLAIN:
        return _PLAIN[name]
    for prefix, made in _OF_CHANNELS.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return made(name.removeprefix(prefix))
    return _difference(name) if "-" in name else None


def sunlit(zenith: Values) -> Values:
    """Weight of what the Sun lights, 0..1; 0 where its zenith angle (degrees) is not known."""
    span = np.float32(SUN_IS_WEAK - SUNLIT_UNTIL)
    return np.asarray(np.nan_to_num(((np.float32(SUN_IS_WEAK) - zenith) / span).clip(0, 1)))


def dark(zenith: Values) -> Values:
    """Weight of what the Sun would spoil, 0..1; 0 where its zenith angle (degrees) is not known."""
    span = np.float32(DARK_FROM - SUN_IS_WEAK)
    return np.asarray(np.nan_to_num(((zenith - np.float32(SUN_IS_WEAK)) / span).clip(0, 1)))


def typical(channel: str) -> float:
    """Brightness temperature that stands in for a missing one, K."""
    return TYPICAL.get(channel, _USUAL)


def _temperature(channel: str) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = view.channel(channel)
        target[np.isnan(target)] = typical(channel)

    return Feature(fill, (channel,))


def _difference(pair: str) -> Feature:
    first, second = pair.split("-", 1)
    usual = typical(first) - typical(second)

    def fill(view: View, _: Bools, target: FloatArray) -> None:
        np.subtract(view.channel(first), view.channel(second), out=target)
        target[np.isnan(target)] = usual

    return Feature(fill, (first, second))


def _sunlit(channel: str) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        zenith = view.channel(_SUN)
        cosine = np.maximum(np.cos(np.deg2rad(zenith)), _LEAST_COSINE)
        reflectance = (view.channel(channel) / (100 * cosine)).clip(0, _BRIGHTEST)
        target[...] = np.nan_to_num(reflectance) * sunlit(zenith)

    return Feature(fill, (channel, _SUN))


def _sunlit_measured(channel: str) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = np.isfinite(view.channel(channel)) * sunlit(view.channel(_SUN))

    return Feature(fill, (channel, _SUN), fixed=True)


def _dark(pair: str) -> Feature:
    plain, (first, second) = _difference(pair), pair.split("-", 1)

    def fill(view: View, known: Bools, target: FloatArray) -> None:
        plain.fill(view, known, target)
        np.clip(target, -_SPREAD, _SPREAD, out=target)
        target *= dark(view.channel(_SUN))

    return Feature(fill, (first, second, _SUN))


def _measured(channel: str) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = np.isfinite(view.channel(channel))

    return Feature(fill, (channel,), fixed=True)


def _weight(function: Callable[[Values], Values]) -> Feature:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        target[...] = function(view.channel(_SUN))

    return Feature(fill, (_SUN,), fixed=True)


def _relative_azimuth(view: View, _: Bools, target: FloatArray) -> None:
    between = np.cos(np.deg2rad(view.channel(_TO) - view.channel(_FROM)))
    target[...] = np.nan_to_num(between) * sunlit(view.channel(_SUN))


def _displaced(function: Callable[[FloatArray], FloatArray], sign: int) -> Fill:
    def fill(view: View, _: Bools, target: FloatArray) -> None:
        along = function(np.deg2rad(view.channel("parallax_azimuth"), dtype=np.float32))
        target[...] = np.nan_to_num(sign * view.channel("parallax") * along)

    return fill


_OF_CHANNELS: Mapping[str, Callable[[str], Feature]] = {
    "temperature_": _temperature,
    "measured_": _measured,
    "sunlit_measured_": _sunlit_measured,
    "sunlit_": _sunlit,
    "dark_": _dark,
}
_DISPLACED = ("parallax", "parallax_azimuth")
_PLAIN: Mapping[str, Feature] = {
    "sunlit": _weight(sunlit),
    "dark": _weight(dark),
    "sunlit_relative_azimuth": Feature(_relative_azimuth, (_SUN, _FROM, _TO), fixed=True),
    "parallax_x": Feature(_displaced(np.sin, 1), _DISPLACED, fixed=True),
    "parallax_y": Feature(_displaced(np.cos, -1), _DISPLACED, fixed=True),
}

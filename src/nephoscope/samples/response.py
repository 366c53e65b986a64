"""Random changes of channels by name: other responses, channels lost, the Sun in twilight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nephoscope.arguments import listed
from nephoscope.errors import UsageError
from nephoscope.inputs import View
from nephoscope.inputs.geostationary import DARK_FROM, SUN_IS_WEAK, SUNLIT_UNTIL
from nephoscope.recipe import Augmentation
from nephoscope.recipe.response import Response, Twilight

SUN = "solar_zenith"
"""Channel of the zenith angle of the Sun, degrees."""
_LEAST_COSINE = 0.05  # of a Sun that lights a channel at all

FloatArray = npt.NDArray[np.float32]


def check_changes(
    settings: Augmentation, channels: Sequence[str], turns: Sequence[str] = ()
) -> None:
    """The channels that a recipe changes by name are there, and are no angles.

    Args:
        settings: the recipe's augmentation.
        channels: names of the samples' channels, as far as the recipe reads them.
        turns: how each changes when the picture is turned; see `View.turns`.

    Raises:
        UsageError: they are not.
    """
    angles = {name for name, turn in zip(channels, turns, strict=False) if turn}
    wanted = settings.changed | ({SUN} if settings.twilight else set())
    wanted |= {each.like for each in settings.response.values() if each.like}
    if unknown := sorted(wanted - {*channels} | wanted & angles):
        raise UsageError(
            f"training.augmentation: {listed(unknown)} cannot be changed; the features read "
            f"{listed(channels)}"
        )


def change_channels(view: View, settings: Augmentation, rng: np.random.Generator) -> FloatArray:
    """The image of a window, float32, as it could have been measured as well.

    Args:
        view: the window.
        settings: what may change, and by how much.
        rng: where the draws come from; their number is always the same.
    """
    image = np.array(view.image, np.float32)
    plane = dict(zip(view.channels, image, strict=True))
    if settings.twilight:
        _lower_sun(plane, settings.twilight, rng)
    steepness = {name: max(0.0, rng.uniform(-1, 1)) for name in settings.response}
    for name, response in settings.response.items():
        _respond(plane[name], response, steepness.get(response.like or name, 0.0), rng)
    for dropped in settings.drop_channels:
        lost = rng.random(len(dropped.channels)) < dropped.share
        for number, name in enumerate(dropped.channels):
            if lost[0 if dropped.together else number]:
                plane[name][...] = np.nan
    return image


def _respond(
    plane: FloatArray, response: Response, steepness: float, rng: np.random.Generator
) -> None:
    gain, offset = rng.uniform(*response.gain), response.offset * rng.uniform(-1, 1)
    if response.above is not None:
        beyond = np.maximum(plane - np.float32(response.above), 0)
        plane += np.float32((response.slope - 1) * steepness) * beyond
    plane *= np.float32(gain)
    plane += np.float32(offset)


def reach(
    responses: Mapping[str, Response], name: str, low: float, high: float
) -> tuple[float, float]:
    """Least and greatest value that the response of a channel can make of values within a span.

    Args:
        responses: how channels may change, by name.
        name: of the channel; it may be none of those.
        low: least value before, channel unit.
        high: greatest value before.
    """
    if name not in responses:
        return low, high
    response = responses[name]
    if response.above is not None and (response.like or name) in responses:
        high += (response.slope - 1) * max(high - response.above, 0.0)
    least = min(low * gain for gain in response.gain) - response.offset
    return least, max(high * gain for gain in response.gain) + response.offset


def _lower_sun(plane: dict[str, FloatArray], twilight: Twilight, rng: np.random.Generator) -> None:
    """Move the Sun of a crop by day into its last light, and of one by night into its first."""
    drawn, part = rng.random(), rng.random()
    sun = plane[SUN]
    usual = float(np.nanmedian(sun)) if np.isfinite(sun).any() else np.nan
    if usual < SUNLIT_UNTIL:
        low, high = SUNLIT_UNTIL, SUN_IS_WEAK
    elif usual > DARK_FROM:
        low, high = SUN_IS_WEAK, DARK_FROM
    else:
        return
    if drawn >= twilight.share:
        return
    before = np.cos(np.deg2rad(sun))
    sun += np.float32(low + part * (high - low) - usual)
    after = np.cos(np.deg2rad(sun))
    factor = np.maximum(after, _LEAST_COSINE) / np.maximum(before, _LEAST_COSINE)
    for name in twilight.channels:
        plane[name] *= factor

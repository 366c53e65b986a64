"""Augmentation: random changes of a training window, to what could as well have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError
from nephoscope.grids.blocks import Blocks
from nephoscope.inputs import View
from nephoscope.inputs.directional import split_view
from nephoscope.recipe import Augmentation, Recipe
from nephoscope.samples.part import Part
from nephoscope.samples.response import change_channels, check_changes
from nephoscope.samples.truth import LabelOrPoints, flip_truth, turn_truth

TONES = ("gamma", "desaturate", "saturate", "exposure", "haze", "contrast", "colour_blur")
"""Changes of colour that another camera would make to the same sky."""


def check_augmentation(part: Part, recipe: Recipe, crop: tuple[int, int]) -> None:
    """Samples stay what they are under the changes of a recipe.

    A turn or warp would leave the latitude and longitude of pixels behind, and what is known of
    their place; another curve of colour the background. For counts a curve of colour means nothing.

    Args:
        part: the samples.
        recipe: names the changes.
        crop: rows and columns of a crop.

    Raises:
        UsageError: they do not.
    """
    settings = recipe.training.augmentation
    placed = part.placed or part.background is not None or part.limits is not None
    turned = [("quarter_turns", settings.quarter_turns), ("warp.share", settings.warp.share)]
    toned = [(name, getattr(settings, name)) for name in TONES]
    for name, wanted in [*turned, *toned]:
        if wanted and placed:
            raise UsageError(
                f"training.augmentation.{name}: is for a camera's frames alone, these samples have "
                "a place on a map or a background, which would not go with it"
            )
    for name, wanted in toned:
        if wanted and part.image.dtype != np.uint8:
            raise UsageError(f"training.augmentation.{name}: is for colour, these are counts")
    jittered = [("colour_jitter", settings.colour_jitter), ("noise", settings.noise)]
    for name, wanted in jittered:
        if wanted and any(part.turns):
            raise UsageError(f"training.augmentation.{name}: would change angles as well")
    if settings.drop_nadir and not any(name.startswith("thetav_") for name in part.channels):
        raise UsageError("training.augmentation.drop_nadir: no feature reads the angles thetav")
    check_changes(settings, part.channels, part.turns)
    if settings.warp.share and part.truth != "pixels":
        raise UsageError("training.augmentation.warp.share: is for labels of pixels alone")
    if settings.quarter_turns and crop[0] != crop[1]:
        raise UsageError(f"training.augmentation.quarter_turns: the crop {crop} is not square")


def augment(
    view: View, truth: LabelOrPoints, settings: Augmentation, rng: np.random.Generator
) -> tuple[View, LabelOrPoints]:
    """Draw the recipe's random changes and apply them.

    Args:
        view: the window.
        truth: of it.
        settings: probabilities and strengths.
        rng: where the draws come from; the number of draws is always the same.
    """
    flip_x, flip_y, no_background, no_position = rng.random(4)
    quarters = int(rng.integers(4)) if settings.quarter_turns else 0
    flipped = settings.flip_x and flip_x < 0.5, settings.flip_y and flip_y < 0.5
    view, truth = move(view, truth, *flipped, quarters)
    if settings.colour_share >= 1 or rng.random() < settings.colour_share:
        toned = any(getattr(settings, name) for name in TONES)
        if toned:
            view = change_tone(view, settings, rng)
        if settings.colour_jitter or settings.noise:
            gains = 1 + settings.colour_jitter * rng.uniform(-1, 1, len(view.channels))
            view = change_gain(view, dict(zip(view.channels, gains.tolist(), strict=True)))
            view = add_noise(view, settings.noise, rng)
        if toned:
            # A camera has no number above its white, and black is not missing.
            view = replace(view, image=_as_float(view).clip(1, 255))
    if settings.drop_views or settings.drop_nadir:
        view = drop_views(view, settings, rng)
    if settings.changed:
        view = replace(view, image=change_channels(view, settings, rng))
    if no_background < settings.drop_background:
        view = replace(view, background=None)
    return replace(view, position=bool(no_position >= settings.drop_position)), truth


def flip(view: View, truth: LabelOrPoints, axis: int) -> tuple[View, LabelOrPoints]:
    """Mirror a window along x (axis -1) or y (axis -2); see `move`."""
    return move(view, truth, axis == -1, axis == -2, 0)


def turn(view: View, truth: LabelOrPoints, quarters: int) -> tuple[View, LabelOrPoints]:
    """Turn a square window by quarters of a full turn, anticlockwise; see `move`."""
    return move(view, truth, False, False, quarters)


def move(
    view: View, truth: LabelOrPoints, flip_x: bool, flip_y: bool, quarters: int
) -> tuple[View, LabelOrPoints]:
    """Mirror a window along x, then along y, then turn it anticlockwise; all of it goes along.

    What the channels say is then what would be seen of a mirrored or turned world (see
    `View.turns`), and what is known of the truth's places is exact. Of a window that is turned the
    latitude of rows and longitude of columns are left behind; those of pixels are not.

    Args:
        view: the window; a square if it is turned.
        truth: of it.
        flip_x: whether to mirror it along x.
        flip_y: whether to mirror it along y.
        quarters: of a full turn.
    """
    for flipped, axis in ((flip_x, -1), (flip_y, -2)):
        if flipped:
            view, truth = _flipped(view, axis), flip_truth(truth, axis, view.known.shape)
    if quarters % 4:
        view = _rotated(view, quarters)
        truth = turn_truth(truth, quarters, len(view.known))
    return replace(view, image=_seen_moved(view, flip_x, flip_y, quarters)), truth


def _flipped(view: View, axis: int) -> View:
    """The window mirrored, but for what its channels say."""
    moved: dict[str, Any] = {}
    for name, mine in (("latitude", -2), ("longitude", -1)):
        places = getattr(view, name)
        if places.ndim > 1 or mine == axis:
            moved[name] = np.flip(places, axis if places.ndim > 1 else 0)
    for name in ("image", "known", "background", "limit"):
        values = getattr(view, name)
        moved[name] = None if values is None else np.flip(values, axis)
    if view.per_km is not None:
        # What leads aside leads to the other side.
        signs = np.array([[1, -1], [-1, 1]], np.float32)[..., None, None]
        moved["per_km"] = np.flip(view.per_km, axis) * signs
    return replace(view, **moved)


def _rotated(view: View, quarters: int) -> View:
    """The window turned, but for what its channels say."""
    moved: dict[str, Any] = {
        "image": np.rot90(view.image, quarters, (-2, -1)),
        "known": np.rot90(view.known, quarters),
    }
    if view.latitude.ndim > 1:
        moved["latitude"] = np.rot90(view.latitude, quarters)
        moved["longitude"] = np.rot90(view.longitude, quarters)
    if view.per_km is not None:
        per_km = np.rot90(view.per_km, quarters, (-2, -1))
        for _ in range(quarters % 4):
            (x_east, x_north), (y_east, y_north) = per_km
            per_km = np.array([[-y_north, y_east], [x_north, -x_east]])
        moved["per_km"] = per_km
    return replace(view, **moved)


def _seen_moved(view: View, flip_x: bool, flip_y: bool, quarters: int) -> npt.NDArray[Any]:
    """The image of a window that was moved, as the moved world would be seen."""
    changes: dict[str, tuple[int, float]] = {}
    if flip_x != flip_y:
        changes = {"sign": (-1, 0.0), "relative_azimuth": (-1, 360.0)}
    # Along x an azimuth becomes its opposite, along y what is left to half a turn.
    sign, angle = (-1 if flip_x != flip_y else 1), (180.0 if flip_y else 0.0) - 90.0 * quarters
    if (sign, angle % 360) != (1, 0):
        changes["azimuth"] = sign, angle
    if not changes.keys() & {*view.turns}:
        return view.image
    image = np.array(view.image, np.float32, order="C")
    for channel, name in zip(image, view.turns, strict=True):
        if name in changes:
            sign, angle = changes[name]
            channel *= np.float32(sign)
            if name != "sign":
                channel += np.float32(angle)
                np.mod(channel, np.float32(360), out=channel)
    return image


def drop_views(view: View, settings: Augmentation, rng: np.random.Generator) -> View:
    """A window without some of its views, drawn at random: nothing of them was measured.

    Of the views that look most steeply down some or none are dropped together: far from the track
    no view does.

    Args:
        view: the window; one view at least is left of it.
        settings: probabilities.
        rng: where the draws come from.
    """
    found = [split_view(name) for name in view.channels]
    numbers = sorted({each[1] for each in found if each is not None})
    dropped = {number for number in numbers if rng.random() < settings.drop_views}
    if rng.random() < settings.drop_nadir:
        count = int(rng.integers(1, settings.nadir_views + 1))
        dropped |= set(_steepest(view, numbers)[:count])
    if not dropped or dropped >= set(numbers):
        return view
    image = np.array(view.image, np.float32)
    image[[each is not None and each[1] in dropped for each in found]] = np.nan
    return replace(view, image=image)


def _steepest(view: View, numbers: Sequence[int]) -> list[int]:
    """Views that are there at all, those with the smallest mean zenith angle first."""
    zenith = {}
    for number in numbers:
        angle = view.channel(f"thetav_{number:02d}")
        there = np.isfinite(angle)
        if there.any():
            zenith[number] = float(angle[there].mean())
    return sorted(zenith, key=lambda number: zenith[number])


def change_tone(view: View, settings: Augmentation, rng: np.random.Generator) -> View:
    """Another camera's curve (a power law), a paler or deeper picture, another exposure."""
    exponent = np.exp(settings.gamma * rng.uniform(-1, 1))
    grey_share = np.float32(settings.desaturate * rng.random())
    image = 255 * (_as_float(view) / 255).clip(0, 1) ** np.float32(exponent)
    if settings.saturate and rng.random() < 0.5:
        grey_share = np.float32(-settings.saturate * rng.random())
    image += grey_share * (image.mean(axis=0) - image)
    if settings.haze:
        image = _hazy(image, np.float32(settings.haze * rng.random()), rng)
    if settings.exposure:
        image *= np.float32(np.exp(settings.exposure * rng.uniform(-1, 1)))
    if settings.contrast:
        share, unit = np.float32(settings.contrast * rng.random()), (image / 255).clip(0, 1)
        image += 255 * share * (unit * unit * (3 - 2 * unit) - unit)
    if settings.colour_blur and rng.random() < settings.colour_blur:
        image = _coarse_colour(image)
    return replace(view, image=image)


def _hazy(
    image: npt.NDArray[np.float32], share: np.float32, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """A share of light that is nearly grey, at most a tenth of white apart between colours."""
    light = 255 * (0.6 + 0.4 * rng.random() + 0.1 * rng.random(len(image)))
    return np.asarray(image + share * (light.astype(np.float32)[:, None, None] - image))


def _coarse_colour(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Brightness as it is, what the colours differ from it by averaged over 2 x 2 pixels."""
    light = image.mean(axis=0)
    apart = Blocks(2, 2).mean(image - light)
    rows, cols = light.shape
    return np.asarray(light + apart.repeat(2, axis=1).repeat(2, axis=2)[:, :rows, :cols])


def change_gain(view: View, gains: dict[str, float]) -> View:
    """Multiply each channel, and the background as the same camera would have seen it.

    Args:
        view: the window; a uint8 image becomes float32 with NaN where missing.
        gains: factor of each channel, in the image's order.
    """
    image = _as_float(view) * np.array(list(gains.values()), np.float32)[:, None, None]
    background, limit = view.background, view.limit
    if background is not None:
        factors = np.array([_gain_of(name, gains) for name in view.statistics], np.float32)
        background = background * factors[:, None, None]
    if limit is not None:
        limit = limit * np.float32(gains.get(view.limit_channel, 1.0))
    return replace(view, image=image, background=background, limit=limit)


def add_noise(view: View, deviation: float, rng: np.random.Generator) -> View:
    """Add Gaussian noise of a standard deviation in the image's unit."""
    if not deviation:
        return view
    noise = rng.standard_normal(view.image.shape, dtype=np.float32) * np.float32(deviation)
    return replace(view, image=_as_float(view) + noise)


def _as_float(view: View) -> npt.NDArray[np.float32]:
    if view.image.dtype != np.uint8:
        return np.asarray(view.image, np.float32)
    converted = view.image.astype(np.float32)
    converted[:, ~view.known] = np.nan
    return converted


def _gain_of(statistic: str, gains: dict[str, float]) -> float:
    if statistic in gains:
        return gains[statistic]
    above, _, below = statistic.removesuffix("_ratio").partition("_")
    return gains[above] / gains[below]

"""Colour pictures of a scene of many views: the mean of the central ones, as a person would see it.

Channels are named by kind, wavelength in nm, polarisation and view: `I670P_07`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

Reals = npt.NDArray[np.floating]

COLOURS = {"red": (670,), "green": (565,), "blue": (443, 490)}
"""Wavelengths of the radiances that make each colour, nm."""
CENTRAL = 4
"""Views that are averaged."""
NO_DATA = 0.55
"""Grey where no central view saw the pixel."""
_DARKEST, _BRIGHTEST = 1.0, 99.0  # percentiles that become almost black, and white
_AIR = 0.7  # of the darkest is taken off, so that the sea stays blue
_GAMMA = 0.75  # lifts thin cloud out of the dark sea
_RADIANCE = re.compile(r"I(\d+)N?P_(\d+)")


def central_channels(names: Sequence[str]) -> dict[str, list[str]]:
    """The channels of the central views that make each colour: red, green, blue → names.

    Args:
        names: of all channels.

    Returns:
        Nothing at all where a colour has no channel.
    """
    views: dict[int, dict[int, str]] = defaultdict(dict)
    for name in names:
        if found := _RADIANCE.fullmatch(name):
            views[int(found[1])][int(found[2])] = name
    chosen: dict[str, list[str]] = {}
    for colour, wavelengths in COLOURS.items():
        chosen[colour] = []
        for of in (views[wavelength] for wavelength in wavelengths if wavelength in views):
            start = max(len(of) - CENTRAL, 0) // 2
            chosen[colour] += [of[view] for view in sorted(of)[start : start + CENTRAL]]
    return chosen if all(chosen.values()) else {}


def rgb_of(image: xr.DataArray) -> Reals | None:
    """The colour picture of a scene, or of one sample, stretched between percentiles.

    Args:
        image: (channel, y, x), NaN where missing; or whole numbers as a store of samples has them,
            with `scale_factor` and `add_offset` on the channels and `_FillValue` in the attributes.

    Returns:
        (y, x, 3) float32, 0..1, grey where nothing was seen; None where the channels of a colour
        are missing.
    """
    chosen = central_channels([str(name) for name in image["channel"].values])
    if not chosen:
        return None
    planes = [_mean(image.sel(channel=names)) for names in chosen.values()]
    return stretched(np.stack(planes, axis=-1))


def stretched(colours: Reals) -> Reals:
    """Colours between black and white: each stretched between its own percentiles.

    Args:
        colours: (y, x, 3) radiance, NaN where missing. Air brightens blue alone, so that one
            stretch for all would draw the whole sea violet.

    Returns:
        (y, x, 3) float32, 0..1.
    """
    known = np.asarray(np.isfinite(colours).all(axis=-1))
    if not known.any():
        return np.full(colours.shape, NO_DATA, np.float32)
    low, high = np.percentile(colours[known], [_DARKEST, _BRIGHTEST], axis=0)
    low = _AIR * low
    scaled = np.clip((colours - low) / np.maximum(high - low, 1e-6), 0, 1) ** _GAMMA
    return np.where(known[..., None], scaled, NO_DATA).astype(np.float32)


def _mean(image: xr.DataArray) -> Reals:
    """(y, x) mean over channels of what each pixel was seen in."""
    values = np.asarray(image.values, np.float32)
    if image.dtype.kind in "iu":
        fill = image.attrs.get("_FillValue", np.iinfo(image.dtype).min)
        values = np.where(image.values == fill, np.nan, values)
        scale, offset = (
            np.asarray(image[name].values, np.float32)[:, None, None]
            for name in ("scale_factor", "add_offset")
        )
        values = values * scale + offset
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0).sum(axis=0)
    empty = np.full(count.shape, np.nan, np.float32)
    return np.asarray(np.divide(total, count, out=empty, where=count > 0))

"""Rim of a frame: by the horizon that a user gives, that a background knows, or the usual one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.horizon import Horizon, Rim, at_angle, horizon_of

USUAL = 85.0
"""Zenith angle up to which a whole-sky frame is counted of which nothing else is known, degrees.

The image circle of a frame is known to a degree or two: enough for a share, too little to say of a
pixel that it is no sky. So nothing is hidden.
"""


@dataclass(frozen=True)
class RunHorizon:
    """The horizon of a run.

    Attributes:
        given: by the user, to be kept or to fail.
        found: in the background, used where it is of a frame's size.
        counts_all: whether every pixel is to count.
    """

    given: Horizon | None = None
    found: Horizon | None = None
    counts_all: bool = False

    @property
    def key(self) -> list[str]:
        """What products depend on."""
        used = self.given or self.found
        return ["all"] if self.counts_all else [] if used is None else [used.said, used.sha256]

    def of(self, scene: xr.Dataset) -> tuple[Rim | None, str]:
        """What of a frame is no sky, None where every pixel counts; and what is odd about it.

        Raises:
            InputError: the horizon that was given is not of this frame.
        """
        note = ""
        if self.given is not None:
            return self.given.rim(scene), note
        if self.counts_all:
            return None, note
        if self.found is not None:
            try:
                return self.found.rim(scene), note
            except InputError as error:
                note = f"horizon of the background not used: {error.field} {error.problem}"
        if "circle" in scene.attrs:
            rim = at_angle(USUAL).rim(scene)
            return replace(rim, said=f"counted to {rim.said}", hides=False), note
        return None, note


def run_horizon(
    given: float | str | PathLike[str] | None, found: Horizon | None = None
) -> RunHorizon:
    """The horizon of a run.

    Args:
        given: what `horizon_of` understands; None where the user says nothing.
        found: in the background.

    Raises:
        UsageError, InputError: as `horizon_of`.
    """
    if given is None:
        return RunHorizon(found=found)
    horizon = horizon_of(given)
    return RunHorizon(horizon, counts_all=horizon is None)


def sky_alone(scene: xr.Dataset, rim: Rim | None) -> xr.Dataset:
    """A frame without what is no sky: that is NaN in the image, and not known."""
    if rim is None or not rim.hides:
        return scene
    image = scene["image"].copy()
    image.values[:, rim.beyond] = np.nan
    kept = scene.assign(image=image)
    return kept if "known" not in scene else kept.assign(known=scene["known"] & ~rim.beyond)

"""What a picture of SEVIRI should hold and does not: channels, segments, channels that are dead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.seviri.channels import SOLAR, UNSEEN
from nephoscope.instruments.seviri.slot import Slot, Window

Floats = NDArray[np.float32]
_DEAD = "holds no measurement above dark space"


def check_complete(slot: Slot, names: tuple[str, ...], region: Window) -> None:
    """See that all that was planned is there.

    Raises:
        InputError: a channel or a segment lacks.
    """
    for name in names:
        problem = slot.missing(name, region)
        if problem is not None:
            have = ", ".join(slot.channels) or "none"
            instead = (
                "read a region with window= or bounds="
                if name in slot.channels
                else f"name others with channels=[...] (there are {have})"
            )
            raise InputError(
                slot.path, problem, field=name,
                remedy=f"fetch it, {instead}, or accept NaN with partial=True",
            )  # fmt: skip


def check_alive(
    slot: Slot, names: tuple[str, ...], image: Floats, daylight: NDArray[np.int8]
) -> None:
    """See that every thermal channel measured something.

    Raises:
        InputError: one did not.
    """
    for name in _dead(names, image, daylight):
        raise InputError(
            slot.path, _DEAD, field=name,
            remedy="fetch it again, leave the channel out, or accept NaN with partial=True",
        )  # fmt: skip


def _dead(names: tuple[str, ...], image: Floats, daylight: NDArray[np.int8]) -> list[str]:
    """Thermal channels without a value: they measure something wherever there is Earth."""
    if (daylight == UNSEEN).all():
        return []
    planes = zip(names, image, strict=True)
    return [name for name, plane in planes if name not in SOLAR and np.isnan(plane).all()]


def lacking(
    slot: Slot,
    names: tuple[str, ...],
    region: Window,
    image: Floats,
    daylight: NDArray[np.int8],
) -> list[str]:
    """What of a picture should be there and is not, one line for each."""
    found = {name: problem for name in names if (problem := slot.missing(name, region))}
    dead = {name: _DEAD for name in _dead(names, image, daylight) if name not in found}
    return [f"{name} {problem}" for name, problem in (found | dead).items()]

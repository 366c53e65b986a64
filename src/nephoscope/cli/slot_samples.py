"""Options of samples that are cut from slots, and what they ask for; no verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.grids.geostationary import Bounds
    from nephoscope.instruments import SceneFile
    from nephoscope.instruments.granules import Granules
    from nephoscope.recipe import Recipe
    from nephoscope.samples.from_slots import AskedOfSlots

OF_SLOTS = "Slots:"
"""Begins the help of options that only slots have: pictures of a satellite that stands still."""
OPTIONS = (
    "bounds",
    "overlap-share",
    "satellite-longitude",
    "max-missing",
    "leave-out",
    "parallax",
)
"""Names of the options that only slots have."""
OF_HALF_ORBITS = ("min-views", "latitudes", "fields", "geometry", "overlap")
"""Names of the options of points that slots do not have."""
DEFAULTS: Mapping[str, Any] = {
    "points": "track",
    "points-per-sample": 400,
    "min-labels": 10,
    "nadir-padding": 0,
    "overlap-share": 0.2,
    "satellite-longitude": 0.0,
    "max-missing": 0.0,
    "leave-out": "",
    "seed": 0,
}
_LEFT_OUT = ("clear", "night")
_TRACK_ONLY = ("max-time-offset", "nadir-padding", "overlap-share", "parallax")

BoundsOption = Annotated[
    str | None,
    typer.Option(
        metavar="S,W,N,E", help=f"{OF_SLOTS} degrees, of labels. [default: -32,-32,32,32]"
    ),
]
OverlapShare = Annotated[
    float | None,
    typer.Option(min=0, max=0.9, help=f"{OF_SLOTS} of neighbours along the track. [default: 0.2]"),
]
SatelliteLongitude = Annotated[
    float | None,
    typer.Option(min=-180, max=180, help=f"{OF_SLOTS} of the service, degrees east. [default: 0]"),
]
MaxMissing = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help=f"{OF_SLOTS} share of pixels with a silent channel. [default: 0]"
    ),
]
LeaveOutOption = Annotated[
    str | None,
    typer.Option(metavar="clear,night", help=f"{OF_SLOTS} samples without ice, or not all by day."),
]
Parallax = Annotated[
    bool,
    typer.Option("--parallax", help=f"{OF_SLOTS} profiles where the picture shows their ice top."),
]


def asked_of_slots(recipe: Recipe, given: Mapping[str, Any]) -> tuple[AskedOfSlots, dict[str, Any]]:
    """What is made, and the options as they are remembered.

    Args:
        recipe: of an imager whose pictures are slots.
        given: options by name, None or False where they are not given.

    Raises:
        UsageError: options that do not go together.
    """
    from nephoscope.instruments import instrument_named
    from nephoscope.samples.from_slots import AskedOfSlots, slots_of
    from nephoscope.samples.slot_windows import SlotChoice

    cut = slots_of(instrument_named(recipe.instrument))
    own = {
        "patch-size": cut.SIZE,
        "max-time-offset": cut.OFFSET,
        "bounds": ",".join(f"{edge:g}" for edge in cut.BOUNDS),
    }
    given = {name: None if value is False else value for name, value in given.items()}
    chosen = {**DEFAULTS, **own, **{n: value for n, value in given.items() if value is not None}}
    on_track = chosen["points"] == "track"
    wrong = ("points-per-sample",) if on_track else _TRACK_ONLY
    if unused := [f"--{name}" for name in (*wrong, *OF_HALF_ORBITS) if given[name] is not None]:
        raise UsageError(
            f"build {recipe.name}, --points {chosen['points']}: has no {', '.join(unused)}"
        )
    if 2 * chosen["nadir-padding"] >= chosen["patch-size"]:
        raise UsageError(f"--nadir-padding {chosen['nadir-padding']}: leaves nothing of a sample")
    left_out = [name for name in str(chosen["leave-out"]).split(",") if name]
    if unknown := [name for name in left_out if name not in _LEFT_OUT]:
        raise UsageError(f"--leave-out {','.join(unknown)}: known are {', '.join(_LEFT_OUT)}")
    choice = SlotChoice(
        chosen["patch-size"], chosen.get("samples-per-file"), chosen["min-labels"],
        chosen["nadir-padding"], chosen["overlap-share"],
    )  # fmt: skip
    asked = AskedOfSlots(
        recipe.instrument, cut.checked_fields("default"), choice, chosen["points"],
        chosen["points-per-sample"], chosen["max-time-offset"], bounds_of(chosen["bounds"]),
        chosen["satellite-longitude"], chosen["max-missing"], "clear" in left_out,
        "night" in left_out, bool(chosen.get("parallax")), chosen["seed"],
    )  # fmt: skip
    kept = {f"--{name}": chosen[name] for name in sorted(chosen)}
    return asked, kept | {"recipe": recipe.name, "nephoscope": version("nephoscope")}


def bounds_of(text: str) -> Bounds:
    """A box of degrees from "south,west,north,east".

    Raises:
        UsageError: it is none.
    """
    from nephoscope.grids.geostationary import Bounds

    try:
        box = Bounds(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError) as error:
        raise UsageError(f"--bounds {text}: write it as -32,-32,32,32") from error
    if not -90 <= box.south < box.north <= 90 or not abs(box.west) + abs(box.east) <= 720:
        raise UsageError(f"--bounds {text}: south, west, north, east in degrees")
    return box


def slot_granules(
    pictures: Sequence[SceneFile],
    raw: Sequence[Path],
    asked: AskedOfSlots,
    given: Mapping[str, Any],
) -> Granules:
    """Pictures with the files of tracks that cross them, or alone."""
    from nephoscope.instruments import instrument_named
    from nephoscope.instruments.granules import Draw
    from nephoscope.samples.from_slots import slots_of

    cut = slots_of(instrument_named(asked.instrument))
    draw = Draw(given["days-per-month"], given["files-per-day"], asked.seed)
    if asked.points == "truth":
        return cut.alone(pictures, draw, asked.longitude)
    within = timedelta(seconds=asked.most_offset)
    return cut.pair(pictures, raw, within, asked.bounds, draw, asked.longitude)

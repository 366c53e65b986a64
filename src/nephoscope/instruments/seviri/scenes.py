"""SEVIRI picture, native or HRIT → Scene."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.grids.geostationary import DISK, Bounds, Geostationary
from nephoscope.instruments.given import paths_given
from nephoscope.instruments.seviri.calibration import calibration_table
from nephoscope.instruments.seviri.channels import (
    ANGLES,
    CHANNELS,
    DAY,
    DAY_ENDS,
    GEOMETRY,
    NIGHT,
    NIGHT_BEGINS,
    PARALLAX,
    SATELLITES,
    SEASON,
    SOLAR,
    TWILIGHT,
    UNSEEN,
    units_of,
)
from nephoscope.instruments.seviri.hrit import HritSlot
from nephoscope.instruments.seviri.lacking import check_alive, check_complete, lacking
from nephoscope.instruments.seviri.names import (
    identity_of,
    is_hrit,
    is_native,
    none_found,
    other_form,
)
from nephoscope.instruments.seviri.native import NativeSlot
from nephoscope.instruments.seviri.projection import axes_of, mapping_of
from nephoscope.instruments.seviri.slot import Slot, SlotHeader, Window
from nephoscope.scene import check_scene, missing_share, seen_in
from nephoscope.sun import solar_angles

_CYCLE, _RAPID_CYCLE = 900, 300  # seconds from picture to picture
_RAPID_SCAN = np.timedelta64(6, "m")  # the scan of a full disk takes twice as long
_BLOCK = 256  # rows whose angles are found at a time

Floats = NDArray[np.float32]


def reading(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `read` for a picture that is to be predicted: what there is of it, in a box.

    Args:
        options: `box`: west, south, east and north of what is wanted, degrees.
    """
    found: dict[str, Any] = {"partial": True}
    if (box := options.get("box")) is not None:
        found["bounds"] = (box.south, box.west, box.north, box.east)
    return found


def read(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    channels: Sequence[str] = CHANNELS,
    window: Sequence[int] | None = None,
    bounds: Sequence[float] | None = None,
    partial: bool = False,
) -> xr.Dataset:
    """Read one picture, or a region of it, as a Scene.

    Only the lines and columns of the region are read and unpacked.

    Args:
        paths: a native file, a folder of one picture, or any file of one in HRIT; or a list of
            its files, of which then no others are read but prologue and epilogue.
        channels: which to read, of `nephoscope.instruments.seviri.CHANNELS`, in any order; and what
            shall stand beside them of `GEOMETRY`, computed and not read.
        window: first row from the north, first column from the west, rows, columns of the full
            disk of 3712 x 3712; by default what the file covers.
        bounds: south, west, north, east in degrees, instead of `window`: the smallest window that
            holds this box.
        partial: accept that channels or segments are missing: NaN in their place. What the
            satellite was not to scan (rapid scanning) or the archive cut off is NaN in any case.

    Returns:
        `image` (channel, y, x) float32, y from the north, x from the west: % for the three solar
        channels (not divided by the cosine of the Sun), K for the others, NaN where missing, off
        the disk, and for solar channels at night; of `GEOMETRY` degrees, or km-1; coordinate
        `channel_units`; `known` (y, x) bool: seen in any channel. On (y, x) float32,
        degrees: `latitude`, `longitude`, `satellite_zenith`, `satellite_azimuth`, `solar_zenith`,
        `solar_azimuth` (from the pixel, clockwise from north), NaN off the disk; `daylight` int8:
        -1 off the disk, 0 night, 1 twilight, 2 day. `time` (y,) datetime64[ns], when each line was
        scanned; `x` (x,) and `y` (y,), m, of the projection `crs`. Attrs: instrument, flavour
        ("native" or "hrit"), source_files, id, missing_share, lacking (what should be there and is
        not, one line for each), `comment` of simulated files, satellite, nominal_time, slot_seconds
        (from picture to picture), first_row, first_col, and the grid: sub_satellite_longitude,
        centre_row, centre_col, step (see `grid_of`).

    Raises:
        InputError: the file is empty, cut short, broken, of another satellite, lacks a channel or
            a segment, or does not reach the region.
        UsageError: no such channel, no such window, or files of several pictures.
    """
    wanted = _names(channels)
    names = tuple(name for name in wanted if name in CHANNELS)
    slot = open_slot(paths_given(paths))
    region = _region(slot, window, bounds)
    if not partial:
        check_complete(slot, names, region)
    image, times = _read(slot, names, region)
    places = _places(slot.header, region, times, bool({*PARALLAX, SEASON} & {*wanted}))
    dark = places["daylight"] == NIGHT
    for number, name in enumerate(names):
        if name in SOLAR:
            image[number][dark] = np.nan
    if not partial:
        check_alive(slot, names, image, places["daylight"])
    known = seen_in(image)
    lack = lacking(slot, names, region, image, places["daylight"])
    if wanted != names:
        planes = dict(zip(names, image, strict=True)) | places
        image = np.stack([planes[name] for name in wanted], dtype=np.float32)
    scene = _scene(slot, wanted, region, image, known, times, places)
    return check_scene(scene.assign_attrs(lacking=lack), str(slot.path))


def grid_of(scene: xr.Dataset) -> Geostationary:
    """The grid of a Scene of SEVIRI: from places to its rows and columns and back."""
    attributes = scene.attrs
    return Geostationary(
        longitude=attributes["sub_satellite_longitude"],
        rows=scene.sizes["y"],
        cols=scene.sizes["x"],
        centre_row=attributes["centre_row"],
        centre_col=attributes["centre_col"],
        step=attributes["step"],
    )


def _names(channels: Sequence[str]) -> tuple[str, ...]:
    several = isinstance(channels, Iterable) and not isinstance(channels, str)
    wanted = [str(name) for name in channels] if several else [str(channels)]
    known = {*CHANNELS, *GEOMETRY}
    if not set(wanted) & set(CHANNELS) or len(set(wanted)) < len(wanted) or set(wanted) - known:
        named = ", ".join(wanted) or "none"
        beside = f"; beside them {', '.join(GEOMETRY)}" if set(wanted) & set(GEOMETRY) else ""
        raise UsageError(f"channels {named}: name some of {', '.join(CHANNELS)}, once each{beside}")
    return tuple(wanted)


def open_slot(paths: list[Path]) -> Slot:
    """One picture on disk, of which the header is read.

    Raises:
        InputError: the file is absent, of another form, or its header is broken.
        UsageError: files of several pictures.
    """
    for path in paths:
        if not path.exists():
            raise InputError(path, "does not exist")
        if not path.is_dir() and (says := other_form(path)) is not None:
            raise InputError(path, says[0], remedy=says[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # satpy's and pyproj's, of things that are checked here
        if len(paths) == 1 and paths[0].is_dir():
            return _slot_in(paths[0])
        if len(paths) == 1:
            return HritSlot(paths[0]) if is_hrit(paths[0]) else NativeSlot(paths[0])
        if not any(is_hrit(path) for path in paths):
            raise UsageError(
                f"{len(paths)} files are {len(paths)} pictures of SEVIRI: open each by itself "
                f"({paths[0].name}, {paths[1].name}{', ...' if len(paths) > 2 else ''})"
            )
        return HritSlot(paths)


def _slot_in(folder: Path) -> Slot:
    """The one picture of a folder: HRIT, or a native file as the Data Store's zip unpacks to."""
    files = sorted(folder.iterdir())
    natives = [file for file in files if is_native(file)]
    if not natives or any(is_hrit(file) for file in files):
        if not any(is_hrit(file) for file in files):
            raise none_found(folder)
        return HritSlot(folder)
    if len(natives) > 1:
        remedy = f"name one, as {natives[0].name}"
        raise InputError(folder, f"holds {len(natives)} pictures", remedy=remedy)
    return NativeSlot(natives[0])


def _region(slot: Slot, window: Sequence[int] | None, bounds: Sequence[float] | None) -> Window:
    if window is not None and bounds is not None:
        raise UsageError("name a window or bounds, not both")
    if bounds is not None:
        found = slot.header.grid.covering(_bounds(bounds))
        if found is None:
            raise InputError(slot.path, f"does not see the box {tuple(bounds)}", field="bounds")
        window = found
    if window is None:
        return slot.covered
    region = Window(*map(int, _four("window", window, "row, col, rows, cols")))
    fits = region.row + region.rows <= DISK and region.col + region.cols <= DISK
    if min(region.row, region.col) < 0 or min(region.rows, region.cols) < 1 or not fits:
        raise UsageError(f"window {tuple(region)} does not lie within {DISK} x {DISK} pixels")
    if region.overlap(slot.covered) is None:
        problem = f"covers {tuple(slot.covered)}, nothing of {tuple(region)}"
        raise InputError(slot.path, problem, field="window", remedy="ask for what it covers")
    return region


def _four(name: str, given: Sequence[float], order: str) -> tuple[float, float, float, float]:
    try:
        numbers = tuple(float(number) for number in given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} {given!r}: four numbers, {order}") from error
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise UsageError(f"{name} {given!r}: four numbers, {order}")
    return numbers


def _bounds(bounds: Sequence[float]) -> Bounds:
    south, west, north, east = _four("bounds", bounds, "south, west, north, east in degrees")
    if not -90 <= south < north <= 90 or not np.isfinite([west, east]).all():
        raise UsageError(f"bounds {tuple(bounds)}: south, west, north, east in degrees")
    if west == east:
        raise UsageError(f"bounds {tuple(bounds)}: west and east are the same meridian")
    return Bounds(south, west, north, east)


def _read(
    slot: Slot, names: tuple[str, ...], region: Window
) -> tuple[Floats, NDArray[np.datetime64]]:
    there = tuple(name for name in names if name in slot.channels)
    if not there:
        wanted = ", ".join(names)
        have = ", ".join(slot.channels) or "none that is read here"
        remedy = f"it has {have}: name some with channels=[...]"
        raise InputError(slot.path, f"holds none of {wanted}", field="channels", remedy=remedy)
    tables = {name: _table(slot, name) for name in there}
    image = np.full((len(names), region.rows, region.cols), np.nan, np.float32)
    times = np.full(region.rows, np.datetime64("NaT", "ns"))
    part = region.overlap(slot.covered)
    left = 0 if part is None else part.col - region.col
    for lines in slot.lines(there, region):
        rows, cols = lines.counts.shape
        first = lines.row - region.row
        place = image[names.index(lines.channel), first : first + rows, left : left + cols]
        np.take(tables[lines.channel], lines.counts, out=place, mode="clip")
        known = times[first : first + rows]
        known[np.isnat(known)] = lines.times[np.isnat(known)]
    return image, _filled(times, slot.header, region)


def _table(slot: Slot, name: str) -> Floats:
    header, number = slot.header, CHANNELS.index(name)
    try:
        return calibration_table(
            name,
            header.satellite,
            float(header.slope[number]),
            float(header.offset[number]),
            header.start.astype("datetime64[us]").astype(datetime),
            int(header.processing[number]),
        )
    except (NotImplementedError, ValueError) as error:
        problem = f"of {name} is {header.processing[number]}, neither 1 nor 2"
        raise InputError(slot.path, problem, field="PlannedChanProcessing") from error


def _filled(
    times: NDArray[np.datetime64], header: SlotHeader, region: Window
) -> NDArray[np.datetime64]:
    """Lines that do not say when they were scanned: evenly through the forward scan."""
    south, north = header.scanned
    line = DISK - (region.row + np.arange(region.rows))
    share = np.clip((line - south) / (north - south), 0, 1)
    scan = (header.end - header.start).astype("timedelta64[ns]").astype(np.int64)
    evenly = header.start.astype("datetime64[ns]") + (share * scan).astype("timedelta64[ns]")
    # A time outside of its own scan is a damaged one.
    slack = np.timedelta64(60, "s")
    with np.errstate(invalid="ignore"):
        believed = (times >= header.start - slack) & (times <= header.end + slack)
    return np.where(believed, times, evenly)


def _places(
    header: SlotHeader, region: Window, times: NDArray[np.datetime64], computed: bool = False
) -> dict[str, NDArray[Any]]:
    grid = header.grid.window(*region)
    latitude, longitude = grid.places()
    places: dict[str, NDArray[Any]] = {"latitude": latitude, "longitude": longitude}
    filled = (*ANGLES, *PARALLAX) if computed else ANGLES
    places |= {name: np.empty(grid.shape, np.float32) for name in filled}
    for first in range(0, grid.rows, _BLOCK):
        part = slice(first, first + _BLOCK)
        view = grid.view_angles(latitude[part], longitude[part], header.position)
        sun = solar_angles(latitude[part], longitude[part], times[part, None])
        moved = grid.parallax(latitude[part], longitude[part]) if computed else ()
        for name, numbers in zip(filled, (*view, *sun, *moved), strict=True):
            places[name][part] = numbers
    zenith = places["solar_zenith"]
    daylight = np.full(grid.shape, UNSEEN, np.int8)
    daylight[zenith >= NIGHT_BEGINS] = NIGHT
    daylight[zenith < NIGHT_BEGINS] = TWILIGHT
    daylight[zenith < DAY_ENDS] = DAY
    if computed:
        places[SEASON] = np.where(np.isnan(zenith), np.nan, np.float32(_season(header.start)))
    return places | {"daylight": daylight}


def _season(time: np.datetime64) -> float:
    """Degrees, 0 when the year begins and 360 when it ends."""
    year = time.astype("datetime64[Y]")
    begin, end = (each.astype("datetime64[ms]") for each in (year, year + 1))
    return float(360 * ((time - begin) / (end - begin)))


def _scene(
    slot: Slot,
    names: tuple[str, ...],
    region: Window,
    image: Floats,
    known: NDArray[np.bool_],
    times: NDArray[np.datetime64],
    places: dict[str, NDArray[Any]],
) -> xr.Dataset:
    header, grid = slot.header, slot.header.grid.window(*region)
    flags = {
        "flag_values": np.array([UNSEEN, NIGHT, TWILIGHT, DAY], np.int8),
        "flag_meanings": "off_disk night twilight day",
    }
    units = {"latitude": "degrees_north", "longitude": "degrees_east"}
    said = {"units": "see channel_units", "grid_mapping": "crs"}
    plane = "y", "x"
    scene = xr.Dataset(
        {
            "image": (("channel", *plane), image, said),
            "known": (plane, known),
            **{name: (plane, places[name], {"units": "degrees"}) for name in ANGLES},
            "daylight": (plane, places["daylight"], flags),
        },
        coords={
            "channel": list(names),
            "channel_units": ("channel", [units_of(name) for name in names]),
            **{name: (plane, places[name], {"units": unit}) for name, unit in units.items()},
            "time": ("y", times),
            **axes_of(grid),
            "crs": ((), np.int32(0), mapping_of(grid.longitude)),
        },
    )
    scene.attrs = {
        "instrument": "seviri",
        "flavour": slot.format,
        "source_files": [str(file) for file in slot.files],
        "id": identity_of(slot.path),
        "missing_share": missing_share(known),
        "satellite": SATELLITES[header.satellite],
        "nominal_time": str(header.nominal.astype("datetime64[s]")),
        "slot_seconds": _RAPID_CYCLE if header.end - header.start < _RAPID_SCAN else _CYCLE,
        "first_row": region.row,
        "first_col": region.col,
        "sub_satellite_longitude": grid.longitude,
        "centre_row": grid.centre_row,
        "centre_col": grid.centre_col,
        "step": grid.step,
    }
    return scene.assign_attrs({"comment": slot.comment} if slot.comment else {})

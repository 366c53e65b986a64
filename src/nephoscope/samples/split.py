"""Divide samples into train, validation and test parts that are contiguous in time.

Neighbouring days look alike, so a random split over maps flatters any model. Units (a day, a block
of days or a group) are put in time order and cut; no unit is ever in two parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.samples.frame_split import PARTS, block_parts, part_sizes
from nephoscope.samples.store import open_store

Unit = Literal["day", "group", "block"]
BLOCK_DAYS = 3
BUFFER = 5


def split_samples(
    path: str | Path,
    by: Unit | None = None,
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    buffer: int | None = None,
) -> dict[str, list[str]]:
    """Write the part of every sample into the store.

    Args:
        path: the samples store.
        by: "day" (as maps are split by default); "block" of `BLOCK_DAYS` consecutive days; or
            "group" (sub-phase). Of a camera's frames: "block" of consecutive names, or "group" of
            near-duplicates. Of frames with one state each: "group" (camera or folder; their
            default), or "block" of consecutive names of each state.
        fractions: relative weights of train, validation and test, e.g. (15, 3, 0).
        seed: the ring of units starts `seed` units later in time; with 0 the earliest units train
            and the last ones test, and counting it up gives the folds of a leave-days-out study.
        buffer: frames of a camera left out on either side of a block; by default `BUFFER`.

    Returns:
        the sample ids of each part, and under "" of those in none.

    Raises:
        UsageError: the weights are not three numbers >= 0 with a positive first, or there are fewer
            units than parts; a part would be empty; or the samples have no such unit or no buffer.
        InputError: `path` is not a samples store.
    """
    store = open_store(path)
    check_options(store, by, buffer)
    if "state" in store.variables:
        chosen = _state_parts(store, by or "group", fractions, seed, buffer)
    elif "solar_longitude" in store.variables:
        units = _units(store, by or "day")
        parts = assign_parts(int(units.max()) + 1, fractions, seed)
        chosen = [parts[unit] for unit in units]
    else:
        chosen = _frame_parts(store, by, fractions, seed, buffer)
    _check_filled(chosen, fractions)
    _write_split(Path(path), chosen)
    ids = [str(value) for value in store[name_of(store)].values]
    found = {part: [i for i, c in zip(ids, chosen, strict=True) if c == part] for part in PARTS}
    left = [i for i, c in zip(ids, chosen, strict=True) if not c]
    return found | ({"": left} if left else {})


def name_of(store: xr.Dataset) -> str:
    """The variable that names the samples of a store."""
    return "file" if "state" in store.variables else "map_id"


def check_options(store: xr.Dataset, by: Unit | None, buffer: int | None) -> None:
    """Samples can be split so.

    Raises:
        UsageError: they cannot, or the buffer would do nothing.
    """
    maps = "solar_longitude" in store.variables
    if by == "day" and not maps:
        raise UsageError("frames of a camera are split --by block or --by group")
    if buffer is not None and (maps or (by or "group") != "block"):
        raise UsageError("--buffer: only frames of a camera that are split --by block have one")


def _check_filled(chosen: Sequence[str], fractions: Sequence[float]) -> None:
    for part, weight in zip(PARTS, fractions, strict=True):
        if weight and part not in chosen:
            raise UsageError(
                f"no sample is left for {part}: too few frames, or all are too near those of "
                "another part; try other --fractions, or a smaller --buffer"
            )


def _state_parts(
    store: xr.Dataset, by: Unit, fractions: Sequence[float], seed: int, buffer: int | None
) -> list[str]:
    from nephoscope.samples.state_split import state_parts

    states = store["state"].values.tolist()
    if by == "group":
        groups = [str(value) for value in store["group"].values]
        return state_parts(groups, states, fractions, seed)
    chosen = [""] * len(states)
    for state in sorted(set(states)):
        places = [place for place, each in enumerate(states) if each == state]
        names = [str(store["file"].values[place]) for place in places]
        parts = assign_parts(len(names), fractions, seed)
        blocks = block_parts(names, parts, BUFFER if buffer is None else buffer)
        for place, part in zip(places, blocks, strict=True):
            chosen[place] = part
    return chosen


def assign_parts(count: int, fractions: Sequence[float], seed: int = 0) -> list[str]:
    """The part of each of `count` units in time order: see `split_samples`.

    Raises:
        UsageError: bad weights, or fewer units than parts.
    """
    sizes = part_sizes(count, fractions)
    ring = np.roll(np.arange(count), -seed)
    parts = [""] * count
    for unit, part in zip(ring, np.repeat(PARTS, sizes), strict=True):
        parts[int(unit)] = str(part)
    return parts


def _frame_parts(
    store: xr.Dataset, by: Unit | None, fractions: Sequence[float], seed: int, buffer: int | None
) -> list[str]:
    from nephoscope.samples.frame_split import group_parts
    from nephoscope.samples.groups import prepare, similarity

    if by == "group":
        return group_parts(similarity(*prepare(store["image"].values)), fractions, seed)
    if by != "block":
        raise UsageError("frames of a camera are split --by block or --by group")
    names = [str(value) for value in store["map_id"].values]
    parts = assign_parts(len(names), fractions, seed)
    return block_parts(names, parts, BUFFER if buffer is None else buffer)


def part_indices(store: xr.Dataset, part: str) -> list[int]:
    """Where the samples of a part are.

    Raises:
        InputError: the part is empty.
    """
    found = np.flatnonzero([str(value) == part for value in store["split"].values])
    if not len(found):
        source = str(store.encoding.get("source", "samples"))
        raise InputError(source, f"no sample in '{part}'", field="split", remedy="nephoscope split")
    return [int(index) for index in found]


def _units(store: xr.Dataset, by: Unit) -> npt.NDArray[np.intp]:
    """The number of each sample's unit, in time order."""
    if by not in ("day", "group", "block"):
        raise UsageError(f"cannot split by '{by}': day, group or block")
    year, ls = store["mars_year"].values, np.nan_to_num(store["solar_longitude"].values)
    time = list(zip(year.tolist(), ls.tolist(), store["day"].values.tolist(), strict=True))
    names = [str(value) for value in store["group"].values]
    keys: list[Any] = names
    if by != "group":
        keys = list(zip(names, store["day"].values.tolist(), strict=True))
    first: dict[Any, tuple[Any, ...]] = {}
    for key, when in zip(keys, time, strict=True):
        first[key] = min(first.get(key, when), when)
    order = {key: n for n, key in enumerate(sorted(first, key=lambda key: (first[key], key)))}
    units = np.array([order[key] for key in keys])
    return units // BLOCK_DAYS if by == "block" else units


def _write_split(path: Path, parts: list[str]) -> None:
    import zarr

    try:
        array = zarr.open_group(path, mode="r+", use_consolidated=False)["split"]
        array[:] = np.array(parts, dtype=np.dtypes.StringDType())  # type: ignore[index]
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror or error}") from error
    except KeyError as error:
        raise InputError(path, "is missing from the samples", field="split") from error

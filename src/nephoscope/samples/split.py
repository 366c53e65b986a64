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
from nephoscope.samples.store import PARTS, open_samples

Unit = Literal["day", "group", "block"]
BLOCK_DAYS = 3
BUFFER = 5


def split_samples(
    path: str | Path,
    by: Unit = "day",
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    buffer: int = BUFFER,
) -> dict[str, list[str]]:
    """Write the part of every sample into the store.

    Args:
        path: the samples store.
        by: "day"; "block" of `BLOCK_DAYS` consecutive days; or "group" (sub-phase). Of a camera's
            frames: "block" of consecutive names, or "group" of near-duplicates.
        fractions: relative weights of train, validation and test, e.g. (15, 3, 0).
        seed: the ring of units starts `seed` units later in time; with 0 the earliest units train
            and the last ones test, and counting it up gives the folds of a leave-days-out study.

        buffer: frames of a camera left out on either side of a block.

    Returns:
        the sample ids of each part.

    Raises:
        UsageError: the weights are not three numbers >= 0 with a positive first, or there are fewer
            units than parts; or frames of a camera have no days to split by.
        InputError: `path` is not a samples store.
    """
    store = open_samples(path)
    if "solar_longitude" in store.variables:
        units = _units(store, by)
        parts = assign_parts(int(units.max()) + 1, fractions, seed)
        chosen = [parts[unit] for unit in units]
    else:
        chosen = _frame_parts(store, by, fractions, seed, buffer)
    _write_split(Path(path), chosen)
    ids = [str(value) for value in store["map_id"].values]
    return {part: [i for i, c in zip(ids, chosen, strict=True) if c == part] for part in PARTS}


def assign_parts(count: int, fractions: Sequence[float], seed: int = 0) -> list[str]:
    """The part of each of `count` units in time order: see `split_samples`.

    Raises:
        UsageError: bad weights, or fewer units than parts.
    """
    weights = np.asarray(fractions, float)
    if weights.shape != (3,) or (weights < 0).any() or weights[0] <= 0:
        raise UsageError("fractions are three weights >= 0 (train > 0), e.g. 0.8,0.1,0.1")
    wanted = weights > 0
    if count < wanted.sum():
        raise UsageError(f"{count} units of time cannot fill {wanted.sum()} parts")
    sizes = np.maximum(np.floor(count * weights / weights.sum() + 1e-9), wanted).astype(int)
    while sizes.sum() != count:
        missing = count * weights / weights.sum() - sizes
        if sizes.sum() < count:
            sizes[np.argmax(np.where(wanted, missing, -np.inf))] += 1
        else:
            sizes[np.argmin(np.where(sizes > wanted, missing, np.inf))] -= 1
    ring = np.roll(np.arange(count), -seed)
    parts = [""] * count
    for unit, part in zip(ring, np.repeat(PARTS, sizes), strict=True):
        parts[int(unit)] = str(part)
    return parts


def _frame_parts(
    store: xr.Dataset, by: Unit, fractions: Sequence[float], seed: int, buffer: int
) -> list[str]:
    from nephoscope.samples.frame_split import block_parts, group_parts
    from nephoscope.samples.groups import prepare, similarity

    if by == "group":
        return group_parts(similarity(*prepare(store["image"].values)), fractions, seed)
    if by != "block":
        raise UsageError("frames of a camera are split --by block or --by group")
    names = [str(value) for value in store["map_id"].values]
    return block_parts(names, assign_parts(len(names), fractions, seed), buffer)


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
    first = {key: min(t for k, t in zip(keys, time, strict=True) if k == key) for key in set(keys)}
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

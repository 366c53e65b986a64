"""Division of samples into train, validation and test parts; no unit is ever in two parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.samples.alike import prepare, similarity
from nephoscope.samples.ice_census import HOLDS_ICE, ice_counts
from nephoscope.samples.sample_arrays import consolidate
from nephoscope.samples.sources import sources_of, without_leaks
from nephoscope.samples.split_named import named_parts
from nephoscope.samples.split_orbits import class_counts, orbit_parts
from nephoscope.samples.split_rules import assign_parts, block_parts, group_parts, state_parts
from nephoscope.samples.store import PARTS, SOURCE, open_samples

Unit = Literal["day", "granule", "group", "block"]
GRANULE, SLOT = "granule", "slot"
BLOCK_UNITS = 3
BUFFER = 5
MOST_COMPARED = 2000
"""Frames up to which each is compared with each at every shift: a quarter of an hour."""


def split_samples(
    path: str | Path,
    by: Unit | None = None,
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    buffer: int | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, list[str]]:
    """Write the part of every sample into the store.

    Args:
        path: the samples store.
        by: the store's own unit, "day" for maps (as they are split by default); "block" of
            `BLOCK_UNITS` consecutive ones; or "group" (sub-phase). Of a camera's frames: "block" of
            consecutive names, or "group" of near-duplicates and of copies of one picture; whichever
            it is, no picture is in two parts. Of frames with one state each: "group"
            (camera or folder; their default), or "block" of consecutive names of each state. Of
            half orbits: "granule" (their default), or "block" of days, both by lot.
        fractions: relative weights of train, validation and test, e.g. (15, 3, 0).
        seed: the ring of units starts `seed` units later in time; with 0 the earliest units train
            and the last ones test, and counting it up gives the folds of a leave-days-out study.
            Of half orbits and slots, the seed of the lots.
        buffer: frames of a camera left out on either side of a block; by default `BUFFER`.
        named: part → its samples, by id or by group (the day of slots), instead of all rules; those
            that are not named are in no part.

    Returns:
        the sample ids of each part, and under "" of those in none.

    Raises:
        UsageError: the weights are not three numbers >= 0 with a positive first, or there are fewer
            units than parts; a part would be empty; or the samples have no such unit or no buffer;
            or a name is of no sample, or of samples whose group is in two parts.
        InputError: `path` is not a samples store.
    """
    store = open_samples(path)
    if named is not None:
        chosen = named_parts(store, named)
        rule: dict[str, Any] = {"by": "names"}
        _write_split(Path(path), chosen, _said(store, chosen, rule), _sources(store))
        return _found(store, chosen)
    _check_options(store, by, buffer)
    sources = _sources(store)
    chosen = _parts(store, by, fractions, seed, BUFFER if buffer is None else buffer, sources)
    for part, weight in zip(PARTS, fractions, strict=True):
        if weight and part not in chosen:
            raise UsageError(
                f"no sample is left for {part}: too few frames, or all are too near those of "
                "another part; try other --fractions, or a smaller --buffer"
            )
    rule = {"by": by or _unit_of(store), "fractions": list(fractions), "seed": seed}
    _write_split(Path(path), chosen, _said(store, chosen, rule), sources)
    return _found(store, chosen)


def _sources(store: xr.Dataset) -> npt.NDArray[np.intp] | None:
    """The source of each frame with a mask; None where none is a copy of another."""
    if store.attrs["unit"] != "frame" or store.attrs["truth"] != "pixels":
        return None
    found = sources_of(store)
    return found if len(found) > found.max(initial=-1) + 1 else None


def _found(store: xr.Dataset, chosen: Sequence[str]) -> dict[str, list[str]]:
    """The ids of each part."""
    named = list(zip(store["id"].values.tolist(), chosen, strict=True))
    found = {part: [name for name, its in named if its == part] for part in (*PARTS, "")}
    return {part: ids for part, ids in found.items() if part or ids}


def _said(store: xr.Dataset, chosen: Sequence[str], rule: dict[str, Any]) -> dict[str, Any]:
    """What a store of points says of its parts: how they came about, and what is in them."""
    divided = store.assign(split=("sample", np.array(chosen, object)))
    if "cloud_type" in store.variables:
        return {"split_rule": rule, "class_counts": class_counts(divided)}
    if HOLDS_ICE <= {str(name) for name in store.variables}:
        return {"split_rule": rule, "class_counts": ice_counts(divided)}
    return {}


def _unit_of(store: xr.Dataset) -> str:
    """What is independent; of slots, which are a quarter of an hour apart, their day."""
    unit = str(store.attrs["unit"])
    return "day" if unit == SLOT else unit


def _check_options(store: xr.Dataset, by: Unit | None, buffer: int | None) -> None:
    """Samples can be split so, and a buffer does something."""
    unit = _unit_of(store)
    wrong = UsageError(f"cannot split by '{by}': {unit}, group or block")
    if unit == "frame":
        wrong = UsageError("frames of a camera are split --by block or --by group")
    if by not in (None, unit, "group", "block"):
        raise wrong
    if buffer is not None and (unit != "frame" or by != "block"):
        raise UsageError("--buffer: only frames of a camera that are split --by block have one")
    if unit == "frame" and by in (None, unit) and store.attrs["truth"] != "frame":
        raise wrong


def _parts(
    store: xr.Dataset,
    by: Unit | None,
    fractions: Sequence[float],
    seed: int,
    buffer: int,
    sources: npt.NDArray[np.intp] | None,
) -> list[str]:
    """The part of each sample, by what is independent and by the form of the truth."""
    if store.attrs["unit"] in (GRANULE, SLOT):
        return orbit_parts(store, by, fractions, seed)
    if store.attrs["unit"] != "frame":
        units = units_of(store, by)
        parts = assign_parts(int(units.max()) + 1, fractions, seed)
        return [parts[unit] for unit in units]
    has_states = store.attrs["truth"] == "frame"
    if by == "block":
        ids, chosen = store["id"].values, np.full(store.sizes["sample"], "", object)
        states = store["label"].values if has_states else np.zeros(len(ids))
        for state in np.unique(states):
            mine = np.flatnonzero(states == state)
            parts = assign_parts(len(mine), fractions, seed)
            chosen[mine] = block_parts(ids[mine].tolist(), parts, buffer)
        return list(chosen) if sources is None else without_leaks(list(chosen), sources, PARTS)
    if has_states:
        groups, states = (store[name].values.tolist() for name in ("group", "label"))
        return state_parts(groups, states, fractions, seed)
    return group_parts(_alike(store, sources), fractions, seed)


def _alike(store: xr.Dataset, sources: npt.NDArray[np.intp] | None) -> npt.NDArray[np.float32]:
    """How alike frames are, (sample, sample): copies are the same; others by their best shift.

    Of so many that comparing all would take hours, copies alone are looked for.
    """
    count = store.sizes["sample"]
    if count > MOST_COMPARED:
        alike = np.eye(count, dtype=np.float32)
    else:
        alike = similarity(*prepare(store["image"].values))
    if sources is not None:
        alike[sources[:, None] == sources] = 1
    return alike


def units_of(store: xr.Dataset, by: Unit | None) -> npt.NDArray[np.intp]:
    """The number of each sample's unit in time order: of its own, of a group or of a block."""
    groups, ids = store["group"].values.tolist(), store["id"].values.tolist()
    keys: list[Any] = groups if by == "group" else list(zip(groups, ids, strict=True))
    first: dict[Any, float] = {}
    for key, when in zip(keys, np.nan_to_num(store["order"].values).tolist(), strict=True):
        first[key] = min(first.get(key, when), when)
    order = {key: n for n, key in enumerate(sorted(first, key=lambda key: (first[key], key)))}
    units = np.array([order[key] for key in keys])
    return units // BLOCK_UNITS if by == "block" else units


def _write_split(
    path: Path, parts: list[str], said: dict[str, Any], sources: npt.NDArray[np.intp] | None = None
) -> None:
    """Write the part of each sample, what the store says of its parts, and where copies are."""
    import zarr

    try:
        group = zarr.open_group(path, mode="r+", use_consolidated=False)
        group["split"][:] = np.array(parts, dtype=np.dtypes.StringDType())  # type: ignore[index]
        if sources is not None:
            about: dict[str, Any] = {
                "long_name": "number of the picture that a frame is, or is a copy of"
            }
            group.create_array(
                SOURCE,
                data=sources.astype(np.int64),
                dimension_names=("sample",),
                attributes=about,
                overwrite=True,
            )
        if said or sources is not None:
            group.attrs.update(said)
            consolidate(path)
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror or error}") from error
    except KeyError as error:
        raise InputError(path, "is missing from the samples", field="split") from error

"""Parts of samples as a list names them: the same samples again, or those of somebody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.samples.store import PARTS, source_of


def read_parts(path: Path) -> dict[str, list[str]]:
    """Read part → names of samples or groups from a JSON file.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    remedy = 'write it as {"train": ["2008-06-03", ...], "validation": [...], "test": [...]}'
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, f"is no JSON: {error}", remedy=remedy) from error
    lists = isinstance(found, dict) and set(found) <= set(PARTS) and found
    if not lists or not all(isinstance(each, list) for each in found.values()):
        raise InputError(path, "holds no lists of parts", remedy=remedy)
    return {part: [str(name) for name in names] for part, names in found.items()}


def named_parts(store: xr.Dataset, named: Mapping[str, Sequence[str]]) -> list[str]:
    """The part of each sample, "" where no part names it or its group.

    Args:
        store: open samples.
        named: part → ids of samples, or names of groups.

    Raises:
        UsageError: a name is of no sample; or a sample, or a group, would be in two parts.
    """
    source, ids = source_of(store), store["id"].values.tolist()
    groups = [
        group or name for group, name in zip(store["group"].values.tolist(), ids, strict=True)
    ]
    part_of: dict[str, str] = {}
    for part, names in named.items():
        for name in names:
            if part_of.setdefault(name, part) != part:
                raise UsageError(f"{name}: is named for {part_of[name]} and for {part}")
    known = {*ids, *groups}
    if unknown := sorted(set(part_of) - known):
        some = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        raise UsageError(f"{source}: holds no sample and no group {some}")
    chosen = [
        part_of.get(name, part_of.get(group, "")) for name, group in zip(ids, groups, strict=True)
    ]
    held: dict[str, str] = {}
    # The group of a frame with a mask is its folder: whether it is a copy of one in another part
    # is told by what it shows, and said where models are scored.
    pictures = (store.attrs.get("unit"), store.attrs.get("truth")) == ("frame", "pixels")
    for group, part in zip(groups if not pictures else ids, chosen, strict=True):
        if part and held.setdefault(group, part) != part:
            raise UsageError(
                f"{source}: samples of {group} would be in {held[group]} and in {part}: they show "
                "the same clouds"
            )
    if "train" not in chosen:
        raise UsageError(f"{source}: no sample is left for train")
    return chosen

"""Index of a folder of A-Train Cloud Segmentation: its samples, their fields and their parts.

The folder holds `instance_info.json` (id → files of the sample and of the archive),
`dataset_generation_info.json` (fields of the pictures in their order; of version 1 also their
attributes) and `<split>.json` (ids of `train` and `val`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.polder.names import HalfOrbit, parse_name

INSTANCES, GENERATION = "instance_info.json", "dataset_generation_info.json"
USUAL_SPLIT = "split_default"
_PARTS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
_REMEDY = "is the folder whole? fetch it again"


@dataclass(frozen=True)
class Instance:
    """One sample of the folder.

    Attributes:
        id: as the folder has it.
        group: the half orbit, or the start of its track where that is unknown.
        split: "train", "validation", "test", or "" in none.
        picture: array of the picture, .npy.
        profiles: labels, .pkl.
        sources: names of the archive's files: "picture", "track", "offsets"; "" if unknown.
    """

    id: str
    group: str
    split: str
    picture: Path
    profiles: Path
    sources: Mapping[str, str]

    @property
    def half_orbit(self) -> HalfOrbit | None:
        """Half orbit by the name of its file; None where that is not the archive's."""
        return parse_name(self.sources["picture"])


def recognises(folder: str | PathLike[str]) -> bool:
    """Whether a folder holds such a data set."""
    return (Path(folder) / INSTANCES).is_file()


def read_index(folder: str | PathLike[str], split: str | None = None) -> list[Instance]:
    """Samples of a folder, in the order of their ids.

    Args:
        folder: of the data set.
        split: name of the file of parts; by default `split_default`, or the only one there is.

    Raises:
        InputError: a file of the index is absent or damaged.
        UsageError: no such split.
    """
    folder = Path(folder)
    told, path = _json(folder / INSTANCES), folder / INSTANCES
    parts = _parts(folder, split)
    if not told:
        raise InputError(path, "names no sample", remedy=_REMEDY)
    return [_instance(folder, name, told[name], parts.get(name, "")) for name in sorted(told)]


def read_generation(folder: str | PathLike[str]) -> dict[str, Any]:
    """What the folder says of how it was made: `par_fields` and, of version 1, attributes.

    Raises:
        InputError: the file is absent or damaged, or names no fields.
    """
    path = Path(folder) / GENERATION
    told = _json(path)
    fields = told.get("par_fields")
    pairs = isinstance(fields, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in fields
    )
    if not fields or not pairs:
        raise InputError(path, "names no fields", field="par_fields", remedy=_REMEDY)
    return told


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"cannot be read: {error}", remedy=_REMEDY) from error
    if not isinstance(told, dict):
        raise InputError(path, "is no table of names", remedy=_REMEDY)
    return told


def _instance(folder: Path, name: str, told: object, split: str) -> Instance:
    index = folder / INSTANCES
    if not isinstance(told, dict):
        raise InputError(index, "is no table", field=name, remedy=_REMEDY)
    files = [_below(folder, index, name, told, key) for key in ("input_path", "output_path")]
    sources = {
        "picture": _file_name(told.get("par_file")),
        "track": _file_name(told.get("cldclass_file")),
        "offsets": _file_name(told.get("cal_par_file")),
    }
    half_orbit = parse_name(sources["picture"])
    group = half_orbit.id if half_orbit else str(told.get("cal_par_datetime", name))
    return Instance(name, group, split, files[0], files[1], sources)


def _below(folder: Path, index: Path, name: str, told: Mapping[str, Any], key: str) -> Path:
    """A file of the folder, wherever the folder was when its path was written."""
    text = told.get(key)
    parts = _path_parts(text)
    kind = key.partition("_")[0]
    if kind not in parts or ".." in parts:
        raise InputError(index, f"{key} is {text!r}, no file of this folder", field=name)
    last = len(parts) - 1 - parts[::-1].index(kind)
    return folder.joinpath(*parts[last:])


def _path_parts(text: object) -> tuple[str, ...]:
    if not isinstance(text, str):
        return ()
    return (PureWindowsPath if "\\" in text else PurePosixPath)(text).parts


def _file_name(text: object) -> str:
    return (_path_parts(text) or ("",))[-1]


def _parts(folder: Path, split: str | None) -> dict[str, str]:
    """Part of each id."""
    found = {
        path.stem: path
        for path in sorted(folder.glob("*.json"))
        if path.name not in (INSTANCES, GENERATION)
    }
    if split is None:
        split = USUAL_SPLIT if USUAL_SPLIT in found or len(found) != 1 else next(iter(found))
        if split not in found:
            return {}
    if split not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"{folder}: has no split '{split}'; known are: {known}")
    told = _json(found[split])
    parts: dict[str, str] = {}
    for name, part in _PARTS.items():
        ids = told.get(name, [])
        if not isinstance(ids, list):
            raise InputError(found[split], "is no list of ids", field=name, remedy=_REMEDY)
        parts |= {str(each): part for each in ids}
    if not parts:
        raise InputError(found[split], "names no part", field="train", remedy=_REMEDY)
    return parts

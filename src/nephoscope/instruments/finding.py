"""Files of an instrument below a folder, each as it is described by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from os import PathLike
from pathlib import Path

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.scene_file import SceneFile

# The A-Train's names: 2008153133000 (year, day of the year, time), CALTRACK's an ISO date.
_TIMES = {
    re.compile(r"(?<!\d)\d{13}(?!\d)"): "%Y%j%H%M%S",
    re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}"): "%Y-%m-%dT%H-%M-%S",
}


def scene_files(
    path: str | PathLike[str],
    is_one: Callable[[Path], bool],
    described: Callable[[Path, Path], SceneFile],
    noun: str,
    left_out: LeftOut | None = None,
    remedy: str | None = None,
) -> list[SceneFile]:
    """Every file of an instrument in a file, flat folder or tree, sorted by path.

    Args:
        path: a file (taken as it is) or a folder (searched to any depth).
        is_one: whether a file is of the instrument.
        described: file, folder that is searched → what its name says.
        noun: what its files are, for the message.
        left_out: told of what cannot be read; without it the first of these is raised.
        remedy: what to do where there is none.

    Raises:
        InputError: the path does not exist or holds no such file.
    """
    root, left = Path(path), left_out or LeftOut()
    if not os.path.exists(root):  # noqa: PTH110 - Path.exists raises for names that are too long
        raise InputError(root, "does not exist")
    if not root.is_dir():
        return [described(root, root.parent)]
    files = sorted(file for file in files_below(root, left) if is_one(file))
    if left.errors and (left_out is None or not files):
        raise left.errors[0]
    if not files:
        raise InputError(root, f"holds no {noun}", remedy=remedy)
    return [described(file, root) for file in files]


def track_files(
    path: str | PathLike[str],
    recognises: Callable[[Path], bool],
    noun: str,
    left_out: LeftOut | None = None,
) -> list[SceneFile]:
    """Every file of a profiler, sorted by time and path; see `scene_files`.

    Raises:
        InputError: the path does not exist or holds no such file.
    """
    files = scene_files(path, recognises, _track_file, noun, left_out)
    return sorted(files, key=lambda file: (file.order, file.path))


def _track_file(file: Path, root: Path) -> SceneFile:
    relative = file.parent.relative_to(root)
    for pattern, form in _TIMES.items():
        if (match := pattern.search(file.name)) is not None:
            try:
                start = datetime.strptime(match[0], form)  # UTC, unmarked as in the name
            except ValueError:
                continue
            return SceneFile(file, file.stem, "", float(f"{start:%Y%j%H%M%S}"), relative)
    return SceneFile(file, file.stem, relative=relative)

"""Walking folders: every file below one once, and what was left out of it, for every finder.

Symbolic links are followed, each folder and file is met once however many of them lead to it, and
what cannot be looked into is named while the rest goes on. Hidden folders and those that file
managers, network disks and notebooks keep for themselves are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nephoscope.errors import InputError, shown

TOOL_FOLDERS = frozenset(
    {
        "@eadir", "#recycle", "@recycle", "#snapshot", "@snapshot", "~snapshot", "@tmp",
        "@recently-snapshot", "__macosx", "__pycache__", "$recycle.bin", "recycler", "lost+found",
        "system volume information",
    }
)  # fmt: skip
"""Folders of tools, in lower case: copies, thumbnails and what was thrown away."""
TOOL_FILES = frozenset({"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"})
"""Files that file managers leave behind, in lower case; no camera writes them."""
STORE = "zarr.json"
"""What makes a folder a Zarr store."""
PRODUCTS = "products of an earlier run"
"""What finders call our own files."""


@dataclass
class LeftOut:
    """What finders did not take of the places they looked at.

    Attributes:
        errors: what cannot be used; each is to be named.
        others: files that are of no instrument.
        kinds: what is left out on purpose, by what it is called.
        skip: a folder that is not walked where it lies below another: that of the products.
    """

    errors: list[InputError] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    kinds: dict[str, list[Path]] = field(default_factory=dict)
    skip: Path | None = None

    def add(self, kind: str, path: Path) -> None:
        """Leave out a file of a kind that is said once."""
        self.kinds.setdefault(kind, []).append(path)

    def remarks(self) -> list[str]:
        """One line for each kind: how many there are, and the first of them."""
        return [
            f"{len(paths)} {kind}, e.g. {shown(min(paths))}"
            for kind, paths in sorted(self.kinds.items())
        ]


def files_below(root: str | os.PathLike[str], left_out: LeftOut) -> Iterator[Path]:
    """Every file below a folder once: first those of the tree itself, then what links lead to.

    Args:
        root: the folder; its own name may be hidden.
        left_out: told of every folder and link that cannot be followed.

    Yields:
        each file as a path below `root`; the order depends on nothing but the names.
    """
    walk = _Walk(os.path.realpath(root), left_out)
    yield from walk.below(Path(root), walk.real_root)
    for link in walk.links:  # grows meanwhile
        yield from walk.follow(link)


def is_store(path: Path) -> bool:
    """Whether a folder is a Zarr store, or a group or array in one."""
    return (path / STORE).is_file()


def is_of_tool(name: str) -> bool:
    """Whether a file or folder is hidden or is some tool's own, by its name."""
    return name.startswith(".") or name.lower() in TOOL_FOLDERS | TOOL_FILES


def real_paths(paths: Iterable[Path]) -> Iterator[str]:
    """What each path is with all links followed; folders are looked up once."""
    folders: dict[str, str] = {}
    for path in paths:
        parent = str(path.parent)
        if path.is_symlink() or path.name == "..":
            yield os.path.realpath(path)
            continue
        if parent not in folders:
            folders[parent] = os.path.realpath(parent)
        yield os.path.join(folders[parent], path.name)  # noqa: PTH118 - 100,000 of them


class _Walk:
    """Where a walk has been."""

    def __init__(self, real_root: str, left_out: LeftOut) -> None:
        self.real_root = real_root
        self.on_error = left_out.errors.append
        self.links: list[Path] = []
        skip = {os.path.realpath(left_out.skip)} if left_out.skip is not None else set()
        self._folders = skip - {real_root}
        self._files: set[str] = set()

    def below(self, top: Path, real_top: str) -> Iterator[Path]:
        """The files of a folder at any depth; links are put off."""
        waiting = [(top, real_top)]
        while waiting:
            folder, real = waiting.pop()
            if real in self._folders:
                continue
            self._folders.add(real)
            folders = []
            for name, kind in self._entries(folder):
                path, place = folder / name, f"{real.rstrip(os.sep)}{os.sep}{name}"
                if kind == "link":
                    self.links.append(path)
                elif kind == "folder":
                    folders.append((path, place))
                elif kind == "file" and place not in self._files:
                    self._files.add(place)
                    yield path
            waiting += reversed(folders)

    def follow(self, link: Path) -> Iterator[Path]:
        """The files that a link leads to and that were not met before."""
        real = os.path.realpath(link)
        if self.real_root == real or self.real_root.startswith(f"{real.rstrip(os.sep)}{os.sep}"):
            return  # leads back up: all that is to be found there
        try:
            link.stat()
        except OSError as error:
            self.on_error(_unreadable(link, error, "mend the link or remove it"))
            return
        if link.is_dir():
            yield from self.below(link, real)
        elif link.is_file() and real not in self._files:
            self._files.add(real)
            yield link

    def _entries(self, folder: Path) -> list[tuple[str, str]]:
        """Name and kind of what lies in a folder, sorted; what was listed before an error too."""
        entries: list[tuple[str, str]] = []
        try:
            with os.scandir(folder) as listed:
                for entry in listed:
                    if not is_of_tool(entry.name):
                        entries.append((entry.name, _kind(entry)))
        except OSError as error:
            self.on_error(_unreadable(folder, error, "not all that lies in it can be seen"))
        return sorted(entries)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _unreadable(path: Path, error: OSError, remedy: str) -> InputError:
    return InputError(path, f"cannot be read: {error.strerror}", remedy=remedy)

"""Stream: granules fetched, cut into samples and deleted one by one, for disks that hold few.

What was in the folder before stays; only what the stream fetched itself is deleted. A journal in
the folder says what that is, so that a run that was killed knows it too.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Any

from nephoscope.archives.manifest import Manifest
from nephoscope.archives.remote import RemoteFile
from nephoscope.archives.transfer import Fetched, Settings, plan, transfer
from nephoscope.archives.unpack import is_packed, unpack
from nephoscope.errors import InputError, NephoscopeError
from nephoscope.files import Journal
from nephoscope.instruments.granules import Granule
from nephoscope.samples.harvest import DAMAGED, Harvest, Harvester

OWN = ".nephoscope-stream.jsonl"
"""The journal of what the stream fetched itself."""
_NAMES = ".nephoscope-names"
_TWICE = 2  # a packed file that does not open is fetched again once: its bytes may be wrong


@dataclass(frozen=True)
class Streamed:
    """Harvester that fetches the files of a granule before, and deletes them afterwards.

    A granule names its files in the `names_folder`; those that it names elsewhere are read there.

    Args:
        asked: makes the samples.
        folder: where files lie while they are needed.
        files: those of the archive, by the paths below the folder at which they are read.
        settings: of the transfer.
    """

    asked: Harvester
    folder: Path
    files: Mapping[str, RemoteFile]
    settings: Settings

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What a store says of how its samples were made."""
        return self.asked.attributes

    def __call__(self, granule: Granule) -> Harvest:
        """The samples of a granule.

        Raises:
            NephoscopeError: a file cannot be had: the run stops, and goes on when it is called
                again.
        """
        names = names_folder(self.folder)
        paths = [granule.picture.path, granule.offsets, *granule.tracks]
        asked = [
            path.relative_to(names).as_posix()
            for path in paths
            if path is not None and path.is_relative_to(names)
        ]
        own = self._own(asked)
        damaged = self._brought(asked, own)
        try:
            if damaged is not None:
                return Harvest([], Counter({DAMAGED: 1}), [damaged])
            return self.asked(self._as_it_lies(granule))
        finally:
            self._delete(own)

    def _own(self, asked: Sequence[str]) -> list[str]:
        """Mark what is to be deleted afterwards: all that is not there, or was marked before."""
        journal = Journal(self.folder / OWN)
        own = []
        for path in asked:
            for each in dict.fromkeys((str(self.files[path].path), path)):
                if journal.entries.get(each, {}).get("own"):
                    own.append(each)
                elif not (self.folder / each).exists():
                    journal.record(each, own=True)
                    own.append(each)
        return own

    def _brought(self, asked: Sequence[str], own: Collection[str]) -> InputError | None:
        """Fetch and unpack files; what is wrong with one that does not open."""
        damaged = None
        for _ in range(_TWICE):
            self._fetch(asked, own)
            if (damaged := self._unpack(asked, own)) is None:
                break
        return damaged

    def _fetch(self, asked: Sequence[str], own: Collection[str]) -> None:
        files = {path: self.files[path] for path in asked}
        # What the user has unpacked already is read as it is.
        wanted = [
            file for path, file in files.items() if path in own or path == str(file.path)
        ]  # fmt: skip
        for _, result in transfer(plan(wanted, self.folder), self.settings):
            if not isinstance(result, Fetched):
                raise result

    def _unpack(self, asked: Sequence[str], own: Collection[str]) -> InputError | None:
        manifest = Manifest(self.folder)
        for path in asked:
            archived = str(self.files[path].path)
            packed, final = self.folder / archived, self.folder / path
            if path == archived or path not in own or not packed.is_file():
                continue
            try:
                members = unpack(packed, escape(final.name))
            except InputError as error:
                if archived in own:
                    packed.unlink()
                    manifest.forget(archived)
                return error
            manifest.record_unpacked(archived, members, stays=archived not in own)
            if archived in own:
                packed.unlink()
        return None

    def _as_it_lies(self, granule: Granule) -> Granule:
        """The granule with the paths at which its files are read."""
        names = names_folder(self.folder)

        def there(path: Path) -> Path:
            lies_here = path.is_relative_to(names)
            return self.folder / path.relative_to(names) if lies_here else path

        return Granule(
            replace(granule.picture, path=there(granule.picture.path)),
            there(granule.track) if granule.track else None,
            there(granule.offsets) if granule.offsets else None,
            tuple(map(there, granule.more)),
        )

    def _delete(self, paths: Sequence[str]) -> None:
        manifest, journal = Manifest(self.folder), Journal(self.folder / OWN)
        for path in paths:
            if manifest.holds(path):  # and is still what was fetched
                (self.folder / path).unlink(missing_ok=True)
                manifest.forget(path)
            journal.record(path, own=False)


def names_folder(folder: Path) -> Path:
    """Where the names of the archive's files are written, for those who look for files."""
    return folder / _NAMES


def by_place(files: Sequence[RemoteFile], members: str = "") -> dict[str, RemoteFile]:
    """Files by the paths below the folder at which they are read: packed ones, unpacked.

    Args:
        files: of the archive.
        members: pattern of what packed ones hold, one each under its own name ("*.nat").
    """
    ending = members.removeprefix("*")
    return {
        str(file.path.with_suffix(ending) if is_packed(Path(file.path)) else file.path): file
        for file in files
    }


def write_names(paths: Collection[str], folder: Path) -> Path:
    """Write the names of files that are still in the archive, as empty files; their folder.

    Raises:
        NephoscopeError: there are none.
    """
    if not paths:
        raise NephoscopeError("the archive holds nothing of these days")
    names = names_folder(folder)
    shutil.rmtree(names, ignore_errors=True)
    for name in paths:
        path = names / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return names

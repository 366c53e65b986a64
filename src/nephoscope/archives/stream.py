"""Stream: granules fetched, cut into samples and deleted one by one, for disks that hold few.

What was in the folder before stays; only what the stream fetched itself is deleted. A journal in
the folder says what that is, so that a run that was killed knows it too.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nephoscope.archives.manifest import Manifest
from nephoscope.archives.remote import RemoteFile
from nephoscope.archives.transfer import Fetched, Settings, plan, transfer
from nephoscope.errors import NephoscopeError
from nephoscope.files import Journal
from nephoscope.instruments.granules import Granule
from nephoscope.samples.harvest import Harvest, Harvester

OWN = ".nephoscope-stream.jsonl"
"""The journal of what the stream fetched itself."""
_NAMES = ".nephoscope-names"


@dataclass(frozen=True)
class Streamed:
    """Harvester that fetches the files of a granule before, and deletes them afterwards.

    Args:
        asked: makes the samples.
        folder: where files lie while they are needed.
        files: those of the archive, by their paths below the folder.
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
        here = {
            path: self.folder / path.relative_to(names)
            for path in (granule.picture.path, granule.offsets, *granule.tracks)
            if path is not None
        }
        own = self._fetched([path.relative_to(names).as_posix() for path in here])
        try:
            return self.asked(
                Granule(
                    replace(granule.picture, path=here[granule.picture.path]),
                    here[granule.track] if granule.track else None,
                    here[granule.offsets] if granule.offsets else None,
                    tuple(here[path] for path in granule.more),
                )
            )
        finally:
            self._delete(own)

    def _fetched(self, paths: Sequence[str]) -> list[str]:
        """Fetch files, and return those that are to be deleted afterwards."""
        manifest, journal = Manifest(self.folder), Journal(self.folder / OWN)
        own = []
        for path in paths:
            if journal.entries.get(path, {}).get("own"):
                own.append(path)
            elif not (self.folder / path).exists():
                journal.record(path, own=True)
                own.append(path)
        wanted = plan([self.files[path] for path in paths], self.folder, manifest)
        for _, result in transfer(wanted, self.settings):
            if not isinstance(result, Fetched):
                raise result
        return own

    def _delete(self, paths: Sequence[str]) -> None:
        manifest, journal = Manifest(self.folder), Journal(self.folder / OWN)
        for path in paths:
            if manifest.holds(path):  # and is still what was fetched
                (self.folder / path).unlink()
                manifest.forget(path)
            journal.record(path, own=False)


def names_folder(folder: Path) -> Path:
    """Where the names of the archive's files are written, for those who look for files."""
    return folder / _NAMES


def write_names(files: Sequence[RemoteFile], folder: Path) -> Path:
    """Write the names of files that are still in the archive, as empty files; their folder.

    Raises:
        NephoscopeError: there are none.
    """
    if not files:
        raise NephoscopeError("the archive holds no pairs of these days")
    names = names_folder(folder)
    shutil.rmtree(names, ignore_errors=True)
    for file in files:
        path = names / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return names

"""The manifest: size and sha256 of every file that was fetched into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nephoscope.archives.names import safe_path
from nephoscope.archives.part import parts_below
from nephoscope.archives.remote import RemoteFile, Version, plain_url
from nephoscope.errors import InputError, shown
from nephoscope.files import Journal, sha256_of

NAME = ".nephoscope-fetch.jsonl"
"""Hidden, so that no reader takes it for data, and no archive can send a file of this name."""


@dataclass
class Verdict:
    """What a check of a folder has found.

    Attributes:
        good: files that are as they were fetched.
        bad: the others, with what is wrong.
        unfinished: parts of downloads.
    """

    good: int = 0
    bad: list[InputError] = field(default_factory=list)
    unfinished: list[Path] = field(default_factory=list)


class Manifest:
    """The files that were fetched into a folder, one line of JSON each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal = Journal(folder / NAME)

    def __iter__(self) -> Iterator[str]:
        """Paths below the folder, as they were written first."""
        return (path for path, entry in self._journal.entries.items() if "gone" not in entry)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def record(self, file: RemoteFile, version: Version, sha256: str) -> None:
        """Add a file that lies under its final name."""
        stat = (self.folder / file.path).stat()
        self._journal.record(
            str(file.path), size=stat.st_size, sha256=sha256, mtime_ns=stat.st_mtime_ns,
            source=plain_url(file.url), tag=version.tag, listed=file.tag,
            checksum=file.checksum,
        )  # fmt: skip

    def record_unpacked(self, path: str, members: list[Path], stays: bool = False) -> None:
        """Note that an archive was unpacked; unless it stays, its members stand for it."""
        packed = self._journal.entries[path]
        for member in members:
            stat = member.stat()
            self._journal.record(
                member.relative_to(self.folder).as_posix(), size=stat.st_size,
                sha256=sha256_of(member), mtime_ns=stat.st_mtime_ns, source=packed["source"],
                packed_in=path,
            )  # fmt: skip
        if stays:
            return
        names = [member.relative_to(self.folder).as_posix() for member in members]
        facts = {name: value for name, value in packed.items() if name != "key"}
        self._journal.record(path, **{**facts, "members": names})

    def asked_as(self, path: str) -> str:
        """The path of the archive that a file was packed in, else its own."""
        return str(self._journal.entries[path].get("packed_in", path))

    def forget(self, path: str) -> None:
        """Note that a file was deleted on purpose."""
        self._journal.record(path, gone=True)

    def holds(self, path: str) -> bool:
        """Whether a file is there, untouched since it was fetched (by size and time of change)."""
        entry = self._journal.entries.get(path)
        if entry is None or "gone" in entry:
            return False
        if members := entry.get("members"):
            return all(self.holds(member) for member in members)
        try:
            stat = (self.folder / path).stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (entry.get("size"), entry.get("mtime_ns"))

    def is_current(self, file: RemoteFile) -> bool:
        """Whether a file is there, untouched, and the archive lists no other version of it."""
        path = str(file.path)
        if not self.holds(path):
            return False
        entry = self._journal.entries[path]
        return (
            (file.size is None or file.size == entry.get("size"))
            and (not file.tag or file.tag == entry.get("listed"))
            and (not file.checksum or file.checksum == entry.get("checksum"))
            and plain_url(file.url) == entry.get("source")
        )

    def problem(self, path: str) -> str:
        """What is wrong with a file, "" if nothing is; reads it."""
        entry = self._journal.entries[path]
        if entry.get("members"):
            return ""  # they are checked themselves
        try:
            final = self.folder / safe_path(path)
            size = final.stat().st_size
            if size != entry.get("size"):
                return f"has {size} bytes, {entry.get('size')} were fetched"
            if sha256_of(final) != entry.get("sha256"):
                return "holds other bytes than were fetched"
        except FileNotFoundError:
            return "is gone"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return ""


def verify(folder: Path, tell: Callable[[str], None]) -> Verdict:
    """Compare every fetched file of a folder with the manifest.

    Args:
        folder: the output of `nephoscope fetch`.
        tell: told each path.

    Raises:
        InputError: nothing was fetched into this folder.
    """
    manifest = Manifest(folder)
    if not len(manifest):
        raise InputError(folder, "holds no manifest: nothing was fetched into it")
    verdict = Verdict(unfinished=parts_below(folder))
    for path in manifest:
        if problem := manifest.problem(path):
            remedy = "fetch it again"
            verdict.bad.append(InputError(folder / shown(path), problem, remedy=remedy))
        else:
            verdict.good += 1
        tell(path)
    return verdict

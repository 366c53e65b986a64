"""Atomic writes and the journal: any process may be killed at any byte and run again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nephoscope.errors import OutputError

PART_SUFFIX = ".part"


def part_path(final: Path) -> Path:
    """The name a file or folder bears while it is being written, beside its final name."""
    return final.with_name(f".{final.name}.{_host()}-{os.getpid()}{PART_SUFFIX}")


def remove_stale_parts(folder: Path) -> None:
    """Remove what killed runs left behind in `folder`.

    Parts of live processes stay; those of another machine, whose processes cannot be seen from
    here, stay until nobody has touched them for a day.
    """
    for part in folder.glob(f".*{PART_SUFFIX}"):
        owner = part.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
        host, _, pid = owner.rpartition("-")
        if not pid.isdigit():
            continue
        if _is_old(part) if host != _host() else not _is_alive(int(pid)):
            _discard(part)


@contextmanager
def atomic_path(final: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path; on success it is synced and renamed to `final`, else removed.

    The temporary path lies in the folder of `final` (made if need be) and may become a file or a
    folder. An existing `final` is replaced only once the new one is complete; a kill in the instant
    between moving an old folder aside and the new one in leaves neither, never half of one.

    Raises:
        OutputError: the folder or file cannot be written (read-only, full disk).
    """
    final = Path(final)
    part = part_path(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _sync(part)
        with _moved_aside(final, by=part):
            part.replace(final)
    except OSError as error:
        _discard(part)
        reason = error.strerror or str(error)
        raise OutputError(f"{final}: could not be written: {reason}") from error
    except BaseException:
        _discard(part)
        raise


def write_text(final: str | os.PathLike[str], text: str) -> None:
    """Write `text` (UTF-8) to `final` atomically."""
    with atomic_path(final) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(final: str | os.PathLike[str], content: bytes | memoryview) -> None:
    """Write `content` to `final` atomically."""
    with atomic_path(final) as part:
        part.write_bytes(content)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Journal:
    """One JSON line for each finished item of a bulk run; a torn last line is ignored."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.entries = {entry["key"]: entry for entry in self._read()}

    def _read(self) -> Iterator[dict[str, object]]:
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                    yield entry

    def record(self, key: str, **facts: object) -> None:
        """Append one entry and force it to disk."""
        entry = {"key": key, **facts}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                # A line torn by a kill must not swallow the next one.
                file.write(("" if self._ends_cleanly() else "\n") + json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"{self.path}: could not be written: {error.strerror}") from error
        self.entries[key] = entry

    def _ends_cleanly(self) -> bool:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


@contextmanager
def _moved_aside(final: Path, by: Path) -> Iterator[None]:
    # A folder cannot be renamed over another one, and removing takes time in which a kill would
    # leave half a folder under the final name: rename it first, remove it last.
    if not (by.is_dir() and final.is_dir()):
        yield
        return
    aside = part_path(final.with_name(f"{final.name}.old"))
    final.rename(aside)
    try:
        yield
    except BaseException:
        aside.rename(final)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _is_old(path: Path, seconds: float = 24 * 3600) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except FileNotFoundError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    for member in path.rglob("*") if path.is_dir() else [path]:
        if member.is_file():
            with member.open("rb") as file:
                os.fsync(file.fileno())


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)

"""Atomic writes, locks and the journal: any process may be killed at any byte and run again."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nephoscope.errors import InputError, OutputError, shown

if TYPE_CHECKING:
    import xarray as xr

PART_SUFFIX = ".part"
JOURNAL = "predict-journal"
"""Begins the names of the journals of bulk runs, `predict-journal*.jsonl`."""
LONGEST_NAME = 255
"""Bytes in the name of a file, in all file systems in use."""

_ASIDE = "~aside"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_OF_THE_DISK = _FULL | {errno.EROFS, errno.EFBIG}


def short_name(stem: str, ending: str) -> str:
    """`stem` + `ending`, no longer than a name may be.

    Of a stem that is too long the end is replaced by eight digits that stand for the whole.
    """
    if len(os.fsencode(stem + ending)) <= LONGEST_NAME:
        return stem + ending
    ending = f"~{hashlib.sha256(os.fsencode(stem)).hexdigest()[:8]}{ending}"
    while len(os.fsencode(stem + ending)) > LONGEST_NAME:
        stem = stem[:-1]
    return stem + ending


def part_path(final: Path) -> Path:
    """The name a file or folder bears while it is being written, beside its final name."""
    return final.with_name(short_name(f".{final.name}", _ending()))


def _ending(mark: str = "") -> str:
    return f"{mark}.{_host()}-{os.getpid()}{PART_SUFFIX}"


def remove_stale_parts(folder: Path) -> None:
    """Remove what killed runs left behind in `folder`, and put back what they had moved aside.

    Parts of live processes stay; those of another machine, whose processes cannot be seen from
    here, stay until nobody has touched them for a day.
    """
    for part in sorted(folder.glob(f".*{PART_SUFFIX}")):
        owner = part.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
        host, _, pid = owner.rpartition("-")
        if not (pid.isascii() and pid.isdigit()):
            continue
        if _is_old(part) if host != _host() else not _is_alive(int(pid), part):
            _put_back(part, f"{_ASIDE}.{owner}{PART_SUFFIX}")
            _discard(part)


@contextmanager
def atomic_path(final: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path; on success it is synced and renamed to `final`, else removed.

    The temporary path lies in the folder of `final` (made if need be) and may become a file or a
    folder. An existing `final` is replaced only once the new one is complete. A kill in the instant
    between moving an old folder aside and the new one in leaves neither under the final name, and
    `remove_stale_parts` puts the old one back.

    Raises:
        OutputError: the folder or file cannot be written (read-only, full disk).
        InputError: another file, which the block named in an error of the system, cannot be read.
    """
    final = Path(final)
    part = part_path(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield part
        put_in_place(part, final)
    except OSError as error:
        _discard(part)
        raise _explained(error, final, part) from error
    except BaseException:
        _discard(part)
        raise


def put_in_place(part: Path, final: Path) -> None:
    """Sync what is complete and give it its name on the same disk, where it replaces what is there.

    Raises:
        OSError: it cannot be done.
    """
    _sync(part)
    if part.is_dir():
        remove_stale_parts(final.parent)
    with _moved_aside(final, by=part):
        part.replace(final)
    _sync_folder(final.parent)


def read_netcdf(path: str | os.PathLike[str], decode: bool = True) -> xr.Dataset:
    """Read a whole NetCDF file into memory; packed as it is stored without `decode`.

    Raises:
        InputError: the file does not exist, is no NetCDF-4 file or is damaged.
    """
    import xarray as xr

    try:
        with xr.open_dataset(
            Path(path), engine="h5netcdf", decode_cf=decode, mask_and_scale=decode
        ) as stored:
            return stored.load()
    except FileNotFoundError as error:
        raise InputError(path, "does not exist") from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(path, f"is not a readable NetCDF-4 file: {error}") from error


def write_text(final: str | os.PathLike[str], text: str) -> None:
    """Write `text` (UTF-8) to `final` atomically."""
    with atomic_path(final) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(final: str | os.PathLike[str], content: bytes | memoryview) -> None:
    """Write `content` to `final` atomically."""
    with atomic_path(final) as part:
        part.write_bytes(content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep out other processes that lock the same file, until the block ends or the process dies.

    The file is made if need be. On a system or disk without such locks nobody is kept out.
    """
    with path.open("ab") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass
        yield


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_files(paths: Iterable[Path], below: Path) -> str:
    """One sha256 of many files and their names below a folder, whatever their order."""
    lines = (f"{sha256_of(path)}  {path.relative_to(below).as_posix()}\n" for path in sorted(paths))
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


class Journal:
    """One JSON line for each finished item of a bulk run; a torn last line is ignored."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.entries: dict[str, dict[str, Any]] = {
            entry["key"]: entry for entry in journal_lines(self.path)
        }

    def record(self, key: str, **facts: object) -> None:
        """Append one entry and force it to disk."""
        entry = {"key": key, **facts}
        try:
            with _opened_to_append(self.path) as file:
                file.write(json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritten(self.path, error) from error
        self.entries[key] = entry


class JournalWriter:
    """Appends lines to a journal and keeps none of them in memory.

    A line goes to the system at once and to the disk when the system likes: of one that a loss of
    power took the item is done again.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: IO[str] | None = None

    def record(self, key: str, **facts: object) -> None:
        """Append one entry.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            if self._file is None:
                self._file = _opened_to_append(self.path)
            self._file.write(json.dumps({"key": key, **facts}) + "\n")
            self._file.flush()
        except OSError as error:
            raise _unwritten(self.path, error) from error

    def close(self) -> None:
        """Force what was appended to the disk."""
        if self._file is None:
            return
        with self._file as file, suppress(OSError):  # a full disk has been named
            os.fsync(file.fileno())
        self._file = None


def journal_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a journal, one after the other; torn lines are left out.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                with suppress(json.JSONDecodeError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                        yield entry
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise OutputError(f"{shown(path)}: cannot be read: {error.strerror}") from error


def _opened_to_append(path: Path) -> IO[str]:
    """A journal opened at its end: a line torn by a kill must not swallow the next one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = False
    if path.exists() and path.stat().st_size:
        with path.open("rb") as there:
            there.seek(-1, os.SEEK_END)
            torn = there.read(1) != b"\n"
    file = path.open("a", encoding="utf-8")
    if torn:
        file.write("\n")
    return file


def _unwritten(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{shown(path)}: could not be written: {why_unwritten(error)}")


@contextmanager
def _moved_aside(final: Path, by: Path) -> Iterator[None]:
    # A folder cannot be renamed over another one, and removing takes time in which a kill would
    # leave half a folder under the final name: rename it first, remove it last. It is moved into a
    # folder of its own, where it keeps its name: whoever finds it there knows where it belongs.
    if not (by.is_dir() and final.is_dir()):
        yield
        return
    aside = final.with_name(short_name(f".{final.name}", _ending(_ASIDE)))
    _discard(aside)
    aside.mkdir()
    try:
        final.rename(aside / final.name)
        try:
            yield
        except BaseException:
            (aside / final.name).rename(final)
            raise
    finally:
        if final.exists():
            shutil.rmtree(aside, ignore_errors=True)


def _put_back(part: Path, ending: str) -> None:
    """What a killed swap of folders had moved aside gets its name back, if nothing else has it."""
    for old in part.iterdir() if part.is_dir() else ():
        final = part.parent / old.name
        if part.name == short_name(f".{old.name}", ending) and not final.exists():
            with suppress(OSError):
                old.rename(final)


def why_unwritten(error: OSError) -> str:
    """Why something could not be written; of a full disk also what to do."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return f"{reason} (make room, then run again: what was finished is kept)"
    return reason


def _explained(error: OSError, final: Path, part: Path) -> OutputError | InputError:
    """Whose fault an error of the system is: another file's if it names one, else the output's."""
    reason = error.strerror or str(error)
    others = [
        name
        for name in (error.filename, error.filename2)
        if isinstance(name, str) and not _is_of(Path(name), final, part)
    ]
    if others and error.errno not in _OF_THE_DISK:
        return InputError(others[0], f"cannot be read: {reason}")
    return OutputError(f"{shown(final)}: could not be written: {why_unwritten(error)}")


def _is_of(path: Path, final: Path, part: Path) -> bool:
    return path in (final, part) or part in path.parents or path in final.parents


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _is_old(path: Path, seconds: float = 24 * 3600) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except OSError:
        return False


def _is_alive(pid: int, part: Path) -> bool:
    """Whether the process that wrote a part runs; where one cannot ask, whether the part is new."""
    if os.name == "nt":  # there signal 0 is Ctrl-C, and every other one kills
        return not _is_old(part)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Whether a process has ended and only waits for its parent to ask: in containers for long."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # not on every system
        return False
    return facts.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def force_to_disk(paths: Iterable[Path], below: Path) -> None:
    """Force files to disk, and their names.

    Args:
        paths: of the files.
        below: the folder that they are in, somewhere below; names of folders above it are not its.
    """
    folders = set[Path]()
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        folders.update(each for each in path.parents if each == below or below in each.parents)
    for folder in sorted(folders):
        _sync_folder(folder)


def _sync(path: Path) -> None:
    for member in path.rglob("*") if path.is_dir() else [path]:
        if member.is_file():
            with member.open("rb") as file:
                os.fsync(file.fileno())
        elif member.is_dir():
            _sync_folder(member)
    if path.is_dir():
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    """Force a folder's names to disk: without it a file that is whole may have no name."""
    with suppress(OSError):  # not every system opens folders, nor every disk syncs them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)

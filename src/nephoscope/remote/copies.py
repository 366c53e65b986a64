"""Copies of remote files: fetched once, resumed where they were cut, and kept while they are true.

A line in the journal of the folder tells what each copy was made of. A copy has the time of its
original where that is told, so that a run knows it again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nephoscope.errors import InputError, OutputError, shown
from nephoscope.files import PART_SUFFIX, Journal, locked, put_in_place
from nephoscope.remote.urls import ASK, Place, copies_of, failures, is_url, place_of, reason_of
from nephoscope.workers import in_threads

_JOURNAL, _LOCK = ".nephoscope-copies.jsonl", ".nephoscope-copies.lock"
_AT_ONCE = 8  # files; each waits for the network most of the time
_PIECE = 16 * 2**20  # bytes that are asked for at once
_FILE = "file://"
_TIMES = ("LastModified", "last_modified", "updated", "created", "mtime")


@dataclass(frozen=True)
class Remote:
    """A remote file as it is listed.

    Attributes:
        path: in its file system.
        name: from the place that was asked for; "" of that itself.
        size: in bytes.
        tag: what changes with the contents, as far as is told.
        time: seconds since 1970 of its last change, or None.
    """

    path: str
    name: str
    size: int
    tag: str
    time: float | None


def local_copy(url: str) -> Path:
    """A file, or all files below a prefix, copied to this machine; the file or folder of copies.

    Raises:
        InputError: there is nothing, or it cannot be read.
        OutputError: copies cannot be written.
        MissingExtraError: what the URL needs is not installed.
    """
    if url.startswith(_FILE):
        return Path(url.removeprefix(_FILE))
    place, here = place_of(url), copies_of(url)
    files = listed(place)
    is_file = len(files) == 1 and not files[0].name
    folder = here.parent if is_file else here
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / _LOCK):
            journal = Journal(folder / _JOURNAL)
            for _ in in_threads(lambda file: _bring(place, file, here, journal), files, _AT_ONCE):
                pass
            if not is_file:
                _forget(here, {file.name for file in files})
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{shown(folder)}: copies of {place.url} could not be written: {reason}: make room, or "
            "name another folder in NEPHOSCOPE_CACHE"
        ) from error
    return here


def local_places(places: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Files and folders of this machine: URLs are copied here first.

    Raises:
        InputError, OutputError, MissingExtraError: as for `local_copy`.
    """
    return [local_copy(str(each)) if is_url(each) else Path(each) for each in places]


def listed(place: Place) -> list[Remote]:
    """All files at a place, sorted.

    Raises:
        InputError: there is none, or the place does not answer.
    """
    try:
        place.system.invalidate_cache()
        found = _found(place)
    except failures() as error:
        problem = f"cannot be read: {reason_of(error)}"
        raise InputError(place.url, problem, remedy=ASK) from None
    if not found:
        raise InputError(place.url, "holds no file", remedy=ASK)
    return sorted(found, key=lambda each: each.name)


def _found(place: Place) -> list[Remote]:
    system, path = place.system, place.path
    is_web = system.protocol in {"http", ("http", "https")}
    if is_web and not place.url.endswith("/"):
        about = {path: system.info(path)}  # a page tells files from folders by the last stroke
    else:
        about = system.find(path, detail=True)
        if is_web:
            about.pop(path, None)  # a page that lists nothing is no file
    found = []
    for each, facts in about.items():
        if facts.get("size") is None:
            facts = system.info(each)
        if facts.get("type", "file") == "file" and not each.endswith("/"):
            name = each.removeprefix(path).lstrip("/")
            found.append(Remote(each, name, int(facts["size"]), _tag(facts), _time(facts)))
    return found


def _tag(facts: dict[str, Any]) -> str:
    tag = facts.get("ETag") or facts.get("etag") or facts.get("md5Hash") or _time(facts) or ""
    return f"{tag} {facts['size']}"


def _time(facts: dict[str, Any]) -> float | None:
    value = next((facts[name] for name in _TIMES if facts.get(name)), None)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None


def _bring(place: Place, file: Remote, here: Path, journal: Journal) -> None:
    """Make a copy, if it is not there."""
    final = here / file.name if file.name else here
    key = final.name if not file.name else file.name
    if final.is_file() and journal.entries.get(key, {}).get("tag") == file.tag:
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(file.tag.encode()).hexdigest()[:12]
    part = final.with_name(f".{final.name[:200]}.{mark}{PART_SUFFIX}")
    with part.open("ab") as target:
        for piece in _pieces(place, file, target.tell()):
            target.write(piece)
    if file.time is not None:
        os.utime(part, (file.time, file.time))
    put_in_place(part, final)
    journal.record(key, tag=file.tag)


def _pieces(place: Place, file: Remote, start: int) -> Iterator[bytes]:
    """The bytes of a file from one on.

    Raises:
        InputError: they cannot be had.
    """
    while start < file.size:
        stop = min(start + _PIECE, file.size)
        try:
            piece = place.system.cat_file(file.path, start=start, end=stop)
        except failures() as error:
            problem = f"cannot be read: {reason_of(error)}"
            raise InputError(_url(place, file), problem, remedy="run again: it goes on") from None
        if len(piece) != stop - start and not (start == 0 and len(piece) == file.size):
            problem = f"gave {len(piece)} bytes of {stop - start}: it has changed, or was cut"
            raise InputError(_url(place, file), problem, remedy="run again")
        start += len(piece)
        yield piece


def _url(place: Place, file: Remote) -> str:
    return f"{place.url.rstrip('/')}/{file.name}" if file.name else place.url


def _forget(folder: Path, names: set[str]) -> None:
    """Remove copies of what is no longer there."""
    for path in folder.rglob("*"):
        known = path.name in {_JOURNAL, _LOCK} or path.relative_to(folder).as_posix() in names
        if path.is_file() and not known and not path.name.endswith(PART_SUFFIX):
            path.unlink()

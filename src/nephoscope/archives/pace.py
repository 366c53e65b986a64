"""Pace of a transfer: bandwidth limit, pauses between attempts, streams for each host."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from nephoscope.archives.remote import TransferError, TryAgainError
from nephoscope.errors import UsageError

LONGEST_PAUSE = 120.0
"""Seconds between two attempts, where the server does not ask for more."""
LONGEST_ASKED = 900.0
"""Seconds that a server may ask to wait."""
_ATTEMPTS = 4
Result = TypeVar("Result")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def bytes_of(text: str) -> int:
    """A number of bytes as users write it: "500", "20M", "20 MB", "1.5 GB" (decimal units).

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?(?:/s)?\s*", text.lower())
    if match is None or not (number := int(float(match[1]) * _UNITS[match[2]])):
        raise UsageError(f"{text}: is no number of bytes; write it as 500 MB or 20M")
    return number


def size_text(size: float) -> str:
    """A number of bytes for people, e.g. "1.5 GB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def pause_before(attempt: int, asked: float | None, first: float = 1.0) -> float:
    """Seconds to wait before an attempt: what the server asks for, else growing, with jitter.

    Args:
        attempt: 1 for the first that follows a failure.
        asked: seconds that the server asks for.
        first: seconds before the first.
    """
    if asked is not None:
        return min(asked, LONGEST_ASKED) + random.uniform(0, first)  # noqa: S311 - no secret
    return min(first * 2.0 ** (attempt - 1), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311


def tried(
    work: Callable[[], Result], url: str, first: float, wait: Callable[[float], object] = time.sleep
) -> Result:
    """What a small piece of work gives that a broken line may end: it is tried a few times.

    Args:
        work: raises `TryAgainError` where it may be tried again.
        url: what it asks for.
        first: seconds before the second attempt; see `pause_before`.
        wait: lets so many seconds pass.

    Raises:
        TransferError: given up.
    """
    attempt = 1
    while True:
        try:
            return work()
        except TryAgainError as error:
            if attempt == _ATTEMPTS:
                raise TransferError(url, f"{error.problem}; given up") from error
            wait(pause_before(attempt, error.wait, first))
            attempt += 1


class Throttle:
    """Bandwidth limit that all streams of a run share.

    Args:
        rate: bytes per second; None for as fast as it goes.
    """

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._due = time.monotonic()

    def passed(self, size: int) -> None:
        """Wait as long as `size` bytes may take."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            # What was not used is not saved up, but for the slack of a tenth of a second.
            self._due = max(self._due, now - 0.1) + size / self._rate
            wait = self._due - now
        if wait > 0:
            time.sleep(wait)


class Gate:
    """Lets so many streams at a time to a host, and none while the host has asked for a pause."""

    def __init__(self, streams: int) -> None:
        self._free = threading.Semaphore(streams)
        self._opens = 0.0

    @contextmanager
    def stream(self, stop: threading.Event) -> Iterator[None]:
        """Hold one of the streams; waits for it, or for `stop`."""
        with self._free:
            while (wait := self._opens - time.monotonic()) > 0 and not stop.is_set():
                stop.wait(min(wait, 1))
            yield

    def pause(self, seconds: float) -> None:
        """Let none through for so many seconds: the host is busy."""
        self._opens = max(self._opens, time.monotonic() + seconds)

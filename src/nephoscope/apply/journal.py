"""Journal of a bulk run: skip what is done, write down what is, name what cannot be."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Literal

from nephoscope.apply.jobs import Job
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError, shown
from nephoscope.files import JOURNAL, Journal
from nephoscope.folders import LeftOut

log = logging.getLogger(__name__)
Status = Literal["done", "skipped", "failed"]


@dataclass(frozen=True)
class Event:
    """One scene has ended, or something that cannot be one was left out.

    Attributes:
        job: which; None for what was left out before there was a job.
        status: "done", "skipped" (done by an earlier run) or "failed".
        error: why it failed.
        number: how many have ended, this one included.
        total: how many there are.
        note: what there is to say of it; "" if nothing.
    """

    job: Job | None
    status: Status
    error: NephoscopeError | None
    number: int
    total: int
    note: str = ""


@dataclass
class Summary:
    """How a bulk run went.

    Attributes:
        done: products written now.
        skipped: products that an earlier run wrote from the same inputs.
        failed: (input, message) of each scene that failed, and of what cannot be read at all.
        left: scenes not tried because the output could not be written.
        others: files among the inputs that are of no instrument.
        remarks: what was left out on purpose, one line for each kind.
    """

    done: int = 0
    skipped: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left: int = 0
    others: list[Path] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def count(self, event: Event) -> None:
        """Add one scene."""
        if event.status == "failed":
            self.failed.append((_place_of(event), str(event.error)))
        elif event.status == "done":
            self.done += 1
        else:
            self.skipped += 1


def _place_of(event: Event) -> Path:
    if event.job is not None:
        return event.job.scene.path
    return Path(event.error.path) if isinstance(event.error, InputError) else Path()


class Record:
    """The state of one run: what has ended, and what is left to do.

    Args:
        journals: what earlier runs did, and where this one writes down what it does.
        key_of: everything that the output of a job depends on, as one hash.
        total: how many jobs there are.
        on_event: told of every job that has ended.
        left_out: what is no job; what cannot be read is told first.
        in_order: whether what is skipped is told after the job before it.
    """

    def __init__(
        self,
        journals: Journals,
        key_of: Callable[[Job], str],
        total: int,
        on_event: Callable[[Event], None] | None = None,
        left_out: LeftOut | None = None,
        in_order: bool = True,
    ) -> None:
        left = left_out or LeftOut()
        self.journals = journals
        self.key_of = key_of
        self.total = total + len(left.errors)
        self.on_event = on_event
        self.in_order = in_order
        self._summary = Summary(others=left.others, remarks=left.remarks())
        self._ended = 0
        # Taken before an input is read: if it changes meanwhile, the next run does it again.
        self._keys: dict[Path, str] = {}
        self._behind: dict[Path, list[Job]] = {}  # skipped, by the job after which they are told
        for error in left.errors:
            self._tell(None, "failed", error)

    def unfinished(self, jobs: Iterable[Job], done: Callable[[Job], bool]) -> Iterator[Job]:
        """The jobs that no earlier run has done; the others are told as skipped.

        Args:
            jobs: all, in order.
            done: whether the outputs of a job are there.
        """
        before: Path | None = None
        for job in jobs:
            key = self.key_of(job)
            if not (self.journals.has(key, job) and done(job)):
                self._keys[job.target] = key
                before = job.target
                yield job
            elif self.in_order and before in self._keys:
                self._behind.setdefault(before, []).append(job)
            else:
                self._tell(job, "skipped", None)

    def end(self, job: Job, outcome: tuple[Mapping[str, object], str] | NephoscopeError) -> bool:
        """Write down that a job has ended; False if the output cannot be written and all must end.

        Args:
            job: which.
            outcome: what the journal shall keep of it and what there is to say; or why it failed.
        """
        key, error = self._keys.pop(job.target), None
        if isinstance(outcome, NephoscopeError):
            error = outcome
            self._tell(job, "failed", error)
        else:
            self.journals.record(key, job, **outcome[0])
            self._tell(job, "done", None, outcome[1])
        for skipped in self._behind.pop(job.target, []):
            self._tell(skipped, "skipped", None)
        if isinstance(error, OutputError):
            log.error("stopping: the output cannot be written")
        return not isinstance(error, OutputError)

    def close(self) -> Summary:
        """How the run went."""
        self._summary.left = self.total - self._ended
        return self._summary

    def _tell(
        self, job: Job | None, status: Status, error: NephoscopeError | None, note: str = ""
    ) -> None:
        self._ended += 1
        event = Event(job, status, error, self._ended, self.total, note)
        self._summary.count(event)
        if self.on_event is not None:
            self.on_event(event)


class Journals:
    """The journal of this part, and what those of all parts of earlier runs say.

    Each part writes its own file: appends of several machines to one file may be torn. Outputs are
    named from `out`, so that the folder may be moved.
    """

    def __init__(self, out: Path, part: tuple[int, int]) -> None:
        index, parts = part
        suffix = "" if parts == 1 else f"-{index}-of-{parts}"
        self._out = out
        self._own = Journal(out / f"{JOURNAL}{suffix}.jsonl")
        self._latest = latest_entries(out)

    def has(self, key: str, job: Job) -> bool:
        """Whether any part of any earlier run wrote the output of a job last, and as it asks.

        An output that was cut since, on a full disk or while it was copied, is another one.
        """
        entry = self._latest.get(self._output_of(job), {})
        return entry.get("made_of") == key and entry.get("size") in (None, _size_of(job.target))

    def record(self, key: str, job: Job, **facts: object) -> None:
        """Write down that a job is done.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._own.record(
            self._output_of(job),
            input=str(job.scene.path),
            made_of=key,
            at=time.time_ns(),
            size=_size_of(job.target),
            **facts,
        )

    def _output_of(self, job: Job) -> str:
        return job.target.relative_to(self._out).as_posix()


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def latest_entries(out: Path) -> dict[str, dict[str, Any]]:
    """What the journals of all parts say last of each output, by its name from `out`."""
    latest: dict[str, dict[str, Any]] = {}
    for path in sorted(out.glob(f"{JOURNAL}*.jsonl")):
        for key, entry in Journal(path).entries.items():
            output, at = str(key), entry.get("at")
            if isinstance(at, int) and at >= latest.get(output, {"at": 0})["at"]:
                latest[output] = entry
    return latest


def check_writable(out: Path) -> None:
    """See that the folder of the products can be made and written to.

    Raises:
        UsageError: it is a file.
        OutputError: it cannot be written to.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{shown(out)}: is a file; -o names the folder of the products")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OutputError(f"{shown(out)}: could not be written: {error.strerror}") from error

"""Journal of a bulk run: skip what is done, write down what is, name what cannot be."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nephoscope.apply.jobs import Job
from nephoscope.apply.task import Failure, Written
from nephoscope.errors import InputError, NephoscopeError, OutputError
from nephoscope.files import JOURNAL, JournalWriter, journal_lines
from nephoscope.folders import LeftOut

log = logging.getLogger(__name__)
Status = Literal["done", "skipped", "failed", "not yet", "under way"]


@dataclass(frozen=True)
class Event:
    """One scene has ended, or something that cannot be one was left out.

    Attributes:
        job: which; None for what was left out before there was a job.
        status: "done", "skipped" (done by an earlier run), "failed", "under way", or of a look
            ahead "not yet".
        error: why it failed.
        number: how many have ended, this one included.
        total: how many there are.
        note: what there is to say of it; "" if nothing.
        facts: what the journal keeps of its output, where that was written now.
        place: of its output, a path or an URL.
        share: of the job that is done, where it is under way.
        slot: of the cube at `place` that is its output; "" where a place of its own is.
    """

    job: Job | None
    status: Status
    error: NephoscopeError | None
    number: int
    total: int
    note: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    place: str = ""
    slot: str = ""
    share: float = 1.0

    @property
    def sha256(self) -> str:
        """Of its output, where that was written now; else ""."""
        return str(self.facts.get("sha256", ""))


@dataclass
class Summary:
    """How a bulk run went.

    Attributes:
        done: products written now.
        skipped: products that an earlier run wrote from the same inputs.
        failed: (input, message) of each scene that failed, and of what cannot be read at all.
        known: how many of them failed in an earlier run, and were not tried again.
        left: scenes not tried because the output could not be written.
        others: files among the inputs that are of no instrument.
        remarks: what was left out on purpose, one line for each kind.
    """

    done: int = 0
    skipped: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    known: int = 0
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
        redo_failed: whether inputs that failed before are tried again.
    """

    def __init__(
        self,
        journals: Journals,
        key_of: Callable[[Job], str],
        total: int,
        on_event: Callable[[Event], None] | None = None,
        left_out: LeftOut | None = None,
        in_order: bool = True,
        redo_failed: bool = False,
    ) -> None:
        left = left_out or LeftOut()
        self.journals = journals
        self.key_of = key_of
        self.total = total + len(left.errors)
        self.on_event = on_event
        self.in_order = in_order
        self.redo_failed = redo_failed
        self._summary = Summary(others=left.others, remarks=left.remarks())
        self._ended = 0
        # Taken before an input is read: if it changes meanwhile, the next run does it again.
        self._keys: dict[Path, str] = {}
        # What is not done again, by the job after which it is told.
        self._behind: dict[Path, list[tuple[Job, NephoscopeError | None]]] = {}
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
            if self.journals.has(key, job) and done(job):
                ended: NephoscopeError | None = None
            elif self.redo_failed or (ended := self.journals.failure(key, job)) is None:
                self._keys[job.target] = key
                before = job.target
                yield job
                continue
            else:
                self._summary.known += 1
            if self.in_order and before in self._keys:
                self._behind.setdefault(before, []).append((job, ended))
            else:
                self._tell_known(job, ended)

    def end(self, job: Job, outcome: Written | Failure) -> bool:
        """Write down that a job has ended; False if the output cannot be written and all must end.

        Args:
            job: which.
            outcome: what the journal shall keep of it and what there is to say; or why it failed.
        """
        key, error = self._keys.pop(job.target), None
        if isinstance(outcome, Failure):
            error = outcome.error
            if outcome.settled:
                self.journals.record_failure(key, job, error)
            self._tell(job, "failed", error)
        else:
            self.journals.record(key, job, **outcome[0])
            self._tell(job, "done", None, outcome[1], outcome[0])
        for known in self._behind.pop(job.target, []):
            self._tell_known(*known)
        if isinstance(error, OutputError):
            log.error("stopping: the output cannot be written")
        return not isinstance(error, OutputError)

    def part_teller(
        self, on_part: Callable[[Event], None] | None
    ) -> Callable[[Job], Callable[[float], None] | None]:
        """What makes of a job what tells how far it is."""

        def teller(job: Job) -> Callable[[float], None] | None:
            if on_part is None:
                return None
            return lambda share: on_part(
                Event(job, "under way", None, self._ended, self.total, share=share)
            )

        return teller

    def close(self) -> Summary:
        """How the run went."""
        self._summary.left = self.total - self._ended
        return self._summary

    def _tell_known(self, job: Job, error: NephoscopeError | None) -> None:
        self._tell(job, "skipped" if error is None else "failed", error)

    def _tell(
        self,
        job: Job | None,
        status: Status,
        error: NephoscopeError | None,
        note: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        self._ended += 1
        event = Event(job, status, error, self._ended, self.total, note, facts or {})
        self._summary.count(event)
        if self.on_event is not None:
            self.on_event(event)


@dataclass(frozen=True, slots=True)
class _Last:
    """What journals say last of an output: little, since there may be millions."""

    at: int
    made_of: str
    size: int | None = None
    failure: tuple[Any, ...] = ()


class Journals:
    """The journal of this part, and what those of all parts of earlier runs say.

    Each part writes its own file: appends of several machines to one file may be torn. Outputs are
    named from `out`, so that the folder may be moved. An entry is later than all that were known
    when it was written, also where clocks differ.
    """

    def __init__(self, out: Path, part: tuple[int, int]) -> None:
        index, parts = part
        suffix = "" if parts == 1 else f"-{index}-of-{parts}"
        self._out = out
        self._own = JournalWriter(out / f"{JOURNAL}{suffix}.jsonl")
        self._done: dict[str, _Last] = {}
        self._failed: dict[str, _Last] = {}
        for entry in _entries(out):
            failure = tuple(entry.get("failed", ()))
            latest = self._failed if failure else self._done
            output, at = entry["key"], entry["at"]
            if output not in latest or at >= latest[output].at:
                latest[output] = _Last(at, entry.get("made_of", ""), entry.get("size"), failure)

    def has(self, key: str, job: Job) -> bool:
        """Whether any part of any earlier run wrote the output of a job last, and as it asks.

        An output that was cut since, on a full disk or while it was copied, is another one.
        """
        last = self._done.get(self._output_of(job))
        return (
            last is not None and last.made_of == key and last.size in (None, _size_of(job.target))
        )

    def failure(self, key: str, job: Job) -> InputError | None:
        """Why a job failed before, where it is asked for as it was and the input is as it was."""
        last = self._failed.get(self._output_of(job))
        if last is None or last.made_of != _with_state(key, job):
            return None
        path, problem, field_, remedy = last.failure
        return InputError(path, problem, field=field_, remedy=remedy)

    def record(self, key: str, job: Job, **facts: object) -> None:
        """Write down that a job is done.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._record(job, made_of=key, size=_size_of(job.target), **facts)

    def record_failure(self, key: str, job: Job, error: NephoscopeError) -> None:
        """Write down why a job failed, if it is the input that is at fault.

        Raises:
            OutputError: the journal cannot be written.
        """
        if isinstance(error, InputError) and Path(error.path) == job.scene.path:
            why = [error.path, error.problem, error.field, error.remedy]
            self._record(job, made_of=_with_state(key, job), failed=why)

    def _record(self, job: Job, **facts: object) -> None:
        output = self._output_of(job)
        known = (of.get(output) for of in (self._done, self._failed))
        at = max([time.time_ns(), *(last.at + 1 for last in known if last is not None)])
        self._own.record(output, input=str(job.scene.path), at=at, **facts)

    def close(self) -> None:
        """Force what was written to the disk."""
        self._own.close()

    def _output_of(self, job: Job) -> str:
        return job.target.relative_to(self._out).as_posix()


def _with_state(key: str, job: Job) -> str:
    """A job's key with what also changes when rights of its file do."""
    try:
        return f"{key} {job.scene.path.stat().st_ctime_ns}"
    except OSError:
        return f"{key} gone"


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _entries(out: Path) -> Iterator[dict[str, Any]]:
    """The entries of the journals of all parts, in no order of time."""
    for path in sorted(out.glob(f"{JOURNAL}*.jsonl")):
        for entry in journal_lines(path):
            if isinstance(entry.get("at"), int):
                yield entry


def latest_entries(out: Path, names: Container[str] | None = None) -> dict[str, dict[str, Any]]:
    """What the journals of all parts say last of each output that was made, by its name from `out`.

    Args:
        out: folder of the products.
        names: of the facts that are wanted, so that no others are held; None for all.
    """
    latest: dict[str, dict[str, Any]] = {}
    for entry in _entries(out):
        output = entry["key"]
        if "failed" not in entry and entry["at"] >= latest.get(output, {"at": 0})["at"]:
            kept = {n: v for n, v in entry.items() if names is None or n in names or n == "at"}
            latest[output] = kept
    return latest

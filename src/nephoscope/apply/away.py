"""Away: products of a bulk run that go to a store of objects (s3://, gs://) as they are made.

Each worker writes a product into a folder of this machine, sends it, what makes it whole last, and
removes it here. What a run knows of itself (journals, tables, backgrounds, metadata of cubes) stays
in that folder and is sent by the process that was started by hand alone, now and then and at the
end: objects cannot be appended to or locked. A run begins by fetching it, so that another machine
goes on where this one was; each part of `--shard` has a journal of its own there too.

Parts end when they like, and one may send a table or the axis of a cube that lacks what another has
made since. So each part first sends its own journal and slots, and looks again at those of the
others after it has sent what is made of all: the last to send has seen all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from nephoscope.apply.jobs import Job
from nephoscope.apply.run import Made
from nephoscope.apply.sinks import LayoutSink, NetcdfSink
from nephoscope.background import FILES as BACKGROUNDS
from nephoscope.errors import UsageError, shown
from nephoscope.files import JOURNAL, sha256_of, write_bytes
from nephoscope.folders import STORE
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.products.cube_layout import DONE
from nephoscope.remote.store import ObjectStore
from nephoscope.remote.urls import copies_of, shown_url

_SECONDS = 60.0  # between two times at which what a run knows of itself is sent
_TURNS = 10  # of looking again at the end; who sees news each time leaves the end to others
_JOURNALS = f"{JOURNAL}*.jsonl"
_OF_A_RUN = (_JOURNALS, "*.csv", BACKGROUNDS)
_CUBES = "cube_*.zarr"
_STATUS, _SHARDED = "status", "sharding_indexed"


@dataclass
class AwaySink:
    """Sink that sends what another one writes; a `nephoscope.apply.run.Sink`.

    Args:
        sink: writes into `folder_of` the URL.
        store: where products go.
    """

    sink: NetcdfSink
    store: ObjectStore
    out: Path = field(init=False)
    ending: str = field(init=False)
    _sizes: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    _sent: dict[Path, str] = field(default_factory=dict, init=False, repr=False)
    _due: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        """Products are where they went."""
        if isinstance(self.sink, LayoutSink):
            raise UsageError("--layout legacy: is written to a folder of this machine only")
        self.out, self.ending = self.sink.out, self.sink.ending
        self.sink.held = self._holds

    def __getstate__(self) -> dict[str, Any]:
        """Workers ask for nothing that is there."""
        plain = replace(self.sink, held=Path.is_file)
        ours = {"sink": plain, "out": self.out, "ending": self.ending, "store": self.store}
        return ours | {"_sizes": {}, "_sent": {}, "_due": 0.0}

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """Each product, relative to `out`, and its scene."""
        return self.sink.names(scenes)

    def picture(self, target: Path) -> Path:
        """The quick-look beside a product."""
        return self.sink.picture(target)

    def place(self, job: Job, facts: Mapping[str, object]) -> tuple[str, str]:
        """The URL of a product, as it may be shown, and which slot of a cube it is."""
        here, slot = self.sink.place(job, facts)
        within = here.removeprefix(shown(self.out)).replace(os.sep, "/")
        return f"{shown_url(self.store.url)}{within}", slot

    def begin(self, to_write: bool = True) -> None:
        """Look at what is there, and fetch what earlier runs knew of themselves.

        Raises:
            OutputError: the store does not answer, or may not be written to.
            UsageError: it is of a kind that cannot be written to.
        """
        if to_write:
            self.store.check()
        self._sizes = self.store.sizes()
        for name in sorted(self._sizes, key=lambda each: (not each.endswith(STORE), each)):
            if self._is_of_the_run(PurePosixPath(name)):
                self._fetch(name)
        self._mark()

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the product of a job, send it, and remove it here.

        Raises:
            OutputError: it cannot be written, or not be sent.
        """
        facts = self.sink.write(job, made)
        pictures = [] if job.picture is None or not job.picture.is_file() else [job.picture]
        files = [*pictures, *self.sink.files(job, facts)]
        for file in files:
            self._put(file)
        for file in files:
            if file.parent.name != _STATUS:
                file.unlink(missing_ok=True)
        return facts

    def done(self, job: Job) -> bool:
        """Whether all outputs of a job are in the store."""
        return self.sink.done(job)

    def update(self) -> None:
        """Send what the run knows of itself, now and then."""
        self.sink.update()
        if time.monotonic() > self._due:
            self._send()
            self._due = time.monotonic() + _SECONDS

    def close(self) -> None:
        """Finish what is made of several scenes, send it, and see that no other part made more."""
        for _ in range(_TURNS):
            self._look_again()
            self.sink.close()
            if not self._send():
                return

    def _look_again(self) -> None:
        """Learn what other parts have done."""
        self._sizes = self.store.sizes()
        for name in self._sizes:
            if "/" not in name and PurePath(name).match(_JOURNALS):
                self._fetch(name)
        self._mark()

    def _fetch(self, name: str) -> None:
        """Have a file of the run as it is in the store, unless this machine has more of it."""
        here, size = self.out / name, self._sizes[name]
        if not _holds_all(here, size):
            self.store.get(name, here)
        elif here.stat().st_size > size or not here.match(_JOURNALS):
            self._sent.pop(here, None)
            return
        # Of another part: what is sent back could replace what that one has sent meanwhile.
        self._sent[here] = sha256_of(here)

    def _mark(self) -> None:
        """Write down here which slots of cubes others have made: an axis must hold them all."""
        for name in self._sizes:
            cube, _, rest = name.partition("/")
            is_mark = rest.startswith(f"{_STATUS}/") and not rest.endswith(STORE)
            if is_mark and (self.out / cube / STORE).is_file() and not (self.out / name).is_file():
                write_bytes(self.out / name, bytes([DONE]))

    def _send(self) -> bool:
        """Send what has changed of what the run knows of itself; whether there was any."""
        is_news = False
        for file in self._of_the_run():
            content = sha256_of(file)
            if self._sent.get(file) != content:
                self._put(file)
                self._sent[file] = content
                is_news = True
        return is_news

    def _of_the_run(self) -> list[Path]:
        """What the run knows of itself; what readers of a cube go by comes last."""
        files = [path for pattern in _OF_A_RUN for path in sorted(self.out.glob(pattern))]
        for cube in sorted(self.out.glob(_CUBES)):
            files += [
                path
                for path in sorted(cube.rglob("*"))
                if path.is_file()
                and path != cube / STORE
                and self._is_of_the_run(path.relative_to(self.out))
            ]
            files.append(cube / STORE)
        return files

    def _is_of_the_run(self, name: PurePath) -> bool:
        """Whether a file is of no one scene: of a cube what is not sharded."""
        cube, *rest = name.parts
        if not rest:
            return any(name.match(pattern) for pattern in _OF_A_RUN)
        if not PurePath(cube).match(_CUBES) or name.name.startswith("."):
            return False
        about = self.out / cube / rest[0] / STORE
        return name.name == STORE or (
            rest[0] != _STATUS
            and about.is_file()
            and _SHARDED not in about.read_text(encoding="utf-8")
        )

    def _put(self, file: Path) -> None:
        self.store.put(file, file.relative_to(self.out).as_posix())

    def _holds(self, path: Path) -> bool:
        return path.relative_to(self.out).as_posix() in self._sizes


def folder_of(url: str) -> Path:
    """Where products lie until they are sent, and what a run knows of itself."""
    return copies_of(url).with_name(f"{copies_of(url).name}.out")


def _holds_all(path: Path, size: int) -> bool:
    """Whether a file of this machine holds what the store has: journals and cubes only grow."""
    return path.is_file() and path.stat().st_size >= size

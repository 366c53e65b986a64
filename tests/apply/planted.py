"""A maker and a sink of which one stage raises over one map, for processes and clusters to find."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nephoscope.apply.sinks import NetcdfSink
from nephoscope.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))
from tiny_runs import TinyMaker

WHERE = "P01_day02"


class PlantedError(Exception):
    """A bug of ours."""


def plant(job, stage, kind, note):
    """Raise over one map, and note when."""
    if job.scene.id == WHERE:
        Path(note).write_text(str(time.time()))
        if kind == "bug":
            raise PlantedError(f"planted in {stage}")
        raise InputError(job.scene.path, f"planted in {stage}", field="image")


@dataclass(frozen=True)
class PlantedMaker(TinyMaker):
    stage: str = ""
    kind: str = "bug"
    note: str = ""

    def read(self, job):
        if self.stage == "read":
            plant(job, self.stage, self.kind, self.note)
        return super().read(job)

    def make(self, job, scene, tell=None):
        if self.stage == "predict":
            plant(job, self.stage, self.kind, self.note)
        return super().make(job, scene, tell)


@dataclass
class PlantedSink(NetcdfSink):
    kind: str = "bug"
    note: str = ""

    def write(self, job, made):
        plant(job, "write", self.kind, self.note)
        return super().write(job, made)

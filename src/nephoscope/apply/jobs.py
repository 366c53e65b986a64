"""Jobs of a bulk run: which input becomes which output, and what makes it done."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nephoscope.errors import InputError, UsageError
from nephoscope.folders import LeftOut, real_paths
from nephoscope.instruments import SceneFile, find_all, instrument_named

FITS = ".fits"


SELECTING = frozenset({"times", "ls"})
"""Options of an instrument that say which scenes are predicted, not what a product says."""


@dataclass(frozen=True)
class Options:
    """How scenes are predicted and written.

    Attributes:
        threshold: in place of the model's.
        picture: draw a quick-look beside each product.
        format: of the products: "netcdf", "fits" or "zarr"; "" for the instrument's.
        own: options of the instrument alone, by name.
        levels: lowest and highest altitude, m, of the levels to publish; None: all of them.
    """

    threshold: float | None = None
    picture: bool = True
    format: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)
    levels: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check the threshold."""
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UsageError(f"threshold {self.threshold}: must be within 0 and 1")

    @property
    def decided(self) -> dict[str, Any]:
        """What they change of a model's decision."""
        changes = {"threshold": self.threshold, "published": self.levels}
        return {name: value for name, value in changes.items() if value is not None}

    @property
    def said(self) -> list[Any]:
        """All of them, as they are told apart in a journal; but for which scenes there are."""
        says = (pair for pair in self.own.items() if pair[0] not in SELECTING)
        own = sorted((name, repr(value)) for name, value in says)
        levels = [] if self.levels is None else [list(self.levels)]
        return [self.threshold, self.picture, self.format, own, *levels]


@dataclass(frozen=True)
class Job:
    """One scene to predict.

    Attributes:
        scene: the input file.
        target: final name of the product.
        picture: final name of the quick-look, if one is wanted.
        background: file of the background to use, if any.
        background_sha256: of its contents.
    """

    scene: SceneFile
    target: Path
    picture: Path | None = None
    background: Path | None = None
    background_sha256: str | None = None


class Naming(Protocol):
    """How the outputs of a run are called."""

    ending: str

    def names(self, scenes: Sequence[SceneFile]) -> Mapping[Path, SceneFile]:
        """Each product, relative to the folder of the products, and its scene."""

    def picture(self, target: Path) -> Path:
        """The quick-look of a product."""


def plan_jobs(
    inputs: Sequence[Path],
    out: Path,
    instrument: str,
    naming: Naming,
    picture: bool = True,
    left_out: LeftOut | None = None,
    own: Mapping[str, Any] | None = None,
) -> list[Job]:
    """List the scenes below the inputs, sorted, with their outputs in a mirrored tree below `out`.

    Args:
        inputs: files and folders.
        out: folder of the products; what lies in it is no input.
        instrument: whose scenes.
        naming: how products are called.
        picture: whether each has a quick-look.
        left_out: told of what cannot be used, which is then left out.
        own: options of the instrument alone.

    Raises:
        InputError: an input does not exist or holds no scene, or a product could replace it.
        UsageError: two different inputs would become the same output.
    """
    left = left_out or LeftOut()
    left.skip = out
    if naming.ending == FITS:  # as frames end: one could be called like its product
        _refuse_within(out, inputs)
    found = find_all(inputs, instrument, left)
    named = naming.names(instrument_named(instrument).wanted(found, own or {}, left_out=left))
    jobs = [
        Job(scene, out / name, naming.picture(out / name) if picture else None)
        for name, scene in named.items()
    ]
    return sorted(jobs, key=lambda job: (job.target.parent, job.scene.order, job.target))


def _refuse_within(out: Path, inputs: Sequence[Path]) -> None:
    products = f"{os.path.realpath(out)}{os.sep}"
    for path, real in zip(inputs, real_paths(inputs), strict=True):
        if f"{real}{os.sep}".startswith(products):
            raise InputError(path, "lies in the folder of the products")


def shard(jobs: Sequence[Job], part: tuple[int, int]) -> list[Job]:
    """The i-th of n contiguous parts (i from 1) of nearly equal length.

    Raises:
        UsageError: i is not within 1..n.
    """
    index, parts = part
    if not 1 <= index <= parts:
        raise UsageError(f"--shard {index}/{parts}: the first number must be within 1..{parts}")
    return list(jobs[len(jobs) * (index - 1) // parts : len(jobs) * index // parts])


def job_key(job: Job, maker_key: str, beside: Iterable[Path] = ()) -> str:
    """What the outputs of a job depend on, as one hash.

    Args:
        job: which.
        maker_key: of all that does not depend on the job: model, options.
        beside: files that decide with the input what its product says.
    """
    facts = {
        "files": [_state_of(path) for path in [job.scene.path, *beside]],
        "maker": maker_key,
        "background": job.background_sha256,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _state_of(path: Path) -> list[Any]:
    """What tells one file, and one state of it, from another; None where it cannot be seen."""
    try:
        stat = path.stat()
    except OSError:
        return [str(path), None, None]  # reading it will say what is wrong
    return [str(path.resolve()), stat.st_size, stat.st_mtime_ns]

"""What a bulk run has to do: which input becomes which output, and what makes it done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nephoscope.errors import UsageError, shown
from nephoscope.files import short_name
from nephoscope.folders import LeftOut
from nephoscope.instruments import SceneFile, find_all, instrument_named
from nephoscope.instruments.marci import Bounds, Box

Layout = Literal["cf", "legacy"]


@dataclass(frozen=True)
class Options:
    """How maps are predicted and written.

    Attributes:
        layout: "cf": one product for each map; "legacy": the original's tree and files.
        bounds: "data": wherever there is data; "season": within the seasonal polar bounds;
            "label": within the box of the map's label.
        offset: degrees by which the seasonal bounds lie equatorward of the ice.
        box: a manual box.
        threshold: in place of the model's.
        picture: draw a quick-look beside each product.
    """

    layout: Layout = "cf"
    bounds: Bounds = "data"
    offset: float = 3.0
    box: Box | None = None
    threshold: float | None = None
    picture: bool = True

    @property
    def own(self) -> dict[str, Any]:
        """Those of the instrument alone, by name."""
        return {name: getattr(self, name) for name in ("layout", "bounds", "offset", "box")}


@dataclass(frozen=True)
class Job:
    """One map to predict.

    Attributes:
        scene: the input file.
        target: final name of the product.
        picture: final name of the quick-look, if one is wanted.
        background: file of the background to use, if any.
        background_sha256: of its contents.
        beside: files that decide with the input what its product says.
    """

    scene: SceneFile
    target: Path
    picture: Path | None = None
    background: Path | None = None
    background_sha256: str | None = None
    beside: tuple[Path, ...] = ()

    @property
    def is_written(self) -> bool:
        """Whether all outputs are there."""
        return self.target.is_file() and (self.picture is None or self.picture.is_file())

    def with_background(self, path: Path | None, sha256: str | None) -> Job:
        """The same job with a background."""
        return replace(self, background=path, background_sha256=sha256)


def plan_jobs(
    inputs: Sequence[Path],
    out: Path,
    instrument: str,
    options: Options,
    left_out: LeftOut | None = None,
) -> list[Job]:
    """List the maps below the inputs, sorted, with their outputs in a mirrored tree below `out`.

    Args:
        inputs: files and folders.
        out: folder of the products.
        instrument: whose maps.
        options: how to predict and write.
        left_out: told of what cannot be used, which is then left out.

    Raises:
        InputError: an input does not exist or holds no map.
        UsageError: two different inputs would become the same output.
    """
    left = left_out or LeftOut()
    left.skip = out
    jobs: dict[Path, Job] = {}
    reader = instrument_named(instrument)
    layout = reader.layout(options.own)
    for scene in find_all(inputs, instrument, left):
        name = (
            scene.relative / short_name(scene.id, ".nc") if layout is None else layout.name(scene)
        )
        target = out / name
        if target in jobs:
            raise UsageError(
                f"{shown(scene.path)} and {shown(jobs[target].scene.path)} would both become "
                f"{shown(target)}; name the folder above them, or predict into different folders"
            )
        drawn = target.with_suffix(".png") if layout is None else layout.picture(target)
        beside = tuple(reader.depends_on(scene.path))
        jobs[target] = Job(scene, target, drawn if options.picture else None, beside=beside)
    return sorted(jobs.values(), key=lambda job: (job.target.parent, job.scene.order, job.target))


def group_of(job: Job) -> str:
    """The series a map belongs to: the maps of one sub-phase share a background."""
    return job.scene.series or "other"


def shard(jobs: Sequence[Job], part: tuple[int, int]) -> list[Job]:
    """The i-th of n contiguous parts (i from 1) of nearly equal length.

    Raises:
        UsageError: i is not within 1..n.
    """
    index, parts = part
    if not 1 <= index <= parts:
        raise UsageError(f"--shard {index}/{parts}: the first number must be within 1..{parts}")
    return list(jobs[len(jobs) * (index - 1) // parts : len(jobs) * index // parts])


def job_key(job: Job, options: Options, model_sha256: str) -> str:
    """What the output depends on, as one hash: input, tables beside it, model, options."""
    facts = {
        "files": [file_facts(path) for path in [job.scene.path, *job.beside]],
        "model": model_sha256,
        "background": job.background_sha256,
        "options": repr(options),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def groups(jobs: Iterable[Job]) -> Iterator[tuple[str, list[Job]]]:
    """The jobs by series, in the order in which the series first appear."""
    series: dict[str, list[Job]] = {}
    for job in jobs:
        series.setdefault(group_of(job), []).append(job)
    yield from series.items()


def file_facts(path: Path) -> list[Any]:
    """What tells one file, and one state of it, from another; None where it cannot be seen."""
    try:
        stat = path.stat()
    except OSError:
        return [str(path), None, None]  # reading it will say what is wrong
    return [str(path.resolve()), stat.st_size, stat.st_mtime_ns]

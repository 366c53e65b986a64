"""Many frames: a mirrored tree of products and two tables, resumable, sharded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nephoscope.apply.plan import Job, shard
from nephoscope.apply.resume import JOURNAL, Event, Journals, ResumableRun, Summary, check_writable
from nephoscope.apply.sky.chain import SkyChain, SkyOptions
from nephoscope.apply.sky.choice import INSTRUMENT, choose, fingerprint
from nephoscope.apply.sky.work import Done, start_worker, work_on
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.files import Journal, remove_stale_parts, sha256_of
from nephoscope.instruments import SceneFile, find_scenes
from nephoscope.instruments.skycam import find_others
from nephoscope.products.sky import write_blobs_csv, write_frames_csv
from nephoscope.workers import results_in_processes

FRAMES_TABLE, BLOBS_TABLE = "frames.csv", "blobs.csv"
_TABLES_SECONDS = 20.0
_TABLES_SHARE = 50  # tables take no more than one in so many seconds
_COMPANIONS = {"simulation.json"}  # lie beside frames by our own doing


def predict_sky(
    inputs: Sequence[str | Path],
    out: str | Path,
    options: SkyOptions | None = None,
    workers: int = 1,
    part: tuple[int, int] = (1, 1),
    on_event: Callable[[Event], None] | None = None,
) -> Summary:
    """Judge every frame below the inputs; products in a mirrored tree below `out`, and tables.

    A frame is skipped if the journal in `out` says that its product was made from the same file,
    models and options, and the product is there. `frames.csv` and `blobs.csv` hold all frames whose
    products are in `out`; the journal keeps their rows, so that a kill loses none.

    Args:
        inputs: files and folders.
        out: folder of the products; made if need be.
        options: how to predict.
        workers: processes; 1 works in this one.
        part: (i, n): do the i-th of n parts only.
        on_event: told of every frame that has ended.

    Returns:
        What was done, skipped and failed, and which files are no frames. A full or read-only disk
        ends the run early.

    Raises:
        InputError: an input does not exist or holds no frame; a model cannot be read.
        UsageError: the options contradict each other or the inputs; no such model.
        OutputError: `out` cannot be written at all.
    """
    options, out = options or SkyOptions(), Path(out)
    if workers < 1:
        raise UsageError(f"--workers {workers}: must be at least 1")
    SkyChain(options)  # says what is wrong before anything is done
    mine = shard(plan_frames([Path(path) for path in inputs], out, options), part)
    check_writable(out)
    for folder in {job.target.parent for job in mine} | {out}:
        remove_stale_parts(folder)
    run = ResumableRun(Journals(out, part), _key_of(options), len(mine), on_event)
    start = partial(start_worker, options)
    if workers == 1:
        start()
    due = time.monotonic() + _TABLES_SECONDS
    try:
        for job, done in results_in_processes(work_on, run.unfinished(mine), workers, start):
            if not _end(run, job, done):
                break
            if time.monotonic() > due:
                due = write_tables(out)
    finally:
        write_tables(out)
    summary = run.close()
    summary.others = _others(inputs, out)
    return summary


def _end(run: ResumableRun, job: Job, done: Done | NephoscopeError) -> bool:
    if isinstance(done, NephoscopeError):
        return run.end(job, done)
    return run.end(job, None, done.said, row=done.row, blobs=done.blobs)


def plan_frames(inputs: Sequence[Path], out: Path, options: SkyOptions) -> list[Job]:
    """List the frames below the inputs, sorted, with their outputs in a mirrored tree below `out`.

    What lies in `out` is no input. Two frames of one stem (a FITS and its picture): the first, FITS
    before pictures, gives the product its stem, the others their whole names.

    Raises:
        InputError: an input does not exist or holds no frame.
        UsageError: two inputs, or a product and its input, would be one file.
    """
    scenes: dict[Path, SceneFile] = {}
    for path in inputs:
        found = [file for file in find_scenes(path, INSTRUMENT) if not _within(file.path, out)]
        if not found:
            raise InputError(path, "holds no frame but in the folder of the products")
        for scene in found:
            scenes.setdefault(scene.path.resolve(), scene)
    jobs: dict[Path, Job] = {}
    for scene in sorted(scenes.values(), key=_order):
        target = out / scene.relative / f"{scene.map_id}.fits"
        if target in jobs and jobs[target].scene.path.parent == scene.path.parent:
            target = out / scene.relative / f"{scene.path.name}.fits"
        if target in jobs:
            raise UsageError(
                f"{scene.path} and {jobs[target].scene.path} would both become {target}; "
                "predict them into different folders"
            )
        jobs[target] = Job(scene, target, target.with_suffix(".png") if options.picture else None)
    return sorted(jobs.values(), key=lambda job: (job.target.parent, job.target.name))


def write_tables(out: Path) -> float:
    """Write `frames.csv` and `blobs.csv` from the journals: all frames whose products are there.

    Returns:
        when it is worth while to write them again, on the clock of `time.monotonic`.

    Raises:
        OutputError: they cannot be written.
    """
    begin = time.monotonic()
    entries = _entries(out)
    write_frames_csv(out / FRAMES_TABLE, (entry["row"] for entry in entries))
    write_blobs_csv(out / BLOBS_TABLE, (row for entry in entries for row in entry["blobs"]))
    end = time.monotonic()
    return end + max(_TABLES_SECONDS, _TABLES_SHARE * (end - begin))


def _entries(out: Path) -> list[dict[str, Any]]:
    """What the journals say of each product that is there, sorted by file; the latest counts."""
    latest: dict[str, dict[str, Any]] = {}
    for path in sorted(out.glob(f"{JOURNAL}*.jsonl"), key=lambda path: path.stat().st_mtime):
        for entry in Journal(path).entries.values():
            if isinstance(entry.get("row"), dict) and isinstance(entry.get("blobs"), list):
                latest[str(entry["output"])] = entry
    there = (entry for entry in latest.values() if Path(str(entry["output"])).is_file())
    return sorted(there, key=lambda entry: str(entry["row"]["file"]))


def _key_of(options: SkyOptions) -> Callable[[Job], str]:
    background = options.background
    common = {
        "models": fingerprint(choose(options.model)),
        "options": repr(replace(options, background=None)),
        "background": None if background is None else sha256_of(background),
    }

    def key_of(job: Job) -> str:
        try:
            stat = job.scene.path.stat()
        except OSError:
            file = [str(job.scene.path), 0, 0]  # reading it will say what is wrong
        else:
            file = [str(job.scene.path.resolve()), stat.st_size, stat.st_mtime_ns]
        facts = common | {"file": file, "target": str(job.target.resolve())}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    return key_of


def _others(inputs: Iterable[str | Path], out: Path) -> list[Path]:
    """Files below the inputs that are no frames."""
    return [
        other
        for path in inputs
        for other in find_others(path)
        if other.name not in _COMPANIONS and not _within(other, out)
    ]


def _order(scene: SceneFile) -> tuple[str, str, bool, str]:
    fits = ".fit" in scene.path.name.lower()
    return str(scene.relative), scene.map_id, not fits, str(scene.path)


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())

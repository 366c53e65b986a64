"""Many frames: a mirrored tree of products and two tables, resumable, sharded."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nephoscope.apply.plan import Job, file_facts, shard
from nephoscope.apply.resume import (
    Event,
    Journals,
    ResumableRun,
    Summary,
    check_writable,
    latest_entries,
)
from nephoscope.apply.sky.chain import SkyChain, SkyOptions
from nephoscope.apply.sky.choice import INSTRUMENT, choose, fingerprint
from nephoscope.apply.sky.work import Done, start_worker, work_on
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.files import JOURNAL, locked, remove_stale_parts, sha256_of, short_name
from nephoscope.folders import LeftOut, real_paths
from nephoscope.instruments import find_all
from nephoscope.instruments.skycam import name_products
from nephoscope.products.sky import write_blobs_csv, write_frames_csv
from nephoscope.workers import results_in_processes

FRAMES_TABLE, BLOBS_TABLE = "frames.csv", "blobs.csv"
_TABLES_SECONDS = 20.0
_TABLES_SHARE = 50  # tables take no more than one in so many seconds


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
    left_out = LeftOut()
    mine = shard(plan_frames([Path(path) for path in inputs], out, options, left_out), part)
    check_writable(out)
    for folder in {job.target.parent for job in mine} | {out}:
        remove_stale_parts(folder)
    run = ResumableRun(Journals(out, part), _key_of(options), len(mine), on_event, left_out)
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
    return run.close()


def _end(run: ResumableRun, job: Job, done: Done | NephoscopeError) -> bool:
    if isinstance(done, NephoscopeError):
        return run.end(job, done)
    return run.end(job, None, done.said, row=done.row, blobs=done.blobs)


def plan_frames(
    inputs: Sequence[Path], out: Path, options: SkyOptions, left_out: LeftOut | None = None
) -> list[Job]:
    """List the frames below the inputs, sorted, with their outputs in a mirrored tree below `out`.

    What lies in `out` is no input. Products are called as
    `nephoscope.instruments.skycam.name_products` says.

    Args:
        inputs: files and folders.
        out: folder of the products.
        options: how to predict.
        left_out: told of what is not used, and why.

    Raises:
        InputError: an input does not exist or holds no frame.
        UsageError: two inputs would become one product.
    """
    left = left_out or LeftOut()
    left.skip = out
    products = f"{os.path.realpath(out)}{os.sep}"
    for path, real in zip(inputs, real_paths(inputs), strict=True):
        if f"{real}{os.sep}".startswith(products):
            raise InputError(path, "lies in the folder of the products")
    scenes = find_all(inputs, INSTRUMENT, left)
    jobs = []
    for name, scene in name_products(scenes, ".fits").items():
        picture = out / name.with_name(short_name(name.stem, ".png")) if options.picture else None
        jobs.append(Job(scene, out / name, picture))
    return sorted(jobs, key=lambda job: (job.target.parent, job.target.name))


def write_tables(out: Path) -> float:
    """Write `frames.csv` and `blobs.csv` from the journals: all frames whose products are there.

    Parts that run at the same time take turns, each reading the journals when its turn has come:
    whichever writes last writes what all have done.

    Returns:
        when it is worth while to write them again, on the clock of `time.monotonic`.

    Raises:
        OutputError: they cannot be written.
    """
    begin = time.monotonic()
    with locked(out / f"{JOURNAL}.jsonl"):
        entries = _entries(out)
        write_frames_csv(out / FRAMES_TABLE, (entry["row"] for entry in entries))
        write_blobs_csv(out / BLOBS_TABLE, (row for entry in entries for row in entry["blobs"]))
    end = time.monotonic()
    return end + max(_TABLES_SECONDS, _TABLES_SHARE * (end - begin))


def _entries(out: Path) -> list[dict[str, Any]]:
    """What the journals say of each product that is there, sorted by file; the latest counts."""
    there = [
        entry
        for output, entry in latest_entries(out).items()
        if isinstance(entry.get("row"), dict)
        and isinstance(entry.get("blobs"), list)
        and (out / output).is_file()
    ]
    return sorted(there, key=lambda entry: str(entry["row"]["file"]))


def _key_of(options: SkyOptions) -> Callable[[Job], str]:
    background = options.background
    common = {
        "models": fingerprint(choose(options.model)),
        "options": repr(replace(options, background=None)),
        "background": None if background is None else sha256_of(background),
    }

    def key_of(job: Job) -> str:
        facts = common | {"file": file_facts(job.scene.path)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    return key_of

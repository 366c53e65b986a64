"""Raw sky-camera frames to full results: frames a second, memory over many, latency of one.

    python -m benchmarks.sky_speed [--frames 50 400] [--workers 2] [--model sky]

Frames of 512 x 640 counts are simulated (some, then copied under other names) and predicted as
`nephoscope predict` does: FITS, overlay and rows for each. Every count of frames runs in a process
of its own, so that its peak memory is its own; workers are counted one by one. A run of two frames
is the start (imports, models, processes), which is taken off to get the steady rate. Processor time
says what a frame costs where other programs share the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DISTINCT = 20
"""Frames that are simulated; the others are copies."""


def main() -> None:
    """Run every count of frames and print what it took."""
    options = _options()
    if options.side:
        print(json.dumps(_measure(options)))  # noqa: T201 - read by the parent
        return
    with tempfile.TemporaryDirectory() as folder:
        options.folder = options.folder or Path(folder)
        frames = generate_frames(options.folder, max(options.frames))
        start = _run(options, frames[:2], "start")
        for count in options.frames:
            _tell(count, _run(options, frames[:count], f"out{count}"), start, options.workers)
        _tell_latency(_run(options, frames[:DISTINCT], "single"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[50, 400])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", default="sky", help="as for `nephoscope predict`")
    parser.add_argument("--folder", type=Path, help="keep frames and products here")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--list", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def generate_frames(folder: Path, count: int) -> list[Path]:
    """Raw frames as the camera writes them; copies of a few, if many are wanted."""
    from nephoscope.simulate.sky import simulate_sky

    distinct = simulate_sky(folder / "simulated", min(count, DISTINCT), seed=5)
    raw = folder / "raw"
    raw.mkdir(exist_ok=True)
    made = [raw / f"{number:06d}_flux.fits" for number in range(count)]
    for number, path in enumerate(made):
        shutil.copyfile(distinct[number % len(distinct)], path)
    return made


def measured(folder: Path, count: int, workers: int = 2) -> dict[str, Any]:
    """What the given number of frames takes, which are made in a folder of that name."""
    options = argparse.Namespace(folder=folder / str(count), workers=workers, model="sky")
    options.folder.mkdir()
    return _run(options, generate_frames(options.folder, count), "out")


def _run(options: argparse.Namespace, frames: list[Path], name: str) -> dict[str, Any]:
    listed = options.folder / f"{name}.txt"
    listed.write_text("\n".join(map(str, frames)), encoding="utf-8")
    shutil.rmtree(options.folder / name, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.sky_speed", "--side", name, "--list", str(listed)]
    command += ["--folder", str(options.folder), "--workers", str(options.workers)]
    command += ["--model", options.model]
    # The command is this file, and nothing in it comes from outside.
    done = subprocess.run(  # noqa: S603
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    frames = [Path(line) for line in options.list.read_text(encoding="utf-8").splitlines()]
    out = options.folder / options.side
    return (
        _single(options, frames, out) if options.side == "single" else _bulk(options, frames, out)
    )


def _bulk(options: argparse.Namespace, frames: list[Path], out: Path) -> dict[str, Any]:
    begin = time.perf_counter()
    from nephoscope.apply.bulk import maker_of, predict_many
    from nephoscope.cli.run_report import draw

    maker = maker_of(options.model)
    summary = predict_many(frames, out, maker, workers=options.workers, draw=draw)
    if summary.failed:
        sys.exit(f"{summary.failed[0][1]}")
    own, workers = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "seconds": time.perf_counter() - begin,
        "processor": own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime,
        "own_mb": _megabytes(own.ru_maxrss),
        "worker_mb": _megabytes(workers.ru_maxrss),
        "done": summary.done,
    }


def _single(options: argparse.Namespace, frames: list[Path], out: Path) -> dict[str, Any]:
    """Latency of one frame at a time in one process, after the first."""
    from nephoscope.apply.bulk import maker_of, sink_of
    from nephoscope.apply.jobs import plan_jobs
    from nephoscope.apply.run import Work
    from nephoscope.cli.run_report import draw

    maker = maker_of(options.model)
    work = Work(maker, sink_of(maker, out), draw)
    seconds, processor = [], []
    for job in plan_jobs(frames, out, maker.instrument, work.sink):
        begin, used = time.perf_counter(), time.process_time()
        work.all_of(job)
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    return {"seconds": seconds, "processor": processor}


def _megabytes(peak: int) -> float:
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _tell(count: int, found: dict[str, Any], start: dict[str, Any], workers: int) -> None:
    rate = (count - start["done"]) / (found["seconds"] - start["seconds"])
    each = (found["processor"] - start["processor"]) / (count - start["done"])
    _line(f"{count} frames, {workers} workers")
    _line(f"  rate             {rate:7.1f} frames/s after a start of {start['seconds']:.1f} s")
    _line(f"  whole run        {count / found['seconds']:7.1f} frames/s, {found['seconds']:.1f} s")
    _line(f"  processor time   {1e3 * each:7.1f} ms a frame: {1 / each:.1f} frames/s a core")
    _line(f"  peak memory      {found['own_mb']:7.0f} MB, each worker {found['worker_mb']:.0f} MB")


def _tell_latency(found: dict[str, Any]) -> None:
    later, used = found["seconds"][1:], found["processor"][1:]
    _line("one frame at a time, one process")
    _line(f"  latency          {1e3 * statistics.median(later):7.1f} ms median, "
          f"{1e3 * max(later):.1f} ms worst, first {1e3 * found['seconds'][0]:.0f} ms")  # fmt: skip
    _line(f"  processor time   {1e3 * statistics.median(used):7.1f} ms median")


def _line(text: str) -> None:
    print(text)  # noqa: T201 - a script


if __name__ == "__main__":
    main()

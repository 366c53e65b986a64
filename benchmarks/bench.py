"""`make bench`: stages of all pipelines beside what one would take instead, as a table and JSON.

    python -m benchmarks [--only mars sky ...] [-o bench] [--repeats 3]

Each measurement runs both sides in turn, each in a process of its own. `bench/latest.json` holds
the rows, `bench/history.jsonl` one line of each run on this kind of machine; a stage that is slower
than the best run of the same version of the table by more than a quarter, both by itself and beside
its baseline, is named. Last comes what years of data would cost, from the same numbers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nephoscope.files import write_text

SLOWER = 1.25
"""Times the best of the history from which on a stage is named."""


@dataclass(frozen=True)
class Row:
    """One stage.

    Attributes:
        stage: pipeline and stage; the same in every run.
        unit: of what the seconds are.
        seconds: ours, the best of the repeats.
        baseline: what it stands beside; "" for nothing.
        baseline_seconds: of that, in the same run.
        peak_mb: memory of our process at its peak; 0 where it was not measured.
        size_mb: of what was written; 0 where nothing was.
    """

    stage: str
    unit: str
    seconds: float
    baseline: str = ""
    baseline_seconds: float | None = None
    peak_mb: float = 0.0
    size_mb: float = 0.0

    @property
    def ratio(self) -> float | None:
        """How many times faster than the baseline."""
        return None if self.baseline_seconds is None else self.baseline_seconds / self.seconds


@dataclass(frozen=True)
class Archive:
    """An archive that could be done as a whole.

    Attributes:
        name: what it is.
        stages: of which each of its items takes one.
        items: how many there are.
    """

    name: str
    stages: tuple[str, ...]
    items: int


ARCHIVES = (
    Archive(
        "10 years of SEVIRI, mostly cloud",
        ("seviri: network, whole domain", "seviri: rest of a slot, mostly making and packing ice"),
        350_640,
    ),
    Archive("one Mars year of maps", ("mars: map to NetCDF",), 669),
    Archive("all of PARASOL", ("polder: half orbit",), 47_900),
    Archive("ten years of a sky camera, a frame a minute", ("sky: frame to products",), 5_259_600),
)
"""Items: slots of 15 minutes in 3,652.5 days; sols of a year; in 9 years 14.6 half orbits by day of
each day; minutes of ten years."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=list(STAGES), default=list(STAGES))
    parser.add_argument("-o", "--output", type=Path, default=Path("bench"))
    parser.add_argument("--repeats", type=int, default=3, help="of each stage, at least 2")
    asked = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in asked.only:
        _say(f"measuring {name} ...", sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            rows += STAGES[name](Path(folder), max(asked.repeats, 2))
    _say(table_of(rows))
    if costs := costs_of(rows, ARCHIVES):
        _say("\n" + costs)
    asked.output.mkdir(parents=True, exist_ok=True)
    history = asked.output / "history.jsonl"
    for line in slower(rows, _read(history)):
        _say(f"slower: {line}")
    record = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    write_text(asked.output / "latest.json", json.dumps(record, indent=1) + "\n")
    with history.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def machine() -> dict[str, Any]:
    """What a number depends on, besides the code."""
    return {"system": platform.platform(), "cores": multiprocessing.cpu_count()}


def table_of(rows: Sequence[Row]) -> str:
    """All rows as a table of Markdown."""
    lines = [
        "| stage | seconds a | | beside | its seconds | times faster | peak, MB | written, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        beside = "" if row.baseline_seconds is None else f"{row.baseline_seconds:.3g}"
        times = "" if row.ratio is None else f"{row.ratio:.1f}"
        peak, size = (f"{value:.4g}" if value else "" for value in (row.peak_mb, row.size_mb))
        cells = (row.stage, row.unit, f"{row.seconds:.3g}", row.baseline, beside, times, peak, size)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def costs_of(rows: Sequence[Row], archives: Sequence[Archive]) -> str:
    """What archives would cost of which all stages were measured, and what of it takes longest."""
    measured = {row.stage: row for row in rows}
    lines = [
        "| archive | items | days of this machine | written, TB | most of it |",
        "|---|---|---|---|---|",
    ]
    for each in archives:
        if not all(stage in measured for stage in each.stages):
            continue
        parts = [measured[stage] for stage in each.stages]
        days = each.items * sum(row.seconds for row in parts) / 86_400
        size = each.items * sum(row.size_mb for row in parts) / 1e6
        longest = max(parts, key=lambda row: row.seconds).stage
        written = _short(size) if size else "?"
        lines.append(f"| {each.name} | {each.items:,} | {_short(days)} | {written} | {longest} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def _short(number: float) -> str:
    """Two digits, or all of a whole number."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def slower(rows: Sequence[Row], history: Sequence[dict[str, Any]]) -> list[str]:
    """Stages that are slower than once on such a machine, which a busy machine does not explain."""
    found = []
    kept = [Row(**row) for run in history if run["machine"] == machine() for row in run["rows"]]
    for row in rows:
        before = [each for each in kept if each.stage == row.stage]
        if not before:
            continue
        best = min(each.seconds for each in before)
        ratios = [each.ratio for each in before if each.ratio is not None]
        # A busy machine slows both sides.
        beside = row.ratio is None or not ratios or SLOWER * row.ratio < max(ratios)
        if row.seconds > SLOWER * best and beside:
            found.append(f"{row.stage}: {row.seconds:.3g} s, once {best:.3g} s")
    return found


def _read(history: Path) -> list[dict[str, Any]]:
    if not history.exists():
        return []
    return [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]


def _mars(folder: Path, repeats: int) -> list[Row]:
    from benchmarks import mars_speed

    found = folder / "mars.json"
    with redirect_stdout(sys.stderr):
        mars_speed.main(["--maps", str(repeats), "--json", str(found)])
    sides = json.loads(found.read_text(encoding="utf-8"))
    ours, theirs = sides["nephoscope"], sides["original"]
    whole = min(theirs["maps"][1:]) + theirs["decode"] + theirs["write"]
    return [
        Row(
            "mars: map to NetCDF", "map", min(ours["maps"][1:]), "the original's way", whole,
            ours["peak_mb"], ours["file_mb"],
        )
    ]  # fmt: skip


def _polder(folder: Path, repeats: int) -> list[Row]:
    return [_alone(_collocation, repeats), *_alone(_polder_reading, folder, repeats)]


def _collocation(repeats: int) -> Row:
    import numpy as np

    from benchmarks import collocation as made
    from nephoscope import collocate
    from nephoscope.simulate.earth.atrain import Revolution

    revolution = Revolution(np.datetime64("2008-06-03T02:00:00", "ms"), 10.0)
    track, scene = made.make_track(revolution), made.make_scene(revolution)
    places, seen = (track["latitude"].values, track["longitude"].values), scene["known"].values
    pixels = scene["latitude"].values[seen], scene["longitude"].values[seen]
    name, distance = made.geodesic()
    ours = _best(lambda: collocate(track, scene), repeats)
    theirs = _best(lambda: made.match(places, pixels, distance), 1)
    way = f"k-d tree in degrees, {name}"
    return Row("polder: collocation", "granule", ours, way, theirs, _peak())


def _polder_reading(folder: Path, repeats: int) -> list[Row]:
    from benchmarks.polder_reading import both_ways

    ours, theirs = (_best(way, repeats) for way in both_ways(folder))
    return [Row("polder: read a patch", "patch", ours, "h5py slices", theirs, _peak())]


def _half_orbit(folder: Path, repeats: int) -> list[Row]:
    del repeats  # it takes a minute
    from benchmarks import polder_speed

    found = _alone(polder_speed.measured, folder)
    size = found["megabytes"]
    peak = 1000 * found["gigabytes"]
    return [Row("polder: half orbit", "half orbit", found["seconds"], "", None, peak, size)]


def _cube(folder: Path, repeats: int) -> list[Row]:
    del folder, repeats
    from benchmarks.cube_write import measure

    ours, theirs = (_alone(measure, way, 40, 600) for way in ("cube", "zarr"))
    return [
        Row(
            "seviri: write a slot", "slot", ours["seconds"], "zarr's own writing",
            theirs["seconds"], ours["megabytes"], ours["file"] / 1e6,
        )
    ]  # fmt: skip


def _seviri(folder: Path, repeats: int) -> list[Row]:
    network, slot = _alone(_seviri_network, folder, repeats), _seviri_slot(folder)
    rest = max(slot.seconds - network.seconds, 0.0)
    name = "seviri: rest of a slot, mostly making and packing ice"
    return [network, slot, Row(name, "slot", rest, size_mb=slot.size_mb)]


def _seviri_slot(folder: Path) -> Row:
    """A simulated slot of which more than half is cloud: a minute, so it is done once."""
    from benchmarks import seviri_speed
    from nephoscope.cli import app

    words = ["--size", "256", "--seed", "77", "--quiet", "-o", str(folder / "simulated")]
    _alone(_quietly, app, ["simulate", "seviri", *words])
    picture = next((folder / "simulated").rglob("*.nat"))
    slots = _alone(seviri_speed.write_slots, picture, folder / "slots", 1792, 1920, 1)
    found = _alone(seviri_speed.measured, "seviri", slots, folder / "slot", "zarr")
    size, peak = found["bytes"] / 1e6, found["peak"] * 2**20 / 1e6
    return Row("seviri: slot to its cube", "slot", found["seconds"], "", None, peak, size)


def _quietly(app: Callable[..., object], words: list[str]) -> None:
    with redirect_stdout(sys.stderr):
        app(words, standalone_mode=False)


def _seviri_network(folder: Path, repeats: int) -> Row:
    from benchmarks.seviri_cost import prepared, seconds_of, tiles_of

    domain, seconds, cores = (1792, 1920), [], multiprocessing.cpu_count()
    for name in ("seviri", "seviri-unet"):
        # Each tile in a thread of its own, as `predict` does it.
        ready = prepared(name, folder, 1)
        tile = min(seconds_of(ready, ready.tile, cores) for _ in range(repeats + 1))
        seconds.append(tile * tiles_of(ready, domain))
    return Row(
        "seviri: network, whole domain", "slot", seconds[0], "the published generator", seconds[1],
        _peak(),
    )  # fmt: skip


def _sky(folder: Path, repeats: int) -> list[Row]:
    from benchmarks import sky_speed

    few, many = (_alone(sky_speed.measured, folder, count) for count in (2, 100 * repeats))
    seconds = (many["seconds"] - few["seconds"]) / (many["done"] - few["done"])
    peak = many["own_mb"] + 2 * many["worker_mb"]
    return [Row("sky: frame to products", "frame", seconds, "", None, peak)]


def _journal(folder: Path, repeats: int) -> list[Row]:
    from benchmarks.many_inputs import planned, sqlite, timed

    count = 1000 * repeats
    seconds, _ = timed(planned(folder, count), folder / "out")
    beside = sqlite(folder, count, "NORMAL") / 1000
    name = "SQLite, WAL, a commit each, without the loop"
    return [Row("bulk: loop and journal", "input", seconds / count, name, beside)]


STAGES: dict[str, Callable[[Path, int], list[Row]]] = {
    "mars": _mars,
    "polder": _polder,
    "half-orbit": _half_orbit,
    "seviri": _seviri,
    "cube": _cube,
    "sky": _sky,
    "journal": _journal,
}


def _best(work: Callable[[], object], repeats: int) -> float:
    """Processor seconds of the best of some repeats."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def _alone(work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401 - whatever it gives
    """Do it in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _say(text: str, file: Any = None) -> None:  # noqa: ANN401 - a stream
    print(text, file=file, flush=True)

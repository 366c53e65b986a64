"""What a simulated SEVIRI scene costs: seconds of each stage, and memory.

python -m benchmarks.simulate_seviri [rows and columns, 512]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nephoscope.instruments.seviri import CHANNELS
from nephoscope.simulate.earth.atmosphere import LocalGrid
from nephoscope.simulate.earth.atmosphere.truth import average, write_truth
from nephoscope.simulate.earth.atmosphere.weather import Weather
from nephoscope.simulate.earth.profilers.tracks import write_dardar_track
from nephoscope.simulate.earth.seeds import stream
from nephoscope.simulate.earth.seviri.lines import places_of
from nephoscope.simulate.earth.seviri.native import write_native
from nephoscope.simulate.earth.seviri.picture import observe
from nephoscope.simulate.earth.seviri.regions import choose_regions
from nephoscope.simulate.earth.seviri.writing import MARGIN, SPACING


def _timed(stage: str, work: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
    start = time.perf_counter()
    made = work(*given)
    print(f"{stage:12s} {time.perf_counter() - start:6.1f} s")  # noqa: T201 - a benchmark's output
    return made


def main(size: int) -> None:
    """Time one scene by day."""
    region = next(each for each in choose_regions(0, 100, size, 1) if each.northwards)
    grid, start = region.grid, region.starts[0]
    begun = time.perf_counter()
    columns = LocalGrid.covering(*grid.places(), SPACING, MARGIN)
    weather = _timed("weather", Weather, columns, region.seed, region.middle(0))
    atmosphere = _timed("atmosphere", weather.at, region.middle(0))
    image = _timed(
        "picture", observe, atmosphere, grid, start, stream(region.seed, "seviri noise", 0)
    )
    truth = _timed("truth", average, atmosphere, *places_of(grid), region.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        overpass = region.orbit, region.northwards, region.seed
        _timed("track", write_dardar_track, out, atmosphere, *overpass)
        _timed("truth file", write_truth, out / "truth.zarr", truth)
        corner = region.first_row, region.first_col
        _timed("native file", write_native, out, image, CHANNELS, start, *corner)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    whole = time.perf_counter() - begun
    print(f"{size} x {size} pixels, {columns.rows} x {columns.cols} columns, {whole:.1f} s,")  # noqa: T201
    print(f"peak memory {peak:.1f} GB")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 512)

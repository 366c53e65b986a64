"""What a simulated stretch of a half orbit costs: processor seconds of each stage, and memory.

python -m benchmarks.simulate_polder [rows, 400]

The last line is what counts: patches of 100 x 100 pixels in 16 views and nine bands a minute.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.simulate.earth.atmosphere import LocalGrid
from nephoscope.simulate.earth.atmosphere.truth import write_truth
from nephoscope.simulate.earth.atmosphere.weather import Weather
from nephoscope.simulate.earth.polder.geometry import swath_window, views_of
from nephoscope.simulate.earth.polder.picture import observe, quarter_places
from nephoscope.simulate.earth.polder.stretch import (
    MARGIN,
    SPACING,
    SimulatedStretch,
    choose_stretch,
)
from nephoscope.simulate.earth.polder.writing import truth_of, write_stretch

PATCH = 100 * 100 * 16


def _timed(stage: str, work: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
    start = time.process_time()
    made = work(*given)
    print(f"{stage:12s} {time.process_time() - start:6.1f} s")  # noqa: T201 - a benchmark's output
    return made


def main(rows: int) -> None:
    """Time one scene."""
    stretch = choose_stretch(0, 0, rows)
    begun = time.process_time()
    window = swath_window(stretch.revolution, stretch.rows)
    views = _timed("views", views_of, stretch.revolution, window)
    grid = LocalGrid.covering(*quarter_places(window), SPACING, MARGIN)
    weather = _timed("weather", Weather, grid, stretch.seed, stretch.time)
    atmosphere = _timed("atmosphere", weather.at, stretch.time)
    start = time.process_time()
    fields = _timed("picture", observe, atmosphere, views, np.random.default_rng(0))
    each = (time.process_time() - start) / np.isfinite(fields["I865P"]).sum() * PATCH
    made = SimulatedStretch(stretch, atmosphere, views, fields)
    truth = _timed("truth", truth_of, made)
    with tempfile.TemporaryDirectory() as folder:
        _timed("truth file", write_truth, Path(folder) / "truth.zarr", truth)
        _timed("half orbit", write_stretch, Path(folder) / "half_orbit.h5", made)
    whole = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    patches = np.isfinite(fields["I865P"]).sum() / PATCH
    print(f"{rows} rows x {window.width} pixels, {grid.rows} x {grid.cols} columns: {whole:.1f} s,")  # noqa: T201
    print(f"peak memory {peak:.1f} GB; a patch: {each:.2f} s of radiative transfer,")  # noqa: T201
    print(f"{60 / each:.0f} a minute; {60 * patches / whole:.0f} a minute with all stages")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)

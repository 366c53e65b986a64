"""Simulated half orbits on disk: files and folders as the archive has them, the truth beside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from os import PathLike
from pathlib import Path

import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.files import remove_stale_parts
from nephoscope.simulate.earth.atmosphere.truth import average, write_truth
from nephoscope.simulate.earth.polder.half_orbit_file import write_half_orbit
from nephoscope.simulate.earth.polder.picture import quarter_places
from nephoscope.simulate.earth.polder.stretch import (
    MOST_ROWS,
    SimulatedStretch,
    Stretch,
    choose_stretches,
    simulate_stretch,
)
from nephoscope.simulate.earth.profilers.tracks import write_cloudsat_tracks
from nephoscope.simulate.earth.version import SIMULATOR_VERSION, STAMP
from nephoscope.simulate.sidecar import write_sidecar
from nephoscope.workers import each_in_processes

ARCHIVE = Path("PARASOL") / "L1_B-HDF.v1.01"
"""Folder of the product in the archive."""
ROWS, FEWEST_ROWS = 400, 8


def simulate_half_orbits(
    out: str | PathLike[str],
    scenes: int = 1,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    workers: int = 1,
    rows: int = ROWS,
) -> list[Path]:
    """Write stretches of half orbits as PARASOL level-1B files in the archive's folders.

    What is there is kept: a run that was stopped is taken up again. The files do not depend on the
    number of processes or scenes.

    Args:
        out: folder, made if need be.
        scenes: number of stretches; no two overlap in time.
        seed: of all that is random.
        progress: called with the name of each file that is done.
        workers: processes.
        rows: of POLDER's grid, of each stretch: 8 to 780, so that none passes the turn of the
            track.

    Returns:
        The files, in order of scenes.

    Raises:
        UsageError: `out` holds another simulation, or a number makes no sense.
        OutputError: something cannot be written.
    """
    if scenes < 1 or not FEWEST_ROWS <= rows <= MOST_ROWS:
        asked, span = f"{scenes} scenes of {rows} rows", f"{FEWEST_ROWS} to {MOST_ROWS} rows"
        raise UsageError(f"{asked}: ask for 1 or more, of {span}")
    out = Path(out)
    write_sidecar(out, "polder", version=SIMULATOR_VERSION, seed=seed, rows=rows)
    stretches = choose_stretches(seed, scenes, rows)
    work = partial(_make, out)
    for stretch, error in each_in_processes(work, stretches, workers):
        if error is not None:
            raise error
        if progress is not None:
            progress(path_of(out, stretch).name)
    return [path_of(out, stretch) for stretch in stretches]


def path_of(out: Path, stretch: Stretch) -> Path:
    """Path of the file of a stretch."""
    name = stretch.half_orbit
    return out / ARCHIVE / name.folder / name.file_name


def _make(out: Path, stretch: Stretch) -> None:
    path = path_of(out, stretch)
    remove_stale_parts(path.parent)
    if path.exists():
        return
    made = simulate_stretch(stretch)
    # The file comes last: where it is, all is there.
    tracks = write_cloudsat_tracks(out, made.atmosphere, stretch.revolution, True, stretch.seed)
    truth = truth_of(made)
    truth.attrs["picture"] = path.relative_to(out).as_posix()
    truth.attrs["track"] = tracks[0].relative_to(out).as_posix()
    write_truth(out / "truth" / f"{path.stem}.zarr", truth)
    write_stretch(path, made)


def truth_of(made: SimulatedStretch) -> xr.Dataset:
    """Truth on the pixels of a stretch, with `row` and `origin` as in the reader's Scene."""
    window = made.views.window
    truth = average(made.atmosphere, *quarter_places(window), seed=made.stretch.seed)
    return truth.assign_coords(row=("y", window.rows), origin=("y", window.origin))


def write_stretch(path: str | PathLike[str], made: SimulatedStretch) -> None:
    """Write the picture of a stretch as a level-1B file.

    Raises:
        OutputError: the file cannot be written.
    """
    attributes = {
        "Comment": STAMP,
        "Simulation_Seed": str(made.stretch.seed),
    }
    write_half_orbit(path, made.fields, made.views.window, attributes)

"""Simulated pictures on disk: native files, the track of DARDAR across them, and the truth.

Layout, as archives deliver: `out/HRSEVIRI/YYYY/MM/DD/MSG2-SEVI-MSG15-0100-NA-*.nat` (pictures of
the EUMETSAT Data Store), `out/CLOUDSAT/DARDAR-NICE_L2-PRO.v1.00/YYYY/YYYY_MM_DD/*.nc` (DARDAR-Nice
of ICARE), `out/truth/MSG2-YYYYmmddHHMM.zarr` beside them, and `out/simulation.json`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from nephoscope.errors import UsageError
from nephoscope.files import remove_stale_parts
from nephoscope.instruments.seviri.channels import CHANNELS
from nephoscope.instruments.seviri.packing import GROUP
from nephoscope.simulate.earth.atmosphere import Atmosphere, LocalGrid
from nephoscope.simulate.earth.atmosphere.truth import average, write_truth
from nephoscope.simulate.earth.atmosphere.weather import Weather
from nephoscope.simulate.earth.profilers.tracks import write_dardar_track
from nephoscope.simulate.earth.seeds import stream
from nephoscope.simulate.earth.seviri.lines import places_of
from nephoscope.simulate.earth.seviri.native import native_name, write_native
from nephoscope.simulate.earth.seviri.picture import observe
from nephoscope.simulate.earth.seviri.regions import Region, choose_regions
from nephoscope.simulate.earth.version import SIMULATOR_VERSION
from nephoscope.simulate.sidecar import write_sidecar
from nephoscope.workers import each_in_processes

SPACING = 1500.0
"""Width of a column of the atmosphere, m: half a pixel below the satellite."""
MARGIN = 45_000.0
"""Of atmosphere around a region, m: what is seen and what casts shadows from outside of it."""
SIZE = 512
_SATELLITE = "Meteosat-9"


def simulate_slots(
    out: str | PathLike[str],
    scenes: int = 1,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    workers: int = 1,
    slots: int = 1,
    size: int = SIZE,
) -> list[Path]:
    """Write pictures of SEVIRI, the track of DARDAR and the truth, in the formats of the archives.

    Each scene is another region and another day, by day or by night, as the A-Train crosses it.
    Scenes whose pictures are all there are not made again.

    Args:
        out: folder, made if need be.
        scenes: number of scenes.
        seed: same seed, same files.
        progress: called with the name of each scene ("MSG2-201006111230") when it is made.
        workers: processes.
        slots: pictures of a scene, a quarter of an hour apart, while its clouds move and grow.
        size: rows and columns of a picture, a multiple of 4.

    Returns:
        The pictures, in order of scenes and time.

    Raises:
        UsageError: `out` holds another simulation, or numbers below 1, or no multiple of 4, or
            satpy is not installed.
        OutputError: something cannot be written.
    """
    if min(scenes, slots, size) < 1 or size % GROUP:
        raise UsageError(
            f"{scenes} scenes of {slots} slots of {size} pixels: ask for at least 1, and pixels in "
            f"fours"
        )
    if find_spec("satpy") is None:
        raise UsageError("SEVIRI files need satpy: pip install 'nephoscope[satellites]'")
    out = Path(out)
    regions = choose_regions(seed, scenes, size, slots)
    write_sidecar(out, "seviri", version=SIMULATOR_VERSION, seed=seed, slots=slots, size=size)
    for region, error in each_in_processes(partial(make_scene, out), regions, workers):
        if error is not None:
            raise error
        if progress is not None:
            progress(name_of(region, 0))
    return [path for region in regions for path in pictures_of(out, region)]


def name_of(region: Region, slot: int) -> str:
    """Satellite and start of a slot, as the reader has it."""
    start = region.starts[slot].astype("datetime64[us]").astype(datetime)
    return f"MSG2-{start:%Y%m%d%H%M}"


def pictures_of(out: Path, region: Region) -> list[Path]:
    """Files of a scene, in order of time."""
    days = (start.astype("datetime64[us]").astype(datetime) for start in region.starts)
    return [
        out / "HRSEVIRI" / f"{day:%Y/%m/%d}" / native_name(start, _SATELLITE)
        for day, start in zip(days, region.starts, strict=True)
    ]


def make_scene(out: Path, region: Region) -> None:
    """Write the missing files of a scene; a picture comes last, and so shows that all is there."""
    missing = [slot for slot, path in enumerate(pictures_of(out, region)) if not path.exists()]
    if not missing:
        return
    grid = region.grid
    columns = LocalGrid.covering(*grid.places(), SPACING, MARGIN)
    weather = Weather(columns, region.seed, region.middle(region.overpass))
    for slot in missing:
        atmosphere = weather.at(region.middle(slot))
        truth = average(atmosphere, *places_of(grid), region.seed)
        truth.attrs["picture"] = pictures_of(out, region)[slot].relative_to(out).as_posix()
        if slot == region.overpass:
            # Radar and lidar look at the same air.
            track = write_dardar_track(
                out, atmosphere, region.orbit, region.northwards, region.seed
            )
            truth.attrs["track"] = track.relative_to(out).as_posix()
        write_truth(truth_of(out, region, slot), truth)
        _write_picture(out, region, slot, atmosphere)


def truth_of(out: Path, region: Region, slot: int) -> Path:
    """The store of a slot."""
    return out / "truth" / f"{name_of(region, slot)}.zarr"


def _write_picture(out: Path, region: Region, slot: int, atmosphere: Atmosphere) -> None:
    path, start = pictures_of(out, region)[slot], region.starts[slot]
    rng = stream(region.seed, "seviri noise", slot)
    image = observe(atmosphere, region.grid, start, rng, _SATELLITE)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_stale_parts(path.parent)
    corner = region.first_row, region.first_col
    write_native(path, image, CHANNELS, start, *corner, _SATELLITE)

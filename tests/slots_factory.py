"""Slots of SEVIRI and files of DARDAR that cross them, small and known in every number."""

from pathlib import Path

import numpy as np

from nephoscope.folders import LeftOut
from nephoscope.grids.geostationary import Bounds
from nephoscope.instruments import find_all
from nephoscope.instruments.granules import Draw
from nephoscope.instruments.seviri import CHANNELS, SOLAR, patches
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.recipe import validate_recipe
from nephoscope.samples.from_slots import AskedOfSlots
from nephoscope.samples.resumable import write_granules
from nephoscope.samples.slot_windows import SlotChoice
from nephoscope.samples.store import open_samples
from nephoscope.simulate.earth.profilers.dardar import write_nice
from nephoscope.simulate.earth.seviri.native import write_native
from nephoscope.workers.crew import crew_of

NOON, NEXT = np.datetime64("2010-06-11T12:00"), np.datetime64("2010-06-12T12:00")
SIDE, FIRST_ROW, FIRST_COL = 96, 1800, 1500
HEIGHT = 25080.0 - 60.0 * np.arange(436)
STEP = np.timedelta64(160, "ms")
SMALL = SlotChoice(size=32, fewest=5)
REGION = Bounds(-32.0, -32.0, 32.0, 32.0)
RECIPE = {
    "name": "ice-tiny",
    "instrument": "seviri",
    "task": "cloud_ice",
    "inputs": {"features": ["IR_108", "WV_062"]},
    "network": {"name": "mlp", "options": {"hidden": [4]}},
    "training": {"crop": [16, 16], "batch": 2, "steps": 4, "validate_every": 2},
    "apply": {"tile": [16, 16], "overlap": 0},
}


def draw_image(seed=0):
    """(channel, y, x): every channel another noise, warm enough to be measured."""
    rng = np.random.default_rng(seed)
    shape = SIDE, SIDE
    planes = [rng.uniform(*((5, 80) if n in SOLAR else (215, 250)), shape) for n in CHANNELS]
    return np.stack(planes).astype(np.float32)


def write_slot(folder: Path, start=NOON, image=None, **options):
    folder.mkdir(parents=True, exist_ok=True)
    image = draw_image() if image is None else image
    return write_native(folder, image, CHANNELS, start, FIRST_ROW, FIRST_COL, **options)


def path_of_track():
    """Fractional row and column of profiles, northwards, a third of a pixel apart."""
    row = np.arange(SIDE + 20, -20, -0.35)
    return row, 40 + 0.15 * row


def fields_of(profiles: int, seed=0):
    """What a file says: ice from 5 to 9 km in half of the profiles, in bursts."""
    rng = np.random.default_rng(seed)
    shape = profiles, len(HEIGHT)
    icy = (HEIGHT > 5000) & (HEIGHT < 9000) & (np.arange(profiles) // 17 % 2 == 0)[:, None]
    icy &= rng.uniform(size=shape) < 0.8
    iwc = np.where(icy, 10 ** rng.uniform(-6, -4, shape), 0)
    iwc[:, HEIGHT < 200] = np.nan
    return {
        "iwc": iwc,
        "icnc_5um": iwc * 1e9,
        "icnc_100um": iwc * 1e8,
        "reffcli": np.where(icy, 4e-5, np.nan),
        "ta": np.tile(300 - 0.0065 * HEIGHT, (profiles, 1)),
        "clm": np.where(icy, 1, rng.integers(0, 3, shape) // 2 * 4).astype(np.int16),
        "clm_full": icy.astype(np.int16),
        "nightday_flag": np.zeros(profiles, np.int16),
        "land_water_mask": (np.arange(profiles) % 5 > 1).astype(np.int16) * 2,
        "iteration_flag": np.ones(profiles, np.int16),
    }


def write_track(folder: Path, slot: Path, offset=60.0, seed=0, gap=None):
    """A file of profiles over the middle of a slot, so many s after the middle line is scanned.

    `gap`: number of a profile after which 10 s pass.
    """
    from nephoscope.instruments.seviri import grid_of

    scene = read_slot(slot, channels=["IR_108"], partial=True)
    row, col = path_of_track()
    latitude, longitude = grid_of(scene).to_place(row, col)
    middle = scene["time"].values[SIDE // 2]
    steps = np.arange(len(row)) - len(row) // 2
    time = middle + np.timedelta64(round(offset * 1000), "ms") + steps * STEP
    if gap is not None:
        time[gap:] += np.timedelta64(10, "s")
    folder.mkdir(parents=True, exist_ok=True)
    start = time[0].astype("datetime64[s]").item()
    path = folder / f"DARDAR-NICE_L2-PRO_{start:%Y%j%H%M%S}_06643_V1-00.nc"
    write_nice(path, latitude, longitude, time, HEIGHT, fields_of(len(row), seed))
    return path


def write_pair(folder: Path, start=NOON, seed=0):
    """A slot and the file of its track, in folders of their own."""
    slot = write_slot(folder / "HRSEVIRI", start, draw_image(seed))
    return slot, write_track(folder / "DARDAR", slot, seed=seed)


def granules_of(folder: Path, asked):
    left_out = LeftOut()
    pictures = find_all([folder / "HRSEVIRI"], "seviri", left_out)
    if asked.points == "truth":
        return patches.alone(pictures, Draw(), asked.longitude)
    within = np.timedelta64(round(asked.most_offset), "s").item()
    return patches.pair(pictures, [folder], within, asked.bounds, Draw(), asked.longitude)


def asked_of(**settings):
    fields = patches.checked_fields("default")
    return AskedOfSlots("seviri", fields, **{"choice": SMALL, "bounds": REGION, **settings})


def built(folder: Path, out: Path, workers=None, scheduler="", on_error=None, **settings):
    """The store of a folder's slots, open, and why other samples were not made."""
    asked = asked_of(**settings)
    recipe = validate_recipe(RECIPE)
    skipped = write_granules(
        granules_of(folder, asked), out, recipe, asked, {"--seed": asked.seed},
        crew_of(workers, scheduler),
        on_error=on_error,
    )  # fmt: skip
    return open_samples(out), skipped

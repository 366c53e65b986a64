"""Models of half orbits that learned nothing, half orbits to apply them to, and their recipe."""

from pathlib import Path

import benchmarks.untrained
import numpy as np

from nephoscope.recipe import Recipe, validate_recipe

FIELDS = ["I443NP", "I670P", "Q670P", "I763NP", "thetas", "thetav", "phi", "phis", "land_sea_flag"]
FEATURES = {
    "views": ["r443_*", "r670_*", "q670_*", "r763_*", "cos_thetav_*", "cos_scattering_*"],
    "parallax": ["parallax_x_*", "parallax_y_*"],
    "valid": ["valid_*"],
    "picture": ["land_sea_flag"],
}
LEVELS = {"lowest": 600, "highest": 19800, "step": 2400}
SMALL = {"lowest": 600.0, "step": 2400.0, "levels": 9, "planes": 3, "hidden": 8, "width": 4,
         "context": 8, "dilations": [1, 2], "trunk": 16, "column": 8}  # fmt: skip
ALTITUDE = tuple(float(each) for each in np.arange(19800, 599, -2400))


def recipe_of(**changes) -> Recipe:
    """The recipe of a small network that aligns the views; `changes` of its parts by name."""
    content = {
        "name": "tiny-polder",
        "instrument": "polder",
        "task": "cloud_type",
        "read": {"fields": FIELDS},
        "truth": {"levels": LEVELS},
        "inputs": {"features": FEATURES},
        "network": {"name": "aligned", "options": SMALL},
        "training": {"crop": [24, 24], "batch": 2, "steps": 2, "validate_every": 1},
        "apply": {"tile": [24, 96], "overlap": 8},
    }
    return validate_recipe(content | changes)


def untrained(folder: Path, recipe: Recipe | None = None, guard=None, altitude=ALTITUDE):
    """A model of first weights, as `nephoscope train` would write it."""
    return benchmarks.untrained.untrained(
        folder, recipe or recipe_of(), altitude, guard, threshold=0.4
    )


ROWS, COLS, FIRST_ROW = 60, 70, 1600
NIGHT, LAND, FEW, BLIND = slice(60, 70), slice(0, 20), slice(40, 44), slice(30, 33)
"""Columns where the sun is low, of land, with five views only, and of which nothing was seen."""


def write_swath(folder: Path, orbit: int = 176, seed: int = 0, **changed) -> Path:
    """A half orbit of random radiances; `changed`: values of other fields, by name."""
    from half_orbits_factory import half_orbit
    from nephoscope.instruments.polder import SCHEMES, along
    from nephoscope.simulate.earth.polder import write_half_orbit

    rng, shape = np.random.default_rng(seed), (16, ROWS, COLS)
    window = along((FIRST_ROW, FIRST_ROW + ROWS), 179.0, COLS)  # across the date line
    view = np.arange(16)[:, None, None]
    angles = {
        "thetav": np.abs(view - 7.0) * 7 + 3,
        "phi": np.where(view < 7, 20.0, 200.0),
        "thetas": np.full(shape, 35.0),
    }
    values = {name: np.broadcast_to(angle, shape).copy() for name, angle in angles.items()}
    values["thetas"][..., NIGHT] = 75
    for name in SCHEMES["directional"]:
        low = -0.05 if name[0] in "QU" else 0.05
        values.setdefault(name, rng.uniform(low, 0.3, shape))
    there = np.broadcast_to(view < 15, shape).copy()
    there[5:, :, FEW] = False
    there[..., BLIND] = False
    values = {name: np.where(there, each, np.nan) for name, each in values.items()}
    values |= {"phis": np.full(shape[1:], 120.0), "land_sea_flag": np.zeros(shape[1:])}
    values["land_sea_flag"][:, LAND] = 100
    path = folder / half_orbit(orbit, orbit / 10).file_name
    folder.mkdir(parents=True, exist_ok=True)
    write_half_orbit(path, values | changed, window, level=1)
    return path

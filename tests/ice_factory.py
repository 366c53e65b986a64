"""Models of cloud ice that learned nothing, simulated slots, and their recipe."""

from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.grids.geostationary import Geostationary
from nephoscope.recipe import Recipe, validate_recipe

THERMAL = ["IR_039", "WV_062", "WV_073", "IR_087", "IR_097", "IR_108", "IR_120", "IR_134"]
LEVELS = {"lowest": 1650, "highest": 17010, "step": 240}
ALTITUDE = tuple(float(each) for each in np.arange(16890, 1769, -240))
SIDE = 40
GRID = Geostationary().window(1700, 1900, SIDE, SIDE)
CONV = {"name": "conv", "options": {"entry": 8, "widths": [8, 8]}}
"""Sees two pixels to every side."""


def recipe_of(**changes) -> Recipe:
    """The recipe of a small network over the thermal channels; `changes` of its parts by name."""
    content = {
        "name": "tiny-ice",
        "instrument": "seviri",
        "task": "cloud_ice",
        "read": {"channels": THERMAL},
        "inputs": {"features": {"picture": THERMAL}},
        "network": {"name": "mlp", "options": {"hidden": [8]}},
        "training": {"crop": [24, 24], "batch": 2, "steps": 2, "validate_every": 1},
        "apply": {"tile": [48, 48], "overlap": 16},
    }
    return validate_recipe(content | changes)


def untrained(folder: Path, recipe: Recipe | None = None, guard=None):
    """A model of first weights that says cloud here and there, as `nephoscope train` writes it."""
    import torch

    from nephoscope.models import save_model
    from nephoscope.models.normalised import NormalisedNetwork
    from nephoscope.networks import build_network
    from nephoscope.tasks import task_named

    recipe = recipe or recipe_of()
    task, inputs = task_named(recipe.task), recipe.inputs
    torch.manual_seed(0)
    network = build_network(
        recipe.network.name,
        recipe.network.options,
        len(inputs.names),
        task.outputs(len(ALTITUDE)),
        inputs.groups,
    )
    scaling = {name: (250.0, 10.0) if name in THERMAL else (0.0, 1.0) for name in inputs.names}
    decision = task.Decision(altitude=ALTITUDE, threshold=0.5, slope=4.0)
    network = NormalisedNetwork(network, scaling)
    return save_model(
        folder, network, recipe, scaling, decision, {}, guard=guard, levels=len(ALTITUDE)
    )


def tower_slot(number: int) -> xr.Dataset:
    """A tower that moves a pixel eastwards from slot to slot, above row 20."""
    north, east = GRID.places()
    iwc = np.zeros((64, SIDE, SIDE), np.float32)
    iwc[20:40, 18:23, 8 + number] = 1e-4
    iwc[:, 0] = np.nan
    plane = ("y", "x")
    likely = np.where(np.isnan(iwc), np.nan, iwc > 0)
    return xr.Dataset(
        {
            "iwc": (("level", *plane), iwc),
            "cloud_probability": (("level", *plane), likely),
            "iwp": (plane, iwc.sum(axis=0) * 240),
            "quality_flag": (plane, np.zeros((SIDE, SIDE), np.uint16)),
        },
        {
            "latitude": (plane, north),
            "longitude": (plane, east),
            "altitude": ("level", np.array(ALTITUDE)),
            "time": np.datetime64("2010-06-11T12:00", "ns") + number * np.timedelta64(900, "s"),
        },
    )

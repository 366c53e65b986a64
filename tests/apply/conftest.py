"""A tree of the stand-in's maps; small frames of every kind, and untrained models in a zoo."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from astropy.io import fits
from PIL import Image

from nephoscope.models import save_model
from nephoscope.models.lookup import zoo
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import validate_recipe
from nephoscope.simulate.fractal import fractal
from nephoscope.tasks.mask import MaskDecision

sys.path.insert(0, str(Path(__file__).parent))
from tiny_runs import make_map

ROWS, COLS = 128, 160
TAU2 = {"CAMERA": "FLIR TAU2", "IMTYPE": "IR", "DATE-OBS": "2023-01-24T20:18:53"}
WARM = {"FPA-TEMP": 5.3, "SHU-TEMP": 5.0, "AMB-TEMP": 5.1}


class Frames:
    """Writes frames; the numbers of each depend on nothing but its seed."""

    def counts(self, seed=0, cloud=0.0, level=650.0):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[-1:1:128j, -1:1:160j]
        sky = level + 8 * x - 5 * y + rng.normal(0, 3, (ROWS, COLS))
        return (sky + cloud * fractal(rng, (ROWS, COLS), 1.8)).round().astype(np.int16)

    def write(self, path, pixels, **cards):
        path.parent.mkdir(parents=True, exist_ok=True)
        fits.PrimaryHDU(pixels, fits.Header(TAU2 | cards)).writeto(path, overwrite=True)
        return path

    def clear(self, path, seed=0):
        return self.write(path, self.counts(seed), **WARM)

    def cloudy(self, path, seed=0):
        return self.write(path, self.counts(seed, 60.0), **WARM)

    def colour(self, path, white=0.5):
        """Blue sky; the left share of it is white."""
        pixels = np.zeros((96, 120, 3), np.uint8)
        pixels[:] = 40, 80, 190
        pixels[:, : round(white * 120)] = 215
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path


def tiny_model(folder, name, features, seed=0):
    options = {"widths": [4, 4], "head": 4}
    recipe = validate_recipe(
        {
            "name": name,
            "instrument": "skycam",
            "task": "mask",
            "inputs": {"features": features, "side": 160},
            "network": {"name": "unet", "options": options},
        }
    )
    torch.manual_seed(seed)
    network = build_network("unet", options, len(features), 1, recipe.inputs.groups)
    scaling = dict.fromkeys(features, (0.0, 1.0))
    whole = NormalisedNetwork(network, scaling)
    save_model(folder, whole, recipe, scaling, MaskDecision(slope=8.0), {})


@pytest.fixture
def frames():
    return Frames()


@pytest.fixture(scope="session")
def small_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    shutil.copytree(zoo() / "sky-state", folder / "sky-state")
    tiny_model(folder / "sky-thermal", "sky-thermal", ["counts_robust", "known"])
    tiny_model(folder / "sky-colour", "sky-colour", ["red", "blue", "green", "known"])
    return folder


@pytest.fixture
def small_zoo(small_models, monkeypatch):
    """Shipped models are these, in this process."""
    monkeypatch.setattr("nephoscope.models.lookup.zoo", lambda: small_models)
    return small_models


@pytest.fixture
def tree(tmp_path) -> Path:
    for day in range(1, 5):
        make_map(tmp_path / "raw" / "P" / "P01" / f"P01_day{day:02d}.npy", day)
    for day in range(1, 3):
        make_map(tmp_path / "raw" / "P" / "P02" / f"P02_day{day:02d}.npy", 10 + day)
    (tmp_path / "raw" / "P" / "P01" / "P01_ls.txt").write_text("P01_day01 28 132.5\n")
    return tmp_path / "raw"

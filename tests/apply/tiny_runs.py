"""Bulk runs of the stand-in of `tiny_maps` over a small tree of its maps."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.apply.bulk import predict_many
from nephoscope.apply.jobs import Options
from nephoscope.apply.network import Predictor
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.cli.run_report import draw
from nephoscope.inputs import View
from nephoscope.recipe import Recipe, validate_recipe
from nephoscope.tasks import task_named
from nephoscope.tasks.mask import MaskDecision

sys.path.insert(0, str(Path(__file__).parent))
import tiny_maps as tiny

RECIPE = validate_recipe(
    {
        "name": "tiny",
        "instrument": "tiny_maps",
        "task": "mask",
        "inputs": {
            "features": ["blue"],
            "background": {"cell": 4, "minimum_scenes": 3, "channels": ["blue", "blue_red_ratio"]},
        },
        "network": {"name": "unet"},
    }
)
PLAIN = Options(picture=False)


@dataclass(frozen=True)
class Info:
    name: str = "tiny"
    weights_sha256: str = "ab" * 32
    decision: MaskDecision = field(default_factory=MaskDecision)
    recipe: Recipe = RECIPE
    limits: None = None
    seasons: None = None
    info: dict[str, str] = field(default_factory=dict)


class TinyPredictor(Predictor):
    """The function as a predictor."""

    task = task_named("mask")

    def __init__(self, network):
        self.network = network

    def view_of(self, scene, background, position=True):
        image = scene["image"].values
        places = scene["latitude"].values, scene["longitude"].values
        return View(image, scene["known"].values, *places, background)

    def limits_at(self, latitude, longitude):
        return None, ""

    def bands(self, view):
        yield slice(0, tiny.ROWS), {"cloud_probability": self.network(view)}


@dataclass(frozen=True)
class TinyMaker(NetworkMaker):
    """What `NetworkMaker` is, with a function in place of a network."""

    source: str = "tiny"
    model_sha256: str = "ab" * 32
    network: Callable = tiny.blue_threshold
    model = Info()

    def __getstate__(self):
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def key(self):
        return f"{self.model_sha256} {self.options.said}"

    @property
    def predictor(self):
        return TinyPredictor(self.network)


def maker_of(model, options=None, background="auto", command="", workers=None):
    return TinyMaker(model, options or PLAIN, background, command, workers or 1)


def make_map(path: Path, seed: int = 0) -> Path:
    image = np.random.default_rng(seed).uniform(40, 160, (3, tiny.ROWS, tiny.COLS))
    image[:, 4:6, 7:9] = np.nan
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, image.astype(np.float32))
    return path


def run(inputs, out, options=PLAIN, part=(1, 1), on_event=None, **others):
    places = inputs if isinstance(inputs, list) else [inputs]
    names = ("workers", "scheduler", "redo_failed", "limit")
    of_run = {"workers": 1} if "scheduler" not in others else {}
    of_run |= {name: others.pop(name) for name in names if name in others}
    maker = TinyMaker(options=options, **others)
    return predict_many(places, out, maker, part=part, on_event=on_event, draw=draw, **of_run)


def products(out: Path) -> list[str]:
    found = [path.relative_to(out).as_posix() for path in out.rglob("P*.nc")]
    return sorted(found)


ALL = [f"P/P01/P01_day0{day}.nc" for day in range(1, 5)] + [
    f"P/P02/P02_day0{day}.nc" for day in (1, 2)
]


def sha256_by_product(out: Path) -> dict[str, str]:
    found = {}
    for name in products(out):
        with xr.open_dataset(out / name) as product:
            found[name] = product.attrs["background_sha256"]
    return found

"""Bulk runs of the stand-in of `tiny_instrument` over a small tree of its maps."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.apply.bulk import predict_many
from nephoscope.apply.plan import Options
from nephoscope.recipe import validate_recipe

sys.path.insert(0, str(Path(__file__).parent))
import tiny_instrument as tiny

RECIPE = validate_recipe(
    {
        "name": "tiny",
        "instrument": "tiny",
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
    threshold: float = 0.5


def make_map(path: Path, seed: int = 0) -> Path:
    image = np.random.default_rng(seed).uniform(40, 160, (3, tiny.ROWS, tiny.COLS))
    image[:, 4:6, 7:9] = np.nan
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, image.astype(np.float32))
    return path


def run(inputs, out, options=PLAIN, **extra):
    settings = {
        "model": Info(),
        "model_sha256": "ab" * 32,
        "recipe": RECIPE,
        "factory": tiny.make_network,
    } | extra
    places = inputs if isinstance(inputs, list) else [inputs]
    return predict_many(places, out, options=options, **settings)


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

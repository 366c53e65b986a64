"""A small samples store in the real layout, with a rule that a network can learn."""

import numpy as np
import xarray as xr

from nephoscope.instruments import SceneFile
from nephoscope.recipe import Recipe
from nephoscope.samples import writer
from nephoscope.samples.split import split_samples

ROWS, COLS = 48, 64
POSITION = ("latitude", "sine_longitude", "cosine_longitude")
FEATURES = ("red", "green", "blue", "known", *POSITION)
GROUPS = {
    "picture": FEATURES[:4],
    "context": POSITION,
    "position": POSITION,
}


def small_recipe(**training):
    return Recipe.model_validate(
        {
            "name": "small",
            "instrument": "marci",
            "task": "mask",
            "inputs": {"features": GROUPS},
            "network": {
                "name": "unet",
                "options": {
                    "widths": [4, 8, 8],
                    "head": 4,
                    "position": [2, 6, 8],
                },
            },
            "training": {
                "crop": [16, 16],
                "batch": 2,
                "steps": 4,
                "validate_every": 2,
                "average": 0.9,
                **training,
            },
            "apply": {"tile": [32, 32], "overlap": 8},
        }
    )


class FakeReader:
    """Stands in for an instrument: days 1..n, cloud where blue is high, one gore."""

    UNIT, WRAPS = "day", True

    def read(self, path):
        day = int(path.stem)
        image = np.random.default_rng(day).uniform(20, 200, (3, ROWS, COLS)).astype(np.float32)
        image[:, :, 5:8] = np.nan
        return xr.Dataset(
            {
                "image": (("channel", "y", "x"), image, {"units": "DN"}),
                "known": (("y", "x"), ~np.isnan(image[0])),
            },
            coords={
                "channel": ["red", "green", "blue"],
                "latitude": ("y", 47.0 - 2 * np.arange(ROWS)),
                "longitude": ("x", -180 + 360 / COLS * np.arange(COLS)),
            },
            attrs={"id": f"P01_day{day:02d}"},
        )

    def columns(self, scene):
        day = float(scene.attrs["id"][-2:])
        return {"order": xr.Variable((), day), "season": xr.Variable((), 100 + day)}

    def read_label(self, path):
        image = self.read(path)["image"].values
        label = (np.nan_to_num(image[2]) > 110).astype(np.int8)
        label[:6], label[-6:] = -1, -1
        return label

    def label(self, path, truth):
        assert truth == "pixels"
        return xr.Dataset({"label": (("y", "x"), self.read_label(path))})


def maps_of(folder, days):
    return [SceneFile(folder / f"{day}.jpg", f"P01_day{day:02d}", "P01", day) for day in days]


def write_store(folder, monkeypatch, days=4, fractions=(2, 1, 1)):
    monkeypatch.setattr(writer, "instrument_named", lambda _: FakeReader())
    files = maps_of(folder, range(1, days + 1))
    for file in files:
        file.path.touch()
    path = writer.write_samples(files, folder / "s.zarr", small_recipe())
    split_samples(path, "day", fractions)
    return path

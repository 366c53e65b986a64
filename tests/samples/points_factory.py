"""Samples with truth at points: an instrument of swaths whose track says what the picture does."""

import numpy as np
import xarray as xr

from nephoscope.instruments import SceneFile
from nephoscope.recipe import Recipe

ROWS, COLS, LEVELS = 24, 36, 3


def recipe(**training):
    settings = {"crop": [8, 12], "batch": 4, "augmentation": {"flip_x": False}, **training}
    return Recipe.model_validate(
        {
            "name": "swaths",
            "instrument": "skycam",
            "task": "mask",
            "inputs": {"features": ["row", "col"]},
            "network": {"name": "unet"},
            "training": settings,
            "apply": {"tile": [10, 14], "overlap": 4},
        }
    )


class Swaths:
    """Each channel says its row or its column; `height` is their sum at a point, per level."""

    UNIT = "granule"

    def __init__(self, wraps=False, points=7):
        self.WRAPS, self.points = wraps, points

    def read(self, path):
        row, col = np.mgrid[:ROWS, :COLS].astype(np.float32)
        image = np.stack([row, col])
        image[:, 3] = np.nan
        return xr.Dataset(
            {
                "image": (("channel", "y", "x"), image, {"units": "1"}),
                "known": (("y", "x"), ~np.isnan(image[0])),
            },
            {
                "channel": ["row", "col"],
                "latitude": (("y", "x"), row.astype(float)),
                "longitude": (("y", "x"), col.astype(float)),
            },
            {"id": path.stem},
        )

    def columns(self, scene):
        return {"order": xr.Variable((), float(scene.attrs["id"][1:]))}

    def label(self, path, truth):
        assert truth == "points"
        number = int(path.stem[1:])
        rng = np.random.default_rng(number)
        row = rng.uniform(0, ROWS - 1, self.points + number)
        col = rng.uniform(0, COLS - 1, row.size)
        if self.WRAPS:
            col[:2] = COLS - 0.7, COLS - 0.2  # between the last column and the first
        height = (row + col)[:, None] + 100 * np.arange(LEVELS)
        return xr.Dataset(
            {
                "row": ("point", row),
                "col": ("point", col),
                "time_offset": ("point", np.zeros(row.size, np.float32), {"units": "s"}),
                "height": (("point", "level"), height.astype(np.float32), {"units": "m"}),
            },
            {"level": np.arange(LEVELS)},
        )


def files(folder, number=4):
    return [SceneFile(folder / f"g{n}", f"g{n}", "", n) for n in range(number)]

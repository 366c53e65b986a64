"""Cases of the Python face: array, Dataset and path, of maps and of frames."""

from __future__ import annotations

import numpy as np
import xarray as xr

import nephoscope
from golden import facts, inputs
from golden.facts import Facts
from golden.running import here
from golden.workshop import Workshop, case


def of_scene(scene: xr.Dataset) -> Facts:
    """What was observed and where; what else a Scene says of itself may change."""
    names = ("image", "latitude", "longitude", "solar_longitude", "mars_year", "time")
    values = {name: scene[name].values for name in names if name in scene.variables}
    return {name: facts.computed(facts.of_array(value)) for name, value in values.items()}


@case()
def face_of_maps(shop: Workshop) -> Facts:
    """An image, a Scene, a part of it turned and rolled, and a file."""
    model = nephoscope.load_model("mars")
    with here(shop.folder):
        scene = nephoscope.open_scene(shop.one_map)
        image = nephoscope.predict(model, np.asarray(scene["image"].values, np.float32))
        part = scene.isel(y=slice(700, 1000), x=slice(3200, 3600))
        path = nephoscope.predict("mars", shop.one_map, output="face_of_maps")
        found = {
            "scene": of_scene(scene),
            "array": facts.computed(facts.of_array(image)),
            "dataset": facts.of_dataset(nephoscope.predict(model, scene), shop.folder),
            "part": facts.of_dataset(nephoscope.predict(model, part), shop.folder),
            "path": path.as_posix(),
        }
        cover = nephoscope.cloud_cover(path), nephoscope.cloud_cover(path, within_bounds=False)
        found["cover"] = [facts.computed(float(each)) for each in cover]
    return found | {"file": facts.of_tree(shop.path("face_of_maps"), shop.folder)}


@case()
def face_of_frames(shop: Workshop) -> Facts:
    """Frames of each kind as array, Scene and file."""
    picture, _ = inputs.picture_of(1)
    counts, _ = inputs.counts_of(2, inputs.FRAME, 90)
    one = f"{shop.night}/early/{inputs.name_of(2)}"
    grey = counts[None].astype(np.float32)
    with here(shop.folder):
        scene = nephoscope.open_scene(one)
        colours = np.ascontiguousarray(np.moveaxis(picture, -1, 0))
        path = nephoscope.predict("sky", one, output="face_of_frames", background=shop.reference)
        arrays = {
            "colour": nephoscope.predict("sky", colours),
            "grey": nephoscope.predict("sky", grey),
            "thermal": nephoscope.predict("sky", grey, flavour="thermal"),
            "model": nephoscope.predict("sky-thermal", grey, flavour="thermal"),
            "formula": nephoscope.predict("otsu", grey),
        }
        found = {
            "scene": of_scene(scene),
            "arrays": {k: facts.computed(facts.of_array(v)) for k, v in arrays.items()},
            "dataset": facts.of_dataset(nephoscope.predict("sky", scene), shop.folder),
            "state": facts.of_dataset(nephoscope.predict("sky-state", scene), shop.folder),
            "path": path.as_posix(),
        }
    return found | {"file": facts.of_tree(shop.path("face_of_frames"), shop.folder)}

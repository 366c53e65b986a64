"""Mean and spread of features, measured on what truth of each form looks at."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from nephoscope.learn.normalise import measure_normalisation
from nephoscope.samples import writer
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples

spec = importlib.util.spec_from_file_location(
    "points_factory", Path(__file__).parents[1] / "samples" / "points_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)


def test_with_truth_at_points_all_known_pixels_of_the_crops_count(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "instrument_named", lambda _: factory.Swaths())
    store, recipe = tmp_path / "s.zarr", factory.recipe()
    writer.write_samples(factory.files(tmp_path), store, recipe, truth="points")
    split_samples(store, fractions=(1, 0, 0))
    loader = CropLoader(load_part(store, "train", recipe), recipe)
    views = [loader.crop(number)[0] for number in range(8)]
    values = np.concatenate([view.image[:, view.known] for view in views], axis=1)
    found = measure_normalisation(loader, crops=8)
    for name, each in zip(("row", "col"), values, strict=True):
        assert found[name] == pytest.approx((each.mean(), each.std()), rel=1e-5)

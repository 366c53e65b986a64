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


def test_statistics_of_the_users_own_stand_in_for_measured_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "instrument_named", lambda _: factory.Swaths())
    store, recipe = tmp_path / "s.zarr", factory.recipe()
    writer.write_samples(factory.files(tmp_path), store, recipe, truth="points")
    split_samples(store, fractions=(1, 0, 0))
    part = load_part(store, "train", recipe)
    measured = measure_normalisation(CropLoader(part, recipe), crops=4)
    own = recipe.inputs.model_copy(update={"statistics": {"row": (4.0, 2.5)}})
    given = CropLoader(part, recipe.model_copy(update={"inputs": own}))
    assert measure_normalisation(given, crops=4) == {**measured, "row": (4.0, 2.5)}


views_spec = importlib.util.spec_from_file_location(
    "views_factory", Path(__file__).parents[1] / "samples" / "views_factory.py"
)
views_factory = importlib.util.module_from_spec(views_spec)
views_spec.loader.exec_module(views_factory)


def test_all_views_of_a_field_have_one_spread_of_what_was_measured(tmp_path):
    """From the values themselves: a missing view is no measurement, and stays 0."""
    store, recipe = views_factory.write(tmp_path / "s.zarr", samples=3), views_factory.recipe()
    part = load_part(store, "train", recipe)
    loader = CropLoader(part, recipe)
    found = measure_normalisation(loader, crops=6)
    views = [loader.crop(number)[0] for number in range(6)]
    for stem, field in (("r443", "I443NP"), ("u490", "U490P")):
        values = np.concatenate(
            [
                view.channel(f"{field}_{number:02d}").astype(float)
                / np.cos(np.deg2rad(view.channel(f"thetas_{number:02d}")))
                for view in views
                for number in range(views_factory.VIEWS)
            ]
        )
        for number in range(views_factory.VIEWS):
            mean, std = found[f"{stem}_{number:02d}"]
            assert mean == 0
            # A count of exactly 0, one of thousands, is taken for missing.
            assert std == pytest.approx(np.nanstd(values), rel=1e-3)
    for name in ("cos_phi_00", "parallax_x_02", "valid_01", "known"):
        assert found[name] == (0.0, 1.0)
    altitude = np.concatenate([view.channel("surface_altitude") for view in views])
    assert found["surface_altitude"] == pytest.approx((altitude.mean(), altitude.std()), rel=1e-4)

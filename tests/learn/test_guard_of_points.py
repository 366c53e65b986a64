"""A model of points keeps what the pixels below its training tracks spanned, and no others."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.instruments.seviri import CONDITIONS
from nephoscope.learn.guard import changed, guard_of_part
from nephoscope.models.pixel_guard import PixelGuard, learn_pixel_guard
from nephoscope.recipe import load_recipe
from nephoscope.samples.part import load_part

_SPEC = importlib.util.spec_from_file_location(
    "views_factory", Path(__file__).parents[1] / "samples" / "views_factory.py"
)
factory = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(factory)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return factory.write(tmp_path_factory.mktemp("guard") / "views.zarr", samples=4)


def angle(store, name):
    """(sample, view, y, x) degrees of a field, NaN where missing, from the store's own numbers."""
    raw = xr.open_zarr(store, consolidated=False, mask_and_scale=False, chunks=None)
    chosen = [n for n, each in enumerate(raw["channel"].values) if each.startswith(f"{name}_")]
    counts = raw["image"].values[:, chosen].astype(float)
    scale, offset = (
        raw[key].values[chosen][:, None, None] for key in ("scale_factor", "add_offset")
    )
    return np.where(counts == -32768, np.nan, counts * scale + offset)


def test_it_spans_the_nearest_views_below_the_tracks(store):
    recipe = factory.recipe()
    guard = guard_of_part(load_part(store, "train", recipe), recipe)
    assert isinstance(guard, PixelGuard)
    zenith, sun, phi = (angle(store, name) for name in ("thetav", "thetas", "phi"))
    valid = np.isfinite(zenith) & np.isfinite(sun) & np.isfinite(phi)
    raw = xr.open_zarr(store, consolidated=False, chunks=None)
    sample = np.repeat(np.arange(4), raw["row_size"].values.astype(int))
    row, col = (np.rint(raw[name].values).astype(int) for name in ("row", "col"))
    below = [place[sample < 3] for place in (sample, row, col)]
    valid, zenith, sun = (np.moveaxis(each, 1, -1)[tuple(below)] for each in (valid, zenith, sun))
    count = valid.sum(axis=1)
    nearest = np.where(valid, zenith, np.inf).argmin(axis=1)[:, None]
    steepest, height = (np.take_along_axis(each, nearest, 1)[count > 0] for each in (zenith, sun))
    seen = {name: span.seen for name, span in guard.spans.items()}
    assert seen.keys() == {"views", "view_zenith", "solar_zenith"}  # four views: no scattering
    assert seen["views"] == (count.min(), 16)
    assert seen["view_zenith"] == pytest.approx((0, steepest.max()), abs=0.011)
    assert seen["solar_zenith"] == pytest.approx((height.min(), height.max()), abs=0.011)
    assert guard.spans["solar_zenith"].accepted[1] == pytest.approx(height.max() + 3, abs=0.011)


def test_without_angles_views_are_counted_by_what_was_measured(store):
    recipe = factory.recipe(features={"picture": ["I443NP_00", "I443NP_01"]})
    guard = guard_of_part(load_part(store, "train", recipe), recipe)
    assert guard.spans.keys() == {"views"}


def test_what_the_training_makes_of_its_pixels_is_not_outside():
    hot = {"IR_108": {"above": 286, "slope": 3, "offset": 0.5}}
    recipe = load_recipe("seviri", [f"training.augmentation.response={hot}"])
    seen = {"IR_108": np.array([210.0, 310]), "WV_062": np.array([200.0, 244])}
    plain = learn_pixel_guard([seen], CONDITIONS)
    guard = changed(plain, recipe)
    pixels = {
        "IR_108": np.array([334.0, 358.4, 358.6, 209.6, 209.4]),
        "WV_062": np.array([240.0, 240, 240, 240, 244.1]),
    }
    flags = guard.judge(pixels).flags["outside_training"]
    np.testing.assert_array_equal(flags, [0, 0, 1, 0, 1])
    assert plain.judge(pixels).flags["outside_training"].all()
    assert guard.after(plain).spans == guard.spans

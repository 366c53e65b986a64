"""Training on ice at points on levels: from a store to a model that publishes ice."""

import warnings

import numpy as np
import pytest
import xarray as xr

from nephoscope.learn.fit import fit
from nephoscope.models import load_model
from nephoscope.recipe import validate_recipe
from nephoscope.tasks import task_named
from samples import views_factory as factory

pytestmark = pytest.mark.filterwarnings("ignore")
LEVELS = {"lowest": 1800, "highest": 16_920, "step": 240}


def _quiet(_):
    warnings.simplefilter("ignore")


@pytest.fixture
def store(tmp_path, quick_export):
    """The samples of many views, with ice in place of types of cloud; some of it unknown."""
    types = factory.write(tmp_path / "types.zarr")
    with xr.open_zarr(types, consolidated=False, mask_and_scale=False) as held:
        made = held.load()
    kinds = made["cloud_type"]
    rng = np.random.default_rng(0)
    ice = np.where(kinds > 4, 10 ** rng.normal(-5, 1, kinds.shape), 0).astype(np.float32)
    ice[kinds.values < 0] = np.nan
    made["iwc"] = kinds.dims, ice
    made["ice_number"] = kinds.dims, (ice * 2e9).astype(np.float32)
    made = made.drop_vars(["cloud_type", "cloud_scenario"]).assign_attrs(
        task="cloud_ice", column_geometry="upright"
    )
    for each in made.variables.values():
        each.encoding.clear()
    made.to_zarr(tmp_path / "s.zarr", consolidated=False, zarr_format=3)
    return tmp_path / "s.zarr"


def test_a_fit_on_ice_gives_a_model_that_publishes_it(store, tmp_path):
    recipe = factory.recipe(truth={"levels": LEVELS}, steps=2, validate_every=1)
    held = recipe.model_dump(mode="json", exclude_unset=True)
    recipe = validate_recipe({**held, "task": "cloud_ice", "network": {"name": "mlp"}})
    model = load_model(fit(recipe, store, tmp_path / "run", report=_quiet))
    task = task_named("cloud_ice")
    assert model.levels == 64
    assert model.info["column_geometry"] == "upright"  # as the samples say
    assert model.decision.altitude == tuple(np.arange(16_920.0, 1799, -240))
    scores = model.info["scores"]["full"]
    assert set(scores) == set(task.kept)
    assert 0 < scores["f1"] <= 1
    assert scores["profiles"] == factory.POINTS - 1  # of one no height is known
    raw = np.zeros((task.outputs(64), 3, 2), np.float32)
    found = task.variables(task.fields(raw, model.decision), model.decision)
    assert found["iwc"].shape == (64, 3, 2)
    assert np.isfinite(found["iwp"]).all()

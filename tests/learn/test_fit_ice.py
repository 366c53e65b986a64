"""Training on ice at points on levels: from a store to a model that publishes ice."""

import warnings

import numpy as np
import pytest

from nephoscope.learn.fit import fit
from nephoscope.models import load_model
from nephoscope.recipe import validate_recipe
from nephoscope.tasks import task_named
from samples import views_factory as factory

pytestmark = pytest.mark.filterwarnings("ignore")
LEVELS = {"lowest": 1800, "highest": 16_920, "step": 240}


def _quiet(_):
    warnings.simplefilter("ignore")


def test_a_fit_on_ice_gives_a_model_that_publishes_it(ice_store, tmp_path):
    recipe = factory.recipe(truth={"levels": LEVELS}, steps=2, validate_every=1)
    held = recipe.model_dump(mode="json", exclude_unset=True)
    recipe = validate_recipe({**held, "task": "cloud_ice", "network": {"name": "mlp"}})
    model = load_model(fit(recipe, ice_store, tmp_path / "run", report=_quiet))
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

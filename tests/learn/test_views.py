"""Training on truth at points: from a store of many views to a model that says what it needs."""

import importlib.util
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from nephoscope.errors import InputError, UsageError
from nephoscope.learn import adversarial
from nephoscope.learn.checks import checked_identity
from nephoscope.learn.fit import fit
from nephoscope.models import load_model
from nephoscope.recipe import with_values
from nephoscope.samples.store import open_samples

spec = importlib.util.spec_from_file_location(
    "views_factory", Path(__file__).parents[1] / "samples" / "views_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)

pytestmark = pytest.mark.filterwarnings("ignore")
LEVELS = {"lowest": 600, "highest": 19_800, "step": 240}


def _quiet(_):
    warnings.simplefilter("ignore")


def _recipe(**training):
    settings = {"steps": 2, "validate_every": 1, "losses": {"class_weights": "effective"}}
    settings["augmentation"] = {"flip_x": True, "quarter_turns": True, "drop_views": 0.2}
    recipe = factory.recipe(truth={"levels": LEVELS}, **settings, **training)
    return recipe.model_copy(
        update={"network": recipe.network.model_copy(update={"name": "mlp", "options": {}})}
    )


@pytest.fixture
def store(tmp_path, quick_export):
    return factory.write(tmp_path / "s.zarr")


def test_a_model_of_points_keeps_levels_altitudes_and_how_its_scene_is_read(store, tmp_path):
    recipe = _recipe().model_copy(update={"read": {"fields": ["I443NP", "phis"]}})
    model = load_model(fit(recipe, store, tmp_path / "run", report=_quiet))
    assert model.levels == 81
    np.testing.assert_array_equal(model.decision.altitude, np.arange(19_800, 599, -240))
    assert model.recipe == recipe
    assert model.recipe.read == {"fields": ["I443NP", "phis"]}
    assert set(model.info["split"]["train"]) == {"g0_00", "g1_00"}
    assert model.normalisation["r443_00"] == model.normalisation["r443_03"]
    assert 0 <= model.info["scores"]["full"]["dice"] <= 1


def test_weights_of_classes_are_counted_on_the_levels_and_samples_that_are_learned(
    store, tmp_path, monkeypatch
):
    seen = []

    class Module(adversarial.FitModule):
        def __init__(self, task, network, training, *rest):
            seen.append(training.losses)
            super().__init__(task, network, training, *rest)

    monkeypatch.setattr(adversarial, "FitModule", Module)
    fit(_recipe(), store, tmp_path / "run", report=_quiet)
    held = open_samples(store)
    heights, kinds = held["height"].values, held["cloud_type"].values
    counts = np.zeros(9, int)
    for height, kind in zip(heights[: 2 * factory.POINTS], kinds, strict=False):
        for centre in np.arange(600, 19_801, 240):
            if np.isfinite(height).all():
                said = kind[np.abs(height - centre).argmin()]
                counts[said] += said >= 0
    assert seen[0].class_counts == tuple(counts.tolist())


def test_a_store_of_other_fields_is_refused_before_anything_is_read(tmp_path):
    store = factory.write(tmp_path / "s.zarr", without=("thetas",))
    with pytest.raises(InputError, match=r"no thetas_00\.\.03"):
        fit(_recipe(), store, tmp_path / "run", report=_quiet)
    assert not (tmp_path / "run").exists()


def test_weights_of_other_levels_or_views_are_no_start(tmp_path):
    """As many levels and features, but others: the network would take them all the same."""
    recipe, store = _recipe(), open_samples(factory.write(tmp_path / "s.zarr"))
    higher = {"levels": {**LEVELS, "lowest": 840, "highest": 20_040}}
    for other, said in (
        (with_values(recipe, {"truth": higher}), r"truth\.levels\.lowest was 840.*is 600"),
        (with_values(recipe, {"inputs.views": [4, 5, 6, 7]}), r"inputs\.features\.views was"),
    ):
        start = SimpleNamespace(recipe=other, folder="m", weights_sha256="0")
        with pytest.raises(UsageError, match=said):
            checked_identity(recipe, store, start)
    same = SimpleNamespace(recipe=recipe, folder="m", weights_sha256="0")
    assert checked_identity(recipe, store, same)["from"] == "0"


def test_a_model_that_began_from_another_knows_what_that_one_saw(store, tmp_path):
    recipe = _recipe()
    first = fit(recipe, store, tmp_path / "a", report=_quiet)
    seen = load_model(first).guard.spans
    facts = yaml.safe_load((first / "model.yaml").read_text())
    facts["guard"]["view_zenith"]["seen"] = [0.0, 88.0]
    del facts["guard"]["views"]
    (first / "model.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
    second = load_model(fit(recipe, store, tmp_path / "b", init_from=first, report=_quiet)).guard
    assert seen["view_zenith"].seen[1] < 88
    assert second.spans["view_zenith"].seen == (0, 88)
    assert second.spans["solar_zenith"] == seen["solar_zenith"]
    assert seen.keys() - second.spans.keys() == {"views"}

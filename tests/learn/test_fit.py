import importlib.util
import signal
import warnings
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nephoscope.errors import InputError, UsageError
from nephoscope.learn import fit as fit_module
from nephoscope.learn.fit import fit
from nephoscope.learn.module import MaskModule, learning_rate_at
from nephoscope.models import load_model

spec = importlib.util.spec_from_file_location(
    "synthetic", Path(__file__).parents[1] / "samples_factory.py"
)
synthetic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(synthetic)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def samples(tmp_path, monkeypatch, quick_export):
    return synthetic.write_store(tmp_path, monkeypatch)


def _quiet(_):
    warnings.simplefilter("ignore")


def _weights(folder):
    return load_file(folder / "weights.safetensors")


def test_the_same_seed_gives_the_same_weights_and_a_resumed_run_too(samples, tmp_path, monkeypatch):
    recipe = synthetic.small_recipe(steps=6, validate_every=2)
    whole = _weights(fit(recipe, samples, tmp_path / "a", report=_quiet))
    again = _weights(fit(recipe, samples, tmp_path / "b", report=_quiet))
    assert all(torch.equal(whole[key], again[key]) for key in whole)

    def killed(self):
        if self.current_epoch == 1:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(MaskModule, "on_train_epoch_end", killed, raising=False)
        with pytest.raises(RuntimeError, match="killed"):
            fit(recipe, samples, tmp_path / "c", report=_quiet)
    assert not (tmp_path / "c" / "model").exists()
    resumed = _weights(fit(recipe, samples, tmp_path / "c", resume=True, report=_quiet))
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_the_model_holds_what_it_was_made_of(samples, tmp_path):
    recipe = synthetic.small_recipe()
    model = load_model(fit(recipe, samples, tmp_path / "run", report=_quiet))
    assert model.recipe == recipe
    assert model.info["split"] == {
        "train": ["P01_day01", "P01_day02"],
        "validation": ["P01_day03"],
    }
    assert set(model.info["scores"]["full"]) >= {"f1", "precision", "recall"}
    assert model.normalisation["latitude"] == (0.0, 1.0)
    assert model.normalisation["blue"][1] > 0.5
    assert (tmp_path / "run" / "logs" / "csv" / "metrics.csv").exists()


def test_another_run_in_the_folder_is_refused(samples, tmp_path):
    recipe = synthetic.small_recipe()
    fit(recipe, samples, tmp_path / "run", report=_quiet)
    with pytest.raises(UsageError, match="--resume"):
        fit(recipe, samples, tmp_path / "run", report=_quiet)
    with pytest.raises(InputError, match="recipe"):
        fit(synthetic.small_recipe(seed=1), samples, tmp_path / "run", resume=True)


def test_what_fails_in_the_loader_fails_the_run(samples, tmp_path, monkeypatch):
    def broken(*_):
        raise InputError("chunk", "is damaged")

    monkeypatch.setattr(
        fit_module, "measure_normalisation", lambda _: dict.fromkeys(synthetic.FEATURES, (0.0, 1.0))
    )
    monkeypatch.setattr(fit_module.CropLoader, "batch", broken)
    with pytest.raises(InputError, match="damaged"):
        fit(synthetic.small_recipe(), samples, tmp_path / "run", report=_quiet)


def test_ctrl_c_stays_a_keyboard_interrupt_and_leaves_no_model(samples, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(MaskModule, "training_step", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(synthetic.small_recipe(), samples, tmp_path / "run", report=_quiet)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not (tmp_path / "run" / "model").exists()


def test_fine_tuning_starts_from_the_given_weights(samples, tmp_path):
    first = fit(synthetic.small_recipe(), samples, tmp_path / "a", report=_quiet)
    recipe = synthetic.small_recipe(learning_rate=1e-12, average=0.0)
    second = fit(recipe, samples, tmp_path / "b", init_from=first, report=_quiet)
    old, new = _weights(first), _weights(second)
    assert all(torch.allclose(old[key], new[key], atol=1e-6) for key in old)
    assert load_model(second).normalisation == load_model(first).normalisation


def test_a_crop_that_the_network_cannot_halve_is_refused(samples, tmp_path):
    with pytest.raises(UsageError, match="multiple of 8"):
        fit(synthetic.small_recipe(crop=[12, 16]), samples, tmp_path / "run")


def test_the_learning_rate_rises_then_falls_to_a_hundredth():
    rates = [learning_rate_at(step, 100, 0.1) for step in range(101)]
    assert max(rates) == rates[9] == 1.0
    assert rates[0] == pytest.approx(0.1)
    assert rates[100] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[9:]))

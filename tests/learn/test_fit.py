import csv
import importlib.util
import os
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from safetensors.torch import load_file

from evaluation_factory import published
from nephoscope.errors import InputError, PreemptedError, UsageError
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.learn import fit as fit_module
from nephoscope.learn.fit import fit
from nephoscope.learn.module import FitModule
from nephoscope.learn.trainer import LAST
from nephoscope.models import export, load_model
from nephoscope.recipe import Recipe, with_values
from nephoscope.reports.document import document_of
from nephoscope.reports.markdown import markdown_of
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples

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


def _fit_killed_in_epoch_1(recipe, samples, out, monkeypatch, resume=False):
    def killed(self):
        if self.current_epoch == 1:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_epoch_end", killed, raising=False)
        with pytest.raises(RuntimeError, match="killed"):
            fit(recipe, samples, out, resume=resume, report=_quiet)


def test_the_same_seed_gives_the_same_weights_and_a_resumed_run_too(samples, tmp_path, monkeypatch):
    recipe = synthetic.small_recipe(steps=6, validate_every=2)
    whole = _weights(fit(recipe, samples, tmp_path / "a", report=_quiet))
    again = _weights(fit(recipe, samples, tmp_path / "b", report=_quiet))
    assert all(torch.equal(whole[key], again[key]) for key in whole)
    _fit_killed_in_epoch_1(recipe, samples, tmp_path / "c", monkeypatch)
    assert not (tmp_path / "c" / "model").exists()
    resumed = _weights(fit(recipe, samples, tmp_path / "c", resume=True, report=_quiet))
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_a_run_that_is_told_to_end_keeps_its_step_and_goes_on_there(samples, tmp_path, monkeypatch):
    recipe = synthetic.small_recipe(steps=8, validate_every=4)
    whole = _weights(fit(recipe, samples, tmp_path / "a", report=_quiet))
    moved = FitModule.on_train_batch_end

    def told_to_end(self, *words):
        moved(self, *words)
        if self.global_step == 6:  # in the midst of an epoch
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_batch_end", told_to_end)
        with pytest.raises(PreemptedError, match=r"at step 6: go on from .*last\.ckpt"):
            fit(recipe, samples, tmp_path / "b", report=_quiet)
    kept = torch.load(tmp_path / "b" / LAST, weights_only=True)
    assert kept["global_step"] == 6
    resumed = _weights(fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet))
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_the_log_of_a_resumed_run_holds_every_step_once(samples, tmp_path, monkeypatch):
    recipe = synthetic.small_recipe(steps=30, validate_every=10)
    fit(recipe, samples, tmp_path / "a", report=_quiet)
    _fit_killed_in_epoch_1(recipe, samples, tmp_path / "b", monkeypatch)
    _fit_killed_in_epoch_1(recipe, samples, tmp_path / "b", monkeypatch, resume=True)
    fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet)
    assert _log(tmp_path / "b") == _log(tmp_path / "a")
    fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet)
    assert _log(tmp_path / "b") == _log(tmp_path / "a")


def _log(run):
    with (run / "logs" / "csv" / "metrics.csv").open() as file:
        return [(row["step"], row["loss"], row["f1"]) for row in csv.DictReader(file)]


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


def test_a_first_stage_is_fitted_once_the_rest_is_trained(samples, tmp_path, monkeypatch):
    lines = []

    def fitted(network, train, recipe, report):
        report("fitted")
        network.network.first[0].weight.fill_(7)

    monkeypatch.setattr(fit_module, "fit_first_stage", torch.no_grad()(fitted))
    monkeypatch.setattr(export, "export_parts", lambda _, *paths: [p.touch() for p in paths])
    changes = {
        "inputs.features": {**synthetic.GROUPS, "brightness": ["blue"]},
        "inputs.normalise": False,
        "network": {"name": "pixel", "options": {"hidden": [8, 8], "learned": 8, "first": 8}},
    }
    recipe = with_values(synthetic.small_recipe(), changes)
    folder = fit(recipe, samples, tmp_path / "run", report=lines.append)
    *steps, last = (line for line in lines if line.startswith("step "))
    assert all(line.endswith(" left, then the first stage") for line in steps)
    assert last.endswith(" s, then the first stage")
    assert lines.index("fitted") == lines.index(last) + 2  # the validation samples are scored first
    (kept,) = (each for name, each in _weights(folder).items() if "first.0.weight" in name)
    assert (kept == 7).all()


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
    monkeypatch.setattr(FitModule, "training_step", interrupted)
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


def test_groups_of_the_start_may_come_in_another_order(samples, tmp_path):
    first = fit(synthetic.small_recipe(), samples, tmp_path / "a", report=_quiet)
    content = synthetic.small_recipe(learning_rate=1e-12, average=0.0).model_dump(mode="json")
    groups = content["inputs"]["features"]
    content["inputs"]["features"] = dict(reversed(groups.items()))
    second = fit(
        Recipe.model_validate(content), samples, tmp_path / "b", init_from=first, report=_quiet
    )
    old, new = load_model(first), load_model(second)
    assert list(new.normalisation) != list(old.normalisation)
    assert new.normalisation == old.normalisation
    assert all(
        torch.allclose(_weights(first)[k], v, atol=1e-6) for k, v in _weights(second).items()
    )


def test_frozen_parts_keep_their_weights_and_the_others_learn(samples, tmp_path):
    first = fit(synthetic.small_recipe(), samples, tmp_path / "a", report=_quiet)
    parts = [name for name, _ in load_model(first).network.network.named_children()]
    recipe = synthetic.small_recipe(frozen=parts[:1])
    second = fit(recipe, samples, tmp_path / "b", init_from=first, report=_quiet)
    old, new = _weights(first), _weights(second)
    names = [name for name in old if name not in ("network.mean", "network.std")]
    still = {name for name in names if f"{parts[0]}." in name}
    assert still
    assert all(torch.equal(old[name], new[name]) for name in still)
    assert not all(torch.equal(old[name], new[name]) for name in set(names) - still)


def test_a_frozen_part_is_one_that_the_network_has(samples, tmp_path):
    recipe = synthetic.small_recipe(frozen=["nose"])
    with pytest.raises(UsageError, match=r"training.frozen: no part 'nose'; parts are "):
        fit(recipe, samples, tmp_path / "run", report=_quiet)
    first = fit(synthetic.small_recipe(), samples, tmp_path / "a", report=_quiet)
    parts = [name for name, _ in load_model(first).network.network.named_children()]
    with pytest.raises(UsageError, match="nothing is left to train"):
        fit(synthetic.small_recipe(frozen=parts), samples, tmp_path / "run", report=_quiet)


def test_a_crop_that_the_network_cannot_halve_is_refused(samples, tmp_path):
    with pytest.raises(UsageError, match="multiple of 8"):
        fit(synthetic.small_recipe(crop=[12, 16]), samples, tmp_path / "run")


def test_a_run_does_not_go_on_with_another_split_or_start(samples, tmp_path):
    recipe = synthetic.small_recipe()
    first = fit(recipe, samples, tmp_path / "a", report=_quiet)
    fit(recipe, samples, tmp_path / "b", init_from=first, report=_quiet)
    with pytest.raises(InputError, match=r"\[from\]: the run was started with another one"):
        fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet)
    with pytest.raises(InputError, match=r"\[from\]"):
        fit(recipe, samples, tmp_path / "a", resume=True, init_from=first, report=_quiet)
    fit(recipe, samples, tmp_path / "b", resume=True, init_from=first, report=_quiet)
    split_samples(samples, "day", (2, 1, 1), seed=1)
    with pytest.raises(InputError, match=r"\[split\]: the run was started with another one"):
        fit(recipe, samples, tmp_path / "a", resume=True, report=_quiet)


def test_what_changed_in_the_recipe_is_named(samples, tmp_path):
    fit(synthetic.small_recipe(), samples, tmp_path / "run", report=_quiet)
    with pytest.raises(InputError, match=r"training.batch was 2, is 4, training.seed was 0, is 1"):
        fit(synthetic.small_recipe(seed=1, batch=4), samples, tmp_path / "run", resume=True)


def test_a_model_hands_down_what_its_parents_were_fitted_to(samples, tmp_path):
    """Fine-tuned on other days, it still says that the first days are its parent's own."""
    recipe = synthetic.small_recipe()
    first = fit(recipe, samples, tmp_path / "a", report=_quiet, name="elder")
    split_samples(samples, "day", (2, 1, 1), seed=2)
    second = fit(recipe, samples, tmp_path / "b", init_from=first, report=_quiet)
    third = fit(recipe, samples, tmp_path / "c", init_from=second, report=_quiet)
    elder, model = load_model(first), load_model(third)
    assert model.info["parent"]["name"] == "b"
    kept = model.info["parent"]["parent"]
    assert kept["name"] == "elder"
    assert kept["weights_sha256"] == elder.weights_sha256
    assert kept["split"] == elder.info["split"]
    assert kept["samples_id"] == elder.info["samples_id"]
    assert "began from: b, weights sha256" in (third / "card.md").read_text()
    store = open_samples(samples)
    for day, seen in (("P01_day01", 1), ("P01_day02", 1), ("P01_day03", 1), ("P01_day04", 1)):
        place = [str(name) for name in store["id"].values].index(day)
        found = run_evaluation(model, store.isel(sample=[place]), split="all", predict=_nothing)
        assert sum(found.seen.values()) >= seen, day
    text = markdown_of(document_of(found, {}))
    assert "has seen none" not in text
    assert "or b from which it began" in text


def _nothing(sample):
    return published(np.zeros(sample.label.shape, np.float32))


def test_a_model_bears_the_name_and_licence_of_its_author(samples, tmp_path):
    recipe = synthetic.small_recipe()
    model = load_model(fit(recipe, samples, tmp_path / "my run", report=_quiet))
    assert model.name == "my run"
    assert "license: unspecified by its author" in (model.folder / "card.md").read_text()
    named = {"name": "Mine", "licence": "CC-BY-4.0"}
    model = load_model(fit(recipe, samples, tmp_path / "b", report=_quiet, **named))
    assert (model.name, model.info["licence"]) == ("Mine", "CC-BY-4.0")
    card = (model.folder / "card.md").read_text()
    assert "license: CC-BY-4.0" in card
    assert "# Mine" in card
    for wrong in ("", " ", "no\nbreak", "é", 61 * "a"):
        with pytest.raises(UsageError, match="--name"):
            fit(recipe, samples, tmp_path / "c", name=wrong)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"network": {"name": "unet", "options": {"head": 8}}}, "head"),
        ({"instrument": "skycam"}, "instrument"),
        ({"inputs": {"features": {**synthetic.GROUPS, "context": ["latitude"]}}}, "features"),
    ],
)
def test_weights_of_another_recipe_are_no_start(samples, tmp_path, change, named):
    first = fit(synthetic.small_recipe(), samples, tmp_path / "a", report=_quiet)
    content = synthetic.small_recipe().model_dump(mode="json") | change
    if "network" in change:
        options = synthetic.small_recipe().network.options | change["network"]["options"]
        content["network"] = {"name": "unet", "options": options}
    with pytest.raises(UsageError, match=named):
        fit(Recipe.model_validate(content), samples, tmp_path / "b", init_from=first)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_labels_that_are_all_alike_are_refused(samples, tmp_path, part, value):
    """From a validation part without cloud a threshold of 1/250 would be chosen: all cloudy."""
    array = zarr.open_group(samples, mode="r+", use_consolidated=False)["label"]
    store = open_samples(samples)
    for place in np.flatnonzero(store["split"].values == part):
        label = array[int(place)]
        array[int(place)] = np.where(label < 0, label, np.int8(value))
    said = ("clear", "cloudy")[value]
    with pytest.raises(InputError, match=f"every label is {said} in the part '{part}'"):
        fit(synthetic.small_recipe(), samples, tmp_path / "run", report=_quiet)


@pytest.mark.parametrize(
    "change",
    [
        {"quarter_turns": True},
        {"warp": {"share": 0.5}},
        {"gamma": 0.2},
        {"desaturate": 0.1},
    ],
)
def test_changes_that_leave_the_place_behind_are_refused_on_maps(samples, tmp_path, change):
    with pytest.raises(UsageError, match=f"augmentation.{next(iter(change))}"):
        fit(synthetic.small_recipe(augmentation=change), samples, tmp_path / "run", report=_quiet)
    assert not (tmp_path / "run" / "model").exists()


def test_a_resumed_run_tells_its_watch_of_the_steps_before(samples, tmp_path, monkeypatch):
    recipe, whole, again = synthetic.small_recipe(steps=6, validate_every=2), {}, {}
    fit(recipe, samples, tmp_path / "a", report=_quiet, watch=whole.__setitem__)
    assert list(whole) == [2, 4, 6]
    _fit_killed_in_epoch_1(recipe, samples, tmp_path / "b", monkeypatch)
    fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet, watch=again.__setitem__)
    assert again == whole
    done = {}
    fit(recipe, samples, tmp_path / "b", resume=True, report=_quiet, watch=done.__setitem__)
    assert done == whole


def test_the_best_of_several_validations_are_kept(samples, tmp_path):
    recipe = synthetic.small_recipe(keep=2, validate_every=1, steps=4, loggers=["csv"])
    seen = {}
    fit(recipe, samples, tmp_path / "run", report=_quiet, watch=seen.__setitem__)
    kept = {path.stem for path in (tmp_path / "run" / "checkpoints" / "top").iterdir()}
    every = {f"{step}_{score:.4f}": f"{score:.4f}" for step, score in seen.items()}
    assert sorted(every[name] for name in kept) == sorted(every.values())[-2:]
    assert not (tmp_path / "run" / "logs" / "tensorboard").exists()

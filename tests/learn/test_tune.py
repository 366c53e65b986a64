"""A study finds, prunes, reports, refuses what is not its own, and survives a kill."""

import csv
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
import yaml
import zarr
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.apply.classify import FrameClassifier
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import find_scenes
from nephoscope.learn import fit as fit_module
from nephoscope.learn.search import usual_search
from nephoscope.learn.tune import open_study, train_trial, tune
from nephoscope.models import load_model
from nephoscope.models.linear import METHODS
from nephoscope.recipe import Search, dump_recipe, load_recipe, with_values
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples
from nephoscope.samples.writer import write_samples
from nephoscope.simulate.sky.writing import simulate_sky

spec = importlib.util.spec_from_file_location(
    "synthetic", Path(__file__).parents[1] / "samples_factory.py"
)
synthetic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(synthetic)

pytestmark = pytest.mark.filterwarnings("ignore")

RATES = {"training.learning_rate": Search(low=1e-4, high=1e-1, log=True)}
WIDTHS = {"network.options.widths": Search(choices=([4, 8, 8], [4, 4, 8]))}


@pytest.fixture
def samples(tmp_path, monkeypatch, quick_export):
    return synthetic.write_store(tmp_path, monkeypatch)


def recipe_with(search, **training):
    return synthetic.small_recipe(**training).model_copy(update={"search": search})


@pytest.fixture
def scored(monkeypatch):
    """Stands in for training: the score is a function of the settings, told in two steps."""
    seen = []

    def fake(recipe, samples, out, resume=False, init_from=None, report=None, watch=None):
        seen.append(recipe)
        score = 1 / (1 + abs(recipe.training.learning_rate - 0.01) * 10)
        for step in (2, 4):
            watch(step, score * step / 4)
        return Path(out) / "model"

    monkeypatch.setattr(fit_module, "fit", fake)
    return seen


def test_a_study_trains_scores_and_reports(samples, tmp_path):
    lines = []
    recipe = recipe_with(RATES | WIDTHS, steps=2, validate_every=1)
    best = tune(recipe, samples, tmp_path / "study", trials=2, tell=lines.append)
    assert len(lines) == 2
    chosen = load_recipe(best)
    assert chosen.search is None
    assert 1e-4 <= chosen.training.learning_rate <= 1e-1
    assert chosen.network.options["widths"] in ([4, 8, 8], [4, 4, 8])
    study = open_study(tmp_path / "study")
    model = load_model(tmp_path / "study" / "trials" / f"{study.best_trial.number:04d}" / "model")
    assert model.recipe == chosen
    assert model.info["scores"]["full"]["f1"] == pytest.approx(study.best_value, abs=0.05)
    for name in ("report.md", "history.png", "importance.png", "trials.csv"):
        assert (tmp_path / "study" / name).stat().st_size > 50
    with (tmp_path / "study" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["complete", "complete"]
    assert json.loads(rows[0]["network.options.widths"]) in ([4, 8, 8], [4, 4, 8])


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_best_trial_is_the_best_and_importance_finds_what_matters(
    samples, tmp_path, scored, sampler
):
    search = RATES | {"training.weight_decay": Search(low=0.0, high=0.1)}
    recipe = recipe_with(search)
    best = tune(recipe, samples, tmp_path / "s", 15, sampler, "none")
    rates = [made.training.learning_rate for made in scored]
    assert len(set(rates)) == 15
    assert load_recipe(best).training.learning_rate == min(rates, key=lambda rate: abs(rate - 0.01))
    report = (tmp_path / "s" / "report.md").read_text()
    shares = dict(line[2:].split(": ") for line in report.splitlines() if line.startswith("- "))
    assert float(shares["training.learning_rate"]) > 0.7


def test_poor_trials_are_pruned_and_counted(samples, tmp_path, scored):
    tune(recipe_with(RATES), samples, tmp_path / "s", 14, "random", "median")
    trials = open_study(tmp_path / "s").get_trials()
    states = [trial.state.name for trial in trials]
    assert len(states) == 14
    assert 0 < states.count("PRUNED") < 11
    assert states[:4] == ["COMPLETE"] * 4


def test_a_study_goes_on_and_another_one_is_refused(samples, tmp_path, scored):
    recipe = recipe_with(RATES)
    tune(recipe, samples, tmp_path / "s", 3)
    with pytest.raises(UsageError, match="--resume"):
        tune(recipe, samples, tmp_path / "s", 5)
    tune(recipe, samples, tmp_path / "s", 5, resume=True)
    assert len(scored) == 5
    tune(recipe, samples, tmp_path / "s", 5, resume=True)
    assert len(scored) == 5
    assert len({made.training.learning_rate for made in scored}) == 5
    with pytest.raises(InputError, match="recipe"):
        tune(recipe_with(WIDTHS), samples, tmp_path / "s", 5, resume=True)


KILLED = """
import os, signal, sys
from nephoscope.learn import tune as module
from nephoscope.learn.module import FitModule
from nephoscope.models import export
from nephoscope.recipe import load_recipe

def write(_, path):
    path.write_bytes(b"stand-in")
    return 0.0

def killed(self):
    if self.current_epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)

export.export_onnx = write
FitModule.on_train_epoch_end = killed
module.tune(load_recipe(sys.argv[1]), sys.argv[2], sys.argv[3], trials=2)
"""


@pytest.mark.slow
def test_a_killed_trial_goes_on_where_it_was(samples, tmp_path):
    recipe = recipe_with(RATES, steps=6, validate_every=2)
    (tmp_path / "r.yaml").write_text(dump_recipe(recipe))
    folder = tmp_path / "study"
    words = [sys.executable, "-W", "ignore", "-c", KILLED]
    run = subprocess.run(  # noqa: S603 - our own code
        [*words, str(tmp_path / "r.yaml"), str(samples), str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == -signal.SIGKILL, run.stderr
    (trial,) = open_study(folder).get_trials()
    assert trial.state == optuna.trial.TrialState.RUNNING
    assert not (folder / "best.yaml").exists()
    tune(load_recipe(tmp_path / "r.yaml"), samples, folder, 2, resume=True)
    states = [(t.state.name, t.user_attrs.get("run")) for t in open_study(folder).get_trials()]
    assert states[:2] == [("FAIL", 0), ("COMPLETE", 0)]
    assert len(states) == 3
    metrics = (folder / "trials" / "0000" / "logs" / "csv" / "metrics.csv").read_text()
    assert metrics
    assert {path.name for path in (folder / "trials").iterdir()} == {"0000", "0002"}
    assert open_study(folder).get_trials()[1].params == trial.params


@pytest.mark.slow
def test_workers_share_a_study(samples, tmp_path):
    recipe = recipe_with(RATES, steps=1, validate_every=1)
    tune(recipe, samples, tmp_path / "s", trials=2, workers=2)
    trials = open_study(tmp_path / "s").get_trials()
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE"]
    assert len({trial.params["training.learning_rate"] for trial in trials}) == 2


def test_one_setting_that_cannot_be_trained_is_said_and_all_of_them_raise(samples, tmp_path):
    crops = {"training.crop": Search(choices=([12, 16], [16, 16]))}
    lines = []
    recipe = recipe_with(crops, steps=1, validate_every=1)
    with pytest.raises(UsageError, match="multiple of 8"):
        tune(recipe_with({"training.crop": Search(choices=([12, 16],))}), samples, tmp_path / "a")
    for seed in range(5):
        try:
            tune(recipe, samples, tmp_path / str(seed), 2, "random", seed=seed, tell=lines.append)
        except UsageError:
            continue
        break
    assert load_recipe(tmp_path / str(seed) / "best.yaml").training.crop == (16, 16)


def test_a_trial_that_goes_on_keeps_the_best_that_it_had(monkeypatch, tmp_path):
    """The watch is told of the steps before, so the best of all steps is the score."""

    def resumed(recipe, samples, out, resume, report, watch):
        for step, score in ((2, 0.9), (4, 0.7), (6, float("nan"))):
            watch(step, score)

    monkeypatch.setattr(fit_module, "fit", resumed)
    recipe = synthetic.small_recipe()
    assert train_trial(recipe, tmp_path, tmp_path, lambda *_: None) == 0.9


def test_a_study_that_comes_to_nothing_is_not_in_the_way_of_the_next(samples, tmp_path, scored):
    recipe = recipe_with(RATES)
    unsplit = tmp_path / "unsplit.zarr"
    shutil.copytree(samples, unsplit)
    zarr.open_group(unsplit, mode="r+", use_consolidated=False)["split"][:] = ""
    with pytest.raises(InputError, match="no sample in 'train'"):
        tune(recipe, unsplit, tmp_path / "s", 2)
    assert not (tmp_path / "s").exists()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "notes.txt").touch()
    fake, fit_module.fit = fit_module.fit, _fails
    with pytest.raises(UsageError, match="cannot be trained"):
        tune(recipe, samples, tmp_path / "kept", 2)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["notes.txt"]
    fit_module.fit = fake
    tune(recipe, samples, tmp_path / "kept", 2)


def _fails(recipe, samples, out, **_):
    Path(out).mkdir(parents=True)
    raise UsageError("cannot be trained")


def test_without_optuna_nothing_is_made(samples, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    (tmp_path / "r.yaml").write_text(dump_recipe(recipe_with(RATES)))
    words = ["tune", str(tmp_path / "r.yaml"), str(samples), "-o", str(tmp_path / "s")]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 1
    assert "pip install 'nephoscope[tune]'" in result.output
    assert not (tmp_path / "s").exists()


def test_a_study_does_not_go_on_with_another_split(samples, tmp_path, scored):
    tune(recipe_with(RATES), samples, tmp_path / "s", 1)
    split_samples(samples, "day", (2, 1, 1), seed=1)
    with pytest.raises(InputError, match=r"\[split\]: the study was started with another one"):
        tune(recipe_with(RATES), samples, tmp_path / "s", 2, resume=True)


def test_a_wrong_search_is_refused_before_anything_is_trained(samples, tmp_path):
    wrong = recipe_with({"training.rate": Search(low=1, high=2)})
    with pytest.raises(UsageError, match=r"search: training.rate = 1"):
        tune(wrong, samples, tmp_path / "s")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "search",
    [{"low": 1}, {"low": 2, "high": 1}, {"choices": []}, {"choices": [1], "low": 0},
     {"low": 0, "high": 1, "log": True}, {}],
)  # fmt: skip
def test_a_range_or_choices(search, tmp_path):
    content = synthetic.small_recipe().model_dump(mode="json") | {
        "search": {"training.seed": search}
    }
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"search.training.seed"):
        load_recipe(tmp_path / "r.yaml")


@pytest.mark.parametrize("name", ["mars", "sky-colour-local", "sky-thermal"])
def test_the_default_search_varies_rate_decay_and_layer_sizes(name):
    recipe = load_recipe(name)
    search = usual_search(recipe)
    (sizes,) = {"widths", "hidden"} & recipe.network.options.keys()
    assert search[f"network.options.{sizes}"].choices[1] == recipe.network.options[sizes]
    rate = search["training.learning_rate"]
    assert rate.low < recipe.training.learning_rate < rate.high
    for key, where in search.items():
        for value in where.choices or (where.low, where.high):
            with_values(recipe, {key: value})


def test_the_verb_says_each_trial_and_where_the_best_is(samples, tmp_path, scored):
    (tmp_path / "r.yaml").write_text(dump_recipe(recipe_with(RATES)))
    words = ["tune", str(tmp_path / "r.yaml"), str(samples), "-o", str(tmp_path / "s"),
             "--trials", "3", "--sampler", "random", "--pruner", "none"]  # fmt: skip
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("F1") == 3
    assert result.stdout.splitlines()[-1] == str(tmp_path / "s" / "best.yaml")
    assert CliRunner().invoke(cli.app, words).exit_code == 2
    assert CliRunner().invoke(cli.app, [*words, "--resume"]).exit_code == 0


def states_store(folder):
    raw = folder / "raw"
    simulate_sky(raw, scenes=40, seed=3)
    files = find_scenes(raw, "skycam")
    path = write_samples(files, folder / "states.zarr", load_recipe("sky-state"))
    split_samples(path, fractions=(0.6, 0.4, 0))
    return path


def test_the_states_of_frames_are_searched_too(tmp_path):
    store, study, lines = states_store(tmp_path), tmp_path / "study", []
    best = load_recipe(tune(load_recipe("sky-state"), store, study, 3, tell=lines.append))
    assert len(lines) == 3
    assert all("likelihood 0." in line for line in lines)
    assert [re.search(r", about \d+ s left$", line) is not None for line in lines] == [
        True,
        True,
        False,
    ]
    assert best.network.options["method"] in METHODS
    with (study / "trials.csv").open() as file:
        scores = {int(row["trial"]): float(row["likelihood"]) for row in csv.DictReader(file)}
    number = max(scores, key=lambda trial: scores[trial])
    model = load_model(study / "trials" / f"{number:04d}" / "model")
    assert model.recipe == best
    classifier = FrameClassifier(model)
    # What is said of a model is what its own probabilities give.
    kept = [(classifier.probability(image[0]), state) for image, state in validation_of(store)]
    given = np.array([p if state else 1 - p for p, state in kept if p is not None])
    assert np.exp(np.log(given).mean()) == pytest.approx(scores[number], abs=2e-3)
    assert "likelihood" in (study / "report.md").read_text()
    tune(load_recipe("sky-state"), store, study, 3, resume=True, tell=lines.append)
    assert len(lines) == 3


def test_a_network_of_states_is_watched_and_pruned(tmp_path):
    small = ["inputs.features=[mean_std]", "network={name: cnn, options: {widths: [4, 4]}}",
             "training.steps=4", "training.validate_every=2", "training.batch=4"]  # fmt: skip
    store, seen = states_store(tmp_path), []
    recipe = load_recipe("sky-state", small)
    score = train_trial(recipe, store, tmp_path / "run", lambda step, value: seen.append(step))
    assert seen == [2, 4]
    # A trial that was killed once its model was written has its score already.
    assert train_trial(recipe, store, tmp_path / "run", lambda *_: None) == score

    def prune(step, value):
        raise optuna.TrialPruned

    with pytest.raises(optuna.TrialPruned):
        train_trial(recipe, store, tmp_path / "other", prune)
    assert not (tmp_path / "other" / "model").exists()
    assert set(usual_search(recipe)) == {
        "training.learning_rate", "training.weight_decay", "network.options.widths"
    }  # fmt: skip


def validation_of(store):
    content = open_samples(store)
    chosen = content["split"].values == "validation"
    return zip(content["image"].values[chosen], content["label"].values[chosen], strict=True)


def test_a_worker_has_its_share_of_the_cores_before_torch_is_there():
    """It reads the number of threads once, when it is imported."""
    script = "import sys, nephoscope.learn.tune; print('torch' in sys.modules)"
    words = [sys.executable, "-c", script]
    assert subprocess.check_output(words, text=True).strip() == "False"  # noqa: S603

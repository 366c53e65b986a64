"""A study withholds inputs one by one, scores beside the whole, and goes on where it stopped."""

import gc
import importlib.util
import json
import shutil
import weakref
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.errors import InputError, UsageError
from nephoscope.learn import fit as fit_module
from nephoscope.learn import study as study_module
from nephoscope.learn.study import FILES, WHOLE, run_study
from nephoscope.models import load_model
from nephoscope.recipe import dump_recipe, load_recipe, shipped_recipes, with_values
from nephoscope.recipe.variants import Variant
from nephoscope.reports.seal import read_scores

spec = importlib.util.spec_from_file_location(
    "synthetic", Path(__file__).parents[1] / "samples_factory.py"
)
synthetic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(synthetic)

pytestmark = pytest.mark.filterwarnings("ignore")

VARIANTS = {"no blue": Variant(drop=("blue",)), "blue alone": Variant(drop=("red", "green*"))}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return synthetic.write_store(tmp_path_factory.mktemp("samples"), patch)


@pytest.fixture(scope="module")
def done(samples, tmp_path_factory):
    """A finished study: its folder, and what came of it."""
    out = tmp_path_factory.mktemp("studies") / "a study"
    return out, run_study(recipe_of(), samples, out, VARIANTS, split="validation")


@pytest.fixture
def stopped(done, tmp_path):
    """The same study, stopped before the second variant."""
    out = tmp_path / "study"
    shutil.copytree(done[0], out)
    for name in ("no_blue", "blue_alone"):
        shutil.rmtree(out / name)
    for name in FILES:
        (out / name).unlink()
    return out


def recipe_of(**training):
    recipe = synthetic.small_recipe(steps=2, validate_every=1, **training)
    features = {"picture": ["red", "green", "blue", "known"]}
    network = {"widths": [4, 8, 8], "head": 4, "position": None}
    return with_values(recipe, {"inputs.features": features, "network.options": network})


def test_study_scores_each_variant_beside_the_whole(done):
    out, found = done
    assert [*found] == [WHOLE, "no blue", "blue alone"]
    assert [each.features for each in found.values()] == [4, 3, 2]
    names = load_model(out / "blue_alone" / "model").recipe.inputs.names
    assert names == ("blue", "known")
    whole = read_scores(out / WHOLE / "report")["metrics"]["f1"]["value"]
    lacking = read_scores(out / "no_blue" / "report")["metrics"]["f1"]["value"]
    assert found["no blue"].lost["f1"].value == pytest.approx(lacking - whole, abs=1e-9)
    document = json.loads((out / FILES[0]).read_text())
    assert document["variants"]["no blue"]["scores"]["f1"]["value"] == lacking
    assert "| no blue | 3 |" in (out / FILES[1]).read_text()
    assert (out / FILES[2]).read_bytes().startswith(b"\x89PNG")


def test_study_goes_on_where_it_stopped(stopped, samples, monkeypatch):
    fitted = []

    def fit(recipe, samples, folder, **options):
        fitted.append((folder.name, options["resume"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(study_module, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        run_study(recipe_of(), samples, stopped, VARIANTS, split="validation")
    assert fitted == [("no_blue", False)]


def test_finished_study_trains_and_scores_nothing_again(done, samples, monkeypatch):
    monkeypatch.setattr(study_module, "fit", None)
    monkeypatch.setattr(study_module, "run_evaluation", None)
    out, found = done
    again = run_study(recipe_of(), samples, out, VARIANTS, split="validation")
    assert again == found


@pytest.mark.parametrize("harm", ["altered", "cut off", "of other samples", "of another model"])
def test_a_report_that_does_not_stand_is_made_again(done, samples, tmp_path, monkeypatch, harm):
    out, split = tmp_path / "study", "validation"
    shutil.copytree(done[0], out)
    report = out / "no_blue" / "report"
    if harm == "altered":
        scores = json.loads((report / "scores.json").read_text())
        scores["metrics"]["f1"]["value"] = 1.0
        (report / "scores.json").write_text(json.dumps(scores))
    elif harm == "cut off":
        (report / "counts.npz").unlink()
    elif harm == "of another model":
        shutil.rmtree(report)
        shutil.copytree(out / "blue_alone" / "report", report)
    else:
        split = "train"
    scored = []
    evaluate = study_module.run_evaluation

    def watched(model, *words, **options):
        scored.append(model.folder.parent.name)
        return evaluate(model, *words, **options)

    monkeypatch.setattr(study_module, "run_evaluation", watched)
    again = run_study(recipe_of(), samples, out, VARIANTS, split=split)
    assert scored == (["no_blue"] if split == "validation" else [WHOLE, "no_blue", "blue_alone"])
    if split == "validation":
        assert again == done[1]


def test_each_variant_has_a_folder_of_its_own():
    names = ["670+865", "670-865", "670 865", "670_865", "éa", "e a"]
    folders = [study_module._folder_of(name) for name in names]
    assert len({*folders}) == len(names)
    assert folders[2] == "670_865"
    assert all(Path(each).name == each for each in folders)


def test_study_of_something_else_is_not_gone_on_with(stopped, samples):
    with pytest.raises(InputError, match="was started with another one"):
        run_study(recipe_of(seed=5), samples, stopped, VARIANTS, split="validation")


def test_each_feature_is_a_variant_where_none_is_named(samples, tmp_path, monkeypatch):
    recipes = {}

    def fit(recipe, samples, folder, **options):
        recipes[folder.name] = recipe
        raise KeyboardInterrupt

    monkeypatch.setattr(study_module, "fit", fit)
    monkeypatch.setattr(study_module, "_trained", lambda recipe, *_: recipes.setdefault(
        _[1].name, recipe) and (None, 0.0))  # fmt: skip
    monkeypatch.setattr(study_module, "_scored", lambda *_: None)
    monkeypatch.setattr(study_module, "_outcomes", lambda *_: {})
    monkeypatch.setattr(study_module, "_write", lambda *_: None)
    run_study(recipe_of(), samples, tmp_path / "study")
    assert {name: each.inputs.names for name, each in recipes.items()} == {
        WHOLE: ("red", "green", "blue", "known"),
        "without_red": ("green", "blue", "known"),
        "without_green": ("red", "blue", "known"),
        "without_blue": ("red", "green", "known"),
        "without_known": ("red", "green", "blue"),
    }


def test_variant_drops_by_name_and_pattern_and_keeps_views():
    features = {"views": ("r443_*", "r763_*", "q490_*"), "valid": ("valid_*",), "one": ("x",)}
    left = Variant(drop=("r763_*", "q*", "x")).values(features)
    assert left == {"inputs.features": {"views": ["r443_*"], "valid": ["valid_*"]}}
    assert Variant(drop=("r*_*",)).values(features)["inputs.features"]["views"] == ["q490_*"]
    assert Variant(views=(3, 7)).values(features) == {"inputs.views": [3, 7]}


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        ({"x": Variant(drop=("violet",))}, "no feature violet"),
        ({"x": Variant(drop=("*",))}, "no feature is left"),
        ({"x": Variant()}, "withholds nothing"),
        ({WHOLE: Variant(drop=("blue",))}, "cannot be called"),
        ({" ": Variant(drop=("blue",))}, "cannot be called"),
    ],
)
def test_variants_that_make_no_sense_are_refused(samples, tmp_path, variants, message):
    with pytest.raises(UsageError, match=message):
        run_study(recipe_of(), samples, tmp_path / "study", variants)
    assert not (tmp_path / "study").exists()


def test_recipe_keeps_its_variants(tmp_path):
    recipe = with_values(recipe_of(), {"study": {"no blue": {"drop": ["blue"]}}})
    path = tmp_path / "recipe.yaml"
    path.write_text(dump_recipe(recipe))
    assert load_recipe(path).study == {"no blue": Variant(drop=("blue",))}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--without", "blue"], "write it as NAME=one,two"),
        (["--views", "few=0,x"], "name views by number"),
        (["--only", "no red"], "the recipe's study has no blue"),
    ],
)
def test_command_explains_what_is_wrong(samples, tmp_path, words, message):
    recipe = with_values(recipe_of(), {"study": {"no blue": {"drop": ["blue"]}}})
    path = tmp_path / "recipe.yaml"
    path.write_text(dump_recipe(recipe))
    done = CliRunner().invoke(
        cli.app, ["study", str(path), str(samples), "-o", str(tmp_path / "out"), *words]
    )
    assert done.exit_code == 2
    assert message in done.stderr


def test_command_prints_what_each_variant_loses(done, samples, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(dump_recipe(recipe_of()))
    words = ["--without", "no blue=blue", "--split", "validation"]
    command = ["study", str(path), str(samples), "-o", str(done[0]), *words]
    said = CliRunner().invoke(cli.app, command)
    assert said.exit_code == 0, said.stderr
    lines = [line for line in said.stdout.splitlines() if line.startswith("F1 ")]
    assert lines[0].endswith(WHOLE)
    assert lines[1].endswith("no blue")
    assert float(lines[1].split()[1]) == round(done[1]["no blue"].scores["f1"].value, 4)


def test_variants_of_shipped_recipes_withhold_something():
    recipes = [load_recipe(name) for name in shipped_recipes()]
    studied = [recipe for recipe in recipes if recipe.study]
    assert [recipe.name for recipe in studied] == ["polder-study"]
    for recipe in studied:
        for name, variant in recipe.study.items():
            changed = variant.values(recipe.inputs.features)
            fewer = with_values(recipe, changed | {"study": None}).inputs.names
            assert {*fewer} < {*recipe.inputs.names}, name


def test_samples_of_one_variant_are_let_go_before_those_of_the_next(samples, tmp_path, monkeypatch):
    load_part, loaded, still_held = fit_module.load_part, [], []

    def watched(*args):
        still_held.append(sum(part() is not None for part in loaded))
        part = load_part(*args)
        loaded.append(weakref.ref(part))
        return part

    monkeypatch.setattr(fit_module, "load_part", watched)
    gc.disable()  # which may come by itself, and late
    try:
        run_study(recipe_of(), samples, tmp_path / "study", VARIANTS, split="validation")
    finally:
        gc.enable()
    assert still_held[::2] == [0, 0, 0]

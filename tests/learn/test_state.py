import shutil

import numpy as np
import pytest
import torch
import yaml
from astropy.io import fits
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from nephoscope.apply.classify import FrameClassifier
from nephoscope.cli import app
from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.predictors import published_state
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.files import sha256_of
from nephoscope.inputs import View, assemble
from nephoscope.inputs.texture import texture, to_binned
from nephoscope.instruments import find_scenes
from nephoscope.learn.facts import kept_scores
from nephoscope.learn.fit import fit
from nephoscope.learn.frames import as_seen, seen_frames, with_something_to_see
from nephoscope.learn.module import FitModule
from nephoscope.models import load_model, verify_model
from nephoscope.models.linear import METHODS
from nephoscope.models.lookup import locate_model
from nephoscope.recipe import load_recipe
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples
from nephoscope.samples.writer import write_samples
from nephoscope.simulate.sky import simulate_frame
from nephoscope.simulate.sky.writing import simulate_sky
from nephoscope.tasks import task_named
from nephoscope.tasks.mask import probability
from nephoscope.tasks.sky_state import TASK, CameraTemperatures, StateDecision

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's own
FRAMES = 60
needs_model = pytest.mark.skipif(
    locate_model("sky-state") is None, reason="no model `sky-state` is shipped"
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    out = tmp_path_factory.mktemp("state")
    simulate_sky(out / "raw", scenes=FRAMES, seed=1)
    files = find_scenes(out / "raw", "skycam")
    path = write_samples(files, out / "samples.zarr", load_recipe("sky-state"))
    split_samples(path, fractions=(0.7, 0.3, 0))
    return path


@pytest.fixture(scope="module")
def trained(samples, tmp_path_factory):
    return fit(load_recipe("sky-state"), samples, tmp_path_factory.mktemp("run"))


def recipe(*overrides):
    return load_recipe("sky-state", list(overrides))


def test_a_model_of_few_frames_knows_most_states(trained, samples):
    found = run_evaluation(load_model(trained), samples, split="all").scores.overall
    assert found["balanced_accuracy"].n == FRAMES
    assert found["balanced_accuracy"].value > 0.9
    assert found["unknown_share"].value < 0.3


@pytest.mark.parametrize("method", METHODS)
def test_every_linear_method_is_scored_as_scikit_learn_does(samples, tmp_path, method):
    model = load_model(fit(recipe(f"network.options.method={method}"), samples, tmp_path))
    found = run_evaluation(model, samples, split="train").scores.overall
    assert found["balanced_accuracy"].value > 0.9
    assert model.network.network.weight.shape == (len(model.normalisation),)
    assert verify_model(model.folder).weights_sha256 == model.weights_sha256


@pytest.mark.parametrize(
    ("features", "network"),
    [("min_max", "linear"), ("mean_std", "cnn"), ("min_max", "cnn"), ("mean_std", "resnet18")],
)
def test_pixels_and_networks_can_be_trained_and_come_back_the_same(
    samples, tmp_path, features, network
):
    options = {"linear": "{method: ridge}", "cnn": "{widths: [4, 4]}", "resnet18": "{width: 4}"}
    chosen = recipe(
        f"inputs.features=[{features}]",
        f"network={{name: {network}, options: {options[network]}}}",
        "training.steps=4",
        "training.validate_every=2",
        "training.batch=4",
    )
    lines = []
    model = load_model(fit(chosen, samples, tmp_path / "a", report=lines.append))
    again = load_model(fit(chosen, samples, tmp_path / "b", report=lambda _: None))
    assert model.weights_sha256 == again.weights_sha256
    image, classifier = open_samples(samples)["image"][0, 0].values, FrameClassifier(model)
    said = classifier.probability(image)
    assert 0 <= said <= 1
    assert said == pytest.approx(classifier.probability(3 * image + 500), abs=1e-3)
    assert any(line.startswith("step ") for line in lines) == (network != "linear")
    verify_model(model.folder)
    with torch.inference_mode():
        score = model.network(torch.from_numpy(seen(image, features))[None]).numpy()[0]
    assert said == pytest.approx(float(probability(score, model.decision)[0]), abs=1e-5)


def seen(image, features):
    known = np.ones(image.shape, bool)
    view = View(to_binned(image)[None], known, np.zeros(128), np.zeros(160), channels=("adu",))
    return assemble(view, (features,))


def test_frames_that_are_scaled_by_themselves_are_made_once_a_run(samples, tmp_path, monkeypatch):
    made = []

    def counted(image):
        made.append(image)
        return texture(image)

    monkeypatch.setattr("nephoscope.inputs.texture.texture", counted)
    seen_frames.cache_clear()
    chosen = recipe(*SMALL_CNN, "training.steps=8")
    fit(chosen, samples, tmp_path, report=lambda _: None)
    assert len(made) == FRAMES


@pytest.mark.parametrize("feature", ["mean_std", "min_max"])
def test_crops_of_what_was_made_are_the_crops_of_the_frames(samples, feature):
    flips = ("training.augmentation.flip_y=true", "training.augmentation.flip_x=true")
    chosen = recipe(f"inputs.features=[{feature}]", *flips)
    train = load_part(samples, "train", chosen)
    train, inputs = with_something_to_see(
        train, seen_frames(str(samples), "", "", "train", chosen.inputs.names)
    )
    plain = CropLoader(train, chosen).batch(range(50))
    fast = CropLoader(*as_seen(train, chosen, inputs)).batch(range(50))
    assert torch.equal(plain["label"], fast["label"])
    torch.testing.assert_close(fast["inputs"], plain["inputs"], atol=1e-6, rtol=1e-6)
    for change in ("noise", "colour_jitter"):
        noisy = recipe(f"inputs.features=[{feature}]", f"training.augmentation.{change}=1")
        assert as_seen(train, noisy, inputs) == (train, noisy)
    other = recipe("inputs.features=[adu]")
    assert as_seen(train, other, inputs) == (train, other)


def test_what_cannot_be_told_is_no_zero():
    """Of frames of which none is decided no recall can be said."""
    counts = TASK.count(np.full((4, 1), np.nan, np.float32), {"label": np.array([0, 1, 1, 0])})
    found = kept_scores(TASK, counts, StateDecision())
    assert found["balanced_accuracy"] is None
    assert found["clear_found"] is None
    assert found["unknown_share"] == 1
    assert found["frames"] == 4


SMALL_CNN = (
    "inputs.features=[mean_std]",
    "network={name: cnn, options: {widths: [4, 4]}}",
    "training.validate_every=2",
    "training.batch=4",
)


def test_a_network_of_states_goes_on_where_it_was_killed_and_begins_with_given_weights(
    samples, tmp_path, monkeypatch, quick_export
):
    chosen = recipe(*SMALL_CNN, "training.steps=6")
    whole = load_model(fit(chosen, samples, tmp_path / "a", report=lambda _: None))

    def killed(self):
        if self.current_epoch == 1:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_epoch_end", killed, raising=False)
        with pytest.raises(RuntimeError, match="killed"):
            fit(chosen, samples, tmp_path / "b", report=lambda _: None)
    resumed = fit(chosen, samples, tmp_path / "b", resume=True, report=lambda _: None)
    assert load_model(resumed).weights_sha256 == whole.weights_sha256
    still = recipe(*SMALL_CNN, "training.steps=2", "training.learning_rate=1e-12")
    begun = fit(still, samples, tmp_path / "c", init_from=whole.folder, report=lambda _: None)
    before, after = (load_file(each / "weights.safetensors") for each in (whole.folder, begun))
    assert all(np.allclose(before[name], after[name], atol=1e-6) for name in before)


def test_a_compiled_classifier_of_other_weights_is_found_out(samples, tmp_path):
    chosen = recipe(
        "inputs.features=[mean_std]",
        "network={name: cnn, options: {widths: [4, 4]}}",
        "training.steps=2",
        "training.batch=4",
    )
    folder = fit(chosen, samples, tmp_path, report=lambda _: None)
    path = folder / "weights.safetensors"
    save_file({name: value + 0.1 for name, value in load_file(path).items()}, path)
    with pytest.raises(InputError, match="sha256"):
        load_model(folder)
    facts = yaml.safe_load((folder / "model.yaml").read_text())
    facts["sha256"][path.name] = sha256_of(path)
    (folder / "model.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
    with pytest.raises(InputError, match="differs from the torch network"):
        verify_model(folder)


def test_what_cannot_be_trained_is_refused(samples, tmp_path, trained):
    for wrong in ("inputs.features=[red]", "network.name=cnn", "network.options.method=tree"):
        with pytest.raises(UsageError):
            fit(recipe(wrong), samples, tmp_path)
    assert not [*tmp_path.iterdir()]
    with pytest.raises(UsageError, match="holds a run"):
        fit(recipe(), samples, trained.parent)
    with pytest.raises(UsageError, match="is one of pixels"):
        fit(recipe("network.name=unet", "inputs.features=[mean_std]"), samples, tmp_path)


def test_the_band_holds_what_it_promises():
    rng = np.random.default_rng(0)
    states = (np.arange(4000) % 2).astype(np.int8)
    p = np.where(states == 1, rng.beta(6, 2, 4000), rng.beta(2, 6, 4000))
    scores = np.log(p / (1 - p)).astype(np.float32)
    task = task_named("sky_state")
    band = task.decide(task.count(scores[:, None], {"label": states}))
    p = probability(scores, band)
    assert (p[states == 1] < band.clear_below).mean() <= 0.011
    assert (p[states == 0] > band.cloudy_above).mean() <= 0.006
    assert 0 < band.clear_below <= 0.3
    assert 0.7 <= band.cloudy_above < 1
    spread = scores.std()
    line = LogisticRegression(C=10.0, tol=1e-8).fit((scores / spread)[:, None], states)
    assert band.slope == pytest.approx(line.coef_[0, 0] / spread, rel=1e-3)
    assert band.intercept == pytest.approx(line.intercept_[0], abs=1e-3)


def test_a_new_split_is_seen_in_the_same_process(samples, tmp_path):
    """Inputs are kept from trial to trial, and were those of the split before."""
    store = tmp_path / "s.zarr"
    shutil.copytree(samples, store)
    first = load_model(fit(recipe(), store, tmp_path / "a", name="Mine"))
    split_samples(store, "block", (1, 1, 0), buffer=0)
    second = load_model(fit(recipe(), store, tmp_path / "b", licence="MIT"))
    assert first.info["split"] != second.info["split"]
    assert (first.name, second.name) == ("Mine", "b")
    assert "license: unspecified by its author" in (first.folder / "card.md").read_text()
    assert "license: MIT" in (second.folder / "card.md").read_text()


@pytest.mark.parametrize("name", ["weights.safetensors", "recipe.yaml", "model.yaml"])
def test_a_harmed_file_is_named(trained, tmp_path, name):
    import shutil

    folder = shutil.copytree(trained, tmp_path / "model")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        load_model(folder)


@pytest.mark.parametrize(
    ("fact", "value"),
    [("normalisation", {"rough_1": [0.0, 0.0]}), ("decision", {"slope": -1}), ("format", 1)],
)
def test_a_fact_that_makes_no_sense_is_named(trained, tmp_path, fact, value):
    import shutil

    folder = shutil.copytree(trained, tmp_path / "model")
    facts = yaml.safe_load((folder / "model.yaml").read_text())
    facts[fact] = value
    (folder / "model.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
    with pytest.raises(InputError, match=fact):
        load_model(folder)


def test_a_model_of_the_first_format_says_what_to_do(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "model")
    (folder / "model.yaml").rename(folder / "state.yaml")
    with pytest.raises(InputError, match=r"state\.yaml: is of the first format.*train"):
        load_model(folder)


def test_the_commands_build_train_and_evaluate(tmp_path):
    run = CliRunner().invoke
    assert run(app, ["simulate", "sky", "-o", f"{tmp_path}/raw", "--scenes", "30"]).exit_code == 0
    store, out = f"{tmp_path}/s.zarr", f"{tmp_path}/run"
    assert run(app, ["build", "sky-state", f"{tmp_path}/raw", "-o", store]).exit_code == 0
    result = run(app, ["train", "sky-state", store, "-o", out])
    assert result.exit_code == 0, result.output
    assert "balanced accuracy" in result.output
    result = run(app, ["evaluate", f"{out}/model", store, "-o", f"{tmp_path}/report"])
    assert result.exit_code == 0, result.output
    assert run(app, ["train", "sky-state", store, "-o", out, "--resume"]).exit_code == 2


@pytest.fixture(scope="module")
def shipped():
    return FrameClassifier(load_model("sky-state"))


@needs_model
def test_the_shipped_model_reaches_its_goal_on_new_cameras(shipped):
    frames = [simulate_frame(20_231, index) for index in range(120)]
    states = np.array([bool(frame.kinds) for frame in frames], np.int8)
    warm = [
        CameraTemperatures(t.sensor, t.ambient, t.shutter)
        for t in (frame.temperatures for frame in frames)
    ]
    said = [published_state(shipped.judge(f.adu, t)) for f, t in zip(frames, warm, strict=True)]
    counts = [TASK.tally(each, {"label": n}) for each, n in zip(said, states, strict=True)]
    found = TASK.metrics(np.sum(counts, axis=0), StateDecision())
    assert found["balanced_accuracy"] >= 0.97
    assert found["unknown_share"] <= 0.15
    blind = [shipped.judge(frame.adu).state for frame in frames]
    assert "clear" not in blind


@needs_model
@pytest.mark.parametrize("scale", [0.1, 0.5, 1, 3, 10])
@pytest.mark.parametrize("offset", [-20_000, 0, 700, 1e5])
def test_no_scale_and_no_offset_decides_over_a_real_frame(shipped, real_data, scale, offset):
    folder = real_data / "sky" / "raw"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    for name, allowed in (("cloud", {"cloudy"}), ("clear", {"clear", "unknown"})):
        counts, header = fits.getdata(folder / f"{name}_sky_sample.fits", header=True)
        words = ("FPA-TEMP", "AMB-TEMP", "SHU-TEMP")
        warm = CameraTemperatures(*(header[word] for word in words))
        moved = scale * counts.astype(np.float64) + offset
        for frame in (moved, np.rint(moved)):
            verdict = shipped.judge(frame, warm)
            assert verdict.state in allowed
            blind = shipped.judge(frame).state
            assert blind == ("cloudy" if name == "cloud" else "unknown")

"""A model of colour frames keeps what its own training frames span."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.instruments import find_scenes
from nephoscope.learn.fit import fit
from nephoscope.learn.guard import guard_of_part
from nephoscope.models import export, load_model
from nephoscope.recipe import load_recipe
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples
from nephoscope.samples.writer import write_samples
from nephoscope.simulate.sky.colour import simulate_colour

SETTINGS = [
    "training.crop=[64,64]",
    "training.batch=2",
    "training.steps=2",
    "training.validate_every=2",
]

RECIPE = load_recipe("sky-colour")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sky")
    for number in range(8):
        for name, picture in zip(("images", "masks"), simulate_colour(8, number), strict=True):
            path = folder / "raw" / name / f"SIM-{number:03}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture[::4, ::4]).save(path, "PNG")
    store = folder / "s.zarr"
    write_samples(find_scenes(folder / "raw", "skycam"), store, load_recipe("sky-colour"))
    split_samples(store, "block", [6, 2, 0], 0, 0)
    return store


@pytest.fixture(scope="module")
def trained(samples, tmp_path_factory):
    """One for all tests; compiling takes long and is tested with the models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            export, "export_onnx", lambda _, path, *__: path.write_bytes(b"stand-in") * 0.0
        )
        run = tmp_path_factory.mktemp("run") / "run"
        return fit(load_recipe("sky-colour", SETTINGS), samples, run, report=lambda _: 0)


def test_a_model_learns_from_frames_of_several_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "export_onnx", lambda _, path, *__: path.write_bytes(b"stand-in"))
    for number in range(6):
        rows, cols = 60 + 6 * number, 90 - 4 * number
        for name, picture in zip(("images", "masks"), simulate_colour(8, number), strict=True):
            path = tmp_path / "raw" / name / f"SIM-{number:03}"
            path.parent.mkdir(parents=True, exist_ok=True)
            part = picture[130 : 130 + 2 * rows : 2, 150 : 150 + 2 * cols : 2]
            Image.fromarray(part).save(path, "PNG")
    store = tmp_path / "s.zarr"
    write_samples(find_scenes(tmp_path / "raw", "skycam"), store, RECIPE)
    split_samples(store, "block", [4, 2, 0], 0, 0)
    fit(load_recipe("sky-colour", SETTINGS), store, tmp_path / "run", report=lambda _: 0)
    guard = load_model(tmp_path / "run" / "model").guard
    # What fills the arrays would be dark; the frames are cut from the middle of a lit sky.
    assert guard.spans["lit"].seen[0] > 0.9


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "model")


def test_a_trained_model_knows_its_frames_and_not_others(samples, model):
    opened, train = load_model(model), load_part(samples, "train", load_recipe("sky-colour"))
    assert opened.guard == guard_of_part(train, RECIPE)
    frames = [train.image[place] for place in train.indices]
    assert [opened.guard.doubt(frame) for frame in frames] == [None] * len(frames)
    assert "dark frame" in opened.guard.doubt(frames[0] // np.uint8(8))
    darkest = min(np.median(f.mean(axis=0)[f.max(axis=0) >= 16]) for f in frames)
    assert opened.guard.spans["brightness"].seen[0] <= darkest + 0.5


def test_a_folder_without_a_guard_opens(model):
    facts = yaml.safe_load((model / "model.yaml").read_text())
    del facts["guard"]
    (model / "model.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
    assert load_model(model).guard is None


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        ({"size": {"seen": [0, 1], "accepted": [0, 1]}}, "no number 'size'"),
        ({"lit": {"seen": [0, 1], "accepted": [1, 0]}}, "is above"),
        ({"lit": {"seen": [0, 1]}}, "required"),
    ],
)
def test_a_guard_that_makes_no_sense_is_named(model, harm, problem):
    facts = yaml.safe_load((model / "model.yaml").read_text())
    (model / "model.yaml").write_text(yaml.safe_dump(facts | {"guard": harm}, sort_keys=False))
    with pytest.raises(InputError, match=f"guard.*{problem}"):
        load_model(model)


def test_only_colour_frames_of_a_sky_camera_have_one(samples):
    train = load_part(samples, "train", load_recipe("sky-colour"))
    assert guard_of_part(replace(train, unit="day"), RECIPE) is None
    assert guard_of_part(replace(train, channels=("adu",)), RECIPE) is None

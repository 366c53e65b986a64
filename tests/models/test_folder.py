import pytest
import torch
import yaml

from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.models import list_models, load_model, save_model, verify_model
from nephoscope.models.card import read_card
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import Recipe
from nephoscope.tasks.mask import MaskDecision

FEATURES = ("red", "green", "blue", "known", "latitude", "sine_longitude", "cosine_longitude")
GROUPS = {"picture": FEATURES[:4], "context": FEATURES[4:]}
OPTIONS = {"widths": [4, 4, 8], "head": 4}
DECISION = MaskDecision(slope=1.5, intercept=-0.5, threshold=0.46)
INFO = {"scores": {"full": {"f1": 0.5, "pixels": 7}}, "split": {"train": ["a"]}}


def _recipe():
    return Recipe.model_validate(
        {
            "name": "small",
            "instrument": "marci",
            "task": "mask",
            "inputs": {"features": GROUPS},
            "network": {"name": "unet", "options": OPTIONS},
        }
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One compiled model for all tests: compiling takes seconds."""
    torch.manual_seed(0)
    normalisation = {name: (0.25 * n, 1.0 + n) for n, name in enumerate(FEATURES)}
    network = NormalisedNetwork(
        build_network("unet", OPTIONS, len(FEATURES), 1, _recipe().inputs.groups), normalisation
    ).eval()
    folder = tmp_path_factory.mktemp("models") / "small"
    save_model(folder, network, _recipe(), normalisation, DECISION, INFO)
    return folder, network


@pytest.fixture
def folder(saved, tmp_path):
    import shutil

    return shutil.copytree(saved[0], tmp_path / "small")


def test_a_saved_model_comes_back_the_same(saved):
    folder, network = saved
    model = load_model(folder)
    inputs = torch.randn(2, len(FEATURES), 16, 24)
    with torch.inference_mode():
        assert torch.equal(model.network(inputs), network(inputs))
    assert (model.decision, model.threshold) == (DECISION, 0.46)
    assert model.recipe == _recipe()
    assert model.normalisation["green"] == (0.25, 2.0)


def test_the_compiled_network_agrees_at_any_size(saved):
    assert verify_model(saved[0]).info["onnx_largest_difference"] < 1e-4


def test_the_card_is_readable_by_hubs(saved):
    _, front, body = (saved[0] / "card.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front)["metrics"] == ["f1", "pixels"]
    assert "0.460" in body


@pytest.mark.parametrize("name", ["weights.safetensors", "network.onnx", "recipe.yaml"])
@pytest.mark.parametrize("harm", ["truncate", "flip", "remove"])
def test_a_harmed_file_is_named(folder, name, harm):
    path = folder / name
    content = path.read_bytes()
    if harm == "remove":
        path.unlink()
    elif harm == "truncate":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        load_model(folder)


@pytest.mark.parametrize("content", ["", "- 1", "format: 9", "format: 1\nname: x", "a: [", "\0"])
def test_garbled_facts_are_an_input_error(folder, content):
    (folder / "model.yaml").write_text(content)
    with pytest.raises(InputError, match=r"model\.yaml"):
        load_model(folder)


FACTS = ("format", "name", "task", "normalisation", "decision", "divisor", "sha256", "info")


@pytest.mark.parametrize("value", [None, "lacks", [], -1])
@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_that_lacks_or_makes_no_sense_is_named(folder, fact, value):
    facts = yaml.safe_load((folder / "model.yaml").read_text())
    assert set(facts) == set(FACTS)
    facts[fact] = value
    if value == "lacks":
        del facts[fact]
    (folder / "model.yaml").write_text(yaml.safe_dump(facts))
    with pytest.raises(InputError, match=rf"model\.yaml \[{fact}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("decision", "slope"), float("nan")),
        (("decision", "threshold"), 0),
        (("sha256", "network.onnx"), 3),
        (("normalisation", "blue"), [0.0, 0.0]),
        (("normalisation", "blue"), [0.0]),
    ],
)
def test_a_part_of_a_fact_that_makes_no_sense_is_named(folder, keys, value):
    facts = yaml.safe_load((folder / "model.yaml").read_text())
    facts[keys[0]][keys[1]] = value
    (folder / "model.yaml").write_text(yaml.safe_dump(facts))
    with pytest.raises(InputError, match=rf"model\.yaml \[{keys[0]}"):
        load_model(folder)


def test_a_folder_of_the_first_format_says_what_to_do(folder):
    facts = yaml.safe_load((folder / "model.yaml").read_text()) | {"format": 1}
    (folder / "model.yaml").write_text(yaml.safe_dump(facts))
    with pytest.raises(InputError, match=r"model\.yaml \[format\].*train the model again"):
        load_model(folder)


def test_a_model_of_another_task_than_its_recipe_is_refused(folder):
    facts = yaml.safe_load((folder / "model.yaml").read_text()) | {"task": "sky_state"}
    (folder / "model.yaml").write_text(yaml.safe_dump(facts))
    with pytest.raises(InputError, match=r"model\.yaml \[task\]"):
        load_model(folder)


def test_a_card_that_lacks_is_named(folder):
    (folder / "card.md").unlink()
    with pytest.raises(InputError, match=r"card\.md"):
        read_card(folder)


def test_an_unknown_name_is_a_usage_error_and_another_folder_an_input_error(tmp_path):
    with pytest.raises(UsageError, match="no model"):
        load_model("nowhere")
    with pytest.raises(InputError, match="not a model folder"):
        load_model(tmp_path)


def test_shipped_models_are_good():
    for name in list_models():
        assert load_model(name).name == name


def test_a_failing_write_leaves_nothing(saved, tmp_path):
    (tmp_path / "file").touch()
    arguments = (saved[1], _recipe(), {}, MaskDecision(), {})
    with pytest.raises(OutputError):
        save_model(tmp_path / "file" / "model", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", list_models())
def test_a_model_says_in_a_line_what_it_is(name):
    said = repr(load_model(name))
    assert len(said.partition(", in ")[0]) < 100
    assert said.startswith(f"<Model {name!r}: ")

"""Networks find features by the groups that a recipe names, wherever they stand in the input."""

import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.networks import build_network
from nephoscope.recipe import load_recipe, shipped_recipes
from nephoscope.tasks import task_named

PLACE = ["latitude", "sine_longitude", "cosine_longitude"]
SEEN = ["hue", "sign", "blue"]
GROUPS = {
    "pixel": {
        "picture": ["red", "blue", "known"],
        "context": [*PLACE, "limit"],
        "position": PLACE,
        "brightness": ["blue"],
    },
    "unet": {"picture": ["red", "blue", "known"], "context": [*PLACE, "limit"], "position": PLACE},
    "local": {"picture": ["red", *SEEN, "known"], "windowed": SEEN},
}
NAMES = {
    name: list(dict.fromkeys(feature for group in groups.values() for feature in group))
    for name, groups in GROUPS.items()
}
OPTIONS = {
    "pixel": {"hidden": [8, 8], "learned": 4, "position": [2, 4, 8]},
    "unet": {"widths": [8, 8, 8], "head": 8, "position": [2, 4, 8]},
    "local": {"hidden": [8, 4]},
}


def places(name, names):
    groups = {"known": ["known"], **GROUPS[name]}
    return {group: [names.index(one) for one in wanted] for group, wanted in groups.items()}


@pytest.mark.parametrize("name", GROUPS)
def test_the_order_of_the_features_in_the_input_does_not_matter(name):
    names = NAMES[name]
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(1)).tolist()
    inputs = torch.randn(2, len(names), 32, 48, generator=torch.Generator().manual_seed(2))
    inputs[:, names.index("known")] = 1.0
    inputs[:, names.index("known"), 3:9, 5:20] = 0.0
    logits = []
    for numbers in (list(range(len(names))), order):
        torch.manual_seed(0)
        there = places(name, [names[number] for number in numbers])
        network = build_network(name, OPTIONS[name], len(names), 1, there).eval()
        with torch.inference_mode():
            logits.append(network(inputs[:, numbers]))
    torch.testing.assert_close(*logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "group", "given", "said"),
    [
        ("pixel", "brightness", None, "features.brightness: the network wants one feature"),
        ("pixel", "brightness", [0, 1], "features.brightness: the network wants one feature"),
        ("pixel", "brightness", [3], "brightness: is not in the group picture"),
        ("pixel", "known", None, "the feature known"),
        ("pixel", "position", [3, 4], "features.position: the network wants latitude, sine"),
        ("pixel", "picture", None, "features.picture"),
        ("unet", "picture", None, "features.picture"),
        ("unet", "position", None, "features.position"),
        ("local", "windowed", [1, 2], "features.windowed: the network wants a colour, a sign"),
        ("local", "windowed", [1, 2, 4], "windowed: is not in the group picture"),
        ("local", "known", None, "the feature known"),
    ],
)
def test_a_group_that_is_not_as_the_network_wants_it_is_named(name, group, given, said):
    groups = {**places(name, NAMES[name]), group: given or []}
    with pytest.raises(UsageError, match=said):
        build_network(name, OPTIONS[name], len(NAMES[name]), 1, groups)


@pytest.mark.parametrize(
    ("name", "groups", "options"),
    [
        ("unet", {"picture": [0], "contxt": [1]}, {}),
        ("unet", {"picture": [0], "position": [1, 2, 3]}, {}),  # without the place grid
        (
            "local",
            {"picture": [0, 1, 2, 3], "known": [3], "windowed": [0, 1, 2], "context": [4]},
            {},
        ),
        ("cnn", {"picture": [0], "context": [1]}, {}),
        ("resnet18", {"context": [0]}, {"width": 4}),
    ],
)
def test_a_group_that_the_network_would_not_read_is_named(name, groups, options):
    last = list(groups)[-1]
    with pytest.raises(UsageError, match=rf"features\.{last}: network '{name}', .*reads only pic"):
        build_network(name, options, 5, 1, groups)


@pytest.mark.parametrize("name", shipped_recipes())
def test_networks_of_the_shipped_recipes_can_be_made(name):
    recipe = load_recipe(name)
    inputs, network = recipe.inputs, recipe.network
    outputs = task_named(recipe.task).outputs(network.options.get("levels", 1))
    build_network(network.name, network.options, len(inputs.names), outputs, inputs.groups)


@pytest.mark.parametrize("name", [name for name in shipped_recipes() if name.startswith("polder")])
def test_recipes_of_profiles_agree_on_their_levels_and_see_no_cloud_mask(name):
    recipe, ours = load_recipe(name), load_recipe("polder")
    assert recipe.truth == ours.truth
    assert "cloud_indicator" not in {*recipe.inputs.names, *recipe.read["fields"]}
    if recipe.network.name == "aligned":
        levels, options = recipe.truth.levels, recipe.network.options
        assert options["levels"] == len(levels.centres())
        assert (options["lowest"], options["step"]) == (levels.lowest, levels.step)

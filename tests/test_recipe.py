"""Recipes: unknown keys are errors, overrides reach any depth, dump and load are inverse."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import InputError, UsageError
from nephoscope.recipe import (
    Recipe,
    dump_recipe,
    load_recipe,
    shipped_recipes,
    validate_recipe,
    with_values,
)

MINIMAL = {
    "name": "tiny",
    "instrument": "marci",
    "task": "mask",
    "inputs": {"features": ["red", "blue"]},
    "network": {"name": "unet"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(MINIMAL))
    return path


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_loads_by_its_own_name(name):
    assert load_recipe(name).name == name


def test_mars_is_shipped():
    assert "mars" in shipped_recipes()


def test_defaults_fill_what_is_not_said(file):
    recipe = load_recipe(file)
    assert recipe.inputs.features == {"picture": ("red", "blue")}
    assert recipe.inputs.names == ("red", "blue")
    assert recipe.inputs.background is None
    assert recipe.training.losses.bce == 1.0


@given(
    st.builds(
        dict,
        steps=st.integers(1, 10**6),
        learning_rate=st.floats(1e-9, 1.0),
        crop=st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
        losses=st.builds(dict, weight_zero=st.none() | st.floats(0.001, 0.999)),
    )
)
def test_dump_and_validate_are_inverse(training):
    recipe = validate_recipe({**MINIMAL, "training": training})
    assert validate_recipe(yaml.safe_load(dump_recipe(recipe))) == recipe


def test_dump_and_load_are_inverse_for_a_file(file, tmp_path):
    recipe = load_recipe(file, ["inputs.background={channels: [blue], cell: 8}"])
    again = tmp_path / "again.yaml"
    again.write_text(dump_recipe(recipe))
    assert load_recipe(again) == recipe


def test_overrides_reach_any_depth_and_are_yaml(file):
    recipe = load_recipe(
        file, ["training.losses.dice=0.5", "training.crop=[64, 96]", "network.options.width=8"]
    )
    assert recipe.training.losses.dice == 0.5
    assert recipe.training.crop == (64, 96)
    assert recipe.network.options == {"width": 8}


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("training.stepz=3", "training.stepz"),
        ("training.steps=0", "training.steps"),
        ("training.steps=soon", "training.steps"),
        ("training.losses.weight_zero=1", "training.losses.weight_zero"),
        ("task=ice_cream", "task"),
        ("colour=blue", "colour"),
    ],
)
def test_a_bad_key_or_value_is_named(file, override, field):
    with pytest.raises(InputError) as caught:
        load_recipe(file, [override])
    assert caught.value.field == field
    assert caught.value.path == str(file)


def test_a_missing_part_is_named(file):
    file.write_text(yaml.safe_dump({k: v for k, v in MINIMAL.items() if k != "network"}))
    with pytest.raises(InputError, match=r"tiny\.yaml \[network\]"):
        load_recipe(file)


@pytest.mark.parametrize("override", ["training.steps", "=3", "name.first=x", "training.crop=[1"])
def test_a_senseless_override_is_wrong_usage(file, override):
    with pytest.raises(UsageError, match="--set"):
        load_recipe(file, [override])


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]", "a: [1", "a: b: c"])
def test_a_file_that_is_no_recipe_is_named(file, text):
    file.write_text(text)
    with pytest.raises(InputError, match=r"tiny\.yaml"):
        load_recipe(file)


def test_a_binary_file_is_named(file):
    file.write_bytes(b"\xff\xd8\xff\xe0 not yaml")
    with pytest.raises(InputError, match="is not YAML"):
        load_recipe(file)


def test_yaml_never_runs_code(file, tmp_path):
    trace = tmp_path / "trace"
    file.write_text(f"name: !!python/object/apply:pathlib.Path.touch [{trace}]\n")
    with pytest.raises(InputError, match="is not YAML"):
        load_recipe(file)
    assert not trace.exists()


def test_an_unknown_name_lists_what_is_shipped():
    with pytest.raises(UsageError, match=r"no recipe 'venus'; shipped are: .*mars"):
        load_recipe("venus")


def test_an_absent_file_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="there is no such recipe file"):
        load_recipe(tmp_path / "absent.yaml")


def test_a_recipe_cannot_be_changed_after_checking():
    recipe = Recipe.model_validate(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        recipe.name = "other"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("inputs.features=[red, red]", "named twice"),
        ("inputs.features=[]", "inputs.features"),
        ("inputs.features=[red, background_blue]", "'background_blue' would be nothing but zeros"),
        ("inputs.features=[red, limit_excess]", "'limit_excess' would be nothing but zeros"),
        ("training.augmentation.warp.zoom=[0, 2]", "zoom"),
        ("training.crop=[0, 32]", "crop"),
        ("apply.tile=[-1, 32]", "tile"),
    ],
)
def test_what_would_silently_mean_nothing_is_refused(file, override, said):
    with pytest.raises(InputError, match=said):
        load_recipe(file, [override])


def test_a_plain_list_of_features_is_the_picture(file):
    recipe = load_recipe(file, ["inputs.features=[red, known]"])
    assert recipe.inputs.groups == {"known": (1,), "picture": (0, 1)}
    assert recipe.inputs.sparse == set()


def test_features_stand_in_the_order_in_which_the_groups_name_them(file):
    groups = "{picture: [red, known], context: [latitude, limit], position: [latitude, blue]}"
    recipe = load_recipe(file, [f"inputs.features={groups}", "inputs.limit={}"])
    assert recipe.inputs.names == ("red", "known", "latitude", "limit", "blue")
    assert recipe.inputs.groups == {
        "known": (1,), "picture": (0, 1), "context": (2, 3), "position": (2, 4)
    }  # fmt: skip
    assert recipe.inputs.sparse == {"latitude", "limit", "blue"}
    assert validate_recipe(yaml.safe_load(dump_recipe(recipe))) == recipe


def test_what_any_other_group_wants_is_not_sparse(file):
    groups = "{context: [red, green], windowed: [red]}"
    assert load_recipe(file, [f"inputs.features={groups}"]).inputs.sparse == {"green"}


@pytest.mark.parametrize(
    "features", ["{}", "{picture: []}", "{picture: [red], context: []}", "red"]
)
def test_a_group_without_features_is_refused(file, features):
    with pytest.raises(InputError, match=r"inputs\.features"):
        load_recipe(file, [f"inputs.features={features}"])


def test_shipped_recipes_say_nothing_by_number():
    for name in shipped_recipes():
        numbers = {"image_features", "position_features", "windowed", "brightness"}
        assert not numbers & load_recipe(name).network.options.keys()


VIEWED = {
    **MINIMAL,
    "inputs": {
        "views": [0, 7, 15],
        "features": {"views": ["r443_*", "phis"], "valid": ["valid_*"]},
    },
}


def test_a_star_is_every_view_field_by_field():
    inputs = validate_recipe(VIEWED).inputs
    assert inputs.names == (
        "r443_00", "r443_07", "r443_15", "phis", "valid_00", "valid_07", "valid_15",
    )  # fmt: skip
    assert inputs.groups == {"views": (0, 1, 2, 3), "valid": (4, 5, 6)}
    whole = validate_recipe({**VIEWED, "inputs": {"features": ["q490_*"]}}).inputs
    assert whole.names == tuple(f"q490_{view:02d}" for view in range(16))


def test_views_can_be_left_out_of_a_recipe_later():
    recipe = validate_recipe(VIEWED)
    fewer = with_values(recipe, {"inputs.views": [7]})
    assert fewer.inputs.names == ("r443_07", "phis", "valid_07")
    assert validate_recipe(yaml.safe_load(dump_recipe(fewer))) == fewer


@pytest.mark.parametrize("views", [[], [0, 0], [16], [-1]])
def test_views_that_cannot_be_are_refused(views):
    with pytest.raises(InputError, match=r"inputs\.views"):
        with_values(validate_recipe(VIEWED), {"inputs.views": views})


def test_a_view_named_beside_its_star_is_named_twice():
    with pytest.raises(InputError, match="twice"):
        with_values(validate_recipe(VIEWED), {"inputs.features": ["r443_*", "r443_07"]})


def test_truth_at_points_is_taken_as_it_is_stored_unless_said():
    truth = validate_recipe(MINIMAL).truth
    assert truth.levels is None
    assert (truth.interpolation, truth.low_quality) == ("bilinear", "keep")
    recipe = validate_recipe({**MINIMAL, "truth": {"levels": {"bins": [4, 103]}}})
    assert validate_recipe(yaml.safe_load(dump_recipe(recipe))) == recipe
    with pytest.raises(InputError, match=r"truth\.levels\].*bins"):
        validate_recipe({**MINIMAL, "truth": {"levels": {"lowest": 600}}})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("inputs.statistics={IR_999: [280, 20]}", "statistics of 'IR_999', which is none of"),
        ("inputs.statistics={temperature_IR_108: [280, 0]}", "greater than 0"),
    ],
)
def test_statistics_are_of_features_and_have_a_spread(given, said):
    with pytest.raises(InputError, match=said):
        load_recipe("seviri", [given])

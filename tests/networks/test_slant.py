"""The network of one slant view: each height is looked at where it is seen in the picture."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.networks.slant import at_heights
from nephoscope.recipe import load_recipe
from nephoscope.tasks.ice_head import IceHead
from network_reach import reach_of

LEVELS, FEATURES = 12, 6
OUTPUTS = 3 * LEVELS + 2
GROUPS = {"picture": [0, 1, 2, 3], "parallax": [4, 5]}
SMALL = {
    "lowest": 500.0, "step": 1000.0, "levels": LEVELS, "planes": 4, "context": 6,
    "dilations": [1, 2], "seen": 4, "trunk": 16, "column": 8,
}  # fmt: skip
REACH = 3  # of dilations 1 and 2


def network_of(**options):
    torch.manual_seed(0)
    network = build_network("slant", {**SMALL, **options}, FEATURES, OUTPUTS, GROUPS)
    for parameter in network.parameters():  # a fresh head is nearly blind to its input
        parameter.data.mul_(2.0)
    return network.eval()


def inputs_of(batch=2, height=11, width=16):
    inputs = torch.randn(batch, FEATURES, height, width, generator=torch.Generator().manual_seed(1))
    inputs[:, 4:] *= 0.1
    return inputs


@pytest.mark.parametrize(("height", "width"), [(9, 14), (1, 1), (33, 2)])
def test_pictures_of_any_size_give_the_numbers_asked_for(height, width):
    with torch.inference_mode():
        found = network_of()(inputs_of(1, height, width))
    assert found.shape == (1, OUTPUTS, height, width)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("slant", [True, False])
def test_single_pixels_are_those_of_the_picture(slant):
    network, inputs = network_of(slant=slant), inputs_of()
    pixels = torch.tensor([[0, 0, 0], [1, 10, 15], [1, 4, 7], [0, 10, 3]])
    with torch.inference_mode():
        whole, some = network(inputs), network(inputs, pixels)
    sample, row, col = pixels.unbind(1)
    assert whole.std() > 1e-3
    torch.testing.assert_close(some, whole[sample, :, row, col], rtol=0, atol=1e-5)
    assert network(inputs, pixels[:0]).shape == (0, OUTPUTS)


def test_heights_are_looked_at_between_the_four_pixels_around():
    """By `map_coordinates`, which knows nothing of this package."""
    ndimage = pytest.importorskip("scipy.ndimage")
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(2, 3, 9, 11)).astype(np.float32)
    heights = [0.0, 1.7, 6.0, 16.9]
    pixels = np.array([[0, 4, 5], [1, 0, 10], [1, 8, 0], [0, 2, 9]])
    parallax = rng.normal(scale=0.3, size=(4, 2)).astype(np.float32)
    found = at_heights(*map(torch.from_numpy, (seen, parallax)), heights, torch.from_numpy(pixels))
    for at, (sample, row, col) in enumerate(pixels):
        for up, height in enumerate(heights):
            place = row + height * parallax[at, 1], col + height * parallax[at, 0]
            for number in range(3):
                wanted = ndimage.map_coordinates(
                    seen[sample, number], [[place[0]], [place[1]]], order=1, mode="nearest"
                )
                assert found[at, up, number].item() == pytest.approx(wanted[0], abs=1e-5)


def test_air_high_up_is_seen_aside_and_air_below_is_not():
    """A mark in the picture is found at the height at which the line of sight meets it."""
    seen = torch.zeros(1, 1, 9, 9)
    seen[0, 0, 2, 7] = 1  # two rows up and three columns right of the middle
    pixels, parallax = torch.tensor([[0, 4, 4]]), torch.tensor([[0.3, -0.2]])
    found = at_heights(seen, parallax, [15.0, 10.0, 5.0, 0.0], pixels)[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([0.0, 1.0, 0.0, 0.0]), atol=1e-5, rtol=0)


def test_a_pixel_changes_its_neighbourhood_alone():
    network, inputs = network_of(), inputs_of(1, 41, 41)
    inputs[:, 4:] = 0.1  # 11.5 km up are 1.15 columns and rows
    changed = inputs.clone()
    changed[0, :4, 20, 20] += 3.0
    with torch.inference_mode():
        moved = (network(changed) - network(inputs)).abs().amax(dim=(0, 1)) > 1e-6
    rows, cols = torch.nonzero(moved).unbind(1)
    assert moved[20, 20]
    for line in (rows, cols):
        assert line.min() >= 20 - REACH - 2
        assert line.max() <= 20 + REACH


def test_numbers_of_a_pixel_do_not_depend_on_where_a_tile_begins():
    network, inputs = network_of(), inputs_of(1, 40, 40)
    with torch.inference_mode():
        whole, cut = network(inputs), network(inputs[:, :, 5:, 3:])
    torch.testing.assert_close(cut[..., 9:-9, 9:-9], whole[..., 14:-9, 12:-9], rtol=0, atol=1e-5)


def test_levels_between_planes_are_interpolated():
    """With a head that hears the planes alone, numbers of levels are linear between planes."""
    network = network_of()
    few = {**SMALL, "levels": 4, "step": 11_000 / 3}
    planes = build_network("slant", few, FEATURES, 3 * 4 + 2, GROUPS).eval()
    own = ("head.whole.weight", "head.whole.bias", "head.between")
    shared = {name: value for name, value in network.state_dict().items() if name not in own}
    planes.load_state_dict(shared, strict=False)
    found = []
    for each in (network, planes):
        for parameter in each.head.whole.parameters():
            parameter.data.zero_()
        with torch.inference_mode():
            found.append(each(inputs_of(1, 5, 5))[0, :, 2, 2].numpy())
        assert not found[-1][-2:].any()
    kinds, knots = found[0][:-2].reshape(3, LEVELS), found[1][:-2].reshape(3, 4)
    for line, knot in zip(kinds, knots, strict=True):
        np.testing.assert_allclose(
            line, np.interp(np.linspace(0, 3, LEVELS), range(4), knot), atol=1e-5
        )


def test_the_gradient_reaches_every_weight_from_single_pixels():
    network = network_of().train()
    network(inputs_of(), torch.tensor([[0, 3, 4], [1, 8, 9]])).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_a_fresh_head_says_little():
    torch.manual_seed(0)
    network = build_network("slant", SMALL, FEATURES, OUTPUTS, GROUPS).eval()
    with torch.inference_mode():
        assert network(inputs_of()).abs().max() < 0.3


def test_compiled_it_says_the_same(tmp_path):
    scaled = NormalisedNetwork(network_of(), {str(n): (0.1 * n, 2.0) for n in range(FEATURES)})
    assert export_onnx(scaled, tmp_path / "network.onnx") < 1e-4


def test_without_a_margin_it_says_the_same_of_what_is_left(tmp_path):
    network, inputs = network_of(), inputs_of(2, 11, 12)
    with torch.inference_mode():
        whole, inner = network(inputs), network(inputs, margin=3)
    torch.testing.assert_close(inner, whole[..., 3:8, 3:9], atol=1e-5, rtol=1e-5)
    scaled = NormalisedNetwork(network, {str(n): (0.1 * n, 2.0) for n in range(FEATURES)})
    assert export_onnx(scaled, tmp_path / "network.onnx", None, 3) < 1e-4


def test_the_shipped_recipe_is_small_and_cheap():
    """A fifth of the multiplications of the published generator are 368,000 a pixel."""
    recipe = load_recipe("seviri")
    features, outputs = len(recipe.inputs.names), IceHead(64).outputs
    network = build_network(
        recipe.network.name, recipe.network.options, features, outputs, recipe.inputs.groups
    ).eval()
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(torch.zeros(1, features, 32, 32))
    assert counter.get_total_flops() / 2 / 32**2 < 300_000
    assert sum(parameter.numel() for parameter in network.parameters()) < 1_000_000


def test_tiles_of_the_shipped_recipe_overlap_by_what_a_pixel_sees():
    """So that no number depends on where tiles begin, up to where the Earth ends."""
    recipe = load_recipe("seviri")
    features, groups = len(recipe.inputs.names), recipe.inputs.groups
    torch.manual_seed(0)
    network = build_network("slant", recipe.network.options, features, 582, groups).eval()
    inputs = torch.randn(1, features, 49, 49)
    inputs[:, groups["parallax"]] = torch.tensor([0.34, 0.0])[None, :, None, None]
    assert 6 < reach_of(network, inputs, groups["picture"]) <= recipe.apply.overlap // 2


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"picture": [0, 1, 2, 3, 4, 5]}, "features.parallax: the network wants parallax_x"),
        ({"parallax": [0, 1]}, "features.picture"),
        ({"picture": [0, 1, 2, 3], "parallax": [4]}, "features.parallax"),
    ],
)
def test_groups_that_it_lacks_are_named(groups, said):
    with pytest.raises(UsageError, match=said):
        build_network("slant", SMALL, FEATURES, OUTPUTS, groups)


PLACED = {"picture": [0, 1, 2], "parallax": [4, 5], "place": [3]}


def placed(**options):
    torch.manual_seed(0)
    return build_network("slant", {**SMALL, **options}, FEATURES, OUTPUTS, PLACED).eval()


def test_place_does_nothing_at_first_and_then_changes_what_is_said(tmp_path):
    torch.manual_seed(0)
    groups = {"picture": PLACED["picture"], "parallax": PLACED["parallax"]}
    without = build_network("slant", SMALL, FEATURES, OUTPUTS, groups).eval()
    network, inputs = placed(place=5), inputs_of()
    assert {*without.state_dict()} == {n for n in network.state_dict() if n[:6] != "place."}
    with torch.inference_mode():
        assert torch.equal(network(inputs), without(inputs))
    network.place.changes.weight.data.normal_()
    pixels = torch.tensor([[0, 1, 2], [1, 10, 15]])
    elsewhere = inputs.clone()
    elsewhere[0, 3, 1, 2] += 1
    with torch.inference_mode():
        before, after = network(inputs), network(elsewhere)
        alone = network(elsewhere, pixels)
    torch.testing.assert_close(alone, torch.stack([after[0, :, 1, 2], after[1, :, 10, 15]]))
    assert not torch.allclose(before[0, :, 1, 2], after[0, :, 1, 2])
    # The place of a pixel changes nothing from which air of no height is seen there.
    torch.testing.assert_close(before[1], after[1], rtol=0, atol=0)
    scaled = NormalisedNetwork(network, dict.fromkeys("abcdef", (0.0, 1.0)))
    assert export_onnx(scaled, tmp_path / "network.onnx") < 1e-4


@pytest.mark.parametrize(("groups", "place"), [(PLACED, 0), (GROUPS, 4)])
def test_place_is_given_where_it_is_asked_for(groups, place):
    with pytest.raises(UsageError, match="place"):
        build_network("slant", {**SMALL, "place": place}, FEATURES, OUTPUTS, groups)

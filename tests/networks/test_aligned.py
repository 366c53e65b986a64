"""The network of aligned views: a set of views, each looked at where a cloud appears in it."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nephoscope.errors import UsageError
from nephoscope.models.export import export_onnx
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import load_recipe
from network_reach import reach_of

LEVELS, FIELDS, VIEWS = 12, 3, 5
SMALL = {
    "lowest": 500.0, "step": 1000.0, "levels": LEVELS, "planes": 4, "hidden": 8, "width": 4,
    "context": 6, "dilations": [1, 2], "trunk": 16, "column": 8,
}  # fmt: skip
OUTPUTS = 9 * LEVELS + LEVELS + 1


def groups_of(views=VIEWS, fields=FIELDS, picture=2):
    sizes = {"views": fields * views, "parallax": 2 * views, "valid": views, "picture": picture}
    ends = np.cumsum([0, *sizes.values()])
    return {
        name: list(range(*ends[at : at + 2])) for at, name in enumerate(sizes) if sizes[name] > 0
    }


def network_of(outputs=OUTPUTS, groups=None, **options):
    torch.manual_seed(0)
    groups = groups or groups_of()
    features = sum(len(places) for places in groups.values())
    network = build_network("aligned", {**SMALL, **options}, features, outputs, groups)
    for parameter in network.parameters():  # a fresh head is nearly blind to its input
        parameter.data.mul_(2.0)
    return network.eval()


def inputs_of(batch=2, height=9, width=14, groups=None):
    groups = groups or groups_of()
    draw = torch.Generator().manual_seed(1)
    inputs = torch.randn(batch, groups["picture"][-1] + 1, height, width, generator=draw)
    inputs[:, groups["parallax"]] *= 0.2
    inputs[:, groups["valid"]] = (inputs[:, groups["valid"]] > -1).float()
    return inputs


def reordered(inputs, order, views=VIEWS):
    """The same pixels with their views in another order, or some of them alone."""
    groups = groups_of()
    kept = [
        inputs[:, places].unflatten(1, (-1, views))[:, :, order].flatten(1, 2)
        for name, places in groups.items()
        if name != "picture"
    ]
    return torch.cat([*kept, inputs[:, groups["picture"]]], dim=1)


@pytest.mark.parametrize(("height", "width"), [(9, 14), (1, 1), (33, 2)])
@pytest.mark.parametrize("outputs", [OUTPUTS, 2 * LEVELS + 1, 1])
def test_pictures_of_any_size_give_the_numbers_asked_for(height, width, outputs):
    inputs = inputs_of(1, height, width)
    with torch.inference_mode():
        logits = network_of(outputs)(inputs)
    assert logits.shape == (1, outputs, height, width)
    assert torch.isfinite(logits).all()


def test_the_order_of_the_views_does_not_matter():
    inputs, network = inputs_of(), network_of()
    with torch.inference_mode():
        found = network(reordered(inputs, [3, 0, 4, 2, 1]))
        torch.testing.assert_close(found, network(inputs), rtol=0, atol=1e-5)


def test_a_missing_view_is_as_if_there_were_none():
    inputs = inputs_of()
    places = groups_of()
    for view in (1, 4):
        inputs[:, places["valid"][view]] = 0.0
        inputs[:, places["views"][view::VIEWS]] = 77.0
        inputs[:, places["parallax"][view::VIEWS]] = -9.0
    network, three = network_of(), network_of(groups=groups_of(views=3))
    three.load_state_dict(network.state_dict())
    with torch.inference_mode():
        found = three(reordered(inputs, [0, 2, 3]))
        torch.testing.assert_close(found, network(inputs), rtol=0, atol=1e-5)


def test_a_pixel_that_nothing_saw_gives_numbers():
    inputs = inputs_of()
    inputs[:, groups_of()["valid"]] = 0.0
    with torch.inference_mode():
        assert torch.isfinite(network_of()(inputs)).all()


def test_some_pixels_alone_get_what_the_whole_picture_has_there():
    inputs, network = inputs_of(3, 11, 8), network_of()
    draw = torch.Generator().manual_seed(4)
    pixels = torch.stack([torch.randint(0, n, (60,), generator=draw) for n in (3, 11, 8)], dim=1)
    everywhere = network(inputs)[pixels[:, 0], :, pixels[:, 1], pixels[:, 2]]
    torch.testing.assert_close(network(inputs, pixels), everywhere, rtol=0, atol=1e-5)


def test_each_view_is_looked_at_where_a_cloud_of_the_height_appears():
    """One bright spot, displaced from view to view as one at 4 km is: the views agree there."""
    from nephoscope.networks.aligned import _everywhere

    slopes = torch.tensor([[-0.5, 1.0], [0.0, 0.0], [1.0, -0.75]])  # columns, rows per km
    seen = torch.zeros(1, 3, 1, 17, 17)
    for view, (right, down) in enumerate(slopes):
        seen[0, view, 0, 8 + int(4 * down), 8 + int(4 * right)] = 1.0
    parallax = slopes.T.reshape(1, 2, 3, 1, 1).expand(-1, -1, -1, 17, 17)
    total = _everywhere(seen, parallax, [0.0, 2.0, 4.0, 8.0])[0, 0, :, 8, 8]
    torch.testing.assert_close(total, torch.tensor([1.0, 1.0, 3.0, 1.0]))


def test_the_gradient_reaches_every_weight():
    network = network_of().train()
    network(inputs_of()).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize(
    ("group", "places", "said"),
    [
        ("views", [0, 1, 2, 3], "views: 4 features are no whole number of fields of 5 views"),
        ("parallax", [15, 16], "features.parallax: the network wants parallax_x and parallax_y"),
        ("valid", [], "features.valid: the network wants one flag for each view"),
    ],
)
def test_groups_that_do_not_fit_are_named(group, places, said):
    with pytest.raises(UsageError, match=said):
        network_of(groups={**groups_of(), group: places})


def test_outputs_that_are_no_numbers_of_levels_are_refused():
    with pytest.raises(UsageError, match=f"{OUTPUTS + 3} outputs do not fit {LEVELS} levels"):
        network_of(OUTPUTS + 3)


def test_the_network_of_the_recipe_is_small():
    """At most 5 M parameters and 1 MMAC a pixel, with 20 fields of 16 views and 81 levels."""
    groups = groups_of(16, 20, 3)
    features = groups["picture"][-1] + 1
    network = build_network("aligned", {}, features, 811, groups).eval()
    assert sum(p.numel() for p in network.parameters()) <= 5_000_000
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network(torch.zeros(1, features, 16, 16))
    gathered = 16 * 12 * 17 * 4  # four pixels of each number, view and plane, counted by hand
    assert 100_000 < counter.get_total_flops() / 2 / 256 + gathered <= 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0, 2])
def test_compiled_it_gives_what_torch_gives(tmp_path, margin):
    network = network_of()
    features = groups_of()["picture"][-1] + 1
    scaled = NormalisedNetwork(network, {str(n): (0.1, 1.5) for n in range(features)})
    assert export_onnx(scaled, tmp_path / "network.onnx", None, margin) < 1e-4


def test_tiles_of_the_shipped_recipe_overlap_by_what_a_pixel_sees():
    """At 70 degrees from above a cloud 1 km up is half a pixel aside, of 6 km."""
    recipe = load_recipe("polder")
    features, groups = len(recipe.inputs.names), recipe.inputs.groups
    torch.manual_seed(0)
    network = build_network("aligned", recipe.network.options, features, 811, groups).eval()
    inputs = torch.randn(1, features, 33, 33)
    inputs[:, groups["valid"]] = 1
    columns, rows = np.split(np.array(groups["parallax"]), 2)
    inputs[:, columns], inputs[:, rows] = 0.45, 0.0
    with torch.inference_mode():
        inner = network(inputs, margin=recipe.apply.margin)
        whole = network(inputs)
    assert 6 < reach_of(network, inputs, groups["views"]) <= recipe.apply.margin
    kept = slice(recipe.apply.margin, -recipe.apply.margin)
    torch.testing.assert_close(inner, whole[..., kept, kept], atol=1e-4, rtol=1e-4)

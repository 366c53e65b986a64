"""What raw numbers stand beside what truth, in the three forms of truth."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from nephoscope.grids.corners import corners_between
from nephoscope.learn.items import at_corners, corners_around, counted, items, raw_of
from nephoscope.models.normalised import NormalisedNetwork


def _raw(seed=0, shape=(2, 3, 5, 7)):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def test_every_pixel_is_an_item_beside_its_own_label():
    raw = _raw()
    label = torch.arange(70, dtype=torch.int8).reshape(2, 5, 7)
    found, truth = items(raw, {"label": label}, "pixels")
    assert found.shape == (70, 3)
    place = truth["label"].tolist().index(int(label[1, 2, 3]))
    assert found[place].tolist() == raw[1, :, 2, 3].tolist()


def test_points_are_bilinear_and_send_their_gradient_to_four_pixels():
    raw = _raw().requires_grad_()
    point = torch.tensor([[0, 1.25, 2.5], [1, 4.0, 6.0], [1, 3.5, 0.0]])
    found, truth = items(raw, {"point": point, "ice": torch.ones(3, 4)}, "points")
    assert truth["ice"].shape == (3, 4)
    for item, (sample, row, col) in enumerate(point.tolist()):
        for output in range(3):
            plane = raw[int(sample), output].detach().numpy()
            expected = map_coordinates(plane, [[row], [col]], order=1)[0]
            assert float(found[item, output].detach()) == pytest.approx(expected, abs=1e-6)
    found[0].sum().backward()
    touched = {tuple(place.tolist()) for place in raw.grad[:, 0].nonzero()}
    assert touched == {(0, 1, 2), (0, 1, 3), (0, 2, 2), (0, 2, 3)}
    assert float(raw.grad.sum()) == pytest.approx(3)


def test_what_has_no_image_has_no_prediction():
    raw, known = _raw(), torch.ones(2, 5, 7, dtype=torch.bool)
    known[0, 1, 2] = False
    label = torch.zeros(2, 5, 7, dtype=torch.int8)
    found, _ = counted(raw, {"label": label, "known": known}, "pixels")
    assert np.isnan(found).sum() == 3
    assert np.isnan(found[9]).all()
    point = torch.tensor([[0, 1.2, 1.9], [0, 1.2, 1.4]])
    found, _ = counted(raw, {"point": point, "known": known}, "points")
    assert np.isnan(found[:, 0]).tolist() == [True, False]


def test_frames_and_single_pixels_are_items_already():
    raw = _raw(shape=(4, 1))
    label = torch.tensor([0, 1, -1, 1], dtype=torch.int8)
    for batch in ({"label": label}, {"label": label, "seen": raw}):
        found, truth = items(raw, batch, "frame" if len(batch) == 1 else "pixels")
        assert torch.equal(found, raw)
        assert torch.equal(truth["label"], label)


class _Doubled(torch.nn.Module):
    """Twice the input; told only of some pixels where that is asked, and says how many it was."""

    tells_pixels = True
    asked = 0

    def forward(self, inputs, pixels=None):
        if pixels is None:
            return 2 * inputs
        self.asked = len(pixels)
        return 2 * inputs[pixels[:, 0], :, pixels[:, 1], pixels[:, 2]]


@pytest.mark.parametrize("tells_pixels", [True, False])
def test_a_network_that_tells_pixels_is_asked_for_those_around_points_each_once(tells_pixels):
    inner = _Doubled()
    inner.tells_pixels = tells_pixels
    network = NormalisedNetwork(inner, {name: (0.5, 2.0) for name in "abc"})
    inputs = _raw()
    corner = torch.tensor(
        [[[0, 1, 2], [0, 1, 3], [0, 2, 2], [0, 2, 3]], [[0, 2, 2], [0, 2, 3], [0, 3, 2], [0, 3, 3]]]
    )
    weight = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
    batch = {"inputs": inputs, "corner": corner, "weight": weight, "ice": torch.ones(2, 4)}
    found, truth = items(raw_of(network, batch), batch, "points")
    pixels = (inputs - 0.5)[corner[..., 0], :, corner[..., 1], corner[..., 2]]
    torch.testing.assert_close(found, (pixels * weight[..., None]).sum(1))
    assert truth["ice"].shape == (2, 4)
    assert inner.asked == (6 if tells_pixels else 0)
    if tells_pixels:  # what has no weight is not asked for
        batch["weight"] = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0.5, 0.5]])
        found, _ = items(raw_of(network, batch), batch, "points")
        torch.testing.assert_close(found, (pixels * batch["weight"][..., None]).sum(1))
        assert inner.asked <= 3


def test_points_that_stand_on_pixels_ask_for_these_alone():
    """As samples have them whose truth is gathered by pixels: whole rows and columns."""
    inner, inputs = _Doubled(), _raw()
    network = NormalisedNetwork(inner, {name: (0.0, 1.0) for name in "abc"})
    point = torch.tensor([[0.0, 1, 2], [1.0, 3, 4], [0.0, 1, 2], [0.0, 2.5, 3]])
    batch = {"inputs": inputs, "point": point, "ice": torch.ones(4, 4)}
    found, _ = items(raw_of(network, batch), batch, "points")
    assert inner.asked == 4  # two alone, and the two that the last stands between
    wanted = [inputs[0, :, 1, 2], inputs[1, :, 3, 4], inputs[0, :, 1, 2]]
    wanted.append((inputs[0, :, 2, 3] + inputs[0, :, 3, 3]) / 2)
    torch.testing.assert_close(found, 2 * torch.stack(wanted))


def _corners(rng, items=6, shape=(2, 5, 7)):
    places = [rng.integers(0, size, (items, 4)) for size in shape]
    places[0][:] = places[0][:, :1]
    weight = rng.random((items, 4))
    weight /= weight.sum(axis=1, keepdims=True)
    return torch.from_numpy(np.stack(places, axis=-1)), torch.from_numpy(weight)


def test_corners_are_summed_with_their_weights():
    rng = np.random.default_rng(1)
    raw, (corner, weight) = _raw(), _corners(rng)
    batch = {
        "corner": corner,
        "weight": weight,
        "point": torch.zeros(6, 3),
        "ice": torch.ones(6, 4),
    }
    found, truth = items(raw, batch, "points")
    assert set(truth) == {"ice"}
    for item in range(6):
        expected = sum(
            weight[item, each] * raw[corner[item, each, 0], :, corner[item, each, 1],
                                     corner[item, each, 2]]
            for each in range(4)
        )  # fmt: skip
        np.testing.assert_allclose(found[item], expected, rtol=1e-5)


def test_the_gradient_flows_through_corners_and_points():
    """Against differences of the function, in double precision; two items may share a pixel."""
    rng = np.random.default_rng(2)
    raw = torch.from_numpy(rng.normal(size=(2, 3, 5, 7))).requires_grad_()
    corner, weight = _corners(rng)
    corner[1] = corner[0]
    assert torch.autograd.gradcheck(lambda x: at_corners(x, corner, weight), (raw,))
    point = torch.from_numpy(rng.uniform(0, 4, (5, 3)) * [0.25, 1, 1.5])
    assert torch.autograd.gradcheck(
        lambda x: at_corners(x, *corners_around(point, x.shape[2:])), (raw,)
    )


def test_bilinear_corners_are_the_bilinear_point():
    rng, raw = np.random.default_rng(3), _raw()
    row, col = rng.uniform(0, 3.9, 8), rng.uniform(0, 5.9, 8)
    found = corners_between(row, col, (5, 7))
    sample = np.arange(8) % 2
    places = np.stack([np.repeat(sample[:, None], 4, 1), found.row, found.col], axis=-1)
    point = np.stack([sample, row, col], axis=1)
    by_corner = at_corners(raw, torch.from_numpy(places), torch.from_numpy(found.weight))
    around = corners_around(torch.from_numpy(point.astype(np.float32)), raw.shape[2:])
    by_point = at_corners(raw, *around)
    np.testing.assert_allclose(by_corner, by_point, atol=1e-5)

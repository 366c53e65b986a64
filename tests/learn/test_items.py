"""What raw numbers stand beside what truth, in the three forms of truth."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from nephoscope.learn.items import counted, items


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

"""Losses of profiles against independent computations in numpy, and their gradients."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from nephoscope.errors import UsageError
from nephoscope.tasks import task_named
from nephoscope.tasks.profile_losses import ProfileLosses, effective_weights, tops_of
from nephoscope.tasks.profile_truth import tops_of as tops_of_arrays
from tasks.profile_cases import noisy, profiles

TASKS = [("cloud_type", True), ("cloud_mask_3d", False)]
NOTHING = {"cross_entropy": 0.0}
ITEMS, LEVELS = 7, 6


def _case(typed, unknown=0.15):
    types = profiles(ITEMS, LEVELS, seed=5, unknown=unknown)
    return types, noisy(types, typed).astype(np.float64)


def _loss(name, raw, types, **losses):
    top = losses.pop("top", 0.0)
    # A recipe cannot leave the top unlearned; a part by itself can be looked at.
    settings = ProfileLosses(**{**NOTHING, **losses}).model_copy(update={"top": top})
    truth = {"cloud_type": torch.from_numpy(types)}
    return task_named(name).loss(torch.as_tensor(raw), truth, settings)


def _classes(raw, typed):
    """(item, class, level) logits and the number of classes."""
    if typed:
        return raw[:, : 9 * LEVELS].reshape(ITEMS, 9, LEVELS)
    return np.stack([np.zeros((ITEMS, LEVELS)), raw[:, :LEVELS]], axis=1)


def _target(types, typed):
    return types if typed else np.minimum(types, 1)


def _given(raw, types, typed):
    """Log probabilities of the true classes of the known levels, and these classes."""
    shares, target = log_softmax(_classes(raw, typed), axis=1), _target(types, typed)
    places = [(i, k) for i in range(ITEMS) for k in range(LEVELS) if target[i, k] >= 0]
    true = np.array([target[place] for place in places])
    return np.array([shares[i, target[i, k], k] for i, k in places]), true


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_cross_entropy_is_the_mean_over_known_levels(name, typed):
    types, raw = _case(typed)
    found = _loss(name, raw, types, cross_entropy=2.0)
    assert found.item() == pytest.approx(-2 * _given(raw, types, typed)[0].mean())


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_focal_loss_weighs_down_what_is_sure(name, typed):
    types, raw = _case(typed)
    given, _ = _given(raw, types, typed)
    expected = -((1 - np.exp(given)) ** 1.5 * given).mean()
    found = _loss(name, raw, types, focal=1.0, focal_gamma=1.5)
    assert found.item() == pytest.approx(expected)
    plain = _loss(name, raw, types, focal=1.0, focal_gamma=0.0)
    assert plain.item() == pytest.approx(-given.mean())


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_classes_weigh_by_their_effective_number(name, typed):
    types, raw = _case(typed)
    task, classes = task_named(name), 9 if typed else 2
    asked = ProfileLosses(class_weights="effective").model_copy(update={"top": 0.0})
    losses = task.losses_for(asked, [{"cloud_type": types[:3]}, {"cloud_type": types[3:]}])
    target = _target(types, typed)
    assert losses.class_counts == tuple(int((target == k).sum()) for k in range(classes))
    given, true = _given(raw, types, typed)
    weights = effective_weights(losses.class_counts)
    expected = -(weights[true] * given).sum() / weights[true].sum()
    found = task.loss(torch.as_tensor(raw), {"cloud_type": torch.from_numpy(types)}, losses)
    assert found.item() == pytest.approx(expected)
    with pytest.raises(UsageError, match="class_counts"):
        task.loss(torch.as_tensor(raw), {"cloud_type": torch.from_numpy(types)}, asked)
    assert task.losses_for(losses, []) is losses


def test_weights_are_those_of_the_paper_and_sum_to_the_number_of_classes():
    counts, beta = np.array([5000, 40, 3]), 0.999
    inverse = (1 - beta) / (1 - beta**counts)
    assert effective_weights(counts, beta) == pytest.approx(inverse / inverse.sum() * 3)
    rate = 1 - 1 / counts.sum()
    inverse = (1 - rate) / (1 - rate ** counts.astype(float))
    assert effective_weights(counts) == pytest.approx(inverse / inverse.sum() * 3)
    assert effective_weights(counts, 0.0).tolist() == [1, 1, 1]
    assert effective_weights([7, 0, 7]) == pytest.approx([1.5, 0, 1.5])
    assert effective_weights([90_000_000, 8_000_000]) / 2 == pytest.approx([0.115, 0.885], abs=1e-3)
    with pytest.raises(UsageError, match="no class"):
        effective_weights([0, 0])


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_soft_jaccard_is_one_less_the_soft_iou_of_cloud(name, typed):
    types, raw = _case(typed)
    cloud = 1 - softmax(_classes(raw, typed), axis=1)[:, 0]
    known, true = types >= 0, types > 0
    both = cloud[known & true].sum()
    either = cloud[known].sum() + true.sum() - both
    found = _loss(name, raw, types, soft_jaccard=1.0)
    assert found.item() == pytest.approx(1 - (both + 1) / (either + 1))


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_smoothness_is_the_mean_change_from_level_to_level(name, typed):
    types, raw = _case(typed)
    share = softmax(_classes(raw, typed), axis=1)
    steps = [
        np.abs(share[i, :, k + 1] - share[i, :, k]).sum() / 2
        for i in range(ITEMS) for k in range(LEVELS - 1) if min(types[i, k : k + 2]) >= 0
    ]  # fmt: skip
    found = _loss(name, raw, types, smoothness=1.0)
    assert found.item() == pytest.approx(np.mean(steps))
    even = np.zeros_like(raw)
    assert _loss(name, even, types, smoothness=1.0).item() == 0


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_top_losses_are_of_the_known_tops(name, typed):
    types, raw = _case(typed)
    top, logits = tops_of_arrays(types.T), raw[:, -(LEVELS + 1) :]
    known = np.flatnonzero(top >= 0)
    expected = -np.mean([log_softmax(logits[i])[top[i]] for i in known])
    assert _loss(name, raw, types, top=1.0).item() == pytest.approx(expected)
    cloudy = [i for i in known if top[i] < LEVELS]
    expected = np.mean(
        [
            ((softmax(logits[i, :-1]).cumsum() - (np.arange(LEVELS) >= top[i])) ** 2).sum()
            for i in cloudy
        ]
    )
    assert _loss(name, raw, types, top_distance=1.0).item() == pytest.approx(expected)


def test_the_tops_of_tensors_are_those_of_arrays():
    types = profiles(300, 12, seed=8, unknown=0.1)
    assert tops_of(torch.from_numpy(types)).tolist() == tops_of_arrays(types.T).tolist()


ALL = {
    "cross_entropy": 1.0, "focal": 0.7, "soft_jaccard": 0.5, "smoothness": 0.3, "top": 0.2,
    "top_distance": 0.1, "class_weights": "effective",
}  # fmt: skip


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_gradients_of_all_parts_at_once(name, typed):
    types, raw = _case(typed)
    counts = tuple(range(4, 13)) if typed else (9, 4)
    given = torch.tensor(raw, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda r: _loss(name, r, types, **ALL, class_counts=counts), given
    )


@pytest.mark.parametrize(("name", "typed"), TASKS)
def test_unknown_levels_get_no_gradient_and_profiles_without_truth_no_loss(name, typed):
    types, raw = _case(typed)
    types[0] = -1
    counts = tuple(range(4, 13)) if typed else (9, 4)
    given = torch.tensor(raw, requires_grad=True)
    _loss(name, given, types, **ALL, class_counts=counts).backward()
    gradient = given.grad.numpy()
    assert not gradient[0].any()
    assert gradient[1:].any()
    volume = gradient[:, : -(LEVELS + 1)].reshape(ITEMS, -1, LEVELS)
    assert not np.moveaxis(volume, 1, -1)[types < 0].any()
    nothing = torch.tensor(raw, requires_grad=True)
    loss = _loss(name, nothing, np.full_like(types, -1), **ALL, class_counts=counts)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert not nothing.grad.any()


def test_the_loss_of_columns_is_of_columns_that_are_known():
    types = np.array([[0, 0, 0], [0, 3, -1], [0, -1, 0], [8, 0, 0]], np.int8)
    raw = torch.tensor([[0.3], [-1.0], [9.0], [2.0]], requires_grad=True, dtype=torch.float64)
    task = task_named("cloud_mask_2d")
    losses = task.losses_for(task.Losses(class_weights="effective"), [{"cloud_type": types}])
    assert losses.class_counts == (1, 2)
    loss = task.loss(raw, {"cloud_type": torch.from_numpy(types)}, losses)
    clear, cloudy = effective_weights([1, 2])
    parts = clear * np.log1p(np.exp(0.3)), cloudy * (np.log1p(np.exp(1)) + np.log1p(np.exp(-2)))
    assert loss.item() == pytest.approx(sum(parts) / (clear + 2 * cloudy))
    loss.backward()
    assert raw.grad[2].item() == 0

import numpy as np
import torch

from nephoscope.tasks.losses import BinaryLosses, binary_loss, masked_bce, soft_dice


def _case(seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (2, 5, 7)).astype(np.float32)
    label = rng.integers(-1, 2, (2, 5, 7)).astype(np.int8)
    return logits, label


def _bce(logits, target, weight=1.0):
    p = 1 / (1 + np.exp(-logits.astype(float)))
    return weight * -(target * np.log(p) + (1 - target) * np.log(1 - p))


def test_bce_is_the_mean_over_labelled_pixels_only():
    logits, label = _case()
    expected = _bce(logits, label)[label >= 0].mean()
    found = binary_loss(torch.from_numpy(logits), torch.from_numpy(label), BinaryLosses())
    assert abs(float(found) - expected) < 1e-5


def test_weight_zero_weights_clear_pixels_and_its_complement_cloudy_ones():
    logits, label = _case(1)
    weight = np.where(label == 1, 1 - 0.03688, 0.03688)
    expected = _bce(logits, label, weight)[label >= 0].mean()
    known = torch.from_numpy((label >= 0).astype(np.float32))
    target = torch.from_numpy(np.maximum(label, 0).astype(np.float32))
    found = masked_bce(torch.from_numpy(logits), target, known, 0.03688)
    assert abs(float(found) - expected) < 1e-5


def test_dice_is_one_less_soft_f1_of_labelled_pixels():
    logits, label = _case(2)
    p = (1 / (1 + np.exp(-logits.astype(float))))[label >= 0]
    y = label[label >= 0].astype(float)
    expected = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    known = torch.from_numpy((label >= 0).astype(np.float32))
    target = torch.from_numpy(np.maximum(label, 0).astype(np.float32))
    assert abs(float(soft_dice(torch.from_numpy(logits), target, known)) - expected) < 1e-5


def test_smoothing_takes_a_share_of_labels_to_be_wrong():
    logits, label = _case(3)
    target = np.where(label == 1, 0.9, 0.1)
    expected = _bce(logits, target)[label >= 0].mean()
    settings = BinaryLosses(label_smoothing=0.1)
    found = binary_loss(torch.from_numpy(logits), torch.from_numpy(label), settings)
    assert abs(float(found) - expected) < 1e-5


def test_unlabelled_pixels_get_no_gradient_and_a_batch_without_labels_no_loss():
    logits, label = _case(4)
    inputs = torch.from_numpy(logits).requires_grad_()
    binary_loss(inputs, torch.from_numpy(label), BinaryLosses(dice=1.0)).backward()
    assert not inputs.grad[torch.from_numpy(label) < 0].any()
    assert inputs.grad[torch.from_numpy(label) >= 0].all()
    nothing = binary_loss(inputs, torch.full((2, 5, 7), -1, dtype=torch.int8), BinaryLosses())
    assert float(nothing.detach()) == 0.0

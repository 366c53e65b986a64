"""Losses of cloud ice: what they are least at, and what enters none of them."""

import numpy as np
import pytest
import torch

from nephoscope.tasks import task_named
from nephoscope.tasks.ice_head import IceHead
from nephoscope.tasks.ice_losses import IceLosses, deviance, quantile_loss
from nephoscope.tasks.ice_mixture import SHARES
from nephoscope.tasks.ice_truth import scaled
from tasks.ice_cases import LEVELS, known_columns

TASK = task_named("cloud_ice")
NONE = dict.fromkeys(
    ("cross_entropy", "quantiles", "mean", "number", "mean_number", "column", "ice"), 0.0
)


def tensors(truth):
    return {name: torch.tensor(values) for name, values in truth.items()}


def least(function, start=0.0):
    """Where a function of one number is least."""
    place = torch.tensor([start], requires_grad=True, dtype=torch.float64)
    optimiser = torch.optim.LBFGS([place], line_search_fn="strong_wolfe", max_iter=200)

    def closure():
        optimiser.zero_grad()
        loss = function(place)
        loss.backward()
        return loss

    optimiser.step(closure)
    return place.item()


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9])
def test_the_deviance_is_least_at_the_mean_whatever_its_power(power):
    values = torch.tensor(10 ** np.random.default_rng(0).normal(-4.5, 0.7, 3000))
    best = least(lambda x: deviance(x, values, power, 1e-4).mean(), start=-4.0)
    assert 10**best == pytest.approx(values.mean().item(), rel=1e-3)
    assert deviance(values.log10(), values, power, 1e-4).abs().max() < 1e-9
    assert (deviance(torch.tensor(-4.0), values, power, 1e-4) >= 0).all()


def test_the_quantile_loss_is_least_at_the_quantiles():
    values = torch.tensor(np.random.default_rng(1).gamma(2, 1, 4001))
    found = torch.tensor(np.quantile(values.numpy(), SHARES))[:, None].expand(-1, 4001)
    whole = quantile_loss(found, values).mean()
    for place in range(len(SHARES)):
        for step in (-0.05, 0.05):
            other = found.clone()
            other[place] += step
            assert quantile_loss(other, values).mean() > whole


def test_the_quantile_loss_of_many_quantiles_is_about_the_crps():
    """Of a standard normal at 0 the CRPS is (sqrt(2) - 1) / sqrt(pi) (Gneiting & Raftery 2007)."""
    from scipy.special import ndtri

    quantiles = torch.tensor(ndtri(np.array(SHARES)))[:, None]
    found = quantile_loss(quantiles, torch.zeros(1, dtype=torch.float64)).item()
    assert found == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=0.04)


def test_unknown_truth_enters_no_loss_and_no_gradient():
    truth, raw = known_columns(40)
    truth["iwc"][3:9, 2] = np.nan
    truth["ice_number"][12:20] = np.nan
    truth["iwc"][30:] = np.nan
    losses = IceLosses(l1=1, huber=1, focal=1, soft_jaccard=1)
    numbers = torch.tensor(raw, requires_grad=True)
    whole = TASK.loss(numbers, tensors(truth), losses)
    whole.backward()
    assert torch.isfinite(numbers.grad).all()
    volume = numbers.grad[:, : 9 * LEVELS].reshape(-1, 9, LEVELS)
    assert not volume[3:9, :, 2].any()
    assert not numbers.grad[30:].any()
    assert not volume[12:20, 7:].any()
    assert volume[12:20, 0].any()
    other = torch.tensor(raw)
    other[30:] = 5
    assert TASK.loss(other, tensors(truth), losses).item() == pytest.approx(whole.item())


@pytest.mark.parametrize("iwc", [np.nan, 0.0])
def test_of_nothing_known_and_of_clear_sky_the_loss_is_finite(iwc):
    raw = torch.zeros(5, IceHead(LEVELS).outputs, requires_grad=True)
    truth = {"iwc": torch.full((5, LEVELS), iwc), "ice_number": torch.full((5, LEVELS), iwc)}
    loss = TASK.loss(raw, truth, IceLosses(l1=1, huber=1))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(raw.grad).all()
    assert loss.item() == 0 or iwc == 0
    assert TASK.loss(raw[:0], {name: each[:0] for name, each in truth.items()}, IceLosses()) == 0


def test_one_stage_losses_are_those_of_probability_times_scaled_logarithm():
    truth, raw = known_columns(30)
    head = IceHead(LEVELS).parts(raw.T)
    likely = 1 / (1 + np.exp(-head.cloud.astype(float)))
    off = likely * scaled(10.0 ** head.iwc[2]) - scaled(truth["iwc"].T)
    off_number = likely * scaled(10.0**head.number, 100) - scaled(truth["ice_number"].T, 100)
    said = TASK.loss(torch.tensor(raw), tensors(truth), IceLosses(**NONE, l1=1)).item()
    assert said == pytest.approx(np.abs(off).mean() + np.abs(off_number).mean(), rel=1e-4)
    huber = np.where(np.abs(off) < 0.5, off**2 / 2, 0.5 * (np.abs(off) - 0.25))
    more = np.where(np.abs(off_number) < 0.5, off_number**2 / 2, 0.5 * (np.abs(off_number) - 0.25))
    losses = IceLosses(**NONE, huber=1, huber_delta=0.5)
    said = TASK.loss(torch.tensor(raw), tensors(truth), losses).item()
    assert said == pytest.approx(huber.mean() + more.mean(), rel=1e-4)
    weights = np.array([0.5, 1, 3])[np.digitize(truth["iwc"].T, [1e-7, 10**-4.5])]
    losses = IceLosses(**NONE, l1=1, regime_edges=(-4.5,), regime_weights=(0.5, 1, 3))
    said = TASK.loss(torch.tensor(raw), tensors(truth), losses).item()
    expected = (np.abs(off) * weights).mean() + (np.abs(off_number) * weights).mean()
    assert said == pytest.approx(expected, rel=1e-4)


def test_regimes_have_each_a_weight():
    for wrong in (
        {"regime_edges": (-5,)},
        {"regime_edges": (-4, -5), "regime_weights": (1, 1, 1, 1)},
        {"regime_weights": (1, -1)},
    ):
        with pytest.raises(ValueError, match="regime"):
            IceLosses(**wrong)


def test_classes_are_counted_where_their_weights_are_asked_for():
    truth, raw = known_columns(50)
    truth["iwc"][:5] = np.nan
    losses = TASK.losses_for(IceLosses(class_weights="effective"), [truth, truth])
    cloud = truth["iwc"][5:] > 1e-7
    assert losses.class_counts == (2 * (~cloud).sum(), 2 * cloud.sum())
    assert torch.isfinite(TASK.loss(torch.tensor(raw), tensors(truth), losses))


def test_steps_down_the_gradient_find_the_distribution_of_the_truth():
    """One and the same raw numbers for all items: they come to the truth's own quantiles."""
    truth, _ = known_columns(2000, seed=5, sharp=0.0)
    truth = {name: values[:, :2] for name, values in truth.items()}
    start = torch.zeros(1, IceHead(2).outputs, requires_grad=True)
    optimiser = torch.optim.Adam([start], 0.06)
    losses, true = IceLosses(mean=1, mean_number=1, column=1), tensors(truth)
    for _ in range(200):
        optimiser.zero_grad()
        TASK.loss(start.expand(2000, -1), true, losses).backward()
        optimiser.step()
    said = IceHead(2).parts(start.detach().numpy().T)
    iwc = truth["iwc"]
    cloud = iwc > 1e-7
    for level in range(2):
        inside = iwc[cloud[:, level], level]
        share = 1 / (1 + np.exp(-said.cloud[level, 0]))
        assert share == pytest.approx(cloud[:, level].mean(), abs=0.01)
        assert said.iwc[:, level, 0] == pytest.approx(
            np.quantile(np.log10(inside), SHARES), abs=0.08
        )
        assert 10 ** said.mean_iwc[level, 0] == pytest.approx(inside.mean(), rel=0.05)
        crystals = truth["ice_number"][cloud[:, level], level]
        assert 10 ** said.number[level, 0] == pytest.approx(np.median(crystals), rel=0.1)
        assert 10 ** said.mean_number[level, 0] == pytest.approx(crystals.mean(), rel=0.05)
    ice = iwc.sum(axis=1)[cloud.any(axis=1)]
    assert said.ice[:, 0] == pytest.approx(np.quantile(np.log10(ice), SHARES), abs=0.08)

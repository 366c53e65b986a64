"""Adversarial training: what the discriminator sees, how much it weighs, when it begins."""

import warnings

import numpy as np
import pytest
import torch

from nephoscope.errors import InputError, UsageError
from nephoscope.learn.adversarial import (
    AdversarialModule,
    adaptive_weight,
    fit_module,
    hinge,
    last_weight,
    on_track,
)
from nephoscope.learn.fit import fit
from nephoscope.learn.items import at_corners, corners_around
from nephoscope.learn.module import FitModule
from nephoscope.models import load_model
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.networks.patch_judge import HIDDEN
from nephoscope.recipe import Training, dump_recipe, validate_recipe
from nephoscope.recipe.adversarial import Adversarial
from nephoscope.tasks import task_named
from samples import views_factory as factory

pytestmark = pytest.mark.filterwarnings("ignore")
LEVELS = {"lowest": 1800, "highest": 16_920, "step": 240}
SMALL = {"start": 1, "widths": [4, 8], "learning_rate": 1e-3}
TASK = task_named("cloud_ice")
SIDE, MANY = 12, 12


def _quiet(_):
    warnings.simplefilter("ignore")


def ice_recipe(adversarial=None, task="cloud_ice", **training):
    settings = {"steps": 4, "validate_every": 1, "average": 0.9, **training}
    held = factory.recipe(truth={"levels": LEVELS}, **settings).model_dump(
        mode="json", exclude_unset=True
    )
    held["training"]["adversarial"] = adversarial
    return validate_recipe({**held, "task": task, "network": {"name": "mlp"}})


def module(step=5, **settings):
    """Of a network of two features and twelve levels, in the middle of its training."""
    torch.manual_seed(0)
    given = Adversarial(**{"start": 1, "widths": (4, 4), **settings})
    training = Training.model_construct(
        **{**dict(Training()), "adversarial": given, "losses": TASK.Losses(l1=1.0)}
    )
    network = build_network("mlp", {"hidden": [8]}, 2, TASK.outputs(MANY), {"picture": (0, 1)})
    scaled = NormalisedNetwork(network, dict.fromkeys("ab", (0.5, 2.0)))
    made = fit_module(TASK, scaled, training, 10, "points")

    class Here(type(made)):
        global_step = step

        def log(self, *_, **__):
            pass

    made.__class__ = Here
    made.on_train_start()
    return made


def batch(unknown=()):
    """Five columns of two pictures; of some nothing is known."""
    rng = np.random.default_rng(1)
    iwc = np.where(rng.random((5, MANY)) < 0.5, 0, 10 ** rng.uniform(-6, -4, (5, MANY)))
    iwc[2, 3] = np.nan
    for item in unknown:
        iwc[item] = np.nan
    place = [[0, 1, 1], [0, 2, 2], [0, 3, 3], [1, 8, 4], [1, 9, 4]]
    return {
        "inputs": torch.from_numpy(rng.normal(size=(2, 2, SIDE, SIDE)).astype(np.float32)),
        "point": torch.tensor(place, dtype=torch.float32),
        "iwc": torch.from_numpy(iwc.astype(np.float32)),
        "ice_number": torch.from_numpy((iwc * 2e9).astype(np.float32)),
    }


def terms(made, given):
    """The task's loss, the whole loss, and what is said of every pixel, which has a gradient."""
    raw = made.network(given["inputs"])
    raw.retain_grad()
    said = at_corners(raw, *corners_around(given["point"], (SIDE, SIDE)))
    truth = {name: given[name] for name in ("iwc", "ice_number")}
    loss = TASK.loss(said, truth, made.training_settings.losses)
    return loss, made.whole_loss(loss, said, truth, given), raw


def test_the_discriminator_sees_nothing_of_columns_without_truth():
    made, given = module(), batch(unknown=[1, 4])
    loss, whole, raw = terms(made, given)
    (whole - loss).backward()
    seen = raw.grad.abs().amax(dim=1) > 0
    wanted = torch.zeros(2, SIDE, SIDE, dtype=torch.bool)
    wanted[0, 1, 1] = wanted[0, 3, 3] = wanted[1, 8, 4] = True
    assert torch.equal(seen, wanted)
    of_levels = raw.grad[0, :MANY, 3, 3]  # the logits of cloud; one level has no truth
    assert of_levels[3] == 0
    assert (of_levels != 0).sum() > MANY / 2


def test_no_truth_at_all_adds_nothing():
    made, given = module(), batch(unknown=range(5))
    before = {name: each.clone() for name, each in made.judge.state_dict().items()}
    loss, whole, _ = terms(made, given)
    assert whole is loss
    assert all(torch.equal(each, before[name]) for name, each in made.judge.state_dict().items())


def test_columns_stand_at_their_pixels_and_all_else_is_hidden():
    columns = torch.arange(12.0).reshape(3, 2, 2)
    place = torch.tensor([[1, 0, 2], [0, 9, 1], [1, 0, 2]])  # two in a pixel, one beyond the edge
    found, shown = on_track(columns, place, (2, 3, 4))
    wanted = np.full((2, 2, 2, 3, 4), HIDDEN)
    wanted[1, :, :, 0, 2] = (columns[0] + columns[2]) / 2
    wanted[0, :, :, 2, 1] = columns[1]
    np.testing.assert_array_equal(found.numpy(), wanted)
    np.testing.assert_array_equal(shown.numpy(), (wanted != HIDDEN).all(axis=(1, 2)))


def test_its_loss_is_the_hinge_of_the_patches_that_count():
    real, made = torch.tensor([2.0, 0.5, 9.0]), torch.tensor([-3.0, 0.0, 9.0])
    counted = torch.tensor([True, True, False])
    assert float(hinge(real, made, counted)) == pytest.approx((0.25 + 0.5) / 2)


def test_the_weight_is_the_ratio_of_gradients_at_the_last_layer():
    """Of y = W x and a loss a . y the gradient is a x^T, whose norm is |a| |x|."""
    seen, last = torch.tensor([3.0, 4.0]), torch.nn.Parameter(torch.ones(2, 2))
    said = last @ seen
    loss, fooled = said @ torch.tensor([1.0, 2.0]), said @ torch.tensor([0.0, 0.5])
    found = adaptive_weight(loss, fooled, last, Adversarial(weight=0.3))
    assert float(found) == pytest.approx(0.3 * 5 * 5**0.5 / (2.5 + 1e-4))
    assert not found.requires_grad
    most = adaptive_weight(loss, fooled, last, Adversarial(weight=0.3, largest=2))
    assert float(most) == pytest.approx(0.6)


def test_what_is_added_pulls_at_the_last_layer_as_its_weight_says():
    """Independently: full gradients of both parts, one by one."""
    made, given = module(weight=0.25), batch()
    kept = {}
    made.log = lambda name, value, **_: kept.update({name: float(value)})
    loss, whole, _ = terms(made, given)
    last = last_weight(made.network.network)
    pulls = []
    for each in (loss, whole - loss):
        last.grad = None
        each.backward(retain_graph=True)
        pulls.append(float(last.grad.norm()))
    weight = kept["adversarial_weight"]
    assert weight == pytest.approx(0.25 * pulls[0] / (pulls[1] / weight + 1e-4), rel=1e-3)
    assert pulls[1] == pytest.approx(0.25 * pulls[0], rel=0.05)
    assert all(each.grad is None or torch.isfinite(each.grad).all() for each in made.parameters())


def test_it_begins_at_its_step():
    given = batch()
    for step, begun in ((0, False), (1, True)):
        made = module(step=step)
        before = made.judge.last.weight.clone()
        loss, whole, _ = terms(made, given)
        assert (whole is not loss) == begun
        assert (not torch.equal(made.judge.last.weight, before)) == begun


def test_it_learns_to_tell_what_is_said_from_what_is_true():
    made, given = module(learning_rate=3e-3, widths=(16, 16)), batch()
    seen = []
    made.log = lambda name, value, **_: seen.append((name, float(value)))
    for _ in range(80):
        terms(made, given)
    losses = [value for name, value in seen if name == "adversarial_loss"]
    assert losses[0] == pytest.approx(1, abs=0.3)
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:10])


def test_networks_are_weighed_at_their_layer_of_ice():
    options = {"levels": 4, "widths": [4, 8]}
    network = build_network("attention_unet", options, 1, TASK.outputs(4), {"picture": (0,)})
    assert last_weight(network) is network.heads[0][1].weight
    groups = {"picture": (0,), "parallax": (1, 2), "place": (3,)}
    slant = build_network("slant", {"levels": 4, "place": 2}, 4, TASK.outputs(4), groups)
    assert last_weight(slant) is slant.head.level.weight


def test_a_fit_beside_it_goes_on_where_it_was_killed(ice_store, tmp_path, monkeypatch):
    chosen = ice_recipe(SMALL)
    whole = load_model(fit(chosen, ice_store, tmp_path / "a", report=_quiet))
    alone = load_model(fit(ice_recipe(), ice_store, tmp_path / "c", report=_quiet))
    assert whole.weights_sha256 != alone.weights_sha256

    def killed(self):
        if self.current_epoch == 2:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_epoch_end", killed, raising=False)
        with pytest.raises(RuntimeError, match="killed"):
            fit(chosen, ice_store, tmp_path / "b", report=_quiet)
    resumed = load_model(fit(chosen, ice_store, tmp_path / "b", resume=True, report=_quiet))
    assert resumed.weights_sha256 == whole.weights_sha256


def test_a_recipe_without_it_is_written_as_before():
    written = dump_recipe(ice_recipe())
    assert "adversarial" not in written
    assert "adversarial" in dump_recipe(ice_recipe(SMALL))
    training = ice_recipe().training
    network = NormalisedNetwork(torch.nn.Conv2d(1, 1, 1), {"a": (0.0, 1.0)})
    assert type(fit_module(TASK, network, training, 1, "points")) is FitModule
    assert issubclass(AdversarialModule, FitModule)


@pytest.mark.parametrize(
    ("settings", "training", "said"),
    [
        ({"start": 4}, {}, "start is not below steps"),
        ({"start": 1}, {"precision": "16"}, "precision 32 or bf16"),
        ({"start": 1, "widths": [4]}, {}, "widths"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, training, said):
    with pytest.raises(InputError, match=said):
        ice_recipe(settings, **training)


def test_it_is_refused_where_there_is_nothing_to_judge(ice_store, tmp_path):
    wide = {"start": 1, "widths": [4, 4, 4, 4]}
    with pytest.raises(UsageError, match="at least 24 levels, rows and columns"):
        fit(ice_recipe(wide), ice_store, tmp_path / "a", report=_quiet)
    network = build_network("mlp", {}, 1, TASK.outputs(4), {"picture": (0,)})
    with pytest.raises(UsageError, match=r"last layer.*training\.adversarial"):
        last_weight(network.requires_grad_(False))
    types = factory.write(tmp_path / "t.zarr")
    with pytest.raises(UsageError, match="'cloud_type' tells no amounts"):
        fit(ice_recipe(SMALL, task="cloud_type"), types, tmp_path / "b", report=_quiet)
    assert not (tmp_path / "b").exists()

"""Several processes, or several batches a step, take the steps of one with larger batches."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
import zarr
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from safetensors.torch import load_file

from nephoscope.errors import PreemptedError, UsageError
from nephoscope.learn.fit import fit
from nephoscope.learn.module import FitModule, freeze
from nephoscope.learn.ranks import Ranks, check_ranks, find_ranks
from nephoscope.learn.trainer import Clock, make_trainer
from nephoscope.models import load_model
from nephoscope.networks import build_network
from nephoscope.recipe import dump_recipe, load_recipe, shipped_recipes, with_values
from nephoscope.tasks import task_named
from samples_factory import small_recipe, write_store

pytestmark = pytest.mark.filterwarnings("ignore")
STARTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")


@pytest.fixture
def samples(tmp_path, monkeypatch, quick_export):
    store = write_store(tmp_path, monkeypatch)
    held = zarr.open_group(store)
    # All is seen and labelled, so that a mean of means is the mean of all.
    held["image"][:] = np.nan_to_num(held["image"][:], nan=90.0)
    held["known"][:] = True
    held["label"][:] = np.maximum(held["label"][:], 0)
    return store


def weights(folder):
    return load_file(folder / "weights.safetensors")


def same(first, second):
    """Weights up to the rounding of sums in another order."""
    assert first.keys() == second.keys()
    for name, kept in first.items():
        torch.testing.assert_close(kept, second[name], rtol=0, atol=2e-5, msg=name)


def plain(**training):
    recipe = small_recipe(average=0.9, learning_rate=0.003, crop=[8, 8], **training)
    return with_values(recipe, {"inputs.normalise": False})


def test_two_batches_a_step_are_one_of_twice_the_crops(samples, tmp_path):
    once = fit(plain(batch=4), samples, tmp_path / "once", report=lambda _: None)
    twice = fit(plain(batch=2, accumulate=2), samples, tmp_path / "twice", report=lambda _: None)
    same(weights(once), weights(twice))
    assert load_model(twice).info["steps"] == load_model(once).info["steps"] == 4


def test_a_run_ended_in_the_midst_of_a_step_goes_on_from_the_validation_before(
    samples, tmp_path, monkeypatch
):
    recipe = plain(batch=2, accumulate=2, steps=6, validate_every=2)
    whole = weights(fit(recipe, samples, tmp_path / "a", report=lambda _: None))
    moved = FitModule.on_train_batch_end

    def told_to_end(self, *words):
        moved(self, *words)
        if self.global_step == 2 and self.trainer.fit_loop.epoch_loop.batch_idx == 0:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(FitModule, "on_train_batch_end", told_to_end)
        with pytest.raises(PreemptedError):
            fit(recipe, samples, tmp_path / "b", report=lambda _: None)
    resumed = weights(fit(recipe, samples, tmp_path / "b", resume=True, report=lambda _: None))
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, Ranks()),
        (
            {
                "TORCHELASTIC_RUN_ID": "x",
                "RANK": "3",
                "WORLD_SIZE": "4",
                "LOCAL_RANK": "1",
                "LOCAL_WORLD_SIZE": "2",
                "GROUP_RANK": "1",
            },
            Ranks(3, 4, 2),
        ),
        (
            {
                "SLURM_NTASKS": "6",
                "SLURM_PROCID": "5",
                "SLURM_NTASKS_PER_NODE": "2",
                "SLURM_JOB_NAME": "train",
            },
            Ranks(5, 6, 2),
        ),
        ({"SLURM_NTASKS": "6", "SLURM_JOB_NAME": "interactive"}, Ranks()),
    ],
)
def test_ranks_are_those_that_torchrun_or_srun_said(monkeypatch, said, found):
    for name in (*STARTED, "TORCHELASTIC_RUN_ID", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert find_ranks() == found
    assert found.machines * found.local == found.world


@pytest.mark.parametrize("tasks", [1, 2])
def test_a_task_of_slurm_is_not_put_into_the_queue_by_the_training(tmp_path, monkeypatch, tasks):
    for name in (*STARTED, "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    told = {"NTASKS": tasks, "NTASKS_PER_NODE": tasks, "PROCID": 0, "LOCALID": 0, "NODEID": 0}
    for name, value in (told | {"JOB_NAME": "train", "JOB_ID": 7, "NODELIST": "a"}).items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    clock = Clock(task_named("mask"), print, 4, None)
    trainer = make_trainer(load_recipe("mars"), tmp_path, 1, clock, ranks=find_ranks())
    environment = trainer._accelerator_connector.cluster_environment  # what signals ask
    assert isinstance(environment, SLURMEnvironment)
    assert not environment.auto_requeue


def test_tasks_of_slurm_must_be_told_by_the_node(monkeypatch):
    for name in (*STARTED, "TORCHELASTIC_RUN_ID", "SLURM_NTASKS_PER_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_NTASKS", "6")
    monkeypatch.setenv("SLURM_JOB_NAME", "train")
    with pytest.raises(UsageError, match="say --nodes and --ntasks-per-node"):
        find_ranks()


@pytest.mark.parametrize(
    ("recipe", "what"),
    [("sky-colour-local", "training.pool"), ("sky-state", "linear")],
)
def test_what_one_process_trains_is_refused_to_several(recipe, what):
    check_ranks(Ranks(), load_recipe(recipe))
    with pytest.raises(UsageError, match=rf"{what}.*one process, and here are 2"):
        check_ranks(Ranks(1, 2, 2), load_recipe(recipe))


@pytest.mark.parametrize("name", sorted(set(shipped_recipes()) - {"sky-state"}))  # linear: no steps
def test_all_that_is_trained_has_a_gradient(name):
    """Processes that train together would wait in vain for that of a part that has none."""
    recipe = load_recipe(name)
    levels = recipe.network.options.get("levels", 64 if recipe.instrument == "seviri" else 81)
    levels = None if recipe.task in {"mask", "sky_state"} else levels
    outputs = task_named(recipe.task).outputs(levels)
    features = recipe.inputs.names
    words = recipe.network.name, recipe.network.options, len(features), outputs
    network = build_network(*words, recipe.inputs.groups)
    freeze(network, recipe)
    torch.manual_seed(0)
    said = network(torch.rand(1, len(features), *recipe.training.crop))
    said.square().mean().backward()
    trained = {key: each for key, each in network.named_parameters() if each.requires_grad}
    assert trained
    assert [key for key, each in trained.items() if each.grad is None] == []


def started(samples, recipe, out, *words):
    """`nephoscope train` in two processes; both listen on the loopback alone."""
    run = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    train = ["-m", "nephoscope", "train", recipe, samples, "-o", out, *words]
    command = [sys.executable, *run, "--local-addr=127.0.0.1", *train]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([*map(str, command)], env=environment, **pipes)  # noqa: S603


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_with_twice_the_crops(samples, tmp_path):
    whole = fit(plain(batch=4), samples, tmp_path / "one", report=lambda _: None)
    (tmp_path / "r.yaml").write_text(dump_recipe(plain(batch=2)))
    both = started(samples, tmp_path / "r.yaml", tmp_path / "two")
    said, _ = both.communicate(timeout=240)
    assert both.returncode == 0, said
    assert said.count("step 4/4") == 1
    assert said.count("writing the model") == 1
    same(weights(whole), weights(tmp_path / "two" / "model"))
    one, two = (load_model(folder).info["scores"] for folder in (whole, tmp_path / "two" / "model"))
    assert one["full"]["f1"] == pytest.approx(two["full"]["f1"], abs=1e-3)
    assert yaml.safe_load((tmp_path / "two" / "run.yaml").read_text())["recipe"]


@pytest.mark.slow
def test_two_processes_that_are_told_to_end_go_on_where_they_were(samples, tmp_path):
    (tmp_path / "r.yaml").write_text(dump_recipe(plain(batch=2, steps=4000, validate_every=20)))
    out = tmp_path / "run"
    both = started(samples, tmp_path / "r.yaml", out)
    last, began = out / "checkpoints" / "last.ckpt", time.monotonic()
    while not last.exists() and time.monotonic() - began < 120:
        time.sleep(0.2)
    both.send_signal(signal.SIGTERM)
    said, _ = both.communicate(timeout=120)
    assert both.returncode != 0, said
    step = torch.load(last, weights_only=True)["global_step"]
    assert step >= 20
    (tmp_path / "r.yaml").write_text(dump_recipe(plain(batch=2, steps=4000, validate_every=20)))
    again = started(samples, tmp_path / "r.yaml", out, "--resume")
    time.sleep(1)
    while time.monotonic() - began < 200:
        if torch.load(last, weights_only=True)["global_step"] > step:
            break
        time.sleep(0.5)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=120)
    assert torch.load(last, weights_only=True)["global_step"] > step


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for processes")
def test_one_of_two_processes_that_is_told_to_end_ends_both(samples, tmp_path):
    (tmp_path / "r.yaml").write_text(dump_recipe(plain(batch=2, steps=4000, validate_every=20)))
    both = started(samples, tmp_path / "r.yaml", tmp_path / "run")
    last, began = tmp_path / "run" / "checkpoints" / "last.ckpt", time.monotonic()
    while not last.exists() and time.monotonic() - began < 120:
        time.sleep(0.2)
    children = Path(f"/proc/{both.pid}/task/{both.pid}/children").read_text().split()
    (second,) = (each for each in children if b"\0RANK=1\0" in environment_of(each))
    os.kill(int(second), signal.SIGTERM)
    said, _ = both.communicate(timeout=60)
    assert both.returncode != 0
    told = re.findall(r"nephoscope: told to end \(SIGTERM\) at step (\d+): go on from", said)
    assert len(told) == 2, said
    assert told[0] == told[1]
    assert torch.load(last, weights_only=True)["global_step"] == int(told[0]) or int(told[0]) % 20


def environment_of(process):
    return b"\0" + Path(f"/proc/{process}/environ").read_bytes() + b"\0"

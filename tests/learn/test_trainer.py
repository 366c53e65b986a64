"""The trainer of a run: one process on any machine, and a profiler that writes into its logs."""

import os
import warnings

import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.profilers import AdvancedProfiler, PyTorchProfiler, SimpleProfiler

from nephoscope.errors import InputError, UsageError
from nephoscope.learn import loggers
from nephoscope.learn.curtain import CurtainLog
from nephoscope.learn.ranks import Ranks, find_ranks
from nephoscope.learn.trainer import Clock, make_trainer, quiet_lightning
from nephoscope.recipe import load_recipe
from nephoscope.tasks import task_named


def trainer_of(recipe, folder, more=()):
    clock = Clock(task_named("mask"), print, 4, None)
    return make_trainer(recipe, folder, 1, clock, more)


@pytest.mark.parametrize(
    ("name", "kind"), [("simple", SimpleProfiler), ("advanced", AdvancedProfiler)]
)
def test_a_profiler_writes_into_the_logs(name, kind, tmp_path):
    trainer = trainer_of(load_recipe("mars", [f"training.profiler={name}"]), tmp_path)
    assert type(trainer.profiler) is kind
    trainer.profiler.setup("fit")
    with trainer.profiler.profile("something"):
        pass
    trainer.profiler.describe()
    trainer.profiler.teardown("fit")
    assert "something" in (tmp_path / "logs" / "fit-profile.txt").read_text()


def test_the_profiler_of_operators_writes_there_too(tmp_path):
    profiler = trainer_of(load_recipe("mars", ["training.profiler=pytorch"]), tmp_path).profiler
    assert type(profiler) is PyTorchProfiler
    assert (profiler.dirpath, profiler.filename) == (tmp_path / "logs", "profile")


def test_a_training_is_one_process_and_has_the_callbacks_of_its_task(tmp_path):
    log = CurtainLog([2000.0, 1000.0])
    trainer = trainer_of(load_recipe("mars"), tmp_path, [log])
    assert trainer.num_devices == trainer.num_nodes == trainer.world_size == 1
    assert log in trainer.callbacks
    assert trainer.profiler.dirpath is None  # the one that does nothing


def test_another_profiler_is_refused():
    with pytest.raises(InputError, match=r"training\.profiler"):
        load_recipe("mars", ["training.profiler=fast"])


def test_a_recipe_names_the_loggers(tmp_path):
    trainer = trainer_of(load_recipe("mars", ["training.loggers=[csv]"]), tmp_path)
    assert [type(each) for each in trainer.loggers] == [CSVLogger]
    assert [type(each) for each in trainer_of(load_recipe("mars"), tmp_path).loggers] == [
        CSVLogger,
        TensorBoardLogger,
    ]


@pytest.mark.parametrize(("name", "package"), [("mlflow", "mlflow"), ("comet", "comet-ml")])
def test_a_logger_that_is_not_installed_says_what_to_install(name, package, tmp_path, monkeypatch):
    def missing(*_, **__):
        raise ModuleNotFoundError(f"Requirement '{package}' not met")

    for each in ("MLFlowLogger", "CometLogger"):
        monkeypatch.setattr(loggers, each, missing)
    with pytest.raises(UsageError, match=rf"{name} is not installed: pip install {package}"):
        trainer_of(load_recipe("mars", [f"training.loggers=[{name}]"]), tmp_path)


@pytest.mark.parametrize("bits", ["32", "bf16"])
def test_numbers_of_a_step_may_have_fewer_bits(bits, tmp_path):
    trainer = trainer_of(load_recipe("mars", [f"training.precision='{bits}'"]), tmp_path)
    assert trainer.precision == {"32": "32-true", "bf16": "bf16-mixed"}[bits]


def test_on_a_machine_with_slurm_nothing_is_said_of_it(tmp_path, monkeypatch):
    srun = tmp_path / "srun"
    srun.write_text("#!/bin/sh\n")
    srun.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("SLURM_NTASKS", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="srun"):
            find_ranks()
        with quiet_lightning():
            assert find_ranks() == Ranks()

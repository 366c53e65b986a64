"""Processes of one training: how many there are, and which of them this is.

torchrun and srun start them and say so in the environment. Each trains on crops of its own and
gradients are averaged after every batch (DistributedDataParallel), so n processes with batches of
b crops take the steps of one with batches of n · b. The first of them alone writes and speaks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from nephoscope.errors import UsageError
from nephoscope.models.linear import LINEAR
from nephoscope.recipe import Recipe


@dataclass(frozen=True)
class Ranks:
    """The processes of a training.

    Attributes:
        rank: which of them this is, from 0.
        world: how many there are.
        local: how many of them run on this machine.
    """

    rank: int = 0
    world: int = 1
    local: int = 1

    @property
    def first(self) -> bool:
        """Whether this one writes and speaks."""
        return self.rank == 0

    @property
    def machines(self) -> int:
        """On how many machines they run, as many on each."""
        return self.world // self.local


def find_ranks() -> Ranks:
    """The processes that torchrun or srun started; one where neither did.

    Raises:
        UsageError: Slurm did not say how many run on each node.
    """
    if TorchElasticEnvironment.detect():
        elastic = TorchElasticEnvironment()
        local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        return Ranks(elastic.global_rank(), elastic.world_size(), local)
    if SLURMEnvironment.detect():
        try:
            slurm = SLURMEnvironment()
        except RuntimeError as error:
            problem = "Slurm started several tasks, and not so many on each node"
            raise UsageError(f"{problem}: say --nodes and --ntasks-per-node") from error
        local = int(os.environ.get("SLURM_NTASKS_PER_NODE", "1"))
        return Ranks(slurm.global_rank(), slurm.world_size(), local)
    return Ranks()


def environments() -> list[SLURMEnvironment]:
    """What tells Lightning of tasks of Slurm; nothing where srun did not start this one.

    By itself it would answer SIGUSR1 by putting the task into the queue again, and by a checkpoint
    of its own in the run folder, from which a later run would begin.
    """
    if TorchElasticEnvironment.detect() or not SLURMEnvironment.detect():
        return []
    return [SLURMEnvironment(auto_requeue=False)]


def check_ranks(ranks: Ranks, recipe: Recipe) -> None:
    """Refuse what one process alone can train.

    Raises:
        UsageError: it is more than one, and the recipe wants no more.
    """
    alone = {
        "training.pool": recipe.training.pool is not None,
        "training.adversarial": recipe.training.adversarial is not None,
        "network.name: linear": recipe.network.name == LINEAR,
    }
    for what, asked in alone.items():
        if asked and ranks.world > 1:
            problem = f"is trained by one process, and here are {ranks.world}"
            raise UsageError(f"{what}: {problem}: start it without torchrun or srun")

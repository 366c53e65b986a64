"""Does loading starve training? Crops made and trained on per second, one thread each.

python -m benchmarks.loader SAMPLES.zarr
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from nephoscope.learn.items import items, raw_of
from nephoscope.learn.normalise import measure_normalisation
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import load_recipe
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part
from nephoscope.tasks import task_named

BATCHES = 5


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("--recipe", default="mars")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe(arguments.recipe)
    task = task_named(recipe.task)
    part = load_part(arguments.samples, "train", recipe)
    loader = CropLoader(part, recipe)
    size, seen, outputs = recipe.training.batch, recipe.inputs, task.outputs(part.levels)
    chosen = recipe.network.name, recipe.network.options
    network = NormalisedNetwork(
        build_network(*chosen, len(seen.names), outputs, seen.groups),
        measure_normalisation(loader, crops=4),
    ).to(memory_format=torch.channels_last)
    batch = loader.batch(range(size))
    losses = task.losses_for(recipe.training.losses, (each.values for each in part.points))

    def train(_: int) -> None:
        raw, truth = items(raw_of(network, batch), batch, part.truth)
        task.loss(raw, truth, losses).backward()

    made = size / _seconds(lambda n: loader.batch(range(n * size, (n + 1) * size)))
    used = size / _seconds(train)
    print(f"crops/s made {made:.1f}, trained on {used:.1f}: {made / used:.1f} times enough")  # noqa: T201


def _seconds(work: Callable[[int], object]) -> float:
    """CPU seconds a call, after one that warms up."""
    work(0)
    start = time.process_time()
    for number in range(1, BATCHES + 1):
        work(number)
    return (time.process_time() - start) / BATCHES


if __name__ == "__main__":
    main()

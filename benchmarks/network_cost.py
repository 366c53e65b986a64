"""Parameters, multiplications and memory of the networks for views, and their seconds a patch.

    python -m benchmarks.network_cost [--side 100] [--batch 1] [--threads 1]

Multiplications (MAC) are those of convolutions and matrix products, counted as torch runs them;
`aligned` also gathers, which is counted by hand: four pixels of each number, plane and view. Memory
is the most that a forward pass holds above the process before it, each in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

FIELDS, VIEWS, PLACE, OUTPUTS = 20, 16, 3, 9 * 81 + 82
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "aligned": ("aligned", {}),
    "mlp": ("mlp", {}),
    "conv": ("conv", {}),
    "conv3d": ("conv3d", {}),
    "conv3d as published": ("conv3d", {"widths": [64] * 6 + [1]}),
    "unet_views, base 16, depth 4": ("unet_views", {}),
    "the same, transposed": ("unet_views", {"decoder": "transposed"}),
    "the same, (2+1)-D": ("unet_views", {"decoder": "2+1d"}),
    "the same, 3-D": ("unet_views", {"decoder": "3d"}),
}


def main() -> None:
    """Print one line for each network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=96, help="pixels to the side of a patch")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    print(f"{'network':30} {'parameters':>12} {'MMAC/pixel':>11} {'MiB':>7} {'s':>7}")  # noqa: T201
    for name in NETWORKS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            found = pool.submit(cost, name, given.side, given.batch, given.threads).result()
        parameters, macs, memory, seconds = found
        print(f"{name:30} {parameters:12,} {macs:11.3f} {memory:7.0f} {seconds:7.2f}")  # noqa: T201


def cost(name: str, side: int, batch: int, threads: int) -> tuple[int, float, float, float]:
    """Parameters, MMAC of a pixel, MiB above the process and seconds of a forward pass.

    Args:
        name: a key of `NETWORKS`.
        side: pixels to the side of a patch.
        batch: patches.
        threads: of torch.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from nephoscope.networks import build_network

    torch.set_num_threads(threads)
    registered, options = NETWORKS[name]
    groups = groups_of_views()
    features = FIELDS * VIEWS + 3 * VIEWS + PLACE
    network = build_network(registered, options, features, OUTPUTS, groups).eval()
    small = torch.zeros(1, features, 32, 32)
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(small)
    macs = counter.get_total_flops() / 2 / 32**2
    if registered == "aligned":
        width: Any = network.texture
        planes: Any = network.head
        macs += 4 * VIEWS * planes.planes * (width.out_channels + 1)
    inputs = torch.zeros(batch, features, side, side)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with torch.inference_mode():
        network(inputs)
    seconds = time.perf_counter() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return sum(p.numel() for p in network.parameters()), macs / 1e6, memory, seconds


def groups_of_views() -> dict[str, range]:
    """Groups of features as a recipe for views names them."""
    views, flags = FIELDS * VIEWS, 3 * VIEWS
    return {
        "views": range(views),
        "parallax": range(views, views + 2 * VIEWS),
        "valid": range(views + 2 * VIEWS, views + flags),
        "picture": range(views + flags, views + flags + PLACE),
    }


if __name__ == "__main__":
    main()

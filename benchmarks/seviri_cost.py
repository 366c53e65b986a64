"""Multiplications and seconds of the networks for SEVIRI: a tile, and the whole domain by tiles.

    python -m benchmarks.seviri_cost [--threads 2] [--repeats 5] [--domain 1792 1920]

Networks are compiled as models are, and run by ONNX Runtime in turns, so that a busy machine is
busy for all of them: on a tile of 128 x 128, and on one of the recipe's own size, of which the
domain is laid with the recipe's overlap. Seconds are the fastest of the repeats. Multiplications
(MAC) are those of convolutions and matrix products, counted as torch runs them; what `slant`
gathers is counted by hand. It says nothing of a margin of its tiles, so that those of a domain are
more. The published generator is the recipe `seviri-unet`, whose tiles do not overlap.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

NETWORKS = ("seviri-unet", "seviri", "seviri-mlp")
LEVELS, SIDE = 64, 128


class Ready(NamedTuple):
    """A network that can be run, and what is known of it."""

    session: Any
    inputs: Any
    parameters: int
    macs: float  # of a pixel
    tile: tuple[int, int]
    overlap: int


def main() -> None:
    """Print one line for each network, and how it compares with the published one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--domain", type=int, nargs=2, default=(1792, 1920), help="columns, rows")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ready = {name: prepared(name, Path(folder), given.threads) for name in NETWORKS}
        small, own = (dict.fromkeys(ready, math.inf) for _ in range(2))
        for _ in range(given.repeats + 1):
            for name, each in ready.items():
                small[name] = min(small[name], seconds_of(each, (SIDE, SIDE)))
                same = each.tile == (SIDE, SIDE)
                own[name] = min(own[name], small[name] if same else seconds_of(each, each.tile))
    head = ("network", "parameters", "MMAC/pixel", "GMAC/tile", "s/tile", "tiles", "s/domain")
    print("{:12} {:>11} {:>11} {:>10} {:>8} {:>6} {:>9} {:>9} {:>6}".format(*head, "MAC x", "s x"))  # noqa: T201
    first = tiles_of(ready[NETWORKS[0]], given.domain) * own[NETWORKS[0]]
    for name, each in ready.items():
        tiles = tiles_of(each, given.domain)
        domain = tiles * own[name]
        less = ready[NETWORKS[0]].macs / each.macs, first / domain
        print(  # noqa: T201
            f"{name:12} {each.parameters:11,} {each.macs / 1e6:11.3f}"
            f" {each.macs * SIDE**2 / 1e9:10.2f} {small[name]:8.3f} {tiles:6} {domain:9.1f}"
            f" {less[0]:9.1f} {less[1]:6.1f}"
        )


def prepared(name: str, folder: Path, threads: int) -> Ready:
    """A recipe's network with fresh weights, compiled.

    Args:
        name: of a shipped recipe.
        folder: for the compiled network.
        threads: of ONNX Runtime.
    """
    import numpy as np
    import onnxruntime
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from nephoscope.models.export import export_onnx
    from nephoscope.models.normalised import NormalisedNetwork
    from nephoscope.networks import build_network
    from nephoscope.recipe import load_recipe
    from nephoscope.tasks import task_named

    torch.set_num_threads(threads)
    recipe = load_recipe(name)
    names, groups = recipe.inputs.names, recipe.inputs.groups
    outputs = task_named(recipe.task).outputs(LEVELS)
    options = recipe.network.options
    network = build_network(recipe.network.name, options, len(names), outputs, groups).eval()
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(torch.zeros(1, len(names), SIDE, SIDE))
    macs = counter.get_total_flops() / 2 / SIDE**2
    if hasattr(network, "heights"):
        look: Any = network.look
        macs += 4 * len(network.heights) * look.out_channels  # type: ignore[arg-type]
    path = folder / f"{name}.onnx"
    scaled = NormalisedNetwork(network, dict.fromkeys(names, (0.0, 1.0)))
    export_onnx(scaled, path, None, recipe.apply.margin)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    sides = max(SIDE, recipe.apply.tile[0]), max(SIDE, recipe.apply.tile[1])
    inputs = np.random.default_rng(0).standard_normal((1, len(names), *sides), np.float32)
    inputs[:, list(groups.get("parallax", ()))] *= 0.2
    parameters = sum(each.numel() for each in network.parameters())
    return Ready(session, inputs, parameters, macs, recipe.apply.tile, recipe.apply.overlap)


def seconds_of(ready: Ready, tile: tuple[int, int], at_once: int = 1) -> float:
    """Seconds of a tile of so many rows and columns; of so many tiles at once, a part of theirs."""
    inputs = ready.inputs[..., : tile[0], : tile[1]].copy()
    with ThreadPoolExecutor(at_once) as pool:
        start = time.perf_counter()
        list(pool.map(lambda _: ready.session.run(None, {"inputs": inputs}), range(at_once)))
        return (time.perf_counter() - start) / at_once


def tiles_of(ready: Ready, domain: tuple[int, int]) -> int:
    """Tiles of a domain of so many columns and rows."""
    return math.prod(
        math.ceil((side - ready.overlap) / (tile - ready.overlap))
        for side, tile in zip(domain, ready.tile[::-1], strict=True)
    )


if __name__ == "__main__":
    main()

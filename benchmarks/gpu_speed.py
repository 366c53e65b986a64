"""Megapixels a second from features to probability of cloud on a GPU; what half precision moves.

    python -m benchmarks.gpu_speed [--model mars sky-colour sky-thermal] [--tiles 16] [--side 512]

Each network runs over a batch of tiles that lies on the device already: in 32 bits as it is, in
bfloat16 with channels last, and the same replayed as a CUDA graph. Beside it stands how far
probabilities lie from those in 32 bits. Random features: the time does not depend on them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from nephoscope.models import load_model
from nephoscope.reports.markdown import table_of

ROUNDS, WARM = 30, 3
Way = Callable[[], Tensor]


def main() -> None:
    """Print one table; on a machine without a GPU say so."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["mars", "sky-colour", "sky-thermal"])
    parser.add_argument("--tiles", type=int, default=16)
    parser.add_argument("--side", type=int, default=512)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("gpu_speed: torch sees no GPU here")
    rows = [row for name in given.model for row in rows_of(name, given.tiles, given.side)]
    sys.stdout.write(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    head = ["model", "way", "Mpx/s", "largest difference", "pixels moved across 0.5"]
    sys.stdout.write(table_of(head, rows) + "\n")


def rows_of(name: str, tiles: int, side: int) -> list[list[str]]:
    """A row for each way of running a model's network."""
    network = load_model(name).network.eval().requires_grad_(False).cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    shape = tiles, network.mean.shape[1], side, side
    inputs = torch.randn(shape, generator=generator, device="cuda")
    expected = torch.sigmoid(network(inputs)[:, 0])
    rows = []
    for way, run in ways(network, inputs).items():
        found = torch.sigmoid(run()[:, 0].float())
        apart = (found - expected).abs().max().item()
        moved = ((found >= 0.5) != (expected >= 0.5)).float().mean().item()
        rate = tiles * side * side / seconds(run) / 1e6
        rows.append([name, way, f"{rate:.0f}", f"{apart:.4f}", f"{moved:.2e}"])
    return rows


def ways(network: nn.Module, inputs: Tensor) -> dict[str, Way]:
    """Name → a way to run the network once over the inputs."""

    def half() -> Tensor:
        with torch.autocast("cuda", torch.bfloat16):
            found: Tensor = network(inputs.contiguous(memory_format=torch.channels_last))
        return found

    def whole() -> Tensor:
        found: Tensor = network(inputs)
        return found

    return {"32 bits": whole, "bfloat16": half, "bfloat16, CUDA graph": graph_of(half)}


def graph_of(run: Way) -> Way:
    """The same, recorded once and replayed."""
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = run()

    def replay() -> Tensor:
        graph.replay()
        return found

    return replay


def seconds(run: Way) -> float:
    """Median seconds of a run, the device done."""
    taken = []
    for number in range(ROUNDS + WARM):
        torch.cuda.synchronize()
        began = time.perf_counter()
        run()
        torch.cuda.synchronize()
        if number >= WARM:
            taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2]


if __name__ == "__main__":
    main()

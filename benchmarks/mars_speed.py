"""One Mars map, JPEG to NetCDF, beside a reference of the original's way, in one run.

    python -m benchmarks.mars_speed [--maps 3] [--map MAP.jpg] [--model mars] [--threads 2]

Each side runs in a process of its own, so that its peak memory is its own, and predicts the same
map several times: the first is the start, the best and the median of the others are the steady
state. Imports and loading the model are said separately; pictures are not drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SOLAR_LONGITUDE = 132.5
ORIGINAL_MEASURED = 9.6
"""Seconds that the original itself, in TensorFlow, took on the same kind of machine, idle."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both sides and print how they compare."""
    options = _options(arguments)
    if options.side:
        print(json.dumps(SIDES[options.side](options)))  # noqa: T201 - read by the parent
        return
    with tempfile.TemporaryDirectory() as folder:
        options.map = options.map or generate_map(Path(folder))
        options.out = Path(folder)
        found = {side: _run_side(side, options) for side in SIDES if side not in options.skip}
    _tell(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--map", type=Path, help="a map; by default one is generated")
    parser.add_argument("--maps", type=int, default=3, help="how often it is predicted, at least 2")
    parser.add_argument("--model", default="mars", help="a model, or a recipe to time untrained")
    parser.add_argument("--background", type=Path, help="a background to use")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip", action="append", default=[], choices=list(SIDES))
    parser.add_argument("--json", type=Path, help="write the numbers here, too")
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def generate_map(folder: Path) -> Path:
    """A smooth random map of the real size, with a gore and a polar night, and its Ls table."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    coarse = rng.normal(0, 12, (3, 46, 90)) + np.array([130, 95, 80])[:, None, None]
    small = [Image.fromarray(np.clip(plane, 31, 254).astype(np.uint8)) for plane in coarse]
    image = np.stack([plane.resize((3600, 1801), Image.Resampling.BICUBIC) for plane in small], -1)
    image = np.clip(image + rng.integers(-2, 3, image.shape), 31, 255).astype(np.uint8)
    image[:, :4] = image[:, -3:] = image[1500:] = image[600:1500, 1000:1040] = 0
    path = folder / "P01_day01_zequat.jpg"
    Image.fromarray(image).save(path, quality=90)
    table = folder / "P01_ls.txt"
    table.write_text(f"P01_day01 28 {SOLAR_LONGITUDE}\n", encoding="utf-8")
    return path


def _run_side(side: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.mars_speed", "--side", side]
    command += ["--map", str(options.map.resolve()), "--out", str(options.out)]
    command += ["--maps", str(options.maps), "--model", str(options.model)]
    command += ["--threads", str(options.threads)]
    if options.background:
        command += ["--background", str(options.background.resolve())]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    # The command is this file, and nothing in it comes from outside.
    done = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def time_original(options: argparse.Namespace) -> dict[str, Any]:
    """Predict with the reference; decoding and writing are timed apart, as the original's were."""
    start = time.perf_counter()
    import h5py
    import numpy as np
    import torch
    from PIL import Image

    from benchmarks.original_mars import build_original, predict_original

    imported = time.perf_counter()
    torch.set_num_threads(options.threads)
    network = build_original()
    loaded = time.perf_counter()
    image = np.asarray(Image.open(options.map).convert("RGB"))
    decoded = time.perf_counter()
    kept: list[Any] = []

    def once() -> None:
        kept[:] = [predict_original(network, image, SOLAR_LONGITUDE)]

    seconds, processor = _repeat(once, options.maps)
    peak = _peak_megabytes()
    path = options.out / "original.nc"
    begin = time.perf_counter()
    with h5py.File(path, "w") as file:
        settings = {"compression": "gzip", "compression_opts": 4, "shuffle": False}
        file.create_dataset("cloudmask", data=kept[0].astype("f4")[::-1], **settings)
    return {
        "import": imported - start,
        "load": loaded - imported,
        "decode": decoded - loaded,
        "write": time.perf_counter() - begin,
        "maps": seconds,
        "processor": processor,
        "peak_mb": peak,
        "file_mb": path.stat().st_size / 1e6,
    }


def time_nephoscope(options: argparse.Namespace) -> dict[str, Any]:
    """From JPEG to NetCDF, as `nephoscope predict --no-picture` does each map."""
    start = time.perf_counter()
    from nephoscope.apply.bulk import NONE, sink_of
    from nephoscope.apply.jobs import Options, plan_jobs
    from nephoscope.apply.network import Predictor
    from nephoscope.apply.network_maker import NetworkMaker

    imported = time.perf_counter()
    model = load_or_make(options.model, options.out)
    maker = NetworkMaker(model, Options(picture=False), options.background or NONE)
    vars(maker)["predictor"] = Predictor(model, workers=options.threads)
    sink = sink_of(maker, options.out / "out")
    jobs = plan_jobs([options.map], options.out / "out", maker.instrument, sink, picture=False)
    job = maker.shared(jobs, options.out / "out")(jobs[0])
    loaded = time.perf_counter()
    parts: dict[str, list[float]] = {"read": [], "predict": [], "write": []}

    def once() -> None:
        begin = time.perf_counter()
        scene = maker.read(job)
        read = time.perf_counter()
        made = maker.make(job, scene)
        predicted = time.perf_counter()
        sink.write(job, made)
        ends = (read - begin, predicted - read, time.perf_counter() - predicted)
        for name, value in zip(parts, ends, strict=True):
            parts[name].append(value)

    seconds, processor = _repeat(once, options.maps)
    return {
        "import": imported - start,
        "load": loaded - imported,
        **{name: statistics.median(values[1:]) for name, values in parts.items()},
        "maps": seconds,
        "processor": processor,
        "peak_mb": _peak_megabytes(),
        "file_mb": job.target.stat().st_size / 1e6,
    }


def load_or_make(name: str, folder: Path) -> Any:  # noqa: ANN401 - a Model
    """The model, or where there is none of this name the recipe's network untrained."""
    from nephoscope.errors import UsageError
    from nephoscope.models import load_model, save_model

    try:
        return load_model(name)
    except UsageError:
        from nephoscope.models.normalised import NormalisedNetwork
        from nephoscope.networks import build_network
        from nephoscope.recipe import load_recipe
        from nephoscope.tasks.mask import MaskDecision

        recipe = load_recipe(name)
        inputs, network = recipe.inputs, recipe.network
        fresh = build_network(network.name, network.options, len(inputs.names), 1, inputs.groups)
        normalisation = dict.fromkeys(inputs.names, (0.0, 1.0))
        whole = NormalisedNetwork(fresh, normalisation)
        settings = (recipe, normalisation, MaskDecision(), {})
        return save_model(folder / "untrained", whole, *settings)


def _repeat(once: Callable[[], object], times: int) -> tuple[list[float], list[float]]:
    """Seconds that passed, and those of processors, each time."""
    seconds, processor = [], []
    for _ in range(max(2, times)):
        begin, used = time.perf_counter(), time.process_time()
        once()
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    return seconds, processor


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _tell(found: dict[str, dict[str, Any]]) -> None:
    for side, facts in found.items():
        steady = facts["maps"][1:]
        _line(f"{side}")
        _line(
            f"  steady state  {min(steady):7.2f} s best, {statistics.median(steady):.2f} s median"
        )
        _line(f"  processors    {min(facts['processor'][1:]):7.2f} s best")
        _line(f"  first map     {facts['maps'][0]:7.2f} s")
        for name in ("import", "load", "decode", "read", "predict", "write"):
            if name in facts:
                _line(f"  {name:13} {facts[name]:7.2f} s")
        _line(f"  peak memory   {facts['peak_mb']:7.0f} MB")
        _line(f"  file          {facts['file_mb']:7.2f} MB")
    if len(found) == len(SIDES):
        ours = min(found["nephoscope"]["maps"][1:])
        theirs = min(found["original"]["maps"][1:])
        whole = theirs + found["original"]["decode"] + found["original"]["write"]
        _line(f"ratio in this run, best map of each, JPEG to NetCDF: {whole / ours:.1f} x")
        used = [min(found[side]["processor"][1:]) for side in ("original", "nephoscope")]
        _line(f"ratio of processor time, best map of each: {used[0] / used[1]:.1f} x")
        _line(f"ratio to the {ORIGINAL_MEASURED} s of the original itself: "
              f"{ORIGINAL_MEASURED / ours:.1f} x")  # fmt: skip


def _line(text: str) -> None:
    print(text)  # noqa: T201 - a script


SIDES = {"original": time_original, "nephoscope": time_nephoscope}

if __name__ == "__main__":
    main()

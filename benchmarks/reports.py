"""What it costs to write a report of many samples, apart from the predicting; and quick-looks.

python -m benchmarks.reports [MODEL STORE.zarr --samples 1000] [--products PRODUCT ...]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.cli.run_report import picture_of
from nephoscope.evaluation.predictors import predictor_of
from nephoscope.evaluation.protocol import Evaluation, run_evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.models import load_model
from nephoscope.plots.quicklook import save_picture
from nephoscope.products.read import open_packed
from nephoscope.reports.report import Run, pictures_for, write_report
from nephoscope.samples.store import open_samples

RUNS = 3


def main() -> None:
    """Print seconds, of the clock and of the processor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?")
    parser.add_argument("store", type=Path, nargs="?", help="Its samples are repeated.")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--products", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.store is not None:
            report_of(given.model, given.store, given.samples, Path(folder) / "report")
        for path in given.products:
            product, picture = open_packed(path), Path(folder) / "picture.png"
            draw = partial(draw_to, picture, product)
            say(f"quick-look of {path.name}", min(timed(draw) for _ in range(RUNS)))


def draw_to(picture: Path, product: xr.Dataset) -> None:
    """Draw and write a quick-look."""
    save_picture(picture_of(product, None), picture)


def report_of(name: str, path: Path, number: int, out: Path) -> None:
    """Score samples, repeated to `number`, each predicted once, and write the report."""
    model, store = load_model(name), open_samples(path)
    which = np.arange(number) % store.sizes["sample"]
    first = {f"{each:05d}": str(store["id"].values[place]) for each, place in enumerate(which)}
    repeated = store.isel(sample=which).assign(
        id=("sample", [*first]), split=("sample", ["test"] * number)
    )
    predict, kept = predictor_of(model, store.attrs["truth"]), dict[str, xr.Dataset]()

    def remembered(sample: LabelledSample) -> xr.Dataset:
        if (key := first[sample.id]) not in kept:
            kept[key] = predict(sample)
        return kept[key]

    pictures = pictures_for(model.recipe.task, model.decision, store.attrs["unit"])
    found: list[Evaluation] = []

    def score() -> None:
        found.append(run_evaluation(model, repeated, predict=remembered, look=pictures.look))

    def write() -> None:
        write_report(found[0], out, Run("benchmark", {}), pictures)

    say(f"{number} samples read and scored", timed(score))
    say("their report written", timed(write))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def say(what: str, taken: tuple[float, float]) -> None:
    """Print it."""
    print(f"{what}: {taken[0]:.2f} s, processor {taken[1]:.2f} s")  # noqa: T201


if __name__ == "__main__":
    main()

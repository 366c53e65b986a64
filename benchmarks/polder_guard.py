"""The guard of a POLDER model: measure what its training and that of its parents spanned.

    python -m benchmarks.polder_guard measure MODEL SAMPLES.zarr [PARENTS_SAMPLES.zarr ...]
    python -m benchmarks.polder_guard rates MODEL RAW...

`measure` takes the samples of each training, as the model's record names them, and writes the guard
into `MODEL/model.yaml`, for a model that was trained before there was such a one; weights and their
sha256 stay. `rates` prints of half orbits which share of the pixels is flagged, bit by bit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.sky_guard import put_guard
from nephoscope.instruments import instrument_named
from nephoscope.learn.guard import guard_of_part
from nephoscope.models import Model, load_model
from nephoscope.models.guard import Guard
from nephoscope.models.lineage import records_of
from nephoscope.models.lookup import FACTS
from nephoscope.models.pixel_guard import PixelGuard
from nephoscope.samples.part import load_part
from nephoscope.samples.store import open_samples

FIELDS = ("thetas", "thetav", "phi", "land_sea_flag")


def main() -> None:
    """Measure a guard, or what it flags."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("measure", "rates"))
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("paths", type=Path, nargs="+", help="samples stores, or half orbits")
    options = parser.parse_args()
    model = load_model(options.model)
    if options.what == "measure":
        guard = measure(model, options.paths)
        put_guard(model.folder / FACTS, guard)
        for name, span in guard.spans.items():
            low, high = span.seen
            sys.stdout.write(f"{name}: {low:g} to {high:g}\n")
        return
    for flag, share in rates(model, options.paths).items():
        sys.stdout.write(f"{flag}: {share:.2%} of the pixels\n")


def measure(model: Model, stores: Iterable[Path]) -> Guard:
    """What the trainings of a model and of all that it began from spanned.

    Args:
        model: records the samples of each.
        stores: these samples, in any order.
    """
    known = {str(open_samples(path).attrs["samples_id"]): path for path in stores}
    records = list(records_of(model.info))[::-1]  # the oldest first
    named = [str(record.get("samples_id")) for record in records]
    if {*named} != {*known}:
        raise SystemExit(f"{model.folder} was trained on samples {', '.join(named)}")
    guard: Guard | None = None
    for samples, record in zip(named, records, strict=True):
        # Read chunk by chunk: of the samples only some are looked at.
        train = load_part(known[samples], "train", model.recipe, budget=0)
        if list(train.ids) != list(record["split"]["train"]):
            raise SystemExit(f"{known[samples]}: its training part is not the model's")
        mine = guard_of_part(train, model.recipe)
        if mine is None:
            raise SystemExit(f"{known[samples]}: nothing can be measured")
        guard = mine if guard is None else mine.after(guard)
    if guard is None:
        raise SystemExit(f"{model.folder}: its trainings have no number in common")
    return guard


def rates(model: Model, paths: Iterable[Path]) -> dict[str, float]:
    """Share of the pixels of half orbits, of those with any view, with each flag."""
    instrument = instrument_named("polder")
    guard = model.guard
    if not isinstance(guard, PixelGuard):
        raise SystemExit(f"{model.folder} has no guard")
    flagged, pixels = dict[str, int](), 0
    for path in paths:
        for found in instrument.find(path):
            numbers = instrument.conditions(instrument.read(found.path, fields=FIELDS))
            seen = numbers["views"] > 0
            pixels += int(np.count_nonzero(seen))
            for flag, where in guard.judge(numbers).flags.items():
                flagged[flag] = flagged.get(flag, 0) + int(np.count_nonzero(where & seen))
    return {flag: number / max(pixels, 1) for flag, number in flagged.items()}


if __name__ == "__main__":
    main()

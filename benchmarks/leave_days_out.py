"""Leave-days-out: train once for each block of days left out, and score all days unseen.

    python -m benchmarks.leave_days_out mars.zarr -o study [--recipe mars] [--folds 6]
        [--set training.steps=2000 ...]

Each fold trains on the other blocks but one, chooses checkpoint, calibration and threshold on that
one, and is scored on its own block, with background and position, and with each and both withheld.
The sums of the folds are merged, so every day is scored once, by a model that has not seen it.
Folds that are done are skipped when the study is run again.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.intervals import Score, bootstrap_weights, with_intervals
from nephoscope.evaluation.mask_sums import score_masks
from nephoscope.evaluation.protocol import run_evaluation, ways_of
from nephoscope.evaluation.sums import Sums, merge
from nephoscope.files import atomic_path, write_text
from nephoscope.models import load_model
from nephoscope.recipe import load_recipe
from nephoscope.samples.store import open_samples
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import TASK, MaskDecision, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS, THRESHOLD_METRICS

ALTERED = ("zarr.json", "split")
"""What of a store is a fold's own; everything else is shared with the samples."""


def main() -> None:
    """Train and score what is not done yet, then print the merged scores."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--recipe", default="mars")
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    parts = assign_folds(options.samples, options.folds)
    done = [_fold(options, index, split) for index, split in enumerate(parts)]
    steps = load_recipe(options.recipe, options.set).training.steps
    document: dict[str, Any] = {
        "folds": options.folds,
        "days": len(parts[0]),
        "steps": steps,
        "ways": {},
    }
    for way in done[0][1]:
        scores = score_folds([(threshold, sums[way]) for threshold, sums in done])
        document["ways"][way] = {name: asdict(score) for name, score in scores.items()}
        for name, score in scores.items():
            _line(f"{way:18} {name:18} {_shown(score)}")
    write_text(options.output / "scores.json", json.dumps(document, indent=1) + "\n")


def assign_folds(samples: Path, folds: int) -> list[list[str]]:
    """For each fold the part of every sample: contiguous blocks of days, the next one validates.

    Args:
        samples: the samples store.
        folds: how many blocks, at least 3.
    """
    days = open_samples(samples)["day"].values
    order = np.unique(days)
    if not 3 <= folds <= len(order):
        raise SystemExit(f"--folds {folds}: the {len(order)} days allow 3 to {len(order)}")
    block_of = {
        day: index for index, block in enumerate(np.array_split(order, folds)) for day in block
    }
    blocks = [block_of[day] for day in days]
    name = {0: "test", 1: "validation"}
    return [[name.get((b - fold) % folds, "train") for b in blocks] for fold in range(folds)]


def fold_store(samples: Path, out: Path, split: list[str]) -> Path:
    """A store that shares every array with `samples` but its split."""
    import zarr

    if out.exists():
        return out
    with atomic_path(out) as part:
        part.mkdir(parents=True)
        for item in samples.resolve().iterdir():
            if item.name not in ALTERED:
                (part / item.name).symlink_to(item)
            elif item.is_dir():
                shutil.copytree(item, part / item.name)
            else:
                shutil.copy(item, part / item.name)
        array = zarr.open_array(part / "split", mode="r+")
        array[:] = np.array(split, dtype=np.dtypes.StringDType())
    return out


def _fold(
    options: argparse.Namespace, index: int, split: list[str]
) -> tuple[float, dict[str, Sums]]:
    """Threshold and sums of each way of one fold, from disk where it is done."""
    from nephoscope.learn.fit import fit

    folder = options.output / f"fold{index}"
    store = fold_store(options.samples, folder / "samples.zarr", split)
    recipe = load_recipe(options.recipe, options.set)
    if not (folder / "run" / "model").is_dir():
        _line(f"fold {index}: training, scored on {split.count('test')} maps")
        fit(recipe, store, folder / "run", resume=True, report=_line)
    model, samples = load_model(folder / "run" / "model"), open_samples(store)
    if model.recipe != recipe:
        raise UsageError(f"{folder} was trained from another recipe: name another --output")
    paths = {way: folder / f"{way}.npz" for way in ways_of(model, samples)}
    if not all(path.is_file() for path in paths.values()):
        found = run_evaluation(model, samples, split="test", ways=list(paths))
        for way, path in paths.items():
            write_sums(found.ways[way].sums, path)
        _line(f"fold {index}: F1 {_shown(found.scores.overall['f1'])}")
    return model.threshold, {way: read_sums(path) for way, path in paths.items()}


def score_folds(folds: list[tuple[float, Sums]]) -> dict[str, Score]:
    """Scores over all folds, each at its own threshold, intervals by bootstrap of days.

    Args:
        folds: (threshold, sums) of each; the days of different folds differ.
    """
    # Folds differ in threshold, so what is pooled is which side of its own each pixel lies on.
    middle = PROBABILITY_STEPS // 2
    counts = np.concatenate(
        [_sides(sums.by_unit(), threshold_step(threshold), middle) for threshold, sums in folds]
    )
    at_middle = MaskDecision(threshold=0.5)
    decided = with_intervals(counts, TASK, at_middle, bootstrap_weights(len(counts)))
    stated = score_masks(merge(sums for _, sums in folds), 0.5).overall
    return stated | {name: decided[name] for name in THRESHOLD_METRICS}


def _sides(counts: Counts, level: int, middle: int) -> Counts:
    """(day, truth, bin) with all below `level` in the first level, all else in `middle`."""
    moved = np.zeros_like(counts)
    moved[..., 0] = counts[..., 0]
    moved[..., 1] = counts[..., 1 : 1 + level].sum(axis=-1)
    moved[..., 1 + middle] = counts[..., 1 + level :].sum(axis=-1)
    return moved


def write_sums(sums: Sums, path: Path) -> None:
    """Write sums to `path` (.npz), atomically."""
    keys = sorted(sums.cells)
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            unit=np.array([unit for unit, _ in keys], dtype="U"),
            band=np.array([band for _, band in keys], dtype=np.int64),
            counts=np.array([sums.cells[key] for key in keys], np.int64).reshape(-1, *sums.shape),
        )


def read_sums(path: Path) -> Sums:
    """Read what `write_sums` wrote.

    Raises:
        InputError: the file is missing, damaged or of another form.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            keys = zip(file["unit"].tolist(), file["band"].tolist(), strict=True)
            counts = file["counts"]
            return Sums(dict(zip(keys, counts, strict=True)), counts.shape[1:])
    except Exception as error:  # numpy raises half a dozen kinds on a damaged archive
        raise InputError(path, f"does not hold sums: {error}") from error


def _shown(score: Score) -> str:
    if score.value is None:
        return "undefined"
    interval = "" if score.low is None else f" ({score.low:.4f} to {score.high:.4f})"
    return f"{score.value:.4f}{interval}"


def _line(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script


if __name__ == "__main__":
    main()

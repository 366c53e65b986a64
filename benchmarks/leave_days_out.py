"""Leave-days-out: train once for each block of days left out, and score all days unseen.

    python -m benchmarks.leave_days_out mars.zarr -o study [--recipe mars] [--folds 6]
        [--set training.steps=2000 ...] [--without position]

Each fold trains on the other blocks but one, chooses checkpoint and threshold on that one, and is
scored on its own block. The sums of the folds are merged, so every day is scored once, by a model
that has not seen it. Folds that are done are skipped when the study is run again.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.evaluation.scores import Score, bootstrap_weights, metrics
from nephoscope.evaluation.sums import STEPS, Counts, Sums, read_sums, write_sums
from nephoscope.files import atomic_path, write_text
from nephoscope.models import load_model
from nephoscope.recipe import load_recipe
from nephoscope.samples.store import open_samples

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
    parser.add_argument("--without", action="append", default=[], help="position or background")
    options = parser.parse_args()
    parts = assign_folds(options.samples, options.folds)
    done = [_fold(options, index, split) for index, split in enumerate(parts)]
    scores = score_folds(done)
    for name, score in scores.items():
        _line(f"{name:18} {_shown(score)}")
    document = {name: asdict(score) for name, score in scores.items()}
    name = "-".join(["scores", *sorted(options.without)])
    write_text(options.output / f"{name}.json", json.dumps(document, indent=1) + "\n")


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


def _fold(options: argparse.Namespace, index: int, split: list[str]) -> tuple[float, Sums]:
    """Threshold and sums of one fold, from disk where it is done."""
    from nephoscope.learn.fit import fit

    folder = options.output / f"fold{index}"
    model_folder = folder / "run" / "model"
    sums_path = folder / ("-".join(["sums", *sorted(options.without)]) + ".npz")
    store = fold_store(options.samples, folder / "samples.zarr", split)
    if not model_folder.is_dir():
        recipe = load_recipe(options.recipe, options.set)
        _line(f"fold {index}: training, scored on {split.count('test')} maps")
        model_folder = fit(recipe, store, folder / "run", resume=(folder / "run").exists())
    model = load_model(model_folder)
    if not sums_path.is_file():
        found = run_evaluation(model, store, split="test", without=options.without)
        write_sums(found.scores.sums, sums_path)
        _line(f"fold {index}: F1 {_shown(found.scores.overall['f1'])}")
    return model.threshold, read_sums(sums_path)


def score_folds(folds: list[tuple[float, Sums]]) -> dict[str, Score]:
    """Scores over all folds, each at its own threshold, intervals by bootstrap of days.

    Args:
        folds: (threshold, sums) of each; the days of different folds differ.
    """
    # Folds differ in threshold, so what is pooled is which side of its own each pixel lies on.
    middle = STEPS // 2
    counts = np.concatenate(
        [_sides(sums.by_day(), round(threshold * STEPS), middle) for threshold, sums in folds]
    )
    kept = ("f1", "iou", "precision", "recall", "mcc", "accuracy", "cloud_share", "coverage")
    values = metrics(counts.sum(axis=0), middle)
    weights = bootstrap_weights(len(counts))
    samples = metrics(np.tensordot(weights, counts, axes=1), middle) if weights is not None else {}
    n = int(counts.sum())
    return {name: Score(float(values[name]), *_interval(samples, name), n) for name in kept}


def _sides(counts: Counts, level: int, middle: int) -> Counts:
    """(day, truth, bin) with all below `level` in the first level, all else in `middle`."""
    moved = np.zeros_like(counts)
    moved[..., 0] = counts[..., 0]
    moved[..., 1] = counts[..., 1 : 1 + level].sum(axis=-1)
    moved[..., 1 + middle] = counts[..., 1 + level :].sum(axis=-1)
    return moved


def _interval(samples: dict[str, np.ndarray], name: str) -> tuple[float, float] | tuple[None, None]:
    if not samples:
        return None, None
    low, high = np.percentile(samples[name], [2.5, 97.5])
    return float(low), float(high)


def _shown(score: Score) -> str:
    if score.value is None:
        return "undefined"
    interval = "" if score.low is None else f" ({score.low:.4f} to {score.high:.4f})"
    return f"{score.value:.4f}{interval}"


def _line(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script


if __name__ == "__main__":
    main()

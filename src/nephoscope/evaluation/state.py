"""How good a classifier of whole frames is: confusion with unknown, ROC, feature space."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.classify import FrameClassifier
from nephoscope.errors import InputError
from nephoscope.files import write_bytes, write_text
from nephoscope.inputs.texture import NAMES, texture
from nephoscope.models import Model
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.store import open_samples
from nephoscope.tasks.sky_state import CLEAR, CLOUDY, CameraTemperatures, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

States = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
StateScores = dict[str, float | int | None]
SAID = ("clear", "cloudy", "unknown")
TRUE = ("clear", "cloudy")


def evaluate_state(
    model: Model, samples: str | Path, out: str | Path, split: str | None = None
) -> StateScores:
    """Score a model and write `scores.json`, `report.md`, `confusion.csv`, `roc.csv` and figures.

    Where umap-learn is installed, the feature space is also drawn by UMAP.

    Args:
        model: of the `sky_state` task.
        samples: a store that `nephoscope build` made from frames with a state.
        out: folder of the report.
        split: a part of it, or "all"; by default test, else validation, else all.

    Returns:
        what `state_scores` gives.

    Raises:
        InputError: the samples cannot be used, or the part is empty.
        UsageError: they are of another instrument than the model's.
        OutputError: something cannot be written.
    """
    from nephoscope.plots.state import plot_feature_space, plot_state_confusion, plot_state_roc

    store = open_samples(samples)
    check_pairing(store, model.recipe, "model")
    split = split or _usual_split(store)
    states, verdicts = judge_all(model, store, split)
    found = state_scores(states, verdicts)
    table, curve = confusion_of(states, verdicts), roc_of(states, texture_probabilities(
        model, store, split))  # fmt: skip
    out = Path(out)
    facts = {
        "spec": {
            "task": "sky_state",
            "samples_id": str(store.attrs.get("samples_id", "")),
            "split": split,
            "n": len(states),
        },
        "scores": found,
        "model": {"name": model.name, "sha256": model.weights_sha256},
        "nephoscope": version("nephoscope"),
    }
    write_text(out / "scores.json", json.dumps(facts, indent=2) + "\n")
    write_text(out / "confusion.csv", _confusion_csv(table))
    write_text(out / "roc.csv", _roc_csv(curve))
    features, kept = _features(store, split)
    figures = {
        "confusion": plot_state_confusion(table, model.name),
        "roc": plot_state_roc(curve, model.name),
        "features": plot_feature_space(features, states[kept]),
    }
    if find_spec("umap"):
        figures["features_umap"] = plot_feature_space(features, states[kept], "umap")
    for name, figure in figures.items():
        _save(figure, out / f"{name}.png")
    write_text(out / "report.md", _report(model, found, split, list(figures)))
    return found


def judge_all(model: Model, store: xr.Dataset, split: str) -> tuple[States, list[Verdict]]:
    """True states and verdicts of a part ("all": of every sample); no reference is used.

    Raises:
        InputError: the part is empty.
    """
    chosen = _chosen(store, split)
    warm = np.stack(
        [store[f"{name}_temperature"].values[chosen] for name in ("fpa", "ambient", "shutter")]
    ).T
    classifier = FrameClassifier(model)
    verdicts = [
        classifier.judge(image, CameraTemperatures(float(row[0]), float(row[1]), float(row[2])))
        for image, row in zip(_images(store, split), warm, strict=True)
    ]
    return store["label"].values[chosen].astype(np.int8), verdicts


def _images(store: xr.Dataset, split: str) -> npt.NDArray[np.float32]:
    """(sample, y, x) of a part, read at once: one by one each would open its whole chunk."""
    return np.asarray(store["image"].values[_chosen(store, split), 0])


def texture_probabilities(model: Model, store: xr.Dataset, split: str) -> Floats:
    """Probability of cloud of each sample of a part, before anything is called unknown."""
    classifier = FrameClassifier(model)
    found = (classifier.probability(image) for image in _images(store, split))
    return np.array([0.5 if value is None else value for value in found])


def confusion_of(states: States, verdicts: list[Verdict]) -> npt.NDArray[np.int64]:
    """Counts (true, said) int64: rows clear, cloudy; columns clear, cloudy, unknown."""
    table = np.zeros((2, 3), np.int64)
    for state, verdict in zip(states, verdicts, strict=True):
        table[int(state), SAID.index(verdict.state)] += 1
    return table


def state_scores(states: States, verdicts: list[Verdict]) -> StateScores:
    """Share of unknown frames, and recalls among those that are not unknown.

    What cannot be told is None: the recall of a state of which no frame is decided, and the
    balanced accuracy with it.

    Args:
        states: (sample,) int8, 0 clear, 1 cloudy.
        verdicts: as many.
    """
    table = confusion_of(states, verdicts)
    decided = table[:, :2].sum(axis=1)
    clear, cloudy = (
        float(table[state, state] / decided[state]) if decided[state] else None
        for state in (CLEAR, CLOUDY)
    )
    return {
        "balanced_accuracy": None
        if clear is None or cloudy is None
        else round((clear + cloudy) / 2, 4),
        "clear_found": None if clear is None else round(clear, 4),
        "cloudy_found": None if cloudy is None else round(cloudy, 4),
        "unknown_share": round(float(table[:, 2].sum() / max(table.sum(), 1)), 4),
        "cloudy_called_clear": int(table[CLOUDY, CLEAR]),
        "clear_called_cloudy": int(table[CLEAR, CLOUDY]),
        "frames": int(table.sum()),
    }


def roc_of(states: States, probabilities: Floats) -> tuple[Floats, Floats, Floats]:
    """Share of clear frames called cloudy, of cloudy ones found, and threshold, falling.

    The share of a state of which there is no frame is NaN.
    """
    thresholds = np.r_[np.inf, np.unique(probabilities)[::-1]]
    cloudy = states == CLOUDY
    false, true = (
        _share_reached(np.sort(probabilities[chosen]), thresholds) for chosen in (~cloudy, cloudy)
    )
    return false, true, thresholds


def _share_reached(rising: Floats, thresholds: Floats) -> Floats:
    if not rising.size:
        return np.full(thresholds.shape, np.nan)
    return np.asarray(1 - np.searchsorted(rising, thresholds) / rising.size, np.float64)


def area_under(curve: tuple[Floats, Floats, Floats]) -> float:
    """Area under the curve that `roc_of` gives."""
    return float(np.trapezoid(curve[1], curve[0]))


def _usual_split(store: xr.Dataset) -> str:
    present = set(store["split"].values.tolist())
    return next((part for part in ("test", "validation") if part in present), "all")


def _chosen(store: xr.Dataset, split: str) -> npt.NDArray[np.intp]:
    parts = store["split"].values
    chosen = np.arange(len(parts)) if split == "all" else np.flatnonzero(parts == split)
    if not len(chosen):
        source = str(store.encoding.get("source", "samples"))
        raise InputError(source, f"no sample in '{split}'", field="split")
    return chosen


def _features(store: xr.Dataset, split: str) -> tuple[Floats, npt.NDArray[np.intp]]:
    found = [texture(image) for image in _images(store, split)]
    kept = np.array([n for n, one in enumerate(found) if one is not None], np.intp)
    rows = [one for one in found if one is not None]
    return np.array(rows, float).reshape(-1, len(NAMES)), kept


def _confusion_csv(table: npt.NDArray[np.int64]) -> str:
    rows = [f"{name},{','.join(map(str, row))}" for name, row in zip(TRUE, table, strict=True)]
    return "\n".join([f"true,{','.join(SAID)}", *rows]) + "\n"


def _roc_csv(curve: tuple[Floats, Floats, Floats]) -> str:
    rows = [f"{f:.6f},{t:.6f},{p:.6f}" for f, t, p in zip(*curve, strict=True)]
    return "\n".join(["false_positive_rate,true_positive_rate,threshold", *rows]) + "\n"


def _save(figure: Figure, path: Path) -> None:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    write_bytes(path, buffer.getvalue())


def _report(model: Model, found: dict[str, Any], split: str, figures: list[str]) -> str:
    rows = [
        f"| {name.replace('_', ' ')} | {'undefined' if value is None else value} |"
        for name, value in found.items()
    ]
    return "\n".join(
        [
            f"# {model.name}: clear or cloudy, on {split} samples",
            "",
            "Recalls and balanced accuracy are among the frames that are not called unknown.",
            "",
            "| score | value |",
            "|---|---|",
            *rows,
            *(f"\n![{name.replace('_', ' ')}]({name}.png)" for name in figures),
            "",
        ]
    )

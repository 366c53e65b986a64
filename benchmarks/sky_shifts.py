"""How much a colour-sky model loses when the camera changes: altered validation frames.

    python -m benchmarks.sky_shifts MODEL sky.zarr -o shifts

writes `shifts/scores.json`: F1 and accuracy of the validation frames as they are, of the middle of
the whole sky alone (no horizon, no circle), enlarged, and with another curve, tint and saturation.
The frames stay those of one camera: this is no proof for another one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.apply.network import Predictor
from nephoscope.files import write_text
from nephoscope.inputs import quantise
from nephoscope.models import load_model
from nephoscope.samples.store import open_samples, part_indices

Image = npt.NDArray[np.uint8]
Change = Callable[[Image], Image]
Window = tuple[slice, slice] | None
MIDDLE = 0.27, 0.73  # share of each side


def main() -> None:
    """Score every change and write what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="model folder or name")
    parser.add_argument("samples", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every n-th frame")
    options = parser.parse_args()
    model, store = load_model(options.model), open_samples(options.samples)
    frames = part_indices(store, "validation")[:: options.every]
    predictor, rows = Predictor(model, workers=1), {}
    for name, (change, middle, zoom) in changes().items():
        counts = np.zeros((2, 2), np.int64)
        for frame in frames:
            image, label = (store[v][frame].values for v in ("image", "label"))
            window = _middle(label.shape) if middle else (slice(None), slice(None))
            image, label = image[:, *window], label[window]
            image, label = (np.repeat(np.repeat(v, zoom, -1), zoom, -2) for v in (image, label))
            counts += _count(predictor, change(_as_bytes(image)), label)
        rows[name] = _scores(counts)
        sys.stdout.write(f"{name:24} F1 {rows[name]['f1']:.4f}\n")
    found = {"weights_sha256": model.weights_sha256, "frames": len(frames), "changes": rows}
    options.output.mkdir(parents=True, exist_ok=True)
    write_text(options.output / "scores.json", json.dumps(found, indent=1) + "\n")


def changes() -> dict[str, tuple[Change, bool, int]]:
    """Name → (change of the colours, only the middle of the frame, enlargement)."""
    return {
        "as it is": (tone(), False, 1),
        "the middle alone": (tone(), True, 1),
        "the middle, enlarged 2x": (tone(), True, 2),
        "brighter curve (0.7)": (tone(gamma=0.7), False, 1),
        "darker curve (1.4)": (tone(gamma=1.4), False, 1),
        "warmer": (tone((1.12, 1.0, 0.9)), False, 1),
        "colder": (tone((0.9, 1.0, 1.1)), False, 1),
        "paler by 30 %": (tone(pale=0.3), False, 1),
        "darker by 30 %": (tone((0.7, 0.7, 0.7)), False, 1),
        "middle, 2x, warm, curve": (tone((1.1, 1.0, 0.92), gamma=0.8), True, 2),
    }


def tone(
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0), gamma: float = 1.0, pale: float = 0.0
) -> Change:
    """Another camera's colours: a power law, gains of red, green and blue, a share of grey."""

    def change(image: Image) -> Image:
        values = 255 * (image / 255.0) ** gamma * np.array(gains)[:, None, None]
        values += pale * (values.mean(axis=0) - values)
        values[:, ~image.any(axis=0)] = np.nan
        return quantise(values)

    return change


def _as_bytes(image: npt.NDArray[Any]) -> Image:
    return np.nan_to_num(image).astype(np.uint8)


def _middle(shape: tuple[int, ...]) -> tuple[slice, slice]:
    first, second = (slice(*(round(share * side) for share in MIDDLE)) for side in shape)
    return first, second


def _count(
    predictor: Predictor, image: Image, label: npt.NDArray[np.int8]
) -> npt.NDArray[np.int64]:
    """[label, mask] counts; a pixel without a prediction counts as clear."""
    zeros = np.zeros(image.shape[1]), np.zeros(image.shape[2])
    probability = np.nan_to_num(predictor.predict_image(image, *zeros))
    cloud = probability >= predictor.model.threshold
    known = label >= 0
    places = 2 * label[known].astype(np.int64) + cloud[known]
    return np.bincount(places, minlength=4).reshape(2, 2)


def _scores(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    (tn, fp), (fn, tp) = counts.tolist()
    return {"f1": 2 * tp / max(2 * tp + fp + fn, 1), "accuracy": (tp + tn) / int(counts.sum())}


if __name__ == "__main__":
    main()

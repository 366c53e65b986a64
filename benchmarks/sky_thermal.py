"""How good `sky-thermal` is on simulated frames of new cameras, beside formulas; and its card.

    python -m benchmarks.sky_thermal MODEL -o report [--frames 400 --seed 9100] [--lwir FOLDER]

writes `report/scores.json` and, from `benchmarks/sky_thermal_card.md`, `MODEL/card.md`. Frames and
truth are compared as block means of 4 x 4 pixels, on which the formulas are defined. `--lwir` names
a folder of real frames whose label is a formula: agreement with it is no skill.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.apply.network import Predictor
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.mask_sums import score_masks, sums_of_map
from nephoscope.evaluation.sums import Sums
from nephoscope.files import write_text
from nephoscope.formulas import minmax, otsu, zscale_log_otsu
from nephoscope.grids.blocks import Blocks
from nephoscope.models import load_model
from nephoscope.reports.markdown import table_of
from nephoscope.reports.report import hardware
from nephoscope.simulate.sky import simulate_frame
from nephoscope.tasks.mask import as_floats
from nephoscope.tasks.mask_metrics import best_threshold

TEMPLATE = Path(__file__).with_name("sky_thermal_card.md")
BLOCK = 4
WHOLE = 0.99
"""Label cover from which a frame is overcast; below 1 less this it is clear."""
METRICS = ("mean_iou", "iou", "iou_clear", "f1", "accuracy", "mcc", "auc", "ece")
CAMERAS = ((1.0, 500.0), (0.1, 0.0), (8.0, -3000.0))
"""Scale and offset with which the counts are changed: nothing may depend on them."""

Floats = NDArray[np.float32]
Way = Callable[[Floats], Floats]
Frame = tuple[str, Floats, NDArray[np.int8]]


def main() -> None:
    """Measure, write the numbers, and the card if frames and model are those of the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="model folder, or a shipped name")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the report")
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--seed", type=int, default=9100)
    parser.add_argument("--lwir", type=Path, help="folder of real frames with formula labels")
    options = parser.parse_args()
    model = load_model(options.model)
    predictor = Predictor(model, workers=1)
    ways: dict[str, Way] = {model.name: lambda image: predict(predictor, image), **formulas()}
    scores = measure(simulated(options.seed, options.frames), ways, model.threshold)
    found: dict[str, Any] = {
        "model": {"name": model.name, "weights_sha256": model.weights_sha256},
        "frames": options.frames,
        "seed": options.seed,
        "simulated": scores,
        "largest_change": largest_change(predictor, options.seed),
        "milliseconds": milliseconds(predictor, options.seed),
        "hardware": hardware(),
    }
    if options.lwir is not None:
        found["agreement"] = measure(labelled(options.lwir), ways, model.threshold)
    write_text(options.output / "scores.json", json.dumps(found, indent=1) + "\n")
    card = fill_card(found, model.info, model.threshold)
    write_text(model.folder / "card.md", card)
    sys.stdout.write(card)


def formulas() -> dict[str, Way]:
    """What looks at one frame and is told nothing else: name → (y, x) 0..1."""
    return {
        "Otsu": lambda image: as_floats(otsu(image).mask),
        "min-max 0.122": lambda image: as_floats(minmax(image).mask),
        "zscale-log-otsu": lambda image: as_floats(zscale_log_otsu(image).mask),
        "min-max, best threshold for these frames": lambda image: (
            (image - image.min()) / max(float(np.ptp(image)), 1e-6)
        ),
        "always cloudy": np.ones_like,
    }


def simulated(seed: int, frames: int) -> Iterator[Frame]:
    """Name, block means (y, x) float32 ADU and label (y, x) int8 of simulated frames."""
    for index in range(frames):
        frame = simulate_frame(seed, index)
        image = Blocks(BLOCK, BLOCK).mean(frame.adu[None].astype(np.float32))[0]
        yield f"{index:05d}", image, Blocks(BLOCK, BLOCK).label(frame.mask.astype(np.int8))


def labelled(folder: Path) -> Iterator[Frame]:
    """Real frames with the label that a formula drew; of a `split.json` the validation part."""
    from nephoscope.instruments.skycam import find as find_frames
    from nephoscope.instruments.skycam import label_path_for, read_label
    from nephoscope.instruments.skycam import read as read_frame

    table = folder / "split.json"
    split = json.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    for file in find_frames(folder):
        if split and split.get(file.path.name, {}).get("part") != "val":
            continue
        label = label_path_for(file.path)
        if label is not None:
            yield file.id, read_frame(file.path)["image"].values[0], read_label(label)


def predict(predictor: Predictor, image: Floats) -> Floats:
    """Probability of cloud, (y, x) float32, of a frame (y, x) float32."""
    rows, cols = image.shape
    return predictor.predict_image(image[None], np.zeros(rows), np.zeros(cols))


def measure(frames: Iterator[Frame], ways: Mapping[str, Way], threshold: float) -> dict[str, Any]:
    """Scores of each way over all frames, and over clear, partly cloudy and overcast ones."""
    sums: dict[tuple[str, str], Sums] = {}
    for name, image, label in frames:
        cover = float((label == 1).mean())
        group = "clear" if cover < 1 - WHOLE else "overcast" if cover > WHOLE else "partly"
        for way, say in ways.items():
            one = sums_of_map(name, say(image), label, np.zeros(label.shape[0]))
            for part in ("all", group):
                sums[way, part] = sums.get((way, part), Sums()) + one
    found: dict[str, Any] = {}
    for (way, part), total in sums.items():
        level = best_threshold(sums[way, "all"].total()) if "best" in way else threshold
        scores = score_masks(total, level, block=1)
        found.setdefault(way, {})[part] = {
            "frames": len(total.units),
            **{name: asdict(scores.overall[name]) for name in METRICS},
        }
    return found


def largest_change(predictor: Predictor, seed: int, frames: int = 20) -> float:
    """Largest change of a probability when counts are scaled and offset as in `CAMERAS`."""
    worst = 0.0
    for _, image, _ in simulated(seed, frames):
        before = predict(predictor, image)
        for scale, offset in CAMERAS:
            moved = (scale * image.astype(np.float64) + offset).astype(np.float32)
            worst = max(worst, float(np.abs(predict(predictor, moved) - before).max()))
    return worst


def milliseconds(predictor: Predictor, seed: int, repeats: int = 50) -> dict[str, float]:
    """Best time of one frame of 128 x 160 on one core: the network alone, and all there is."""
    _, image, _ = next(simulated(seed, 1))
    features = len(predictor.model.recipe.inputs.names)
    inputs = np.random.default_rng(0).normal(size=(1, features, *image.shape)).astype(np.float32)
    return {
        "network": _best(lambda: predictor.run(inputs), repeats),
        "frame": _best(lambda: predict(predictor, image), repeats),
    }


def fill_card(found: Mapping[str, Any], info: Mapping[str, Any], threshold: float) -> str:
    """The card's text, from what was measured and what the model knows of its training."""
    name = found["model"]["name"]
    own = found["simulated"][name]
    agreement, start = "Not measured.", info.get("initial_weights")
    if "agreement" in found:
        agreement = _table(found["agreement"], "all", ("mean_iou", "iou_clear", "f1", "mcc"))
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=name,
        sha256=found["model"]["weights_sha256"],
        threshold=f"{threshold:.3f}",
        parameters=f"{info['parameters']:,}",
        steps=f"{info['steps']:,}",
        initial=f", from the weights `{start[:12]}` of an earlier run" if start else "",
        train=len(info["split"]["train"]),
        validation=len(info["split"]["validation"]),
        samples=info["samples_id"],
        frames=found["frames"],
        seed=found["seed"],
        all=_table(found["simulated"], "all", METRICS),
        partly=_table(found["simulated"], "partly", ("mean_iou", "iou", "iou_clear", "f1", "mcc")),
        partly_frames=own["partly"]["frames"],
        clear=_table(found["simulated"], "clear", ("accuracy",)),
        clear_frames=own["clear"]["frames"],
        overcast=_table(found["simulated"], "overcast", ("accuracy",)),
        overcast_frames=own["overcast"]["frames"],
        change=f"{found['largest_change']:.0e}",
        network=f"{found['milliseconds']['network']:.1f}",
        frame=f"{found['milliseconds']['frame']:.1f}",
        processor=found["hardware"]["processor"],
        agreement=agreement,
    )


_HEADS = {"mean_iou": "mIoU", "iou": "IoU cloud", "iou_clear": "IoU sky", "f1": "F1", "mcc": "MCC",
          "auc": "AUC", "ece": "calibration error", "accuracy": "pixels right"}  # fmt: skip


def _table(scores: Mapping[str, Any], part: str, metrics: tuple[str, ...]) -> str:
    rows = (
        [way, *(_cell(Score(**parts[part][name]), way) for name in metrics)]
        for way, parts in scores.items()
    )
    return table_of(["", *(_HEADS[name] for name in metrics)], rows)


def _cell(score: Score, way: str) -> str:
    if score.value is None:
        return "-"
    if score.low is None or score.high is None or not way.startswith("sky"):
        return f"{score.value:.3f}"
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _best(call: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1000 * min(seconds)


if __name__ == "__main__":
    main()

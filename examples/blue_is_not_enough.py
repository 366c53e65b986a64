"""Compare the best threshold on blue with the model, on a map whose clouds are known.

Usage: python blue_is_not_enough.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

import nephoscope
from nephoscope.evaluation.mask_sums import score_masks, sums_of_map
from nephoscope.instruments.marci import label_path_for, read_label
from nephoscope.simulate.mars import simulate_maps
from nephoscope.tasks.mask_metrics import best_threshold


def main(folder: Path) -> None:
    """Simulate a map into `folder` and write `blue_is_not_enough.txt` there."""
    path = simulate_maps(folder, scenes=1, seed=1, flavour="label")[0]
    scene, truth = nephoscope.open_scene(path), read_label(label_path_for(path))
    latitude, model = scene.latitude.values, nephoscope.load_model("mars")

    # As if blue were a probability; its threshold is chosen on the truth itself, the model's not.
    blue = sums_of_map("blue", scene.image.values[2] / np.float32(255), truth, latitude)
    blue_scores = score_masks(blue, best_threshold(blue.total())).overall

    probability = nephoscope.predict(model, scene).cloud_probability.values
    predicted = sums_of_map("model", probability.astype(np.float32), truth, latitude)
    model_scores = score_masks(predicted, model.threshold).overall

    lines = [
        f"best blue threshold  F1 {blue_scores['f1'].value:.3f}",
        f"model                F1 {model_scores['f1'].value:.3f}",
    ]
    (folder / "blue_is_not_enough.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

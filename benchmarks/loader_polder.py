"""Samples of all views a second for one core: patches read, turned and made into features.

    python -m benchmarks.loader_polder SAMPLES.zarr [--seconds 10]

Seconds are those of the processor, as other programs may share the machine. Features are those of
all 288 directional channels (15 radiances, 3 angles, 16 views), with parallax and validity.
"""

from __future__ import annotations

import argparse
import time

from nephoscope.recipe import Recipe, validate_recipe
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part

BANDS = (443, 490, 565, 670, 763, 765, 865, 910, 1020)
POLARISED = (490, 670, 865)
WANTED = 30.0
BATCH = 4


def recipe(task: str, crop: int) -> Recipe:
    """Everything that a sample of all views can say."""
    radiances = [f"r{band}_*" for band in BANDS]
    radiances += [f"{part}{band}_*" for band in POLARISED for part in "qu"]
    angles = [f"{name}_*" for name in ("cos_thetas", "cos_thetav", "sin_phi", "cos_phi")]
    features = {
        "views": [*radiances, *angles],
        "parallax": ["parallax_x_*", "parallax_y_*"],
        "valid": ["valid_*"],
        "picture": ["land_sea_flag", "surface_altitude"],
    }
    return validate_recipe(
        {
            "name": "all-views",
            "instrument": "polder",
            "task": task,
            "inputs": {"features": features},
            "network": {"name": "unet"},
            "training": {
                "crop": [crop, crop],
                "batch": BATCH,
                "augmentation": {"flip_x": True, "flip_y": True, "quarter_turns": True},
            },
            "truth": {"levels": {"lowest": 600, "highest": 19800, "step": 240}},
        }
    )


def main() -> None:
    """Print how many samples a core makes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--task", default="cloud_type")
    parser.add_argument("--crop", type=int, default=100)
    options = parser.parse_args()
    wanted = recipe(options.task, options.crop)
    began = time.process_time()
    part = load_part(options.samples, "train", wanted)
    opened = time.process_time() - began
    loader = CropLoader(part, wanted)
    loader.batch(range(BATCH))
    began, made = time.process_time(), 0
    while time.process_time() - began < options.seconds:
        batch = loader.batch(range(made, made + BATCH))
        made += BATCH
    rate = made / (time.process_time() - began)
    size = tuple(batch["inputs"].shape[1:])
    print(f"{len(part.indices) / opened:.1f} samples/s read into memory")  # noqa: T201
    print(f"{rate:.1f} samples/s of {size} made by one core; wanted {WANTED:.0f}")  # noqa: T201


if __name__ == "__main__":
    main()

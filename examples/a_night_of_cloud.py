"""A night of a thermal camera: from raw frames to a curve of cloud fraction.

Usage: python a_night_of_cloud.py FOLDER
"""

import sys
from pathlib import Path

from nephoscope.apply.sky.bulk import predict_sky
from nephoscope.evaluation.night import compare_night
from nephoscope.plots.night import draw_night
from nephoscope.simulate.sky import simulate_sky


def main(folder: Path, frames: int = 24) -> None:
    """Simulate a night into `folder`, predict it, and write `a_night_of_cloud.png` there."""
    simulate_sky(folder / "night", scenes=frames, seed=1, flavour="night")

    # One FITS and one picture a frame, and the tables frames.csv and blobs.csv.
    # On your own frames this is all: nephoscope predict sky FRAMES -o OUT
    predict_sky([folder / "night" / "frames"], folder / "products", workers=2)

    night = compare_night(folder / "products", folder / "night" / "truth")
    draw_night(night, folder / "products").savefig(folder / "a_night_of_cloud.png", dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

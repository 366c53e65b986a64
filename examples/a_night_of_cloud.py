"""A night of a thermal camera: from raw frames to a curve of cloud fraction.

Usage: python a_night_of_cloud.py FOLDER
"""

import csv
import sys
from pathlib import Path

import nephoscope
from nephoscope.apply.bulk import maker_of, predict_many
from nephoscope.cli.run_report import draw
from nephoscope.evaluation.night import compare_night
from nephoscope.formulas import fit_clear_reference, write_camera_background
from nephoscope.instruments.skycam import read_label
from nephoscope.plots.night import draw_night
from nephoscope.simulate.sky import simulate_sky


def main(folder: Path, frames: int = 24) -> None:
    """Simulate a night into `folder`, predict it, and write `a_night_of_cloud.png` there."""
    raw, alone, beside = folder / "night" / "frames", folder / "alone", folder / "beside_clear"
    simulate_sky(folder / "night", scenes=frames, seed=1, flavour="night")

    # Each frame by itself: it shows which parts are warmer, not whether all of it is cloud.
    predict_many([raw], alone, maker_of("sky"), workers=2)

    # The frames called clear show what this camera sees without cloud.
    with (alone / "frames.csv").open() as table:
        clear = [raw / row["file"] for row in csv.DictReader(table) if row["state"] == "clear"]
    reference = fit_clear_reference(map(nephoscope.open_scene, clear))
    write_camera_background(folder / "clear.nc", reference)
    chain = maker_of("sky", background=folder / "clear.nc")
    predict_many([raw], beside, chain, workers=2, draw=draw)  # with a picture of each

    truth = folder / "night" / "truth"
    first, second = (compare_night(place, truth, read_label) for place in (alone, beside))
    draw_night(second, beside, first).savefig(folder / "a_night_of_cloud.png", dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

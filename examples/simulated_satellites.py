"""What satellites see of a made-up atmosphere, the truth, and what radar and lidar meet below them.

Usage: python simulated_satellites.py FOLDER
"""

import sys
from pathlib import Path

from nephoscope.plots.quicklook import save_picture
from nephoscope.simulate.earth.beside_truth import picture_and_truth
from nephoscope.simulate.earth.polder import simulate_half_orbits
from nephoscope.simulate.earth.reading import find_truths, open_simulated
from nephoscope.simulate.earth.seviri import simulate_slots


def main(folder: Path, size: int = 512, rows: int = 400) -> None:
    """Simulate into `folder`; write `simulated_seviri.png` and `simulated_polder.png` there."""
    simulate_slots(folder / "seviri", seed=5, size=size)
    simulate_half_orbits(folder / "polder", seed=4, rows=rows)
    for name in ("seviri", "polder"):
        (truth,) = find_truths(folder / name)
        picture = picture_and_truth(*open_simulated(truth))
        save_picture(picture, folder / f"simulated_{name}.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

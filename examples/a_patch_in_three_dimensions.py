"""Samples along a radar's track: what was seen, and the clouds that stand on the track.

Usage: python a_patch_in_three_dimensions.py FOLDER
"""

import sys
from pathlib import Path

from nephoscope.cli import app
from nephoscope.plots.store_pictures import split_pictures
from nephoscope.simulate.earth.polder import simulate_half_orbits


def main(folder: Path, rows: int = 200) -> None:
    """Simulate and cut samples in `folder`; write `a_patch_in_three_dimensions.png` there."""
    simulate_half_orbits(folder / "raw", seed=8, rows=rows)
    store = folder / "samples.zarr"
    app(["build", "polder", str(folder / "raw"), "-o", str(store)], standalone_mode=False)
    split_pictures(store, folder / "pictures")
    view = folder / "pictures" / "view_3d.png"
    view.rename(folder / "a_patch_in_three_dimensions.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

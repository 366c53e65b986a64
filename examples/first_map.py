"""A map of Mars with its clouds: the picture that `predict` draws beside a product.

Usage: python first_map.py FOLDER
"""

import sys
from pathlib import Path

import nephoscope
from nephoscope.plots.quicklook import quicklook, save_picture
from nephoscope.products.read import open_packed
from nephoscope.simulate.mars import simulate_maps


def main(folder: Path) -> None:
    """Simulate a map into `folder` and write `first_map.png` there."""
    path = simulate_maps(folder, scenes=1, seed=1, flavour="label")[0]
    scene = nephoscope.open_scene(path)
    product = open_packed(nephoscope.predict("mars", path, output=folder))
    save_picture(quicklook(product, scene), folder / "first_map.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

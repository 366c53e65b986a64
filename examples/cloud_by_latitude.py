"""Open a map, predict where the clouds are, and draw how cloudy each latitude is.

Usage: python cloud_by_latitude.py FOLDER
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

import nephoscope
from nephoscope.simulate.mars import simulate_maps


def main(folder: Path) -> None:
    """Simulate a map into `folder` and write `cloud_by_latitude.png` there."""
    path = simulate_maps(folder, scenes=1, seed=1, flavour="raw")[0]
    scene = nephoscope.open_scene(path)
    product = nephoscope.predict("mars", scene)

    # Missing pixels are NaN, not clear: the mean is over what was seen.
    cover = product.cloud_mask.mean("longitude")
    axes = (figure := Figure()).add_subplot()
    axes.plot(100 * cover, product.latitude)
    axes.set_xlabel("Cloud cover (%)")
    axes.set_ylabel("Latitude (° north)")
    axes.set_title(f"Simulated Mars, Ls {float(product.solar_longitude):.1f}°")
    figure.savefig(folder / "cloud_by_latitude.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

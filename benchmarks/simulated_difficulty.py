"""How hard simulated maps are: the best blue threshold, found on the very maps it is scored on.

python benchmarks/simulated_difficulty.py [--planets 4] [--days 2]
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.mars.scene import observe
from nephoscope.simulate.mars.surface import draw_surface


def count(values: NDArray[np.uint8], cloud: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Histograms of blue (DN) over clear and over cloudy pixels: (2, 256) int64."""
    return np.stack([np.bincount(values[where], minlength=256) for where in (~cloud, cloud)])


def best_threshold(histograms: NDArray[np.int64]) -> tuple[int, float]:
    """Threshold (DN) with the best F1 of "blue >= threshold is cloud", and that F1."""
    clear, cloud = histograms[:, ::-1].cumsum(axis=1)[:, ::-1]
    f1 = 2 * cloud / (clear + cloud + cloud[0])
    return int(f1.argmax()), float(f1.max())


def main() -> None:
    """Print the score of each planet and of all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planets", type=int, default=4)
    parser.add_argument("--days", type=int, default=2)
    options = parser.parse_args()
    total = np.zeros((2, 256), np.int64)
    for seed in range(options.planets):
        surface = draw_surface(np.random.default_rng(seed))
        planet = np.zeros_like(total)
        for day in range(1, options.days + 1):
            pixels, truth = observe(surface, seed, day)
            valid = truth >= 0
            planet += count(pixels[..., 2][valid], truth[valid] == 1)
        total += planet
        report(f"planet {seed}", planet)
    report("all", total)


def report(name: str, histograms: NDArray[np.int64]) -> None:
    """One line: the best threshold, its F1 and the cloud share."""
    threshold, f1 = best_threshold(histograms)
    share = histograms[1].sum() / histograms.sum()
    sys.stdout.write(f"{name}: blue >= {threshold} DN: F1 {f1:.3f}, cloud share {share:.3f}\n")


if __name__ == "__main__":
    main()

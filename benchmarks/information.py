"""How much of the cloud-top height a single simulated pixel tells: boosted trees, one pixel each.

    python -m benchmarks.information seviri|polder SIMULATED -o REPORT [--pixels 4000]

SIMULATED is a folder of `nephoscope simulate`. In each of four folds three quarters of its scenes
train and the others are scored, on pixels at least half covered and of an optical depth of at least
0.3. Climatology is the mean height of the training pixels. A simulated instrument is useful if a
pixel tells clearly more than climatology and clearly less than the truth, and if taking away what
is known to carry height makes it worse. Each set of inputs gets its own trees. Writes
`information.md` and `information.png`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from nephoscope.instruments.polder import cubes_of, nearest_nadir
from nephoscope.reports.markdown import table_of
from nephoscope.simulate.earth.reading import find_truths, open_simulated

Planes = dict[str, NDArray[np.float32]]
Keep = Callable[[str], bool]
SMALLEST_COVER, SMALLEST_DEPTH = 0.5, 0.3
FOLDS = 4

SETS: dict[str, dict[str, Keep]] = {
    "seviri": {
        "all channels": lambda name: True,
        "thermal channels": lambda name: not name.startswith(("VIS", "IR_016", "solar")),
        "window channels 10.8, 12.0, 8.7": lambda name: (
            name in {"IR_108", "IR_120", "IR_087", "satellite_zenith"}
        ),
        "10.8 alone": lambda name: name == "IR_108",
        "solar channels": lambda name: name.startswith(("VIS", "IR_016", "solar")),
    },
    "polder": {
        "all": lambda name: True,
        "without the O2 A-band": lambda name: not name.startswith(("oxygen", "I763", "I765")),
        "without polarisation": lambda name: not name.startswith(("Q", "U")),
        "the view nearest to nadir": lambda name: "@" not in name,
        "… without the O2 A-band": lambda name: (
            "@" not in name and not name.startswith(("oxygen", "I763", "I765"))
        ),
    },
}


@dataclass(frozen=True)
class Pixels:
    """Cloudy pixels of one picture.

    Args:
        scene: its seed: pictures of one scene train together or are scored together.
        features: (pixel, feature).
        names: of the features.
        height: (pixel,) m.
    """

    scene: int
    features: NDArray[np.float32]
    names: list[str]
    height: NDArray[np.float32]


def main() -> None:
    """Write the report and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipeline", choices=sorted(SETS))
    parser.add_argument("simulated", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--pixels", type=int, default=4000, help="of each picture")
    options = parser.parse_args()
    pictures = [
        cloudy_pixels(options.pipeline, truth, options.pixels)
        for truth in find_truths(options.simulated)
    ]
    rows = scores_of(options.pipeline, [each for each in pictures if len(each.height)])
    options.output.mkdir(parents=True, exist_ok=True)
    table = table_of(
        ["inputs", "mean error, km", "r.m.s. error, km", "worse than all, km", "variance told"],
        [
            [
                name,
                f"{s.mean:.2f}",
                f"{s.rms:.2f} ({s.low:.2f} to {s.high:.2f})",
                _worse(s),
                f"{s.told:.2f}",
            ]
            for name, s in rows.items()
        ],
    )
    (options.output / "information.md").write_text(table + "\n", encoding="utf-8")
    _draw(options.pipeline, rows, options.output / "information.png")
    sys.stdout.write(table + "\n")


def _worse(score: Score) -> str:
    middle, low, high = score.worse
    return f"{middle:.2f} ({low:.2f} to {high:.2f})" if high > 0 or low < 0 else ""


def cloudy_pixels(pipeline: str, truth_path: Path, most: int) -> Pixels:
    """Cloudy pixels of a picture, at most `most`, drawn evenly."""
    scene, truth, _ = open_simulated(truth_path)
    planes = {"seviri": _seviri, "polder": _polder}[pipeline](scene)
    height = truth["cloud_top_height"].values
    wanted = (truth["cloud_cover"].values >= SMALLEST_COVER) & np.isfinite(height)
    wanted &= truth["optical_depth"].values >= SMALLEST_DEPTH
    wanted &= np.isfinite(next(iter(planes.values())))
    places = np.flatnonzero(wanted)
    chosen = np.random.default_rng(0).permutation(places)[:most]
    features = np.stack([plane.ravel()[chosen] for plane in planes.values()], axis=1)
    return Pixels(int(truth.attrs["seed"]), features, list(planes), height.ravel()[chosen])


@dataclass(frozen=True)
class Score:
    """Errors in km: mean of sizes, r.m.s., variance told; and by how much worse than all inputs.

    `low`, `high`: 90 % of what drawing whole scenes again gives; `worse` is (middle, low, high) of
    the difference of r.m.s. in the same draws.
    """

    mean: float
    rms: float
    low: float
    high: float
    told: float
    worse: tuple[float, float, float]


def scores_of(pipeline: str, pictures: list[Pixels]) -> dict[str, Score]:
    """Scores by inputs: every scene is scored once, by trees that never saw it."""
    scenes = np.random.default_rng(0).permutation(sorted({each.scene for each in pictures}))
    folds = [set(part.tolist()) for part in np.array_split(scenes, FOLDS)]
    names = ["climatology", *SETS[pipeline]]
    errors: dict[str, dict[int, NDArray[Any]]] = {name: {} for name in names}
    for fold in folds:
        train = [each for each in pictures if each.scene not in fold]
        heights = np.concatenate([each.height for each in train])
        usual = float(heights.mean())
        for name in names:
            trees = None if name == "climatology" else _trees(pipeline, name, train, heights)
            for each in (one for one in pictures if one.scene in fold):
                guess = usual if trees is None else trees(each)
                wrong = np.asarray(guess - each.height) / 1000
                before = errors[name].get(each.scene, np.empty(0))
                errors[name][each.scene] = np.concatenate([before, wrong])
    return _summed(errors, names[1])


def _trees(
    pipeline: str, name: str, train: list[Pixels], heights: NDArray[np.float32]
) -> Callable[[Pixels], NDArray[Any]]:
    columns = [index for index, each in enumerate(train[0].names) if SETS[pipeline][name](each)]
    trees = HistGradientBoostingRegressor(max_iter=200, random_state=0)
    trees.fit(np.concatenate([each.features for each in train])[:, columns], heights)
    return lambda pixels: np.asarray(trees.predict(pixels.features[:, columns]))


def _summed(errors: dict[str, dict[int, NDArray[Any]]], best: str) -> dict[str, Score]:
    scenes = sorted(errors[best])
    counts = np.array([len(errors[best][one]) for one in scenes])
    squares = {
        name: np.array([(of[one] ** 2).sum() for one in scenes]) for name, of in errors.items()
    }
    draws = np.random.default_rng(0).integers(len(scenes), size=(2000, len(scenes)))
    again = {
        name: np.sqrt(sums[draws].sum(axis=1) / counts[draws].sum(axis=1))
        for name, sums in squares.items()
    }
    found = {}
    for name, of in errors.items():
        low, high = np.quantile(again[name], [0.05, 0.95])
        worse = np.quantile(again[name] - again[best], [0.5, 0.05, 0.95])
        found[name] = Score(
            float(np.abs(np.concatenate(list(of.values()))).mean()),
            float(np.sqrt(squares[name].sum() / counts.sum())),
            float(low),
            float(high),
            float(1 - squares[name].sum() / squares["climatology"].sum()),
            (float(worse[0]), float(worse[1]), float(worse[2])),
        )
    return found


def _seviri(scene: xr.Dataset) -> Planes:
    planes = dict(zip(scene["channel"].values, scene["image"].values, strict=True))
    for name in ("solar_zenith", "satellite_zenith"):
        planes[name] = scene[name].values
    return {str(name): plane for name, plane in planes.items()}


def _polder(scene: xr.Dataset) -> Planes:
    fields = cubes_of(scene)
    fields["oxygen"] = fields["I763NP"] / fields["I765NP"]
    fields["vapour"] = fields["I910NP"] / fields["I865P"]
    planes = nearest_nadir(fields)
    for name, cube in fields.items():
        if name in {"I865P", "I490P", "oxygen", "vapour", "Q865P", "U865P", "Q490P", "thetav"}:
            planes |= {f"{name}@{view}": cube[view] for view in range(0, len(cube), 2)}
    return planes


def _draw(pipeline: str, rows: dict[str, Score], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.5 * len(rows) + 1.2), layout="constrained")
    names = list(rows)[::-1]
    rms = np.array([rows[name].rms for name in names])
    reach = np.array([[rows[name].low, rows[name].high] for name in names]).T
    axes.barh(names, rms, xerr=np.abs(reach - rms), color="steelblue", ecolor="black", capsize=3)
    axes.set(
        xlabel="r.m.s. error of cloud-top height, km (truth: 0)", title=f"{pipeline}, simulated"
    )
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()

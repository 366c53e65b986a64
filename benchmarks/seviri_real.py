"""Figure of a real channel of SEVIRI beside simulated ones, before and after changes by training.

    python -m benchmarks.seviri_real HRIT_FOLDER SIMULATED_FOLDER -o real.png [--channel IR_108]

Left the real picture, as far as its segments are there; right how often each value occurs in it, in
simulated pictures, and in those as the recipe's augmentation shows them to the network. Real
pictures are EUMETSAT's: keep the figure to yourself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float32]


def main() -> None:
    """Draw it, and print how far each goes."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("real", type=Path)
    words.add_argument("simulated", type=Path)
    words.add_argument("--channel", default="IR_108")
    words.add_argument("--recipe", default="seviri")
    words.add_argument("--pictures", type=int, default=12, help="simulated ones, evenly chosen")
    words.add_argument("-o", "--output", type=Path, default=Path("real.png"))
    asked = words.parse_args()
    real = _plane(asked.real, asked.channel)
    paths = sorted(asked.simulated.rglob("*.nat"))
    chosen = paths[:: max(1, len(paths) // asked.pictures)][: asked.pictures]
    made = np.stack([_plane(path, asked.channel) for path in chosen])
    shown = {
        "real": real[np.isfinite(real)],
        f"simulated, {len(made)} pictures": made[np.isfinite(made)],
        "simulated, as it is learned from": _changed(made, asked.channel, asked.recipe),
    }
    for name, values in shown.items():
        ends = np.quantile(values, [0, 0.001, 0.5, 0.999, 1])
        print(f"{name}: " + ", ".join(f"{each:.1f}" for each in ends))  # noqa: T201
    _draw(real, shown, asked.channel, asked.output)


def _plane(path: Path, channel: str) -> Reals:
    import nephoscope

    scene = nephoscope.open_scene(path, "seviri", channels=[channel], partial=True)
    rows = scene["known"].any("x").values
    plane: Reals = scene["image"].values[0, rows]
    return plane


def _changed(made: Reals, channel: str, recipe: str) -> Reals:
    """Values of simulated pictures after the changes of a training, several draws of each."""
    from nephoscope.inputs import View
    from nephoscope.recipe import load_recipe
    from nephoscope.samples.response import change_channels

    settings = load_recipe(recipe).training.augmentation
    asked = settings.response[channel].model_copy(update={"like": None})
    alone = settings.model_copy(
        update={"response": {channel: asked}, "drop_channels": (), "twilight": None}
    )
    rng, found = np.random.default_rng(0), []
    for picture in made:
        known = np.isfinite(picture)
        nowhere = np.zeros(picture.shape[0]), np.zeros(picture.shape[1])
        view = View(picture[None], known, *nowhere, channels=(channel,))
        found += [change_channels(view, alone, rng)[0][known] for _ in range(4)]
    return np.concatenate(found)


def _draw(real: Reals, shown: dict[str, Reals], channel: str, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure((11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    picture = left.imshow(real, cmap="gray_r")
    left.set(title=f"real {channel}", xticks=[], yticks=[])
    figure.colorbar(picture, ax=left, orientation="horizontal", shrink=0.6)
    ends = min(v.min() for v in shown.values()), max(v.max() for v in shown.values())
    for name, values in shown.items():
        right.hist(values, bins=np.linspace(*ends, 100), density=True, histtype="step", label=name)
    right.set(xlabel=channel, ylabel="density", yscale="log")
    right.legend(loc="lower center", fontsize="small")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()

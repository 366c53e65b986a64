"""What lies beyond the horizon costs a colour camera: bias of the cloud fraction, clear frames.

    python -m benchmarks.sky_horizon FRAMES [--model sky-colour] [--every 1]

FRAMES is a folder of frames of one camera with labels that leave the rim undefined (WSISEG). Each
frame is segmented once and counted in three ways: every pixel that is known; to the usual zenith
angle; within the sky found from the frames themselves, without labels, as `nephoscope background
sky` does. Printed beside the share of cloud in the labelled sky: mean difference (bias), that of
frames with 5 to 20 % cloud, mean absolute difference, frames labelled less than 1 % cloud and how
many of them are called clear, and the labelled pixels that are left out. At the end, of the sky
that labels leave undefined (the sun's surroundings): its share, what is said there, and how much of
what is overexposed it is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nephoscope.apply.chain import SkyChain
from nephoscope.apply.jobs import Options
from nephoscope.apply.segmented import state_of_mask
from nephoscope.formulas import SkyFinder
from nephoscope.instruments import open_scene
from nephoscope.instruments.skycam import find, label
from nephoscope.instruments.skycam.horizon import Horizon
from nephoscope.instruments.skycam.rim import RunHorizon, run_horizon
from nephoscope.products.frames import cloud_fraction

CLEAR, LITTLE = 0.01, (0.05, 0.2)
WHITE = 250  # DN; of all channels: overexposed
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """One frame, counted in one way."""

    labelled: float
    counted: float
    state: str
    lost: float


def main() -> None:
    """Count the frames in each way and print what comes out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("frames", type=Path)
    parser.add_argument("--model", default="sky-colour")
    parser.add_argument("--every", type=int, default=1, help="take every n-th frame")
    options = parser.parse_args()
    paths = [file.path for file in find(options.frames)][:: options.every]
    found = _found(paths)
    ways = {
        "every known pixel": run_horizon("none"),
        "usual zenith angle": run_horizon(None),
        "sky found from the frames": RunHorizon(Horizon("found", sky=found)),
    }
    chain = SkyChain(options.model, Options(own={"horizon": "none"}))
    rows: dict[str, list[Row]] = {name: [] for name in ways}
    glare = np.zeros(4)
    for path in paths:
        scene = open_scene(path, "skycam")
        truth = label(path, "pixels")
        if truth is None:
            continue
        labels = truth["label"].values
        result, facts = chain.judge(scene)
        for name, way in ways.items():
            rim, _ = way.of(scene)
            beyond = np.zeros(labels.shape, np.bool_) if rim is None else rim.beyond
            verdict = state_of_mask(result.probability, float(facts["THRESH"][0]), beyond)
            counted = cloud_fraction(np.where(beyond, np.int8(-1), result.mask))
            lost = float(beyond[labels >= 0].mean())
            rows[name].append(Row(cloud_fraction(labels), counted, verdict.state, lost))
        glare += _glare(labels, result.mask, (scene["image"].values >= WHITE).all(0), found)
    for name, each in rows.items():
        print(_said(name, each))  # noqa: T201
    undefined, cloud, white, white_undefined = glare
    print(  # noqa: T201
        f"undefined in the sky: {undefined / (len(paths) * found.sum()):.2%}, called cloud "
        f"{cloud / undefined:.1%}; of overexposed pixels undefined {white_undefined / white:.1%}; "
        f"of undefined overexposed {white_undefined / undefined:.1%}"
    )


def _found(paths: list[Path]) -> Bools:
    finder = SkyFinder()
    for path in paths:
        finder.add(open_scene(path, "skycam"))
    return finder.found()


def _glare(
    labels: npt.NDArray[np.int8], mask: npt.NDArray[np.int8], white: Bools, sky: Bools
) -> npt.NDArray[np.float64]:
    """Pixels of the sky: undefined, of these cloud, overexposed, overexposed and undefined."""
    inner = sky & (mask >= 0)
    undefined = inner & (labels < 0)
    counts = [undefined, undefined & (mask == 1), inner & white, undefined & white]
    return np.array([each.sum() for each in counts], np.float64)


def _said(name: str, rows: list[Row]) -> str:
    labelled, counted = (np.array([getattr(row, key) for row in rows]) for key in _KEYS)
    error, little = counted - labelled, (labelled >= LITTLE[0]) & (labelled < LITTLE[1])
    clear = [row for row in rows if row.labelled < CLEAR]
    called = sum(row.state == "clear" for row in clear)
    return (
        f"{name:26} bias {error.mean():+.4f}, at 5-20 % {error[little].mean():+.4f}, mean absolute "
        f"{np.abs(error).mean():.4f}, clear frames {called} of {len(clear)}, labelled pixels left "
        f"out {np.mean([row.lost for row in rows]):.2%}"
    )


_KEYS = ("labelled", "counted")


if __name__ == "__main__":
    main()

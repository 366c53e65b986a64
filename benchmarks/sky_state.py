"""How often `sky-state` is right on simulated frames of new cameras: the goal of the model.

    python -m benchmarks.sky_state [MODEL ...] [--frames 600 --seed 52000]

Every frame has a camera, a sky and temperatures of its own. Goal: balanced accuracy at least 0.97
among the frames that are not called unknown, and at most 15 % unknown. A line for each model and
way: with the camera's temperatures, without them, and with counts scaled and offset at random,
which must change nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np

from nephoscope.apply.classify import FrameClassifier
from nephoscope.evaluation.predictors import published_state
from nephoscope.instruments.skycam.labels import SMALLEST_COVER
from nephoscope.models import load_model
from nephoscope.reports.states import roc_of
from nephoscope.simulate.sky import Frame, simulate_frame
from nephoscope.tasks.sky_state import (
    CLEAR,
    CLOUDY,
    TASK,
    UNKNOWN,
    CameraTemperatures,
    StateDecision,
    Verdict,
)


def main() -> None:
    """Print one JSON line for each model and way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=["sky-state"], help="names or folders")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--seed", type=int, default=52_000)
    options = parser.parse_args()
    models = [FrameClassifier(load_model(model)) for model in options.models]
    said = judge(models, options.seed, options.frames)
    for name, ways in zip(options.models, said, strict=True):
        for way, (states, verdicts) in ways.items():
            scores = scores_of(states, verdicts)
            if way == "with temperatures":
                scores["auc"] = auc_of(states, verdicts)
            sys.stdout.write(json.dumps({"model": name, "way": way, **scores}) + "\n")


Said = dict[str, tuple[list[int], list[Verdict]]]


def judge(models: Sequence[FrameClassifier], seed: int, frames: int) -> list[Said]:
    """What each model says of each frame: way → true states and verdicts."""
    ways = ("with temperatures", "without temperatures", "scaled and offset")
    found: list[Said] = [{way: ([], []) for way in ways} for _ in models]
    for index in range(frames):
        frame = simulate_frame(seed, index)
        state = state_of(frame)
        if state == UNKNOWN:
            continue
        rng = np.random.default_rng((seed, index))
        scale, offset = np.exp(rng.uniform(-2, 2)), rng.uniform(-5000, 5000)
        warm = frame.temperatures
        known = CameraTemperatures(warm.sensor, warm.ambient, warm.shutter)
        for model, said in zip(models, found, strict=True):
            moved = scale * frame.adu.astype(np.float64) + offset
            verdicts = (
                model.judge(frame.adu, known),
                model.judge(frame.adu),
                model.judge(moved, known),
            )
            for way, verdict in zip(ways, verdicts, strict=True):
                said[way][0].append(state)
                said[way][1].append(verdict)
    return found


def state_of(frame: Frame) -> int:
    """The true state of a simulated frame; -1 where there is too little cloud to say."""
    if not frame.kinds:
        return CLEAR
    return CLOUDY if frame.cover >= SMALLEST_COVER else UNKNOWN


def scores_of(states: Sequence[int], verdicts: Sequence[Verdict]) -> dict[str, float]:
    """What `nephoscope evaluate` says of the same verdicts."""
    said = zip(states, verdicts, strict=True)
    counts = [TASK.tally(published_state(each), {"label": np.int8(state)}) for state, each in said]
    return TASK.metrics(np.sum(counts, axis=0), StateDecision())


def auc_of(states: Sequence[int], verdicts: Sequence[Verdict]) -> float:
    """Area under the ROC of the probabilities, before anything is called unknown."""
    known = np.array([np.nan_to_num(verdict.p_cloudy, nan=0.5) for verdict in verdicts])
    false, true, _ = roc_of(np.array(states, np.int8), known)
    return round(float(np.trapezoid(true, false)), 4)


if __name__ == "__main__":
    main()

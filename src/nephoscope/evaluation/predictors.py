"""Predictors: what a model publishes of a labelled sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from nephoscope.apply.classify import FrameClassifier
from nephoscope.apply.frame_models import sky_name
from nephoscope.apply.network import Predictor
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.models import Model
from nephoscope.tasks.sky_state import CLEAR, CLOUDY, UNKNOWN, Verdict, temperatures_of

Predict = Callable[[LabelledSample], xr.Dataset]
"""From a sample to the variables that its task publishes of it, packed."""
_STATES = {"clear": CLEAR, "cloudy": CLOUDY, "unknown": UNKNOWN}


def predictor_of(model: Model, truth: str, threads: int | None = None) -> Predict:
    """How `nephoscope.apply` predicts a sample.

    Args:
        model: of any task.
        truth: its form: what is said of a sky camera's whole frame is more than its network says.
        threads: that do tiles of a picture at once; by default as many as there are processors.
    """
    of_camera = truth == "frame" and sky_name(model) is not None
    return _of_frames(model) if of_camera else _of_pictures(model, threads)


def _of_pictures(model: Model, threads: int | None) -> Predict:
    applied = Predictor(model, threads)

    def predict(sample: LabelledSample) -> xr.Dataset:
        scene = xr.Dataset(
            {"image": (("channel", "y", "x"), sample.image), "known": (("y", "x"), sample.known)},
            {
                "channel": list(sample.channels),
                "latitude": (("y", "x")[: sample.latitude.ndim], sample.latitude),
                "longitude": (("y", "x")[-sample.longitude.ndim :], sample.longitude),
            },
        )
        view = applied.view_of(scene, sample.background)
        return applied.variables(replace(view, position=sample.position), model.decision)

    return predict


def _of_frames(model: Model) -> Predict:
    """`sky_state` as it is said beside the camera's temperatures, without a clear reference.

    `p_cloudy` is what is seen in the frame, before anything is called unknown.
    """
    classifier = FrameClassifier(model)

    def predict(sample: LabelledSample) -> xr.Dataset:
        image = sample.image[0]
        verdict = classifier.judge(image, temperatures_of(sample.columns))
        seen = classifier.probability(image)
        return published_state(replace(verdict, p_cloudy=math.nan if seen is None else seen))

    return predict


def published_state(verdict: Verdict) -> xr.Dataset:
    """`p_cloudy` float32 and `sky_state` int8, -1 unknown, of one frame."""
    state = np.int8(_STATES[verdict.state])
    return xr.Dataset({"p_cloudy": ((), np.float32(verdict.p_cloudy)), "sky_state": ((), state)})

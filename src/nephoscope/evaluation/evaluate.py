"""The Python face of an evaluation: a model and samples → scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from nephoscope.arguments import described, path_of
from nephoscope.errors import UsageError
from nephoscope.evaluation.intervals import Scores
from nephoscope.evaluation.predictors import Predict
from nephoscope.evaluation.protocol import Judged, run_evaluation
from nephoscope.models import load_model
from nephoscope.samples.store import check_samples


def evaluate(
    model: Judged | str | Path,
    samples: str | Path | xr.Dataset,
    *,
    split: str | None = None,
    predict: Predict | None = None,
    progress: Callable[[str], None] | None = None,
) -> Scores:
    """Score a model on samples.

    Args:
        model: a model, its shipped name or its folder.
        samples: a samples store, or its path.
        split: "train", "validation", "test" or "all"; by default test, else validation where
            there is one, else all.
        predict: from a sample to the variables that its task publishes of it; by default the model
            is applied.
        progress: called with the id of each sample done.

    Returns:
        scores with 95 % intervals by bootstrap of days (or frames, granules, slots): `overall`,
        `by_day`, `by_band`.

    Raises:
        UsageError: an unknown model or split, or an empty split.
        InputError: the samples or the model cannot be read.
    """
    if isinstance(samples, xr.Dataset):
        check_samples(samples, "samples")
    else:
        samples = path_of(samples, "evaluate: a samples store or its folder")
    return run_evaluation(
        _loaded(model), samples, split=split, predict=predict, progress=progress
    ).scores


def _loaded(model: Judged | str | Path) -> Judged:
    if not isinstance(model, str | Path):
        if not hasattr(model, "weights_sha256"):
            wanted = "a model, a shipped name or a folder"
            raise UsageError(f"evaluate: {wanted} is wanted, not {described(model)}")
        return model
    return load_model(model)

"""Mean and spread of the features, measured on training crops."""

from __future__ import annotations

import numpy as np

from nephoscope.inputs import assemble, feature_named
from nephoscope.samples.crops import CropLoader

CROPS = 64
SMALLEST = 1e-3


def measure_normalisation(loader: CropLoader, crops: int = CROPS) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each feature over the first crops.

    Pixels count that have a label; where truth is of another form, all that are known.

    Args:
        loader: training crops.
        crops: how many of them are looked at.
    """
    names, channels = loader.recipe.inputs.names, loader.part.channels
    fixed = [feature_named(name, channels).fixed for name in names]
    if all(fixed):
        return dict.fromkeys(names, (0.0, 1.0))
    count, total, squares = 0, np.zeros(len(names)), np.zeros(len(names))
    for number in range(crops):
        view, truth = loader.crop(number)
        looked_at = view.known if loader.part.truth != "pixels" else np.asarray(truth) >= 0
        values = assemble(view, names)[:, looked_at].astype(np.float64)
        count += values.shape[1]
        total += values.sum(axis=1)
        squares += (values**2).sum(axis=1)
    mean = total / max(count, 1)
    std = np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0))
    return {
        name: (0.0, 1.0) if as_is or s < SMALLEST else (float(m), float(s))
        for name, as_is, m, s in zip(names, fixed, mean, std, strict=True)
    }

"""Mean and spread of the features, measured on training crops."""

from __future__ import annotations

import numpy as np

from nephoscope.inputs import assemble, feature_named
from nephoscope.inputs.directional import split_view
from nephoscope.samples.crops import CropLoader

CROPS = 64
SMALLEST = 1e-3


def measure_normalisation(loader: CropLoader, crops: int = CROPS) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each feature over the first crops.

    Pixels count that have a label; where truth is of another form, all that are known. A feature
    of several views has one spread for all of them, measured where they were seen, and keeps its
    0, which says that a view is missing. What the recipe gives is taken instead.

    Args:
        loader: training crops.
        crops: how many of them are looked at.
    """
    names, channels = loader.recipe.inputs.names, loader.part.channels
    fixed = [feature_named(name, channels).fixed for name in names]
    if all(fixed):
        return dict.fromkeys(names, (0.0, 1.0)) | loader.recipe.inputs.statistics
    described = any(loader.part.turns)
    stems = [split_view(name) if described else None for name in names]
    sums = np.zeros((3, len(names)))
    for number in range(crops):
        view, truth = loader.crop(number)
        looked_at = view.known if loader.part.truth != "pixels" else np.asarray(truth) >= 0
        values = assemble(view, names)[:, looked_at].astype(np.float64)
        # 0 says that a view is missing.
        there = [values.shape[1] if s is None else np.count_nonzero(v) for s, v in
                 zip(stems, values, strict=True)]  # fmt: skip
        sums += np.stack([there, values.sum(axis=1), (values**2).sum(axis=1)])
    pooled = [name if stem is None else stem[0] for name, stem in zip(names, stems, strict=True)]
    for stem in {*pooled}:
        mine = [place for place, name in enumerate(pooled) if name == stem]
        sums[:, mine] = sums[:, mine].sum(axis=1, keepdims=True)
    count, total, squares = sums
    mean = total / np.maximum(count, 1)
    std = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
    measured = {
        name: (0.0, 1.0) if as_is or s < SMALLEST else (float(m) if stem is None else 0.0, float(s))
        for name, as_is, stem, m, s in zip(names, fixed, stems, mean, std, strict=True)
    }
    return measured | loader.recipe.inputs.statistics

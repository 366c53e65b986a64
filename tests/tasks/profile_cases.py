"""Made-up profiles and raw numbers that know them more or less."""

import numpy as np

from nephoscope.tasks.profile_head import Head

STEP = 240.0
LEVELS = 20
ON_LEVELS = [("cloud_type", True), ("cloud_mask_3d", False)]
ALL = [*ON_LEVELS, ("cloud_mask_2d", False)]


def altitudes(levels):
    return tuple(600.0 + STEP * np.arange(levels)[::-1])


def profiles(number=400, levels=20, seed=0, unknown=0.0):
    """(item, level) int8: up to three layers, each of one type; some levels unknown."""
    rng = np.random.default_rng(seed)
    types = np.zeros((number, levels), np.int8)
    for row in types:
        for _ in range(rng.integers(0, 4)):
            top = rng.integers(0, levels)
            row[top : top + rng.integers(1, 6)] = rng.integers(1, 9)
    types[rng.random(types.shape) < unknown] = -1
    return types


def perfect(types, typed, size=30.0):
    """Raw numbers (item, output) that are sure of the truth; of unknown levels they say clear."""
    items, levels = types.shape
    head = Head(levels, typed)
    raw = np.full((items, head.outputs), -size, np.float32)
    if typed:
        volume = raw[:, : head.volume].reshape(items, 9, levels)
        np.put_along_axis(volume, types.clip(min=0)[:, None].astype(np.intp), size, axis=1)
        raw[:, : head.volume] = volume.reshape(items, -1)
    else:
        raw[:, :levels] = np.where(types > 0, size, -size)
    cloud = types > 0
    top = np.where(cloud.any(axis=1), cloud.argmax(axis=1), levels)
    raw[np.arange(items), head.volume + top] = size
    return raw


def noisy(types, typed, seed=1, skill=1.0):
    """Raw numbers that know something of the truth."""
    raw = perfect(types, typed, size=1.5 * skill)
    raw += np.random.default_rng(seed).normal(0, 1.5, raw.shape).astype(np.float32)
    raw[:, -1] += 2.5  # one logit of a clear column stands against many of tops
    return raw


def raw_numbers(name, types, typed, seed=1):
    if name == "cloud_mask_2d":
        rng = np.random.default_rng(seed)
        sign = np.where((types > 0).any(axis=1), 1.5, -1.0)
        return (sign + rng.normal(0, 1.5, len(types))).astype(np.float32)[:, None]
    return noisy(types, typed, seed)


def case(name, typed, number=400, unknown=0.01, missing=5, seed=0):
    types = profiles(number, LEVELS, seed=seed, unknown=unknown)
    raw = raw_numbers(name, types, typed)
    raw[:missing] = np.nan
    return types, raw


def decided(task, raw, types):
    counts = task.count(raw, {"cloud_type": types})
    return counts, task.decide(counts).model_copy(update={"altitude": altitudes(types.shape[1])})


def published(task, raw, decision):
    return task.variables(task.fields(np.ascontiguousarray(raw.T), decision), decision)


def scored(task, raw, types):
    """The scores of what is published, and what is published."""
    _, decision = decided(task, raw, types)
    variables = published(task, raw, decision)
    tally = task.tally(variables, {"cloud_type": types})
    return task.metrics(tally, decision), variables, decision

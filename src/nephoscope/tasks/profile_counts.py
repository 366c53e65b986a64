"""Counts of raw numbers at profiles: all that calibration, thresholds and scores are chosen by.

Nothing is decided yet, so each table has an axis of the logit that will be cut; what depends on
where the levels are cut (base, layers) is counted for every cut that there is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import Bins
from nephoscope.tasks.profile_blocks import Blocks, Shapes, Tables, table
from nephoscope.tasks.profile_head import Floats, Head, depths_at, median_level, reached_by
from nephoscope.tasks.profile_truth import (
    Types,
    bases_of,
    columns_of,
    layers_of,
    tops_of,
    without_gaps,
)
from nephoscope.track import CLOUD_TYPES

LOGITS = Bins(12.0, 0.0125)
"""Bins in which logits of cloud are counted."""
PLACES = LOGITS.number + 1
"""Places of a logit: 0 without a prediction, 1 + bin with one."""
LOWEST_CUT, CUT, CUTS = LOGITS.number // 4, 2, LOGITS.number // 4 + 1
"""Cuts at which bases and layers are counted: the highest place that is clear at the first, places
from one to the next, and their number. They lie about a logit of 0, within half of its bins."""
CLASSES, KINDS = len(CLOUD_TYPES), len(CLOUD_TYPES) - 1
MOST_LAYERS = 3
"""Columns of more layers are counted with those of so many."""
BOUNDS = 0.05, 0.95
"""Quantiles of a top's bounds."""
_ITEMS = 2048  # counted at once


def untyped_shapes(levels: int) -> Shapes:
    """Tables of raw numbers without types; see `of_items`."""
    return {
        "voxels": (levels, 2, PLACES),  # truth, logit
        "columns": (2, PLACES),  # truth, logit of the column
        # Logit of the column; levels by which a truly cloudy column's top is too high, counted
        # from the lowest error on, and last those without a prediction.
        "tops": (PLACES, 2 * levels),
        "within": (PLACES, 2),  # whether the true top is outside or inside of its bounds
        "bases": (CUTS, 2 * levels),  # cut, error; last those where no level is above the cut
        "layers": (CUTS, MOST_LAYERS + 1, MOST_LAYERS + 1),  # cut, true and said number
        "profiles": (1,),
    }


def typed_shapes(levels: int) -> Shapes:
    """Tables of raw numbers with types."""
    # Logit, true class, and of which type the cloud is if there is cloud.
    return {"types": (PLACES, CLASSES, KINDS), **untyped_shapes(levels)}


def column_shapes(levels: int) -> Shapes:
    """Tables of raw numbers of columns alone."""
    return {"columns": (2, PLACES), "profiles": (1,)}


UNTYPED, TYPED, COLUMNS = Blocks(untyped_shapes), Blocks(typed_shapes), Blocks(column_shapes)


def count_profiles(raw: Floats, types: Types, typed: bool) -> Counts:
    """Counts of items on levels.

    Args:
        raw: (item, output) float32, NaN where there is no prediction.
        types: (item, level) -1 unknown, 0 clear, 1..8.
        typed: whether the head tells types.
    """
    blocks, head = (TYPED if typed else UNTYPED), Head(types.shape[1], typed)
    total: Counts = np.zeros(blocks.size(head.levels), np.int64)
    for start in range(0, len(raw), _ITEMS):
        some = slice(start, start + _ITEMS)
        turned, truth = np.ascontiguousarray(raw[some].T), np.ascontiguousarray(types[some].T)
        total += blocks.join(_tables(turned, truth, head), head.levels)
    return total


def count_columns(logit: Floats, types: Types) -> Counts:
    """Counts of columns alone.

    Args:
        logit: (item,) of a cloudy column, NaN where there is no prediction.
        types: (item, level), as of `count_profiles`.
    """
    place, turned = LOGITS.place(logit), types.T
    tables = {"columns": _columns(place, turned), "profiles": _profiles(turned)}
    return COLUMNS.join(tables, types.shape[1])


def _tables(raw: Floats, types: Types, head: Head) -> Tables:
    """Tables of some items: raw (output, item), types (level, item)."""
    logit, kinds = head.cloud(raw)
    column, share = head.top(raw, logit)
    place, column_place = LOGITS.place(logit), LOGITS.place(column)
    missing = np.isnan(raw).any(axis=0) | (column_place == 0)
    place[:, missing] = column_place[missing] = 0
    beyond = ((place - LOWEST_CUT + CUT - 1) // CUT).clip(0, CUTS)  # number of cuts
    known = types >= 0
    level = np.broadcast_to(np.arange(head.levels)[:, None], types.shape)
    cloud = (types > 0).astype(np.int64)
    found = {
        "voxels": table(
            (head.levels, 2, PLACES), level[known], cloud[known], place[known]
        ),
        "columns": _columns(column_place, types),
        "profiles": _profiles(types),
        **_top_tables(column_place, share, types),
        "bases": _base_table(beyond, types),
        "layers": _layer_table(beyond, types),
    }  # fmt: skip
    if kinds is not None:
        said = kinds.argmax(axis=0)[known]
        found["types"] = table((PLACES, CLASSES, KINDS), place[known], types[known], said)
    return found


def _profiles(types: Types) -> Counts:
    """Number of profiles of which any level is known."""
    return np.array([(types >= 0).any(axis=0).sum()], np.int64)


def _columns(place: Counts, types: Types) -> Counts:
    truth = columns_of(types)
    known = truth >= 0
    return table((2, PLACES), truth[known].astype(np.int64), place[known])


def _top_tables(place: Counts, share: Floats, types: Types) -> Tables:
    levels, true = len(types), tops_of(types)
    cloudy = (true >= 0) & (true < levels)
    place, true = place[cloudy], true[cloudy]
    reached = reached_by(share[:, cloudy])
    seen = place > 0
    error = np.where(seen, true - median_level(reached) + levels - 1, 2 * levels - 1)
    upper, lower = (depths_at(reached, BOUNDS)[n] for n in (1, 0))
    inside = (upper <= true + 0.5) & (true + 0.5 <= lower)
    return {
        "tops": table((PLACES, 2 * levels), place, error),
        "within": table((PLACES, 2), place[seen], inside[seen].astype(np.int64)),
    }


def _base_table(beyond: npt.NDArray[np.int64], types: Types) -> Counts:
    """Errors of the base at every cut, of how many cuts each level (level, item) is beyond.

    The base is as many levels above the lowest one as there are below the first cloud: those up to
    which none, from the lowest level on, is beyond the cut.
    """
    levels, true = len(types), bases_of(types)
    cloudy = true >= 0
    highest = np.maximum.accumulate(beyond[::-1, cloudy], axis=0)
    item = np.broadcast_to(np.arange(highest.shape[1]), highest.shape)
    below = table((highest.shape[1], CUTS + 1), item, highest).cumsum(axis=1)[:, :-1]
    error = below - (levels - 1 - true[cloudy])[:, None] + levels - 1
    error[below == levels] = 2 * levels - 1
    cut = np.broadcast_to(np.arange(CUTS), below.shape)
    return table((CUTS, 2 * levels), cut, error)


def _layer_table(beyond: npt.NDArray[np.int64], types: Types) -> Counts:
    """Numbers of layers at every cut: there are as many as levels that rise beyond it."""
    true = layers_of(types)
    known = true >= 0
    beyond = without_gaps(beyond[:, known])
    before = np.concatenate([np.zeros_like(beyond[:1]), beyond[:-1]])
    rises = beyond > before
    item = np.broadcast_to(np.arange(beyond.shape[1]), beyond.shape)[rises]
    shape = beyond.shape[1], CUTS + 1
    change = table(shape, item, before[rises]) - table(shape, item, beyond[rises])
    said = change.cumsum(axis=1)[:, :-1]
    number = np.minimum(true[known], MOST_LAYERS)[:, None]
    cut = np.arange(CUTS)[None]
    size = MOST_LAYERS + 1
    return table((CUTS, size, size), cut, number, np.minimum(said, MOST_LAYERS))

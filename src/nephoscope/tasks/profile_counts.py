"""Counts of raw numbers at profiles: all that calibration, thresholds and scores are chosen by.

Nothing is decided yet, so each table has an axis of the logit that will be cut; what depends on
where the levels are cut (base, layers) is counted for every cut that there is. What is said of the
levels of a column depends on whether the column is called cloudy: its gate.
"""

from __future__ import annotations

import numpy as np

from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import Bins
from nephoscope.tasks.profile_blocks import Blocks, Shapes, Tables, table
from nephoscope.tasks.profile_head import Floats, Head, median_level, ranks_of, reached_by
from nephoscope.tasks.profile_truth import (
    Types,
    bases_of,
    columns_of,
    layers_of,
    tops_of,
    without_gaps,
)
from nephoscope.track import CLOUD_TYPES

LOGITS = Bins(12.0, 0.05)
"""Bins in which logits of cloud on a level are counted."""
PLACES = LOGITS.number + 1
"""Their places: 0 without a prediction, 1 + bin with one."""
COLUMN_LOGITS = Bins(12.0, 0.0125)
"""Bins in which logits of a cloudy column are counted."""
COLUMN_PLACES = COLUMN_LOGITS.number + 1
LOWEST_CUT, CUTS = LOGITS.number // 4, LOGITS.number // 2 + 1
"""Cuts at which bases and layers are counted: the highest place that is clear at the first, and
their number. They lie about a logit of 0, within half of its bins."""
GATE = Bins(2.5, 0.3125, relative=True)
"""Bins of the logit of a column, at whose edges it may be called cloudy: from -6 to 6."""
GATES = GATE.number + 1
"""Places of the gate: 0 without a prediction, 1 + bin with one."""
CLASSES, KINDS = len(CLOUD_TYPES), len(CLOUD_TYPES) - 1
MOST_LAYERS = 3
"""Columns of more layers are counted with those of so many."""
RANKS = 1000
"""Bins of the share of a top's distribution that lies below the true top."""
_ITEMS = 2048  # counted at once


def untyped_shapes(levels: int) -> Shapes:
    """Tables of raw numbers without types; see `of_items`."""
    return {
        "voxels": (levels, 2, PLACES, GATES),  # truth, logit
        "columns": (2, COLUMN_PLACES),  # truth, logit of the column
        # Logit of the column; levels by which a truly cloudy column's top is too high, counted
        # from the lowest error on, and last those without a prediction.
        "tops": (COLUMN_PLACES, 2 * levels),
        "ranks": (GATES, RANKS),  # share of the distribution below the true top of a cloudy column
        "bases": (CUTS, GATES, 2 * levels),  # error, last those where no level is above the cut
        "layers": (CUTS, GATES, MOST_LAYERS + 1, MOST_LAYERS + 1),  # true and said number
        "profiles": (1,),
    }


def typed_shapes(levels: int) -> Shapes:
    """Tables of raw numbers with types."""
    # Logit, gate, true class, and of which type the cloud is if there is cloud.
    return {"types": (PLACES, GATES, CLASSES, KINDS), **untyped_shapes(levels)}


def column_shapes(levels: int) -> Shapes:
    """Tables of raw numbers of columns alone."""
    return {"columns": (2, COLUMN_PLACES), "profiles": (1,)}


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
    place, turned = COLUMN_LOGITS.place(logit), types.T
    tables = {"columns": _columns(place, turned), "profiles": _profiles(turned)}
    return COLUMNS.join(tables, types.shape[1])


def _tables(raw: Floats, types: Types, head: Head) -> Tables:
    """Tables of some items: raw (output, item), types (level, item)."""
    logit, kinds = head.cloud(raw)
    column, share = head.top(raw)
    place, column_place = LOGITS.place(logit), COLUMN_LOGITS.place(column)
    missing = np.isnan(raw).any(axis=0) | (column_place == 0)
    gate = GATE.place(column)
    place[:, missing] = column_place[missing] = gate[missing] = 0
    beyond = (place - LOWEST_CUT).clip(0, CUTS)  # number of cuts
    known = types >= 0
    level, gates = np.broadcast_arrays(np.arange(head.levels)[:, None], gate)
    cloud = (types > 0).astype(np.int64)
    found = {
        "voxels": table(
            (head.levels, 2, PLACES, GATES), level[known], cloud[known], place[known], gates[known]
        ),
        "columns": _columns(column_place, types),
        "profiles": _profiles(types),
        **_top_tables(column_place, gate, share, types),
        "bases": _base_table(beyond, gate, types),
        "layers": _layer_table(beyond, gate, types),
    }  # fmt: skip
    if kinds is not None:
        said = kinds.argmax(axis=0)[known]
        shape = PLACES, GATES, CLASSES, KINDS
        found["types"] = table(shape, place[known], gates[known], types[known], said)
    return found


def _profiles(types: Types) -> Counts:
    """Number of profiles of which any level is known."""
    return np.array([(types >= 0).any(axis=0).sum()], np.int64)


def _columns(place: Counts, types: Types) -> Counts:
    truth = columns_of(types)
    known = truth >= 0
    return table((2, COLUMN_PLACES), truth[known].astype(np.int64), place[known])


def _top_tables(place: Counts, gate: Counts, share: Floats, types: Types) -> Tables:
    levels, true = len(types), tops_of(types)
    cloudy = (true >= 0) & (true < levels)
    place, true = place[cloudy], true[cloudy]
    reached = reached_by(share[:, cloudy])
    seen = place > 0
    error = np.where(seen, true - median_level(reached) + levels - 1, 2 * levels - 1)
    rank = (ranks_of(reached, true)[seen] * RANKS).astype(np.int64).clip(0, RANKS - 1)
    return {
        "tops": table((COLUMN_PLACES, 2 * levels), place, error),
        "ranks": table((GATES, RANKS), gate[cloudy][seen], rank),
    }


def _base_table(beyond: Counts, gate: Counts, types: Types) -> Counts:
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
    return table((CUTS, GATES, 2 * levels), np.arange(CUTS)[None], gate[cloudy][:, None], error)


def _layer_table(beyond: Counts, gate: Counts, types: Types) -> Counts:
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
    size = MOST_LAYERS + 1
    places = np.arange(CUTS)[None], gate[known][:, None], true[known][:, None], said
    numbers = (np.minimum(each, MOST_LAYERS) for each in places[2:])
    return table((CUTS, GATES, size, size), *places[:2], *numbers)

"""Cascade of a network: the perceptron is asked only where its first stage is not sure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.view import CONTEXT
from nephoscope.models.compiled import open_compiled
from nephoscope.models.folder import has_first_stage

if TYPE_CHECKING:
    from nephoscope.models import Model
    from nephoscope.recipe import Recipe

FloatArray = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Window = tuple[slice, slice]
EVERYWHERE: Window = (slice(None), slice(None))
SURE = 0.004
"""By default of the network: see `nephoscope.networks.pixel`."""
_BLOCK, _CELL, _REACH = 4, 2, 2  # pixels to the side, and around a cell
_SIDE = _CELL + 2 * _REACH
_AT_ONCE = 4096
"""Cells that are judged at once: what is seen of more does not stay in a processor's cache."""
_PIXELS = ((0, 0), (0, 1), (1, 0), (1, 1))  # of a cell
_TAPS = [(row, col) for row in (0, 1, 2) for col in (0, 1, 2)]  # around a cell, from the upper left


class Cascade:
    """The parts of a compiled network, and what picks the cells between them.

    Args:
        look: the compiled part that looks at everything.
        judge: the compiled part that judges cells.
        planes: where picture and known flag are among the features, the flag last.
        sure: a block's logits below the first and above the second are believed.
    """

    def __init__(
        self, look: Path, judge: Path, planes: list[int], sure: tuple[float, float]
    ) -> None:
        self._look, self._judge = open_compiled(look), open_compiled(judge)
        self._planes, self._sure = planes, sure

    def run(self, inputs: FloatArray, wanted: Window = EVERYWHERE) -> FloatArray:
        """(batch, feature, y, x) float32 → logits (batch, 1, y, x) float32.

        Beyond `wanted` they are what the first stage says.
        """
        return np.stack([self._of(each, wanted)[None] for each in inputs])

    def _of(self, inputs: FloatArray, wanted: Window) -> FloatArray:
        planes = _pick(inputs, self._planes)
        *parts, first = (
            each[0] for each in _run(self._look, planes[None], inputs[None, :, *CONTEXT])
        )
        low, high = self._sure
        unsure = (first[0] > low) & (first[0] < high) & _any_known(planes[-1])
        unsure &= _blocks_of(wanted, unsure.shape)
        logits = _larger(first[0], _BLOCK)
        asked = np.pad(_larger(unsure, _BLOCK // _CELL), 1)
        if not unsure.any():
            return logits
        # The last layer reads the neighbours of a cell, those beyond the edge as nothing.
        around = _grown(asked)
        around[[0, -1]] = around[:, [0, -1]] = False
        where, places = np.flatnonzero(around), np.flatnonzero(asked)
        judged = self._judged(planes, parts, where, asked.shape[1])
        found = _of_neighbours(judged, where, places, asked.shape)
        rows, cols = (_CELL * (each - 1) for each in np.divmod(places, asked.shape[1]))
        for values, (row, col) in zip(found, _PIXELS, strict=True):
            logits[rows + row, cols + col] = values
        return logits

    def _judged(
        self, planes: FloatArray, parts: list[FloatArray], where: Places, width: int
    ) -> FloatArray:
        """What is judged of some cells: (tap x pixel, cell), and a column of zeros behind them."""
        planes = np.pad(planes, ((0, 0), (_REACH, _REACH), (_REACH, _REACH)))
        across = planes.shape[2]
        planes, parts = planes.reshape(len(planes), -1), [p.reshape(len(p), -1) for p in parts]
        rows, cols = (each - 1 for each in np.divmod(where, width))
        corner, cell = _CELL * (rows * across + cols), rows * (width - 2) + cols
        judged = np.zeros((len(_TAPS) * len(_PIXELS), where.size + 1), np.float32)
        for first in range(0, where.size, _AT_ONCE):
            some = slice(first, min(first + _AT_ONCE, where.size))
            seen = _seen(planes, across, corner[some], parts, cell[some])
            judged[:, some] = _run(self._judge, seen)[0]
        return judged


def _seen(
    planes: FloatArray, across: int, corner: Places, parts: list[FloatArray], cell: Places
) -> FloatArray:
    """What is seen at some cells: (number, cell), the pixels in and around each first."""
    first = len(planes) * _SIDE**2
    seen = np.empty((first + sum(map(len, parts)), cell.size), np.float32)
    for pixel in range(_SIDE**2):
        at = corner + (pixel // _SIDE * across + pixel % _SIDE)
        target = seen[len(planes) * pixel : len(planes) * (pixel + 1)]
        planes.take(at, axis=1, out=target, mode="clip")
    for part in parts:
        part.take(cell, axis=1, out=seen[first : first + len(part)], mode="clip")
        first += len(part)
    return seen


def cascade_of(model: Model) -> Cascade:
    """The cascade of a model whose network has a first stage.

    Raises:
        InputError: a compiled part cannot be loaded.
    """
    groups, decision = model.recipe.inputs.groups, model.decision
    flag = list(groups["known"])
    planes = [place for place in groups["picture"] if place not in flag] + flag
    sure = _sure(model.recipe)
    odds = np.log(sure / (1 - sure))
    low, high = sorted((side * odds - decision.intercept) / decision.slope for side in (1, -1))
    return Cascade(*model.part_paths, planes, (float(low), float(high)))


def sure_of(recipe: Recipe) -> str:
    """Which pixels of a product are left at what the first stage says; "" where there is none."""
    if not has_first_stage(recipe):
        return ""
    sure = _sure(recipe)
    return (
        f"blocks of {_BLOCK} x {_BLOCK} pixels hold one probability, of the network's first stage, "
        f"where that is below {sure:g} or above {1 - sure:g}"
    )


def _sure(recipe: Recipe) -> float:
    return float(recipe.network.options.get("sure", SURE))


def _run(session: Any, *inputs: FloatArray) -> list[FloatArray]:  # noqa: ANN401 - onnxruntime's
    names = (each.name for each in session.get_inputs())
    found: list[FloatArray] = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def _pick(inputs: FloatArray, places: list[int]) -> FloatArray:
    """Some features of (feature, y, x), in this order; a view where they are neighbours."""
    first, stop = places[0], places[0] + len(places)
    return inputs[first:stop] if places == list(range(first, stop)) else inputs[places]


def _any_known(known: FloatArray) -> npt.NDArray[np.bool_]:
    """(y, x) → blocks of which anything is known."""
    rows = known.reshape(-1, _BLOCK, known.shape[1]).max(axis=1)
    return np.asarray(rows.reshape(len(rows), -1, _BLOCK).max(axis=2) > 0)


def _blocks_of(wanted: Window, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Blocks of which pixels are wanted."""
    blocks = np.zeros(shape, np.bool_)
    rows, cols = (
        slice(start // _BLOCK, -(-stop // _BLOCK))
        for start, stop, _ in (
            side.indices(_BLOCK * size) for side, size in zip(wanted, shape, strict=True)
        )
    )
    blocks[rows, cols] = True
    return blocks


def _larger(values: npt.NDArray[Any], times: int) -> npt.NDArray[Any]:
    return values.repeat(times, axis=1).repeat(times, axis=0)


def _grown(where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """By one on each side; nothing is set along the edge."""
    grown = where.copy()
    grown[1:] |= where[:-1]
    grown[:-1] |= where[1:]
    wide = grown.copy()
    wide[:, 1:] |= grown[:, :-1]
    wide[:, :-1] |= grown[:, 1:]
    return wide


def _of_neighbours(
    judged: FloatArray, where: Places, places: Places, shape: tuple[int, ...]
) -> FloatArray:
    """Sums over the cells around each of `places`: (pixel, place)."""
    # Where none was judged there is the column of zeros.
    number = np.full(shape[0] * shape[1], where.size, np.int32)
    number[where] = np.arange(where.size, dtype=np.int32)
    found = np.zeros((len(_PIXELS), places.size), np.float32)
    corner = places - shape[1] - 1
    for tap, (row, col) in enumerate(_TAPS):
        rows = slice(len(_PIXELS) * tap, len(_PIXELS) * (tap + 1))
        found += judged[rows].take(number[corner + (row * shape[1] + col)], axis=1)
    return found

"""Cascade of a network: the perceptron is asked only where its first stage is not sure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.models.compiled import open_compiled

if TYPE_CHECKING:
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
SURE = 0.004
"""By default of the network: see `nephoscope.networks.pixel`."""
_BLOCK, _CELL = 4, 2  # pixels to the side
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

    def run(self, inputs: FloatArray) -> FloatArray:
        """(batch, feature, y, x) float32 → logits (batch, 1, y, x) float32."""
        return np.stack([self._of(each)[None] for each in inputs])

    def _of(self, inputs: FloatArray) -> FloatArray:
        *parts, first = (each[0] for each in _run(self._look, inputs[None]))
        low, high = self._sure
        unsure = (first[0] > low) & (first[0] < high) & _any_known(inputs[self._planes[-1]])
        logits = _larger(first[0], _BLOCK)
        asked = np.pad(_larger(unsure, _BLOCK // _CELL), 1)
        if not unsure.any():
            return logits
        # The last layer reads the neighbours of a cell, those beyond the edge as nothing.
        around = _grown(asked)
        around[[0, -1]] = around[:, [0, -1]] = False
        where, places = np.flatnonzero(around), np.flatnonzero(asked)
        seen = self._seen(inputs, parts, *(each - 1 for each in np.divmod(where, asked.shape[1])))
        found = _of_neighbours(_run(self._judge, seen)[0], where, places, asked.shape)
        rows, cols = (_CELL * (each - 1) for each in np.divmod(places, asked.shape[1]))
        for values, (row, col) in zip(found, _PIXELS, strict=True):
            logits[rows + row, cols + col] = values
        return logits

    def _seen(
        self, inputs: FloatArray, parts: list[FloatArray], rows: Places, cols: Places
    ) -> FloatArray:
        """What is seen at some cells: (number, cell), the pixels themselves first."""
        width, pixels = inputs.shape[2], len(self._planes) * len(_PIXELS)
        seen = np.empty((pixels + sum(map(len, parts)), rows.size), np.float32)
        corner = _CELL * (rows * width + cols)
        at = [corner + (row * width + col) for row, col in _PIXELS]
        for number, place in enumerate(self._planes):
            plane = inputs[place].reshape(-1)
            for pixel, here in enumerate(at, len(_PIXELS) * number):
                np.take(plane, here, out=seen[pixel], mode="clip")
        here, first = rows * (width // _CELL) + cols, pixels
        for part in parts:
            target = seen[first : first + len(part)]
            np.take(part.reshape(len(part), -1), here, axis=1, out=target, mode="clip")
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
    sure = float(model.recipe.network.options.get("sure", SURE))
    odds = np.log(sure / (1 - sure))
    low, high = sorted((side * odds - decision.intercept) / decision.slope for side in (1, -1))
    return Cascade(*model.part_paths, planes, (float(low), float(high)))


def _run(session: Any, inputs: FloatArray) -> list[FloatArray]:  # noqa: ANN401 - onnxruntime's
    found: list[FloatArray] = session.run(None, {session.get_inputs()[0].name: inputs})
    return found


def _any_known(known: FloatArray) -> npt.NDArray[np.bool_]:
    """(y, x) → blocks of which anything is known."""
    rows = known.reshape(-1, _BLOCK, known.shape[1]).max(axis=1)
    return np.asarray(rows.reshape(len(rows), -1, _BLOCK).max(axis=2) > 0)


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
    # Where none was judged there is a column of zeros, behind the others.
    number = np.full(shape[0] * shape[1], where.size, np.int32)
    number[where] = np.arange(where.size, dtype=np.int32)
    judged = np.concatenate([judged, np.zeros((len(judged), 1), np.float32)], axis=1)
    found = np.zeros((len(_PIXELS), places.size), np.float32)
    corner = places - shape[1] - 1
    for tap, (row, col) in enumerate(_TAPS):
        rows = slice(len(_PIXELS) * tap, len(_PIXELS) * (tap + 1))
        found += judged[rows].take(number[corner + (row * shape[1] + col)], axis=1)
    return found

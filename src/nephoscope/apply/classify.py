"""Classifier of whole frames made ready to run: clear, cloudy or unknown, with the reason."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nephoscope.apply.engine import open_engine
from nephoscope.inputs import View, assemble
from nephoscope.inputs.texture import to_binned
from nephoscope.models import Model
from nephoscope.models.thermal_guard import ThermalGuard
from nephoscope.tasks.mask import probability
from nephoscope.tasks.sky_state import CameraTemperatures, Verdict, decide

Floats = npt.NDArray[np.float32]


class FrameClassifier:
    """Says of a frame whether it is clear or cloudy.

    Args:
        model: of the task `sky_state`.

    Raises:
        InputError: its weights or its compiled network cannot be read.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._engine = open_engine(model)

    def probability(self, image: npt.ArrayLike) -> float | None:
        """Probability of cloud from what is seen in a frame, 0..1.

        Args:
            image: (y, x), any unit, at least 128 x 160; NaN where missing.

        Returns:
            None of a frame in which there is nothing to see.
        """
        inputs = self._look(to_binned(image))
        return None if inputs is None else self._probability(inputs)

    def judge(
        self,
        image: npt.ArrayLike,
        temperatures: CameraTemperatures | None = None,
        excess: float | None = None,
    ) -> Verdict:
        """Say whether a frame is clear, cloudy or unknown; see `nephoscope.tasks.sky_state`.

        Args:
            image: as for `probability`.
            temperatures: of the camera; unknown by default.
            excess: as for `nephoscope.tasks.sky_state.decide`.
        """
        known, guard = temperatures or CameraTemperatures(), self.model.guard
        binned = to_binned(image)
        inputs = self._look(binned)
        if inputs is None:
            return decide(None, self.model.decision, known, excess)
        if not isinstance(guard, ThermalGuard):
            return decide(self._probability(inputs), self.model.decision, known, excess)
        doubt = guard.doubt(inputs.ravel(), self.model.normalisation)
        if doubt is not None:
            return Verdict("unknown", math.nan, doubt)
        verdict = decide(self._probability(inputs), self.model.decision, known, excess)
        doubt = guard.doubt_of_clear(binned) if verdict.state == "clear" else None
        return verdict if doubt is None else Verdict("unknown", math.nan, doubt)

    def _look(self, image: Floats) -> Floats | None:
        """(feature, y, x) that the classifier sees; None where there is nothing to see."""
        rows, cols = (np.zeros(side) for side in image.shape)
        view = View(image[None], np.isfinite(image), rows, cols, channels=("adu",))
        found = assemble(view, self.model.recipe.inputs.names)
        return found if np.isfinite(found).all() else None

    def _probability(self, inputs: Floats) -> float:
        score = self._engine.run(inputs[None])[0]
        return float(probability(score, self.model.decision)[0])

"""The `sky_state` task: is the sky of a thermal frame clear or cloudy, or can it not be known?

Texture above the camera's own noise and pattern is cloud. A frame without any is either clear sky
or an even overcast: no single frame of unknown level tells them apart. So `clear` is said only of
frames whose camera's temperatures are known and steady, and a clear-sky reference, where there is
one, decides. Everything else is `unknown`, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from nephoscope.tasks import Counts, Floats, Task, plain
from nephoscope.tasks.histogram import NOTHING, Bins, Line, fit_line
from nephoscope.tasks.losses import BinaryLosses, binary_loss
from nephoscope.tasks.mask import probability
from nephoscope.tasks.told import score_lines

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

State = Literal["clear", "cloudy", "unknown"]
UNKNOWN, CLEAR, CLOUDY = -1, 0, 1

EXCESS_LIMIT = 5.0
"""Frames this many times the scatter of clear ones above the clear reference are cloudy."""
DRIFT_LIMIT = 5.0
"""K between sensor and shutter beyond which the camera's pattern is no longer the corrected one."""


_ADVICE = """\
- The states are as good as the samples that were given. Of samples from `nephoscope simulate sky`
  scores are **simulated skill**: camera scale, offset, pattern and temperatures are drawn at
  random, every frame of another camera, and no camera is in two parts.
- Scale and offset of the counts cannot change the answer of a model of `texture`.
- An even overcast without any texture above the camera's noise looks like clear sky. Without the
  camera's temperatures in the header such a frame is `unknown`. With them it is called clear, at
  the rate of error above; only a clear-sky reference of the camera can tell the two apart.
- A texture farther from that of the training frames than any of them, and featureless frames far
  noisier, are `unknown` (`guard` in `model.yaml`): text, random numbers, stars, the Sun.
- Thin even cirrus, fog and a dewed window are such cases. Do not open a dome on this alone.
- Birds, planes, trees and buildings in the frame are texture, and are called cloudy."""

_RULE = (
    "recalls and balanced accuracy are among the frames that are not called unknown; no clear "
    "reference is used"
)

SCORES = Bins(12.0, 0.001, relative=True)
"""Bins in which a classifier's scores are counted: those of some have no scale of their own."""
SAID = ("clear", "cloudy", "unknown")
MISSED, FALSE = 0.01, 0.005
"""Frames called clear miss at most the first share of the cloudy ones, frames called cloudy take
at most the second of the clear ones."""
SURE_CLEAR, SURE_CLOUDY = 0.3, 0.7
"""Nothing is said on less evidence than these probabilities."""
_PRIOR = 0.1  # keeps the slope of the calibration finite where the states are separated
_LEAST_SLOPE = 1e-6
_LEAST_LIKELIHOOD = 1e-7


class StateDecision(Line):
    """What turns a classifier's score into clear, cloudy or unknown.

    Attributes:
        clear_below: a frame may be clear at or below this probability.
        cloudy_above: a frame is cloudy at or above this one.
    """

    slope: float = Field(1.0, gt=0)
    clear_below: float = Field(SURE_CLEAR, ge=0, le=1)
    cloudy_above: float = Field(SURE_CLOUDY, ge=0, le=1)


class SkyStateTask:
    """Clear or cloudy, of each item; see `nephoscope.tasks.Task`."""

    name = samples = "sky_state"
    truth: Truth = "frame"
    objective, objective_title = "likelihood", "likelihood"
    objective_meaning = (
        "geometric mean of the probability given to the true states of validation frames"
    )
    kept: tuple[str, ...] = (
        "balanced_accuracy", "clear_found", "cloudy_found", "unknown_share",
        "cloudy_called_clear", "clear_called_cloudy", "frames",
    )  # fmt: skip
    counted = "frames"
    unpublished: frozenset[str] = frozenset()
    scored = (
        "By what is seen of each frame alone: a featureless frame whose camera's temperatures do "
        "not vouch for it is unknown besides. Calibration and band were chosen on these samples, "
        "so scores on other cameras are the honest ones: `nephoscope evaluate`."
    )
    Losses, Decision = BinaryLosses, StateDecision

    def outputs(self, levels: int) -> int:
        """One score."""
        return 1

    def losses_for(
        self, losses: BinaryLosses, truths: Iterable[Mapping[str, npt.NDArray[Any]]]
    ) -> BinaryLosses:
        """The losses as they are."""
        return losses

    def loss(self, raw: Tensor, truth: Mapping[str, Tensor], losses: BinaryLosses) -> Tensor:
        """The recipe's mix of cross-entropy and Dice."""
        return binary_loss(raw[:, 0], truth["label"], losses)

    def count(self, raw: Floats, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """(label, 1 + bin of `SCORES`) int64, first those in which there is nothing to see."""
        return SCORES.count(raw[:, 0], truth["label"])

    def score(self, counts: Counts) -> float:
        """Geometric mean of the calibrated probability of the true state: 0.5 knows nothing."""
        seen = counts[:, NOTHING + 1 :]
        cloudy = probability(SCORES.centres.astype(np.float32), _line_of(counts))
        given = np.stack([1 - cloudy, cloudy]).astype(np.float64).clip(_LEAST_LIKELIHOOD, 1)
        return float(np.exp((seen * np.log(given)).sum() / max(seen.sum(), 1)))

    def decide(self, counts: Counts) -> StateDecision:
        """Platt's line, and the probabilities between which nothing is said."""
        line = _line_of(counts)
        cloudy = probability(SCORES.centres.astype(np.float32), line)
        below, above = (
            float(np.quantile(np.repeat(cloudy, counts[state, NOTHING + 1 :]), share))
            for state, share in ((CLOUDY, MISSED), (CLEAR, 1 - FALSE))
        )
        band = {"clear_below": min(SURE_CLEAR, below), "cloudy_above": max(SURE_CLOUDY, above)}
        return line.model_copy(update=band)

    def publish(self, counts: Counts, decision: StateDecision) -> Counts:
        """(true, said) int64, what is said by the score alone, whatever the camera's temperatures.

        Rows are clear and cloudy, columns clear, cloudy and unknown.
        """
        cloudy = probability(SCORES.centres.astype(np.float32), decision)
        said = _said(cloudy, decision)
        order = (CLEAR, CLOUDY, UNKNOWN)
        table = np.stack([counts[:, NOTHING + 1 :][:, said == n].sum(axis=1) for n in order], 1)
        table[:, SAID.index("unknown")] += counts[:, NOTHING]
        return table

    def fields(self, raw: Floats, decision: StateDecision) -> dict[str, npt.NDArray[np.float32]]:
        """`p_cloudy`, 0..1, of raw (1, ...)."""
        score = np.asarray(raw[:1], np.float32)
        return {"p_cloudy": np.asarray(probability(score, decision)[0])}

    def variables(self, fields: Mapping[str, Floats], decision: StateDecision) -> xr.Dataset:
        """`p_cloudy` float32 and `sky_state` int8, -1 unknown, of one frame or of (y, x)."""
        import xarray as xr

        cloudy = np.asarray(fields["p_cloudy"], np.float32)
        state, dims = _said(cloudy, decision), ("y", "x")[: cloudy.ndim]
        named = {"long_name": "state of the sky", "flag_values": np.array([0, 1], np.int8),
                 "flag_meanings": "clear cloudy", "_FillValue": np.int8(UNKNOWN)}  # fmt: skip
        likely = {"long_name": "probability that the sky is cloudy", "units": "1"}
        return xr.Dataset({"p_cloudy": (dims, cloudy, likely), "sky_state": (dims, state, named)})

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """(true, said) int64, as `publish` has it."""
        label, said = np.ravel(truth["label"]), np.ravel(variables["sky_state"].values)
        known = label >= 0
        place = np.where(said == UNKNOWN, SAID.index("unknown"), said)[known]
        flat = label[known].astype(np.int64) * len(SAID) + place
        return np.bincount(flat, minlength=2 * len(SAID)).reshape(2, -1)

    def metrics(self, counts: Counts, decision: StateDecision) -> dict[str, Any]:
        """Share of unknown frames, and recalls among those that are not unknown.

        NaN is what cannot be told: the recall of a state of which no frame is decided, and the
        balanced accuracy with it.
        """
        frames, unknown = counts.sum(axis=(-2, -1)), counts[..., SAID.index("unknown")].sum(axis=-1)
        decided = counts[..., (CLEAR, CLOUDY)].sum(axis=-1)
        right = np.diagonal(counts, axis1=-2, axis2=-1)
        recalls = np.where(decided > 0, right / np.maximum(decided, 1), np.nan)
        clear, cloudy = recalls[..., CLEAR], recalls[..., CLOUDY]
        return plain(
            {
                "balanced_accuracy": np.round((clear + cloudy) / 2, 4),
                "clear_found": np.round(clear, 4),
                "cloudy_found": np.round(cloudy, 4),
                "unknown_share": np.round(unknown / np.maximum(frames, 1), 4),
                "cloudy_called_clear": counts[..., CLOUDY, CLEAR],
                "clear_called_cloudy": counts[..., CLEAR, CLOUDY],
                "frames": frames,
            }
        )

    def details(self, counts: Counts, decision: StateDecision) -> dict[str, Any]:
        """None."""
        return {}

    def rules(self, decision: StateDecision) -> dict[str, Any]:
        """The probabilities between which nothing is said, and which frames count."""
        limits = ("clear_below", "cloudy_above")
        return {**decision.model_dump(include={*limits}), "state_rule": _RULE}

    def summary(
        self, scores: Mapping[str, Mapping[str, float]], decision: StateDecision
    ) -> list[str]:
        """Every score, a line each."""
        return score_lines(scores["full"])

    def advice(self, decision: StateDecision) -> str:
        """Where clear and cloudy begin, and where the answer fails."""
        return (
            "A frame may be clear at a probability of cloud up to "
            f"{decision.clear_below:.3f} and is cloudy from {decision.cloudy_above:.3f}; between "
            f"them it is unknown.\n\n{_ADVICE}"
        )


TASK: Task = SkyStateTask()


def _said(cloudy: npt.NDArray[np.float32], band: StateDecision) -> npt.NDArray[np.int8]:
    """States of probabilities, int8, same shape; unknown where they are NaN."""
    state = np.full(cloudy.shape, UNKNOWN, np.int8)
    state[cloudy <= band.clear_below] = CLEAR
    state[cloudy >= band.cloudy_above] = CLOUDY
    return state


def _line_of(counts: Counts) -> StateDecision:
    """Platt's line on scores in units of their spread, with a prior on its slope."""
    seen, centres = counts[:, NOTHING + 1 :], SCORES.centres
    total = seen.sum(axis=0)
    mean = float(total @ centres) / max(int(total.sum()), 1)
    spread = max(math.sqrt(float(total @ (centres - mean) ** 2) / max(int(total.sum()), 1)), 1e-6)
    slope, intercept = fit_line(seen, centres / spread, _PRIOR, _LEAST_SLOPE)
    return StateDecision(slope=max(slope / spread, _LEAST_SLOPE), intercept=intercept)


@dataclass(frozen=True)
class CameraTemperatures:
    """What a frame's header says of its camera, deg C; NaN where it does not.

    Attributes:
        sensor: focal-plane array.
        ambient: outside air.
        shutter: of the last flat-field correction.
        wrong: what its header holds in place of a temperature, in words.
    """

    sensor: float = math.nan
    ambient: float = math.nan
    shutter: float = math.nan
    wrong: str = ""

    @property
    def doubt(self) -> str | None:
        """Why these temperatures do not vouch for the camera; None where they do."""
        if self.wrong:
            return self.wrong
        if not (math.isfinite(self.sensor) and math.isfinite(self.ambient)):
            return "the camera's temperatures are not known"
        drift = abs(self.sensor - self.shutter)
        if drift > DRIFT_LIMIT:
            return f"the sensor is {drift:.1f} K from its shutter: its pattern is not corrected"
        return None


def temperatures_of(attrs: Mapping[Any, Any]) -> CameraTemperatures:
    """The temperatures in the attributes of a sky Scene."""
    sensor, ambient, shutter = (
        float(attrs.get(f"{name}_temperature", math.nan)) for name in ("fpa", "ambient", "shutter")
    )
    return CameraTemperatures(sensor, ambient, shutter, str(attrs.get("temperature_note", "")))


@dataclass(frozen=True)
class Verdict:
    """What is said of a frame.

    Attributes:
        state: "clear", "cloudy" or "unknown".
        p_cloudy: probability of cloud, 0..1; NaN where there is no evidence either way.
        note: why.
    """

    state: State
    p_cloudy: float
    note: str


def decide(
    probability: float | None,
    band: StateDecision,
    temperatures: CameraTemperatures,
    excess: float | None = None,
) -> Verdict:
    """Say what is known of a frame.

    Args:
        probability: of cloud, from texture; None of a frame in which there is nothing to see.
        band: of the model: between its probabilities nothing is said.
        temperatures: of the camera, from the header.
        excess: of the frame's median over its camera's clear-sky reference, in units of the
            scatter of clear frames about it; None without a reference.
    """
    if probability is None:
        return Verdict("unknown", math.nan, "no picture: constant, without noise or mostly missing")
    if probability >= band.cloudy_above:
        return Verdict("cloudy", probability, "texture of cloud")
    if excess is not None and temperatures.doubt is None:
        return _against_reference(probability, excess, band)
    if probability > band.clear_below:
        return Verdict("unknown", probability, "faint texture: thin cloud or the camera's pattern")
    if temperatures.doubt is not None:
        return Verdict("unknown", math.nan, f"featureless, and {temperatures.doubt}")
    note = "no texture of cloud; without a clear reference an even overcast cannot be excluded"
    return Verdict("clear", probability, note)


def _against_reference(probability: float, excess: float, band: StateDecision) -> Verdict:
    if excess > EXCESS_LIMIT:
        return Verdict("cloudy", 1.0, "warmer than this camera's clear sky")
    if excess < -EXCESS_LIMIT:
        return Verdict("unknown", math.nan, "colder than this camera's clear sky: wrong reference?")
    if probability > band.clear_below:
        return Verdict("unknown", probability, "as warm as clear sky, with faint texture")
    return Verdict("clear", probability, "no texture, as warm as this camera's clear sky")

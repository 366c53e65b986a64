"""The `mask` task: is there cloud in this pixel? One logit per pixel against a dense mask label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from nephoscope.tasks import Counts, Floats, Task, plain
from nephoscope.tasks.histogram import NOTHING, Bins, Line, best_f1, fit_line
from nephoscope.tasks.losses import BinaryLosses, binary_loss
from nephoscope.tasks.mask_metrics import BINS, MISSING, PROBABILITY_STEPS, best_threshold, metrics

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

LOGITS = Bins(25.0, 0.01)
"""Bins in which a network's logits are counted."""
_RULE = (
    "cloud where the probability, stored in steps of 1/250, is at or above the threshold; pooled "
    "over every pixel with a label; a pixel without a prediction counts as clear"
)
FILL = np.uint8(255)
"""Of packed variables: nothing is said."""


class MaskDecision(Line):
    """What turns a logit into cloud or clear.

    Attributes:
        threshold: cloud is a published probability at or above it; a multiple of 1/250.
    """

    threshold: float = Field(0.5, gt=0, le=1)


class MaskTask:
    """Cloud or clear, of each item; see `nephoscope.tasks.Task`."""

    name = samples = "mask"
    truth: Truth = "pixels"
    objective, objective_title = "f1", "F1"
    objective_meaning = "best F1 on the validation samples"
    kept: tuple[str, ...] = (
        "f1", "precision", "recall", "iou", "auc", "ece", "cloud_share", "pixels"
    )  # fmt: skip
    counted = "pixels"
    unpublished: frozenset[str] = frozenset()
    scored = (
        "Pooled over every labelled pixel; one without image data counts as clear. Checkpoint, "
        "calibration and threshold were chosen on these samples, so scores on other days are the "
        "honest ones: `nephoscope evaluate`."
    )
    Losses, Decision = BinaryLosses, MaskDecision

    def outputs(self, levels: int) -> int:
        """One logit."""
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
        """(label, 1 + bin of `LOGITS`) int64; items without a prediction count as clear."""
        return LOGITS.count(raw[:, 0], truth["label"])

    def score(self, counts: Counts) -> float:
        """The highest F1 of any threshold on the logit, pooled over all items."""
        return best_f1(counts)

    def decide(self, counts: Counts) -> MaskDecision:
        """Platt's line, and the published threshold with the highest F1 pooled over all items."""
        slope, intercept = fit_line(counts[:, NOTHING + 1 :], LOGITS.centres)
        line = MaskDecision(slope=slope, intercept=intercept)
        return line.model_copy(update={"threshold": best_threshold(self.publish(counts, line))})

    def publish(self, counts: Counts, decision: MaskDecision) -> Counts:
        """(truth, bin) int64, as `count_published` counts published probabilities."""
        step = steps_of(probability(LOGITS.centres.astype(np.float32), decision))
        seen = counts[:, NOTHING + 1 :]
        steps = [np.bincount(step, row, PROBABILITY_STEPS + 1).astype(np.int64) for row in seen]
        return np.concatenate([counts[:, : NOTHING + 1], np.stack(steps)], axis=1)

    def fields(self, raw: Floats, decision: MaskDecision) -> dict[str, npt.NDArray[np.float32]]:
        """`cloud_probability`, 0..1, (y, x) of raw (1, y, x)."""
        return {"cloud_probability": probability(np.asarray(raw[0], np.float32), decision)}

    def variables(self, fields: Mapping[str, Floats], decision: MaskDecision) -> xr.Dataset:
        """`cloud_probability` in steps of 1/250 and `cloud_mask`, uint8, 255 where unknown."""
        import xarray as xr

        likely = np.asarray(fields["cloud_probability"], np.float32)
        packed, unknown = steps_and_unknown(likely)
        step = threshold_step(decision.threshold)
        mask = (packed >= step).astype(np.uint8)
        packed[unknown] = mask[unknown] = FILL
        of_probability = {
            "long_name": "probability of cloud",
            "units": "1",
            "scale_factor": 1 / PROBABILITY_STEPS,
            "_FillValue": FILL,
            "valid_range": np.array([0, PROBABILITY_STEPS], np.uint8),
        }
        of_mask = {
            "standard_name": "cloud_binary_mask",
            "long_name": "cloud mask",
            "units": "1",
            "_FillValue": FILL,
            "flag_values": np.array([0, 1], np.uint8),
            "flag_meanings": "clear cloudy",
            "threshold": step / PROBABILITY_STEPS,
        }
        return xr.Dataset(
            {
                "cloud_probability": (("y", "x"), packed, of_probability),
                "cloud_mask": (("y", "x"), mask, of_mask),
            }
        )

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """(truth, bin) int64 of the published probabilities."""
        likely = published_probability(variables)
        return count_published(likely.ravel(), truth["label"].ravel())

    def metrics(self, counts: Counts, decision: MaskDecision) -> dict[str, Any]:
        """Every score of `nephoscope.tasks.mask_metrics`, at the decision's threshold."""
        found = metrics(counts, threshold_step(decision.threshold))
        return plain({**found, "pixels": counts.sum(axis=(-2, -1))})

    def details(self, counts: Counts, decision: MaskDecision) -> dict[str, Any]:
        """None."""
        return {}

    def rules(self, decision: MaskDecision) -> dict[str, Any]:
        """The threshold, and which pixels count as cloud."""
        return {"threshold": decision.threshold, "mask_rule": _RULE}

    def summary(
        self, scores: Mapping[str, Mapping[str, float]], decision: MaskDecision
    ) -> list[str]:
        """F1 of each way, and the threshold."""
        lines = [
            f"validation F1 {found['f1']:.4f}  {way.replace('_', ' ')}"
            for way, found in scores.items()
        ]
        return [*lines, f"threshold {decision.threshold:.3f}"]

    def advice(self, decision: MaskDecision) -> str:
        """Where cloud begins."""
        return (
            f"Cloud is a probability of at least {decision.threshold:.3f}. Nothing is known of how "
            "it does outside the season, instrument and processing it was trained on."
        )


TASK: Task = MaskTask()


def probability(logits: npt.NDArray[np.float32], line: Line) -> npt.NDArray[np.float32]:
    """Calibrated probability of cloud, 0..1, same shape as `logits`, float32."""
    odds = np.multiply(logits, np.float32(-line.slope), dtype=np.float32)
    odds -= np.float32(line.intercept)
    np.clip(odds, -80.0, 80.0, out=odds)
    np.exp(odds, out=odds)
    odds += np.float32(1.0)
    return np.reciprocal(odds, out=odds)


def as_floats(mask: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """A mask, int8, -1 unknown, 0 clear, 1 cloud → float32, NaN unknown, same shape."""
    return np.where(mask < 0, np.float32(np.nan), mask).astype(np.float32)


def steps_of(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Probability 0..1 → whole steps 0..250, uint8; the form in which it is stored and scored.

    The one rule by which scores, products and the chain of a camera call a pixel cloud: its step
    is `threshold_step` or more.
    """
    scaled = np.multiply(probabilities, PROBABILITY_STEPS, dtype=np.float32)
    scaled += np.float32(0.5)
    return np.asarray(scaled, np.uint8)


def threshold_step(threshold: float) -> int:
    """The first step that counts as cloud: cloud is `probability >= threshold`."""
    return int(np.ceil(threshold * PROBABILITY_STEPS - 1e-6))


def published(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Probability 0..1 rounded as it is published, same shape, float32; NaN stays NaN."""
    steps, unknown = steps_and_unknown(probabilities)
    return np.where(unknown, np.float32(np.nan), steps / np.float32(PROBABILITY_STEPS))


def steps_and_unknown(
    probabilities: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Steps, 0 where a probability is NaN, and where that is."""
    unknown = np.isnan(probabilities)
    return steps_of(np.where(unknown, np.float32(0), probabilities)), unknown


def published_probability(variables: xr.Dataset) -> npt.NDArray[np.float32]:
    """Probability 0..1 of packed variables, NaN where nothing is said."""
    packed = variables["cloud_probability"].values
    return np.where(packed == FILL, np.float32(np.nan), packed / np.float32(PROBABILITY_STEPS))


def is_cloud(probabilities: npt.NDArray[np.floating], threshold: float) -> npt.NDArray[np.bool_]:
    """Where a probability, as it is published, is cloud; nowhere where it is NaN."""
    steps, unknown = steps_and_unknown(probabilities)
    return np.asarray((steps >= threshold_step(threshold)) & ~unknown)


def count_published(
    probabilities: npt.NDArray[np.floating], label: npt.NDArray[np.integer]
) -> Counts:
    """Counts of published probabilities.

    Args:
        probabilities: (item,) 0..1, NaN where there is no prediction.
        label: (item,) int8, -1 unknown, 0 clear, 1 cloud; only known items are counted.

    Returns:
        (truth, bin) int64, shape (2, `BINS`): bin 0 counts items without a prediction, bin 1 + k
        the probability k / 250.
    """
    known = label >= 0
    probabilities, label = probabilities[known], label[known]
    levels = steps_of(np.nan_to_num(probabilities).clip(0, 1)).astype(np.int64)
    place = np.where(np.isnan(probabilities), MISSING, levels + 1)
    flat = label.astype(np.int64) * BINS + place
    return np.bincount(flat, minlength=2 * BINS).reshape(2, BINS)

"""The `cloud_ice` task: how much ice there is at each level of a column, and how surely.

The truth is profiles of a radar and a lidar. Cloud and its ice are told in two stages: how likely
there is cloud, and how much ice there is if there is. What is published holds whether or not there
is cloud; see `ice_mixture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts, Floats, Task, plain
from nephoscope.tasks.ice_counts import RAW, count_ice, publish_ice
from nephoscope.tasks.ice_decision import FLOOR_STEP, IceDecision, decide_ice
from nephoscope.tasks.ice_head import IceHead, IceNumbers
from nephoscope.tasks.ice_losses import IceLosses, ice_loss, scaled_amounts
from nephoscope.tasks.ice_metrics import PUBLISHED, details_of, scores_of
from nephoscope.tasks.ice_published import tally_ice
from nephoscope.tasks.ice_truth import IWC, LEAST_IWC, NUMBER, SAMPLES, clouds_of
from nephoscope.tasks.ice_variables import UNPUBLISHED, ice_fields, ice_variables
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.profile_decision import level_rules
from nephoscope.tasks.profile_metrics import overlap
from nephoscope.tasks.told import score_lines

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

_RULE = (
    f"a voxel is truly cloud where its mean ice water content is above {LEAST_IWC:g} kg m-3, and "
    "said to be where its published probability is at or above the threshold; unknown voxels count "
    "nowhere, one without a prediction as clear; ice water paths count where every level is known"
)
_ADVICE = """\
A voxel is cloud at a probability of at least {threshold:.3f}.

- `iwc` and `ice_number_concentration` are means, whether or not there is cloud: add and average
  these. They are 0 where cloud is less likely than {floor:g}. `iwp` is the integral of `iwc`.
- `iwc_p05`, `iwc_p50` and `iwc_p95` are quantiles, whether or not there is cloud, and 0 where a
  clear voxel is that likely: do not add them up. `iwp_p05` and `iwp_p95` are quantiles of the
  column, told by themselves; the mean may lie beyond them.
- `iwc_in_cloud_p50` and `ice_number_in_cloud_p50` are medians if there is cloud.
- The truth is that of a radar and a lidar, with their own errors and blind spots."""


class IceTask:
    """Ice on levels, of each item; see `nephoscope.tasks.Task`."""

    name = "cloud_ice"
    samples = SAMPLES
    truth: Truth = "points"
    objective, objective_title = "f1", "F1"
    objective_meaning = "best F1 of cloud on levels of the validation profiles"
    kept: tuple[str, ...] = (
        "f1", "precision", "recall", "log_mae", "log_mae_p50", "number_log_mae", "r2_log",
        "r_linear", "iwp_bias", "crps_log", "coverage", "iwp_coverage", "f1_2d", "top_mae", "ece",
        "profiles",
    )  # fmt: skip
    counted = "profiles"
    unpublished = UNPUBLISHED
    scored = (
        "Pooled over every known voxel of the validation profiles. Checkpoint, calibration and "
        "threshold were chosen on these samples, so scores on other regions are the honest ones: "
        "`nephoscope evaluate`. Those of amounts and intervals are of the head before calibration."
    )
    Losses, Decision = IceLosses, IceDecision

    def outputs(self, levels: int) -> int:
        """Nine numbers of each level and six of the column; see `ice_head`."""
        return IceHead(levels).outputs

    def losses_for(
        self, losses: IceLosses, truths: Iterable[Mapping[str, npt.NDArray[Any]]]
    ) -> IceLosses:
        """The losses with counts of clear and cloudy voxels, where they are asked for."""
        if not losses.lacks_counts:
            return losses
        counts = np.zeros(2, np.int64)
        for truth in truths:
            types = clouds_of(truth[IWC])
            counts += np.bincount(types[types >= 0], minlength=2)
        return losses.model_copy(update={"class_counts": tuple(counts.tolist())})

    def loss(self, raw: Tensor, truth: Mapping[str, Tensor], losses: IceLosses) -> Tensor:
        """The recipe's mix; see `IceLosses`."""
        return ice_loss(*_said_and_true(raw, truth), losses)

    def scaled_columns(self, raw: Tensor, truth: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Scaled logarithms of ice and number, said and true, (item, 2, level); see `l1`."""
        import torch

        said, true = zip(*scaled_amounts(*_said_and_true(raw, truth)), strict=True)
        return torch.stack(said, dim=1), torch.stack(true, dim=1)

    def count(self, raw: Floats, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """Tables of `nephoscope.tasks.ice_counts`, one behind the other."""
        return count_ice(np.asarray(raw, np.float32), truth)

    def score(self, counts: Counts) -> float:
        """F1 of cloud, pooled over all known voxels, at the threshold that suits the counts."""
        voxels = publish_ice(RAW.split(counts), self.decide(counts))["voxels"].sum(axis=0)
        return float(np.nan_to_num(overlap(voxels)["dice"]))

    def decide(self, counts: Counts) -> IceDecision:
        """Platt's lines, the threshold of the best F1, unbiased means, and calibrated intervals."""
        return decide_ice(RAW.split(counts))

    def publish(self, counts: Counts, decision: IceDecision) -> Counts:
        """Tables of `nephoscope.tasks.ice_metrics`, one behind the other."""
        return PUBLISHED.join(publish_ice(RAW.split(counts), decision), RAW.levels(counts))

    def fields(self, raw: Floats, decision: IceDecision) -> dict[str, npt.NDArray[np.float32]]:
        """Probabilities, means and quantiles on levels and of columns; see `ice_fields`."""
        return ice_fields(np.asarray(raw, np.float32), decision)

    def variables(self, fields: Mapping[str, Floats], decision: IceDecision) -> xr.Dataset:
        """Ice, number, probabilities, paths, mask and tops; 2-D, or of points."""
        return ice_variables(fields, decision)

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """As `publish` has it; truth is (item, level) of variables at points, else levels first."""
        return tally_ice(variables, truth)

    def metrics(self, counts: Counts, decision: IceDecision) -> dict[str, Any]:
        """Every score of `nephoscope.tasks.ice_metrics`; heights in m, IWC in g m-3."""
        return plain(scores_of(PUBLISHED.split(counts), decision.step))

    def details(self, counts: Counts, decision: IceDecision) -> dict[str, Any]:
        """Confusion, scores of each level, biases by decade of the path, and reliability."""
        return details_of(PUBLISHED.split(counts))

    def rules(self, decision: IceDecision) -> dict[str, Any]:
        """The levels, and which voxels count."""
        return {**level_rules(decision), "ice_rule": _RULE}

    def summary(
        self, scores: Mapping[str, Mapping[str, float]], decision: IceDecision
    ) -> list[str]:
        """The scores that are kept, a line each, and the calibration."""
        lines = score_lines(scores["full"])
        factor, spread = decision.mean_factor, decision.spread
        cut = f"threshold {decision.threshold:.3f}, means by {factor:.3f}, spread by {spread:.3f}"
        return [*lines, cut]

    def advice(self, decision: IceDecision) -> str:
        """Where cloud begins, and what may be added up."""
        floor = FLOOR_STEP / PROBABILITY_STEPS
        return _ADVICE.format(threshold=decision.threshold, floor=floor)


def _said_and_true(raw: Tensor, truth: Mapping[str, Tensor]) -> tuple[IceNumbers, Tensor, Tensor]:
    """What the head says of items, and their ice and number, NaN unknown."""
    iwc = truth[IWC].float()
    number = truth[NUMBER].float() if NUMBER in truth else iwc * float("nan")
    return IceHead(iwc.shape[1]).tensors(raw.float()), iwc, number


TASK: Task = IceTask()

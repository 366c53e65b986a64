"""The `cloud_mask_2d` task: is there cloud anywhere in a column? The truth is that of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts, Floats, Task, plain
from nephoscope.tasks.cloud_type import SAMPLES
from nephoscope.tasks.profile_counts import COLUMNS as RAW
from nephoscope.tasks.profile_counts import count_columns
from nephoscope.tasks.profile_decision import ColumnDecision, decide_columns, level_rules
from nephoscope.tasks.profile_losses import ColumnLosses, class_losses
from nephoscope.tasks.profile_metrics import COLUMNS, cut_at_each, details_of, mean_iou, scores_of
from nephoscope.tasks.profile_published import publish_columns, tally_columns
from nephoscope.tasks.profile_truth import columns_of
from nephoscope.tasks.profile_variables import column_field, column_variables
from nephoscope.tasks.told import score_lines

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

_RULE = (
    "a column is cloudy where its published probability is at or above the threshold; it is truly "
    "cloudy with cloud on any known level, clear where every level is known to be; a column "
    "without a prediction is clear"
)


class ColumnTask:
    """Cloud in the column, of each item; see `nephoscope.tasks.Task`."""

    name = "cloud_mask_2d"
    samples = SAMPLES
    truth: Truth = "points"
    objective, objective_title = "miou_2d", "mean IoU"
    objective_meaning = "best mean IoU of cloudy and clear columns of the validation profiles"
    kept: tuple[str, ...] = (
        "miou_2d", "dice_2d", "precision_2d", "recall_2d", "ece_2d", "profiles"
    )  # fmt: skip
    counted = "profiles"
    unpublished: frozenset[str] = frozenset()
    scored = (
        "Pooled over the validation profiles of which it is known whether they are cloudy. "
        "Checkpoint, calibration and threshold were chosen on these samples, so scores on other "
        "orbits are the honest ones: `nephoscope evaluate`."
    )
    Losses, Decision = ColumnLosses, ColumnDecision

    def outputs(self, levels: int) -> int:
        """One logit."""
        return 1

    def losses_for(
        self, losses: ColumnLosses, truths: Iterable[Mapping[str, npt.NDArray[Any]]]
    ) -> ColumnLosses:
        """The losses with counts of clear and of cloudy columns, where they are asked for."""
        if not losses.lacks_counts:
            return losses
        counts = np.zeros(2, np.int64)
        for truth in truths:
            columns = columns_of(truth["cloud_type"].T)
            counts += np.bincount(columns[columns >= 0], minlength=2)
        return losses.model_copy(update={"class_counts": tuple(counts.tolist())})

    def loss(self, raw: Tensor, truth: Mapping[str, Tensor], losses: ColumnLosses) -> Tensor:
        """The recipe's mix; see `ColumnLosses`."""
        import torch

        types = truth["cloud_type"].long()
        clear = torch.where((types < 0).any(dim=1), -1, 0)
        target = torch.where((types > 0).any(dim=1), 1, clear)
        return class_losses(torch.cat([torch.zeros_like(raw), raw], dim=1), target, losses)

    def count(self, raw: Floats, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """(truth, 1 + bin of `COLUMN_LOGITS`), and the number of profiles behind it."""
        return count_columns(np.asarray(raw[:, 0], np.float32), truth["cloud_type"])

    def score(self, counts: Counts) -> float:
        """The highest mean IoU of any cut of the logit; 0 of no column."""
        cuts = cut_at_each(RAW.split(counts)["columns"])
        return float(np.nanmax(mean_iou(cuts), initial=0.0))

    def decide(self, counts: Counts) -> ColumnDecision:
        """Platt's line, and the published threshold with the best mean IoU."""
        return decide_columns(RAW.split(counts)["columns"])

    def publish(self, counts: Counts, decision: ColumnDecision) -> Counts:
        """Tables of columns of `nephoscope.tasks.profile_metrics`, one behind the other."""
        return COLUMNS.join(publish_columns(RAW.split(counts), decision), 1)

    def fields(self, raw: Floats, decision: ColumnDecision) -> dict[str, npt.NDArray[np.float32]]:
        """`column_cloud_probability`, 0..1, (...) of raw (1, ...)."""
        return {"column_cloud_probability": column_field(np.asarray(raw[0], np.float32), decision)}

    def variables(self, fields: Mapping[str, Floats], decision: ColumnDecision) -> xr.Dataset:
        """`cloud_mask` and `column_cloud_probability` in steps of 1/250, uint8, 255 unknown."""
        return column_variables(fields, decision)

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """As `publish` has it; truth is (item, level) of variables at points, else levels first."""
        return COLUMNS.join(tally_columns(variables, truth["cloud_type"]), 1)

    def metrics(self, counts: Counts, decision: ColumnDecision) -> dict[str, Any]:
        """The scores of columns of `nephoscope.tasks.profile_metrics`."""
        return plain(scores_of(COLUMNS.split(counts), decision.step))

    def details(self, counts: Counts, decision: ColumnDecision) -> dict[str, Any]:
        """Reliability of the probability of a cloudy column."""
        return details_of(COLUMNS.split(counts))

    def rules(self, decision: ColumnDecision) -> dict[str, Any]:
        """The levels, and which columns count."""
        return {**level_rules(decision), "column_rule": _RULE}

    def summary(
        self, scores: Mapping[str, Mapping[str, float]], decision: ColumnDecision
    ) -> list[str]:
        """The scores that are kept, a line each, and the threshold."""
        lines = score_lines(scores["full"])
        return [*lines, f"threshold {decision.threshold:.3f}"]

    def advice(self, decision: ColumnDecision) -> str:
        """Where cloud begins."""
        return (
            f"A column is cloudy at a probability of at least {decision.threshold:.3f}. The truth "
            "is a radar's: it misses thin cirrus and cloud in the lowest kilometre, and so does "
            "the model."
        )


TASK: Task = ColumnTask()

"""The `cloud_type` task: which cloud, if any, is at each level of a profile, and where its top is.

The truth is profiles of cloud types, as a radar gives them along its track. The same task without
types is `cloud_mask_3d`; of columns alone it is `cloud_mask_2d`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts, Floats, Task, plain
from nephoscope.tasks.profile_counts import CLASSES, count_profiles
from nephoscope.tasks.profile_counts import TYPED as RAW_TYPED
from nephoscope.tasks.profile_counts import UNTYPED as RAW_UNTYPED
from nephoscope.tasks.profile_decision import ProfileDecision, decide_profiles, level_rules
from nephoscope.tasks.profile_head import Head
from nephoscope.tasks.profile_losses import (
    ProfileLosses,
    class_losses,
    smoothness,
    top_losses,
)
from nephoscope.tasks.profile_metrics import TYPED, UNTYPED, details_of, overlap, scores_of
from nephoscope.tasks.profile_published import publish_profiles, tally_profiles
from nephoscope.tasks.profile_variables import profile_fields, profile_variables
from nephoscope.tasks.told import score_lines

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

SAMPLES = "cloud_type"
"""Task of the samples, and name of the truth that they hold: (item, level)."""
_RULE = (
    "a level is cloud where its published probability is at or above the threshold and its column "
    "is called cloudy, by another threshold; unknown levels count nowhere; a column without a "
    "prediction is clear; a top counts where no level above it is unknown, a clear column where "
    "every level is known"
)
_ADVICE = """\
A cloudy column is a probability of at least {column:.3f}, cloud on one of its levels one of at
least {threshold:.3f}. A column may be cloudy without cloud on any level: there is cloud, and it is
not known where.

- The truth is a radar's: it misses thin cirrus and cloud in the lowest kilometre, and so does the
  model.
- `cloud_top_height` is the median of the top's distribution; `cloud_top_height_lower` and
  `cloud_top_height_upper` are its 5 % and 95 % quantiles, `cloud_top_height_uncertainty` half of
  its 16 to 84 % range, so chosen that as many true tops of the validation lie beyond.
  `cloud_top_height_if_cloudy` is there for columns called clear, too.
- Tops and bases are the middles of the highest and the lowest level with cloud."""


class ProfileTask:
    """Cloud on levels, of each item; see `nephoscope.tasks.Task`.

    Args:
        name: of the task.
        typed: whether it tells the types of cloud.
    """

    samples = SAMPLES
    truth: Truth = "points"
    objective, objective_title = "dice", "Dice"
    objective_meaning = "best Dice of cloud on levels of the validation profiles"
    counted = "profiles"
    unpublished: frozenset[str] = frozenset()
    scored = (
        "Pooled over every known level of the validation profiles, interpolated to their places. "
        "Checkpoint, calibration and thresholds were chosen on these samples, so scores on other "
        "orbits are the honest ones: `nephoscope evaluate`. The mean error of the top is over all "
        "truly cloudy profiles, `found` over those that are called cloudy."
    )
    Losses, Decision = ProfileLosses, ProfileDecision

    def __init__(self, name: str, typed: bool) -> None:
        self.name, self.typed = name, typed
        types = ("micro_dice", "macro_dice") if typed else ()
        self.kept: tuple[str, ...] = (
            "dice", "precision", "recall", *types, "miou_2d", "top_mae", "top_mae_found",
            "top_found", "top_bin_accuracy", "base_mae", "multilayer_dice", "ece", "profiles",
        )  # fmt: skip
        self._raw = RAW_TYPED if typed else RAW_UNTYPED
        self._published = TYPED if typed else UNTYPED

    def outputs(self, levels: int) -> int:
        """Logits of each class on each level, then of the top on each level and of no cloud."""
        return Head(levels, self.typed).outputs

    def losses_for(
        self, losses: ProfileLosses, truths: Iterable[Mapping[str, npt.NDArray[Any]]]
    ) -> ProfileLosses:
        """The losses with counts of the classes on known levels, where they are asked for."""
        if not losses.lacks_counts:
            return losses
        classes = CLASSES if self.typed else 2
        counts = np.zeros(classes, np.int64)
        for truth in truths:
            types = truth["cloud_type"]
            said = types if self.typed else np.minimum(types, 1)
            counts += np.bincount(said[said >= 0], minlength=classes)
        return losses.model_copy(update={"class_counts": tuple(counts.tolist())})

    def loss(self, raw: Tensor, truth: Mapping[str, Tensor], losses: ProfileLosses) -> Tensor:
        """The recipe's mix; see `ProfileLosses`."""
        types = truth["cloud_type"].long()
        head = Head(types.shape[1], self.typed)
        volume, top = raw[:, : head.volume], raw[:, head.volume :]
        logits = volume.reshape(len(raw), -1, head.levels)
        if not self.typed:
            import torch

            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
            types = types.clamp(max=1)
        total = class_losses(logits, types, losses) + top_losses(top, types, losses)
        if losses.smoothness:
            total = total + losses.smoothness * smoothness(logits, types)
        return total

    def count(self, raw: Floats, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """Tables of `nephoscope.tasks.profile_counts`, one behind the other."""
        return count_profiles(np.asarray(raw, np.float32), truth["cloud_type"], self.typed)

    def score(self, counts: Counts) -> float:
        """Dice of cloud, pooled over all known levels, at the thresholds that suit the counts."""
        tables = self._raw.split(counts)
        decision = self.decide(counts)
        voxels = publish_profiles(tables, decision)["voxels"].sum(axis=0)
        return float(np.nan_to_num(overlap(voxels)["dice"]))

    def decide(self, counts: Counts) -> ProfileDecision:
        """Platt's lines, thresholds with the best Dice and mean IoU, and quantiles of the top."""
        tables = self._raw.split(counts)
        return decide_profiles(tables["voxels"].sum(axis=0), tables["columns"], tables["ranks"])

    def publish(self, counts: Counts, decision: ProfileDecision) -> Counts:
        """Tables of `nephoscope.tasks.profile_metrics`, one behind the other."""
        tables = publish_profiles(self._raw.split(counts), decision)
        return self._published.join(tables, self._raw.levels(counts))

    def fields(self, raw: Floats, decision: ProfileDecision) -> dict[str, npt.NDArray[np.float32]]:
        """Probabilities of cloud and of its types on levels, and of the column and its top."""
        raw = np.asarray(raw, np.float32)
        return profile_fields(raw, Head.of(len(raw), self.typed), decision)

    def variables(self, fields: Mapping[str, Floats], decision: ProfileDecision) -> xr.Dataset:
        """`cloud_type` or `cloud_mask_3d`, probabilities, mask and heights; 2-D, or of points."""
        return profile_variables(fields, decision)

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """As `publish` has it; truth is (item, level) of variables at points, else levels first."""
        tables = tally_profiles(variables, truth["cloud_type"], self.typed)
        return self._published.join(tables, len(tables["voxels"]))

    def metrics(self, counts: Counts, decision: ProfileDecision) -> dict[str, Any]:
        """Every score of `nephoscope.tasks.profile_metrics`; heights in m."""
        return plain(scores_of(self._published.split(counts), decision.step))

    def details(self, counts: Counts, decision: ProfileDecision) -> dict[str, Any]:
        """Confusion, scores of each class and level, and reliability."""
        return details_of(self._published.split(counts))

    def rules(self, decision: ProfileDecision) -> dict[str, Any]:
        """The levels, and which published levels and columns count."""
        return {**level_rules(decision), "profile_rule": _RULE}

    def summary(
        self, scores: Mapping[str, Mapping[str, float]], decision: ProfileDecision
    ) -> list[str]:
        """The scores that are kept, a line each."""
        lines = score_lines(scores["full"])
        cut = f"threshold {decision.threshold:.3f}, of columns {decision.column_threshold:.3f}"
        return [*lines, cut]

    def advice(self, decision: ProfileDecision) -> str:
        """Where cloud begins, and how to read its heights."""
        return _ADVICE.format(threshold=decision.threshold, column=decision.column_threshold)


TASK: Task = ProfileTask("cloud_type", typed=True)

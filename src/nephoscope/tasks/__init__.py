"""Tasks: what is predicted. Each owns its head's numbers, loss, counts, decision and variables.

A task is a module with an object `TASK` and one line in `TASKS`. `CONTRIBUTING.md` shows how to add
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from nephoscope.arguments import nearest
from nephoscope.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from nephoscope.scene import Truth

Counts = npt.NDArray[np.int64]
"""What a task counts: it adds up, so that any cutting of the items gives the same."""
Floats = npt.NDArray[np.floating]
NO_COUNTS: Counts = np.zeros((), np.int64)
"""Counts of nothing, of any task: it can be added to any."""

TASKS = {
    name: f"nephoscope.tasks.{name}"
    for name in ("mask", "sky_state", "cloud_type", "cloud_mask_3d", "cloud_mask_2d", "cloud_ice")
}
"""Name → the module that holds the task as `TASK`."""


class Task(Protocol):
    """What is predicted of items: pixels, frames or points. It never learns which of them.

    Attributes:
        name: as recipes and samples name it.
        samples: name of the task whose samples it learns from; most have their own.
        truth: form of the truth that samples of it are built with, if nobody asks for another.
        objective: name of the score that a fit makes as large as possible, 0..1.
        objective_title: the same, as it is said.
        objective_meaning: the same, in words.
        kept: names of the scores that a model keeps of its validation.
        counted: name of the score that says how many items were counted.
        scored: how these were found, for the model's card.
        unpublished: names of variables that are made for scores, and stand in no product.
    """

    name: str
    samples: str
    truth: Truth
    objective: str
    objective_title: str
    objective_meaning: str
    kept: tuple[str, ...]
    counted: str
    scored: str
    unpublished: frozenset[str]

    @property
    def Losses(self) -> type[BaseModel]:
        """Weights of the parts of the loss, a recipe's `training.losses`."""

    @property
    def Decision(self) -> type[BaseModel]:
        """What turns the head's numbers into statements, a model's `decision`."""

    def outputs(self, levels: int) -> int:
        """Numbers of the head for each item, where the truth has so many levels."""

    def losses_for(self, losses: Any, truths: Iterable[Mapping[str, npt.NDArray[Any]]]) -> Any:  # noqa: ANN401
        """The losses with what they have to know of the training truth.

        Args:
            losses: the recipe's.
            truths: of each training sample, by name.
        """

    def loss(self, raw: Tensor, truth: Mapping[str, Tensor], losses: Any) -> Tensor:  # noqa: ANN401 - the task's own
        """Scalar loss of items; unknown truth enters nothing.

        Args:
            raw: (item, output) float32.
            truth: (item, ...), by name.
            losses: the task's `Losses`.
        """

    def count(self, raw: Floats, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """Counts of items.

        Args:
            raw: (item, output) float32, NaN where there is no prediction.
            truth: (item, ...), by name.
        """

    def score(self, counts: Counts) -> float:
        """The objective, of counts."""

    def decide(self, counts: Counts) -> Any:  # noqa: ANN401 - the task's own
        """The `Decision` that suits the counts."""

    def publish(self, counts: Counts, decision: Any) -> Counts:  # noqa: ANN401 - the task's own
        """What `tally` would count of the items in `counts`, once published."""

    def fields(self, raw: Floats, decision: Any) -> dict[str, npt.NDArray[np.float32]]:  # noqa: ANN401
        """Fields that may be blended, (..., y, x) float32, of raw (output, y, x)."""

    def variables(self, fields: Mapping[str, Floats], decision: Any) -> xr.Dataset:  # noqa: ANN401
        """Packed variables with CF attributes; thresholds are applied here, after blending."""

    def tally(self, variables: xr.Dataset, truth: Mapping[str, npt.NDArray[Any]]) -> Counts:
        """Counts of what is published; `truth` has the dims of the variables."""

    def metrics(self, counts: Counts, decision: Any) -> dict[str, Any]:  # noqa: ANN401
        """Name → score of counts that `tally` or `publish` made; NaN where it is not defined.

        Args:
            counts: as they are made; or many of them along leading dims, of which a score is an
                array, so that those of a thousand bootstrap samples are computed at once.
            decision: the task's.
        """

    def details(self, counts: Counts, decision: Any) -> dict[str, Any]:  # noqa: ANN401
        """Tables for reports, of counts that `tally` or `publish` made; most tasks have none.

        Returns:
            what the task knows of: `confusion` (true, said); `by_level` and `by_type`, scores by
            name (level,) and (type,); and `reliability`: `probability`, `cloud_share` and the
            items of each bin of probability.
        """

    def rules(self, decision: Any) -> dict[str, Any]:  # noqa: ANN401 - the task's own
        """What decides a score, by name: thresholds, and in words how published items count."""

    def summary(self, scores: Mapping[str, Mapping[str, float]], decision: Any) -> Sequence[str]:  # noqa: ANN401
        """Lines that say how a fit went.

        Args:
            scores: name of what was withheld from the network → what `metrics` gave.
            decision: of the model.
        """

    def advice(self, decision: Any) -> str:  # noqa: ANN401 - the task's own
        """How to read the model's answers, and where it fails: a part of its card, Markdown."""


def plain(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Scores as Python's own numbers, where they are not arrays."""
    return {name: value if np.ndim(value) else np.asarray(value).item() for name, value in
            scores.items()}  # fmt: skip


def task_named(name: str) -> Task:
    """The task of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in TASKS:
        raise UsageError(f"no task '{name}'; there are: {', '.join(TASKS)}{nearest(name, TASKS)}")
    task: Task = import_module(TASKS[name]).TASK
    return task

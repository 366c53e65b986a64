"""Seal of a report: what is altered is told, what is not is read back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.evaluation.protocol import Evaluation, run_evaluation
from nephoscope.reports.report import Run, write_report
from nephoscope.reports.seal import read_counts, read_scores
from nephoscope.tasks import TASKS
from patches_factory import make_patches
from voxel_task import VoxelTask, says, voxel_model


@pytest.fixture
def evaluation(monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    module = ModuleType("voxel_task_module")
    module.TASK = VoxelTask()
    monkeypatch.setitem(sys.modules, "voxel_task_module", module)
    monkeypatch.setitem(TASKS, "cloud_type", "voxel_task_module")
    return run_evaluation(voxel_model(), make_patches(points=20), predict=says(3))


@pytest.fixture
def report(evaluation: Evaluation, tmp_path: Path) -> Path:
    return write_report(evaluation, tmp_path / "report", Run("typed", {"predict": 1 / 3}))


def test_a_report_holds_the_strata_and_is_read_back(report: Path) -> None:
    scores = read_scores(report)
    assert set(scores["by_surface"]) == {"sea", "land"}
    assert set(scores["by_views"]) == {"2", "3"}
    assert scores["by_views"]["3"]["dice"]["n"] > scores["by_views"]["2"]["dice"]["n"] > 0
    assert len(scores["spec_hash"]) == len(scores["digest"]) == 64
    text = (report / "report.md").read_text()
    assert "## By land and sea" in text
    assert "## By number of views" in text
    assert "Scored on 3 granules (6 samples; test: h0 to h2)" in text


def test_counts_of_each_granule_are_read_back(evaluation: Evaluation, report: Path) -> None:
    counts = read_counts(report)
    assert list(counts) == ["h0", "h1", "h2"]
    np.testing.assert_array_equal(sum(counts.values()), evaluation.scores.sums.total())


def change(report: Path, **values: object) -> None:
    path = report / "scores.json"
    content = json.loads(path.read_text())
    for name, value in values.items():
        first, *rest = name.split("__")
        target = content
        for key in [first, *rest][:-1]:
            target = target[key]
        target[[first, *rest][-1]] = value
    path.write_text(json.dumps(content))


def test_a_report_that_was_only_written_anew_is_not_altered(report: Path) -> None:
    change(report)
    assert read_scores(report)["digest"]


@pytest.mark.parametrize(
    "values",
    [
        {"metrics__dice__value": 0.99},
        {"command": "something else"},
        {"by_views__3__dice__low": 0.1},
        {"model__name": "another"},
        {"digest": "0" * 64},
        {"baselines": {"nothing": {}}},
    ],
)
def test_an_altered_report_is_told(report: Path, values: dict[str, object]) -> None:
    change(report, **values)
    with pytest.raises(InputError, match="altered"):
        read_scores(report)


def test_a_report_without_a_seal_is_not_read(report: Path) -> None:
    path = report / "scores.json"
    content = json.loads(path.read_text())
    del content["digest"]
    content["metrics"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"digest.*altered"):
        read_scores(report)


def test_an_altered_spec_is_told(report: Path) -> None:
    change(report, spec__split="train")
    with pytest.raises(InputError, match="spec_hash"):
        read_scores(report)


def test_altered_counts_are_told(report: Path) -> None:
    path = report / "counts.npz"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="altered"):
        read_counts(report)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"spec": 3}'])
def test_what_is_no_report_is_told(report: Path, content: str) -> None:
    (report / "scores.json").write_text(content)
    with pytest.raises(InputError):
        read_scores(report)
    with pytest.raises(InputError, match="holds no report"):
        read_scores(report.parent)

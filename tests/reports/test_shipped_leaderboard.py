"""The command that scores the shipped models: each has its scenes, and none is scored twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks import leaderboard

from nephoscope.models import list_models


def test_every_shipped_model_has_scenes() -> None:
    assert set(leaderboard.ENTRIES) == set(list_models())
    seeds = [entry.seed for entry in leaderboard.ENTRIES.values()]
    assert not {*seeds} & {*range(9000, 9100)}


def test_what_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[object, ...]] = []
    monkeypatch.setattr(leaderboard, "_nephoscope", lambda *words: called.append(words))
    monkeypatch.setattr(sys, "argv", ["leaderboard", str(tmp_path), "mars", "sky-state"])
    (tmp_path / "samples" / "mars.zarr").mkdir(parents=True)
    report = tmp_path / "reports" / "sky-state"
    report.mkdir(parents=True)
    (report / "scores.json").touch()
    leaderboard.main()
    verbs = [(words[0], words[1]) for words in called[:-1]]
    assert verbs == [("evaluate", "mars"), ("simulate", "sky"), ("build", "sky-state")]
    assert called[-1][0] == "leaderboard"
    assert report in called[-1]

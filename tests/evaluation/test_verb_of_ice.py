"""`nephoscope evaluate` of a model of ice: baselines, differences, figures, and the swath."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.evaluation import swath
from nephoscope.evaluation.baselines import profiles
from nephoscope.evaluation.baselines.boosted import ProfileOptions
from nephoscope.evaluation.swath import SwathScores
from nephoscope.recipe import Recipe
from nephoscope.reports.seal import read_counts, read_scores
from overpass_factory import CHANNELS, guesses, ice_decision, make_ice

LITTLE = ProfileOptions(rows=800, iterations=4, leaves=6, hidden=8, epochs=2)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    parts = ("train", "train", "validation", "test", "test")
    store = make_ice((1, 2, 1, 2, 1), points=40, parts=parts)
    for name in ("id", "group", "split", "channel"):
        store[name] = store[name].astype(np.dtypes.StringDType())
    store.to_zarr(tmp_path / "ice.zarr", zarr_format=3, consolidated=False)
    return tmp_path / "ice.zarr"


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recipe = Recipe.model_validate(
        {
            "name": "ice",
            "instrument": "seviri",
            "task": "cloud_ice",
            "inputs": {"features": CHANNELS},
            "network": {"name": "unet"},
        }
    )
    made = SimpleNamespace(
        name="guesser", folder=tmp_path / "model", recipe=recipe, decision=ice_decision(),
        weights_sha256="1" * 64, info={},
    )  # fmt: skip
    monkeypatch.setattr("nephoscope.models.load_model", lambda _: made)
    monkeypatch.setattr(
        "nephoscope.evaluation.protocol.predictor_of", lambda *_: guesses(0, skill=8.0)
    )
    little = replace(profiles.KINDS["cloud_ice"], options=LITTLE)
    monkeypatch.setattr(profiles, "KINDS", {"cloud_ice": little})


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", "fake", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.mark.slow
def test_report_beside_baselines_with_differences(samples: Path, tmp_path: Path) -> None:
    code, said = run(samples, "-o", tmp_path / "report")
    assert code == 0, said
    scores = read_scores(tmp_path / "report")
    assert list(scores["baselines"]) == [
        "climatology", "nearest neighbours", "boosted trees", "thermal network",
        "boosted trees + context", "boosted trees + network",
    ]  # fmt: skip
    for name, each in scores["baselines"].items():
        for metric in ("f1", "log_mae", "crps_log"):
            difference, theirs = scores["paired"][name][metric], each["metrics"][metric]["value"]
            if theirs is None:
                continue
            gain = scores["metrics"][metric]["value"] - theirs
            assert difference["value"] == pytest.approx(gain)
            assert difference["low"] <= difference["value"] <= difference["high"]
    assert list(read_counts(tmp_path / "report")) == ["2007-07-04", "2007-07-05"]
    text = (tmp_path / "report" / "report.md").read_text()
    assert "## Better than the baselines?" in text
    assert "Scored on the same 120 profiles." in text
    assert (tmp_path / "report" / "zones.png").is_file()


def test_swath_is_told_beside_what_it_is_compared_with(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scores(swaths, scenes, task, decision, *_) -> SwathScores:
        return SwathScores(overall={}, strata={"distance": {}}, loss={}, units=tuple(scenes))

    monkeypatch.setattr(swath, "scenes_of_units", lambda raw, name, units: dict.fromkeys(units))
    monkeypatch.setattr(swath, "score_swaths", scores)
    (tmp_path / "raw").mkdir()
    out = tmp_path / "report"
    code, said = run(samples, "-o", out, "--no-baselines", "--swath", tmp_path / "raw")
    assert code == 0, said
    assert read_scores(out)["swath"]["scenes"] == ["2007-07-04", "2007-07-05"]
    assert "the mean ice of a pixel on each level" in (out / "report.md").read_text()

"""`nephoscope evaluate` of samples along a track: baselines, differences, and the swath."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.evaluation import swath
from nephoscope.evaluation.baselines import profiles
from nephoscope.evaluation.baselines.boosted import ProfileOptions
from nephoscope.evaluation.paired import by_unit
from nephoscope.evaluation.swath import SwathScores
from nephoscope.recipe import Recipe
from nephoscope.reports.seal import read_scores
from nephoscope.tasks import task_named
from patches_factory import CHANNELS, cloud_decision, guesses, make_patches

LITTLE = ProfileOptions(rows=500, iterations=3, leaves=4, hidden=4, epochs=2)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    parts = ("train", "train", "validation", "test", "test")
    store = make_patches((1, 2, 1, 2, 1), points=30, parts=parts)
    for name in ("id", "group", "split", "channel"):
        store[name] = store[name].astype(np.dtypes.StringDType())
    store.to_zarr(tmp_path / "patches.zarr", zarr_format=3, consolidated=False)
    return tmp_path / "patches.zarr"


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    recipe = Recipe.model_validate(
        {
            "name": "patches",
            "instrument": "polder",
            "task": "cloud_type",
            "truth": {"levels": {"lowest": 600, "highest": 9600, "step": 3000}},
            "inputs": {"features": CHANNELS},
            "network": {"name": "unet"},
        }
    )
    made = SimpleNamespace(
        name="guesser",
        folder=tmp_path / "model",
        recipe=recipe,
        decision=cloud_decision(),
        weights_sha256="1" * 64,
        info={"parameters": 12},
    )
    monkeypatch.setattr("nephoscope.models.load_model", lambda _: made)
    monkeypatch.setattr(
        "nephoscope.evaluation.protocol.predictor_of", lambda *_: guesses(0, skill=6.0)
    )
    monkeypatch.setattr(profiles.score_profile_baselines, "__defaults__", (LITTLE, None, None))
    return made


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", "fake", *map(str, arguments)])
    return result.exit_code, result.output


def test_report_beside_baselines_with_differences(samples: Path, tmp_path: Path) -> None:
    code, said = run(samples, "-o", tmp_path / "report")
    assert code == 0, said
    scores = read_scores(tmp_path / "report")
    assert list(scores["baselines"]) == [
        "climatology", "boosted trees", "boosted trees + network"
    ]  # fmt: skip
    for name, each in scores["baselines"].items():
        difference = scores["paired"][name]["dice"]
        gain = scores["metrics"]["dice"]["value"] - each["metrics"]["dice"]["value"]
        assert difference["value"] == pytest.approx(gain)
        assert difference["low"] <= difference["value"] <= difference["high"]
    assert scores["model"]["parameters"] == 12
    assert list(scores["by_day"]) == ["h3", "h4"]
    assert "by_latitude" in scores
    text = (tmp_path / "report" / "report.md").read_text()
    assert "\n| guesser |" not in text
    assert "## Better than the baselines?" in text


def test_baselines_learn_from_named_samples(samples: Path, tmp_path: Path) -> None:
    code, said = run(samples, "-o", tmp_path / "report")
    assert code == 0, said
    code, said = run(samples, "-o", tmp_path / "again", "--baselines-from", samples)
    assert code == 0, said
    first, second = (read_scores(tmp_path / name) for name in ("report", "again"))
    assert first["baselines"] == second["baselines"]
    code, said = run(samples, "-o", tmp_path / "none", "--baselines-from", tmp_path / "nowhere")
    assert code == 1
    assert "nowhere" in said


def test_spec_is_the_same_for_models_of_other_thresholds(
    samples: Path, tmp_path: Path, model: SimpleNamespace
) -> None:
    hashes = []
    for number, threshold in enumerate((0.3, 0.6)):
        model.decision = cloud_decision().model_copy(update={"threshold": threshold})
        out = tmp_path / str(number)
        code, said = run(samples, "-o", out, "--no-baselines")
        assert code == 0, said
        hashes.append(read_scores(out)["spec_hash"])
    assert hashes[0] == hashes[1]


def test_swath_is_scored_for_the_granules_of_the_split(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def scenes(raw: Path, instrument: str, units: tuple[str, ...]) -> dict[str, object]:
        asked.append((str(raw), instrument, *units))
        return dict.fromkeys(units)

    def scores(swaths, scenes, task, decision, *_) -> SwathScores:
        assert swaths.source.name == "guesser"
        assert task is task_named("cloud_type")
        return SwathScores(overall={}, strata={"distance": {}}, loss={}, units=tuple(scenes))

    monkeypatch.setattr(swath, "scenes_of_units", scenes)
    monkeypatch.setattr(swath, "score_swaths", scores)
    out, raw = tmp_path / "report", tmp_path / "raw"
    raw.mkdir()
    code, said = run(samples, "-o", out, "--no-baselines", "--swath", raw)
    assert code == 0, said
    assert asked == [(str(raw), "polder", "h3", "h4")]
    assert read_scores(out)["swath"]["scenes"] == ["h3", "h4"]
    assert (out / "off_track.png").is_file()


def test_a_swath_that_is_not_there_is_told_before_anything_is_predicted(
    samples: Path, tmp_path: Path
) -> None:
    code, said = run(samples, "-o", tmp_path / "report", "--swath", tmp_path / "nowhere")
    assert code != 0
    assert "does not exist" in said
    assert "predicting" not in said


def test_counts_of_two_reports_are_compared_by_granule(samples: Path, tmp_path: Path) -> None:
    from nephoscope.evaluation.protocol import run_evaluation
    from nephoscope.reports.seal import read_counts

    run(samples, "-o", tmp_path / "report", "--no-baselines")
    made = SimpleNamespace(name="a", decision=cloud_decision(), weights_sha256="0", info={})
    store = make_patches(
        (1, 2, 1, 2, 1), points=30, parts=("train", "train", "validation", "test", "test")
    )
    again = run_evaluation(made, store, predict=guesses(0, skill=6.0))
    read = read_counts(tmp_path / "report")
    assert list(read) == ["h3", "h4"]
    for unit, counts in by_unit(again.scores.sums).items():
        np.testing.assert_array_equal(read[unit], counts)
